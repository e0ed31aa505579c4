import { performance } from 'node:perf_hooks';

/** Milliseconds that only go forward; for every duration and limit. The wall clock is for people. */
export function monotonicMs(): number {
  return performance.now();
}

/** The longest that a timer can wait. */
const longestMs = 2 ** 31 - 1;

/** Waits for `ms` (may be Infinity); ends early, and quietly, when one of the signals aborts; never rejects. */
export async function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some((signal) => signal.aborted)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, Math.min(ms, longestMs)));
    for (const signal of signals) signal.addEventListener('abort', done);
  });
}

/** What tells the time and waits: the system's, or a simulation's. */
export interface Clock {
  /** As `monotonicMs`. */
  monotonicMs(): number;
  /** The wall clock, for people. */
  date(): Date;
  /** As `pause`. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = { monotonicMs, date: () => new Date(), pause };
