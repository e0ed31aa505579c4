import { TIMING } from '../protocol';

/** The times of a hybrid connection, in milliseconds. The defaults are Kong's; tests shorten them. */
export interface HybridTiming {
  /** From the first packet to HTTP 101, name resolution and proxy included. */
  readonly connectMs: number;
  readonly pingMs: number;
  readonly deadMs: number;
  /** Bounds of the random pause before the next attempt. */
  readonly backOffMs: readonly [min: number, max: number];
  /** A close sooner than this after HTTP 101 is a refusal; one after it comes from a time limit of the control plane. */
  readonly refusalMs: number;
}

export const HYBRID_TIMING: HybridTiming = {
  connectMs: 10_000,
  pingMs: TIMING.pingMs,
  deadMs: TIMING.deadMs,
  backOffMs: TIMING.reconnectMs,
  refusalMs: TIMING.basicInfoMs - 1_000,
};

/** A random time between the bounds. */
export function between([min, max]: readonly [number, number]): number {
  return min + Math.random() * (max - min);
}
