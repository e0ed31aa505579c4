/** The one path of Kong's hybrid protocol, sync v1. */
export const OUTLET_PATH = '/v1/outlet';

/** The hash that a node reports while it has no configuration. */
export const EMPTY_HASH = '0'.repeat(32);

/** KONG_CLUSTER_MAX_PAYLOAD's default: the largest compressed frame, in bytes. */
export const DEFAULT_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** Kong's times, in milliseconds. */
export const TIMING = {
  /** A node must introduce itself within this time, or the control plane closes. */
  basicInfoMs: 5_000,
  /** A node pings the hash that it runs this often. */
  pingMs: 30_000,
  /** Either side drops a peer of which it has heard nothing for so long. */
  deadMs: 45_000,
  /** A node reconnects after a random time in these bounds, without back-off. */
  reconnectMs: [5_000, 10_000],
} as const;

/** Whether a text can be reported in a ping: a control plane closes on any other length than 32 bytes. */
export function isHash(text: string | undefined): text is string {
  return text !== undefined && /^[\x21-\x7e]{32}$/.test(text);
}
