import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { badGzip, notAnObject, tooLarge } from './errors';
import { JsonScanner } from './json-scanner';
import { isGzip, MESSAGE_SCAN, sentIdentity, typeOf, type SentIdentity } from './message';
import { describeTable, type TableInfo } from './table';

/** Takes the inflated bytes, in order; what it returns is waited for before the next ones come. */
export type ChunkSink = (chunk: Uint8Array) => void | Promise<void>;

export interface ReadOptions {
  /** Bound of the inflated text, in bytes: KONG_RESILIENCE_MAX_CONFIG_BYTES. */
  readonly maxConfigBytes: number;
  /** Where the inflated text goes; nowhere when absent. It may have got everything before an error is known. */
  readonly sink?: ChunkSink;
}

/** What a stored configuration turned out to be. */
export interface ReadResult extends TableInfo {
  /** A bare table, as Kong and this program store it, or a whole `reconfigure` message. */
  readonly form: 'table' | 'reconfigure';
  readonly gzip: boolean;
  /** Length and SHA-256 (hex) of the bytes as stored, before inflating. */
  readonly storedBytes: number;
  readonly storedSha256: string;
  /** Length of what the sink got. */
  readonly inflatedBytes: number;
  /** Where the table stands in what the sink got: from its `{` to behind its `}`. */
  readonly tableRange: { readonly start: number; readonly end: number };
  /** The hashes of a `reconfigure` message. */
  readonly sent?: SentIdentity;
}

/**
 * Reads a stored configuration as a stream: inflates it when it is gzip, checks it, digests it, and passes the text on.
 * Needs the memory of a few chunks, whatever its size.
 *
 * Throws what `checkTable` throws, `KR_CONFIG_BAD_GZIP`, `KR_CONFIG_TOO_LARGE`, `KR_MESSAGE_BAD_HASH`, and whatever the
 * source or the sink throws.
 */
export async function readConfiguration(source: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<ReadResult> {
  const { maxConfigBytes, sink } = options;
  const scanner = new JsonScanner(MESSAGE_SCAN);
  const sha256 = createHash('sha256');
  let storedBytes = 0;

  const take = (chunk: Uint8Array): void | Promise<void> => {
    if (scanner.bytes + chunk.length > maxConfigBytes) throw tooLarge(maxConfigBytes);
    scanner.feed(chunk);
    return sink?.(chunk);
  };

  const stored = digested(source, (chunk) => {
    sha256.update(chunk);
    storedBytes += chunk.length;
  });
  const head = await stored.next();
  const first = head.done === true ? new Uint8Array(0) : head.value;
  const gzip = isGzip(first);
  if (gzip) {
    await inflateInto(prepend(first, stored), take);
  } else {
    for await (const chunk of prepend(first, stored)) await take(chunk);
  }
  scanner.end();
  return { gzip, storedBytes, storedSha256: sha256.digest('hex'), inflatedBytes: scanner.bytes, ...conclude(scanner) };
}

function conclude(scanner: JsonScanner): TableInfo & Pick<ReadResult, 'form' | 'tableRange' | 'sent'> {
  const { outer, inner, rootKind } = scanner;
  if (rootKind !== undefined && rootKind !== 'object') throw notAnObject(rootKind);
  if (inner !== undefined && typeOf(outer) === 'reconfigure') {
    const { start, end } = inner;
    return { ...describeTable(inner), form: 'reconfigure', tableRange: { start, end }, sent: sentIdentity(outer) };
  }
  const { start, end } = outer;
  return { ...describeTable(outer), form: 'table', tableRange: { start, end } };
}

/** The stored chunks, told to `seen`; the first one has at least two bytes when there are as many, to show what it is. */
async function* digested(
  source: AsyncIterable<Uint8Array>,
  seen: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, undefined> {
  let begin: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of source) {
    seen(chunk);
    if (begin === undefined) {
      yield chunk;
    } else {
      begin = begin.length === 0 ? chunk : Buffer.concat([begin, chunk]);
      if (begin.length < 2) continue;
      yield begin;
      begin = undefined;
    }
  }
  if (begin !== undefined && begin.length > 0) yield begin;
  return undefined;
}

async function* prepend(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* rest;
}

async function inflateInto(stored: AsyncIterable<Uint8Array>, take: ChunkSink): Promise<void> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  const inflating = (async (): Promise<'ended'> => {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) await take(chunk);
    return 'ended';
  })();
  let ended = false;
  try {
    for await (const chunk of stored) {
      if (ended) {
        // Zeros behind the end are padding, as for the program gzip.
        if (chunk.some((byte) => byte !== 0)) throw badGzip(new Error('bytes behind its end'));
        continue;
      }
      // A failed write ends `inflating`, which knows the reason; where the text has ended, the callback may never come.
      const written = new Promise<void>((resolve) => gunzip.write(chunk, () => resolve()));
      ended = (await Promise.race([written, inflating])) === 'ended';
    }
    gunzip.end();
    await inflating;
  } catch (error) {
    gunzip.destroy();
    await Promise.allSettled([inflating]);
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') === true ? badGzip(error) : error;
  }
}
