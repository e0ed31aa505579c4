/** Says that a limit passed. */
export class TimeLimit extends Error {
  constructor(limitMs: number) {
    super(`no complete answer within ${Math.round(limitMs)} ms`);
  }
}

/**
 * Runs `work` under a time limit that also ends when `stop` aborts; it rejects at once then, with a `TimeLimit` or the
 * reason of `stop`, also where the work listens to neither.
 */
export async function within<T>(
  limitMs: number,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  stop.throwIfAborted();
  const controller = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), { once: true });
  });
  const onStop = (): void => controller.abort(stop.reason);
  stop.addEventListener('abort', onStop, { once: true });
  const timer = setTimeout(() => controller.abort(new TimeLimit(limitMs)), limitMs);
  try {
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
  }
}
