import type { Log } from '../runtime';

/** Aborts at the first SIGTERM or SIGINT, so that what is in hand is finished; the second one ends the process at once. */
export function untilSignalled(log: Log): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
      log.info({ signal: name }, 'stopping; a second signal stops at once');
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  return stop.signal;
}
