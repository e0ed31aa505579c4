import { ResilienceError } from '../errors';
import { Backoff, monotonicMs, Outage, pause, systemClock, type Log } from '../runtime';
import { isRetryable, storeDenied, storeNoCredentials } from '../store';

/** How often content that cannot be right, or was not checked to its end, is read again: it may have been replaced, or damaged on the way. */
const contentTries = 3;
/** How long a denial is retried: an identity may take some seconds to be known (Workload Identity, Pod Identity), not more. */
const deniedForMs = 15_000;

/**
 * Reads from the store again and again until it succeeds, or until another try cannot help, or `signal` aborts.
 *
 * @throws the last error, with how often it was tried and for how long; `timedOut()` where the signal aborts before there was one
 */
export async function untilRead<T>(
  read: () => Promise<T>,
  {
    timedOut,
    limitMs,
    log,
    signal,
  }: {
    readonly timedOut: () => ResilienceError;
    /** After how long `signal` aborts. */
    readonly limitMs: number;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<T> {
  const backoff = new Backoff({ initialMs: 200, maxMs: 5_000 });
  const startedAt = monotonicMs();
  const outage = new Outage({
    log,
    clock: systemClock,
    failing: `the store does not give a configuration; it is asked again for at most ${Math.ceil(limitMs / 1000)} s`,
    over: 'the store gives a configuration',
  });
  let contentFailures = 0;
  let last: ResilienceError | undefined;
  let tries = 0;
  const told = (error: ResilienceError): ResilienceError => {
    if (tries === 1 || !isRetryable(error)) return error;
    const seconds = Math.round((monotonicMs() - startedAt) / 1000);
    const reason = `${error.reason} Tried ${tries} times over ${seconds} s.`;
    return new ResilienceError(error.code, reason, error.fix, error.cause);
  };
  for (;;) {
    tries++;
    try {
      const result = await read();
      outage.succeeded();
      return result;
    } catch (error) {
      if (signal.aborted) throw last === undefined ? timedOut() : told(last);
      if (!(error instanceof ResilienceError)) throw error;
      last = error;
      const ofContent = /^KR_(CONFIG|IMPORT_DIGEST|MESSAGE|SNAPSHOT_THREAD|STORE_CORRUPT)/.test(error.code);
      if (ofContent) contentFailures++;
      const again = ofContent
        ? contentFailures < contentTries && !isFinal(error)
        : isRetryable(error) &&
          !((storeDenied.is(error) || storeNoCredentials.is(error)) && monotonicMs() - startedAt > deniedForMs);
      if (!again) throw told(error);
      const waitMs = backoff.next();
      outage.failed(error, { retryInMs: Math.round(waitMs) });
      await pause(waitMs, signal);
      if (signal.aborted) throw told(error);
    }
  }
}

/** Refused for what the content is, not for how it came: reading it again gives the same. */
function isFinal(error: ResilienceError): boolean {
  return ['KR_CONFIG_LOSES_AUTHENTICATION', 'KR_CONFIG_TOO_LARGE', 'KR_CONFIG_EMPTY'].includes(error.code);
}
