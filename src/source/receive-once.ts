import type { ResilienceError } from '../errors';
import type { Configuration } from '../snapshot';
import type { ConfigurationSource } from './source';

/** A source asked for one configuration. */
export interface OneReception {
  /**
   * The first configuration. Rejects only when `signal` aborts before, with its reason; need not be awaited.
   * The source is stopped once it has delivered.
   */
  readonly configuration: Promise<Configuration>;
  /**
   * The first problem, as soon as there is one; undefined when a configuration came first or `signal` aborted. The source
   * goes on trying: this is for a caller that wants to turn to something else meanwhile.
   */
  readonly firstProblem: Promise<ResilienceError | undefined>;
  /** All problems so far, oldest first. */
  readonly problems: readonly ResilienceError[];
}

/** Runs a source until its first configuration, or until `signal` aborts. */
export function receiveOnce(source: ConfigurationSource, signal: AbortSignal): OneReception {
  const problems: ResilienceError[] = [];
  const stop = new AbortController();
  const { promise: firstProblem, resolve: settleProblem } = settleable<ResilienceError | undefined>();
  const configuration = new Promise<Configuration>((resolve, reject) => {
    const abort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    const listener = {
      onConfiguration: (received: Configuration): void => {
        resolve(received);
        stop.abort();
      },
      onProblem: (problem: ResilienceError): void => {
        problems.push(problem);
        settleProblem(problem);
      },
      onState: (): void => undefined,
    };
    source
      .run(listener, stop.signal)
      // A promise settles once: after a configuration this rejection says nothing any more.
      .then(() => reject(stop.signal.reason as Error), reject)
      .finally(() => {
        signal.removeEventListener('abort', abort);
        settleProblem(undefined);
      });
  });
  // The caller may be interested in the problems alone.
  configuration.catch(() => undefined);
  return { configuration, firstProblem, problems };
}

function settleable<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
