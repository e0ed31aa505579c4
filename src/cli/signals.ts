import type { Log } from '../runtime';

const signals = ['SIGTERM', 'SIGINT'] as const;

/** Aborts at the first SIGTERM or SIGINT, so that what is in hand is finished; the second one ends the process at once. */
export function untilSignalled(log: Log): AbortSignal {
  return listen(log).signal;
}

/** The same for the time of `work` alone: who comes after it listens for itself. */
export async function duringSignals<T>(log: Log, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, end } = listen(log);
  try {
    return await work(signal);
  } finally {
    end();
  }
}

function listen(log: Log): { signal: AbortSignal; end: () => void } {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    log.info({ signal: name }, 'stopping; a second signal stops at once');
    stop.abort(new Error(`stopped by ${name}`));
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: stop.signal,
    end: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
