import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds that only go forward; for every duration and limit. The wall clock is for people. */
export function monotonicMs(): number {
  return performance.now();
}

/** Resolves after `ms` (may be Infinity), or at once when `signal` aborts; never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const longest = 2 ** 31 - 1;
  try {
    await delay(Math.max(0, Math.min(ms, longest)), undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
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
