/** The place of a stored configuration in the order of writes. */
export interface Mark {
  /** Lease term of the writer: an integer from 0 to 2^48 - 1. */
  readonly term: number;
  /** Number of the put within that term: an integer from 0 to 2^48 - 1. */
  readonly counter: number;
}

const BITS = 48;
const MAX = 2 ** BITS - 1;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;

/** Length of a seal in bytes: a newline, then 48 bits of the term and 48 of the counter. */
export const SEAL_BYTES = 1 + 2 * BITS;

/** Tables behind which nothing has been written yet. */
const withRoom = new WeakSet<Uint8Array>();

/** Gives the `SEAL_BYTES` bytes behind a table, in the same memory, to the first seal; nobody else may use them. Without so many there is no room. */
export function giveRoom(table: Uint8Array): void {
  if (table.byteOffset + table.length + SEAL_BYTES <= table.buffer.byteLength) withRoom.add(table);
}

/**
 * The table's bytes followed by a mark in insignificant white space: a newline, then term and counter, most significant
 * bit first, as spaces (0) and tabs (1).
 *
 * On S3 an ETag is a function of the bytes: without it a rollback to earlier content would bring an earlier ETag back,
 * and let the late put of a paused writer through. Every put has a mark of its own, so no two share an ETag.
 *
 * The first one is written behind the table where there is room (`giveRoom`); each other is a copy, because an earlier put
 * that was given up may still be reading.
 */
export function sealTable(table: Uint8Array, mark: Mark): Uint8Array {
  checkMark(mark);
  let sealed: Uint8Array;
  if (withRoom.delete(table)) {
    sealed = new Uint8Array(table.buffer, table.byteOffset, table.length + SEAL_BYTES);
  } else {
    sealed = new Uint8Array(table.length + SEAL_BYTES);
    sealed.set(table);
  }
  sealed[table.length] = NEWLINE;
  putBits(sealed, table.length + 1, mark.term);
  putBits(sealed, table.length + 1 + BITS, mark.counter);
  return sealed;
}

/** The mark at the end of a stored configuration, of which the last `SEAL_BYTES` bytes are enough; undefined without one. */
export function readSeal(tail: Uint8Array): Mark | undefined {
  const start = tail.length - SEAL_BYTES;
  if (start < 0 || tail[start] !== NEWLINE) return undefined;
  const term = takeBits(tail, start + 1);
  const counter = takeBits(tail, start + 1 + BITS);
  return term === undefined || counter === undefined ? undefined : { term, counter };
}

/** Length of the table that was sealed: without the seal, when there is one. */
export function unsealedLength(stored: Uint8Array): number {
  return readSeal(stored) === undefined ? stored.length : stored.length - SEAL_BYTES;
}

function checkMark({ term, counter }: Mark): void {
  for (const value of [term, counter]) {
    if (!Number.isInteger(value) || value < 0 || value > MAX) {
      throw new RangeError(`a seal's term and counter are integers from 0 to ${MAX}, not ${value}`);
    }
  }
}

function putBits(bytes: Uint8Array, at: number, value: number): void {
  let rest = value;
  for (let index = at + BITS - 1; index >= at; index--) {
    bytes[index] = rest % 2 === 1 ? TAB : SPACE;
    rest = Math.floor(rest / 2);
  }
}

function takeBits(bytes: Uint8Array, at: number): number | undefined {
  let value = 0;
  for (let index = at; index < at + BITS; index++) {
    if (bytes[index] !== SPACE && bytes[index] !== TAB) return undefined;
    value = value * 2 + (bytes[index] === TAB ? 1 : 0);
  }
  return value;
}
