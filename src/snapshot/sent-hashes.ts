import type { SentHashes } from './configuration';

/** Kong sends six hashes; there is room for what a later version may add. */
const MAX_HASHES = 10;

/** Whether a value is a hash as Kong sends it: 32 hexadecimal digits. */
export function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32}$/i.test(value);
}

/** Whether a value is the `hashes` of a message: at most ten, each with a name of at most 16 letters. */
export function isHashes(value: unknown): value is SentHashes {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MAX_HASHES && entries.every(([name, hash]) => /^[a-z_]{1,16}$/.test(name) && isHash(hash));
}
