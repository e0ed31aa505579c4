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

/**
 * A controller that also aborts with the first of `parents`, with its reason, and after `limitMs` where that is given.
 *
 * The parents hold it, and the timer does; what `AbortSignal.any` makes, Node 20 may collect while it is waited for, and
 * a deadline is lost. `end` lets go of both.
 */
export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #release: (() => void)[] = [];

  constructor(parents: readonly AbortSignal[], limitMs?: number) {
    for (const parent of parents) {
      const onAbort = (): void => this.abort(parent.reason as Error);
      if (parent.aborted) onAbort();
      parent.addEventListener('abort', onAbort, { once: true });
      this.#release.push(() => parent.removeEventListener('abort', onAbort));
    }
    if (limitMs === undefined) return;
    const timer = setTimeout(() => this.abort(new Error(`no end within ${limitMs} ms`)), Math.min(limitMs, longestMs));
    this.#release.push(() => clearTimeout(timer));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Aborts no more by itself. */
  end(): void {
    for (const release of this.#release.splice(0)) release();
  }
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
