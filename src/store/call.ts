import { ResilienceError } from '../errors';
import { pause } from '../runtime/time';
import { storeUnreachable } from './errors';
import { NoObjectStore } from './http-answer';
import type { CallOptions } from './store';

/** What every driver knows before it makes a call. */
export interface CallSettings {
  readonly location: string;
  readonly timeoutMs: number;
  /** Whether the work may be done again where something that is no object store answered; default: no. */
  readonly mayAskAgain?: boolean;
}

/** Turns what a driver's client threw into an error of this module. */
export type Classify = (error: unknown, action: string) => ResilienceError;

/** How long is waited before each further try after `NoObjectStore`: as long as a proxy takes to be set up anew. */
const pausesMs = [500, 1_000, 2_000];

class TimeLimit extends Error {
  constructor(limitMs: number) {
    super(`no complete answer within ${limitMs} ms`);
  }
}

/**
 * One call to a store under one total time limit, which also ends when the caller's signal aborts.
 *
 * The limit covers the body as well: a call that hands out a body stays open until `end()`.
 * `AbortSignal.any` is not used, because on Node 20 the signal that it makes can be collected while it is waited for.
 */
export class Call {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #onCaller = (): void => this.#controller.abort(this.#caller?.reason);

  constructor(
    private readonly settings: CallSettings,
    /** What is done, for messages: `reading kong/3.9.1/config.json`. */
    readonly action: string,
    options: CallOptions | undefined,
    private readonly classify: Classify,
  ) {
    const limitMs = options?.timeoutMs ?? settings.timeoutMs;
    this.#timer = setTimeout(() => this.#controller.abort(new TimeLimit(limitMs)), limitMs);
    this.#caller = options?.signal;
    if (this.#caller?.aborted === true) this.#onCaller();
    else this.#caller?.addEventListener('abort', this.#onCaller, { once: true });
  }

  get location(): string {
    return this.settings.location;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Runs `work` and ends the call. */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.open(work);
    } finally {
      this.end();
    }
  }

  /** Runs `work`; when it succeeds the call stays open for a body, and the one who reads that ends it. */
  async open<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const pauses = this.settings.mayAskAgain === true ? [...pausesMs] : [];
    for (;;) {
      try {
        return await this.#beforeAbort(work);
      } catch (error) {
        const outcome = this.outcome(error);
        const pauseMs = isNoObjectStore(outcome) ? pauses.shift() : undefined;
        if (pauseMs !== undefined) {
          await pause(pauseMs, this.signal);
          if (!this.signal.aborted) continue;
        }
        this.end();
        // That the time limit passed while it waited says less than what was answered.
        throw this.#caller?.aborted === true ? this.#caller.reason : outcome;
      }
    }
  }

  /** What the caller is to be told about `error`: an error of this module, or the reason of the caller's own signal. */
  outcome(error: unknown): unknown {
    if (this.signal.aborted) {
      const reason: unknown = this.signal.reason;
      return reason instanceof TimeLimit ? storeUnreachable(this.location, this.action, reason) : reason;
    }
    return error instanceof ResilienceError ? error : this.classify(error, this.action);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onCaller);
  }

  /** Rejects as soon as the signal aborts, also where `work` does not listen to it. */
  async #beforeAbort<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const { promise: aborted, stop } = rejectOnAbort(this.signal);
    try {
      return await Promise.race([work(this.signal), aborted]);
    } finally {
      stop();
    }
  }
}

function isNoObjectStore(outcome: unknown): boolean {
  return outcome instanceof ResilienceError && outcome.cause instanceof NoObjectStore;
}

function rejectOnAbort(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  let stop = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => signal.removeEventListener('abort', onAbort);
  });
  return { promise, stop };
}
