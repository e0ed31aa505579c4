import { lambdaTooShort } from './errors';

/** Seconds that an export in hand may take after a signal, where KONG_RESILIENCE_SHUTDOWN_SECONDS says nothing. */
export const SHUTDOWN_SECONDS = 10;
/** Less time than this is not worth a start, in seconds. */
const LEAST_SECONDS = 10;

/** When a run ends, counted from its start. */
export interface Times {
  /** Of the program's own limit, which tells most: then a shutdown and 5 s are left. */
  readonly seconds: number;
  /** When it is asked to end, if it has no limit of its own or missed it: then a shutdown and 3 s are left. */
  readonly terminateAfterMs: number;
  /** When it is ended: then 2 s are left, for the answer. */
  readonly killAfterMs: number;
}

/**
 * @param leftMs until Lambda ends the run
 * @param shutdown KONG_RESILIENCE_SHUTDOWN_SECONDS; what is no number of seconds is for the program to report
 * @throws KR_LAMBDA_TOO_SHORT
 */
export function timesFor(leftMs: number, shutdown: string | undefined): Times {
  const afterSignal = Number(shutdown) > 0 ? Number(shutdown) : SHUTDOWN_SECONDS;
  const left = leftMs / 1000;
  const seconds = Math.floor(left - afterSignal - 5);
  if (seconds < LEAST_SECONDS) throw lambdaTooShort(Math.floor(left), LEAST_SECONDS + afterSignal + 5);
  return { seconds, terminateAfterMs: (left - afterSignal - 3) * 1000, killAfterMs: (left - 2) * 1000 };
}
