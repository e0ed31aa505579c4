import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import type { Digests } from './digests';
import { badGzip, notAnObject, tooLarge } from './errors';
import { isGzip, MESSAGE_SCAN, sentIdentity, typeOf, type SentIdentity } from './message';
import { describeTable, type TableInfo } from './table';
import { TextPass, type Passed } from './text-pass';
import { threadCode } from './thread-code';
import { startThreadedPass, ThreadedPass } from './threaded-pass';

/** Takes the inflated bytes, in order; what it returns is waited for before the next ones come. */
export type ChunkSink = (chunk: Uint8Array) => void | Promise<void>;

export interface ReadOptions {
  /** Bound of the inflated text, in bytes: KONG_RESILIENCE_MAX_CONFIG_BYTES. */
  readonly maxConfigBytes: number;
  /** Where the inflated text goes; nowhere when absent. It may have got everything before an error is known. */
  readonly sink?: ChunkSink;
  /** Length of the source, where it is known: a large one is checked in a thread of its own while it is received. */
  readonly expectedBytes?: number;
  /** Told why, where that thread did not start; then it is checked as a small one is. */
  readonly onWithoutThread?: (error: unknown) => void;
  /** Code of that thread (pass-thread.ts) in one piece; the build's own by default, none from the sources. */
  readonly threadCode?: string;
}

/** A thread takes some 20 ms to start; what it would do takes as much at this size. */
export const THREAD_ABOVE_BYTES = 8 * 1024 * 1024;

/** What a stored configuration turned out to be. */
export interface ReadResult extends TableInfo {
  /** A bare table, as Kong and this program store it, or a whole `reconfigure` message. */
  readonly form: 'table' | 'reconfigure';
  readonly gzip: boolean;
  /** Length and SHA-256 (hex) of the bytes as stored, before inflating. */
  readonly storedBytes: number;
  readonly storedSha256: string;
  /** Length and digests of what the sink got. */
  readonly inflatedBytes: number;
  readonly digests: Digests;
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
  const stored = withHead(source);
  const head = await stored.next();
  const first = head.done === true ? new Uint8Array(0) : head.value;
  const chunks = prepend(first, stored);
  return isGzip(first) ? readGzip(chunks, options) : readText(chunks, options);
}

async function readText(chunks: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<ReadResult> {
  const { expectedBytes = 0, onWithoutThread = () => undefined } = options;
  const code = options.threadCode ?? threadCode;
  const inThread = code !== undefined && expectedBytes > THREAD_ABOVE_BYTES;
  const pass = inThread ? startThreadedPass(MESSAGE_SCAN, code, onWithoutThread) : new TextPass(MESSAGE_SCAN);
  const bounded = new Bounded(pass, options);
  try {
    for await (const chunk of chunks) await bounded.take(chunk);
    const passed = await pass.end();
    const { length: storedBytes } = bounded;
    return {
      gzip: false,
      storedBytes,
      storedSha256: passed.digests.sha256,
      inflatedBytes: storedBytes,
      ...conclude(passed),
    };
  } finally {
    if (pass instanceof ThreadedPass) await pass.close();
  }
}

async function readGzip(chunks: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<ReadResult> {
  const pass = new TextPass(MESSAGE_SCAN);
  const bounded = new Bounded(pass, options);
  const sha256 = createHash('sha256');
  let storedBytes = 0;
  async function* digested(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      sha256.update(chunk);
      storedBytes += chunk.length;
      yield chunk;
    }
  }
  await inflateInto(digested(), (chunk) => bounded.take(chunk));
  const passed = pass.end();
  return {
    gzip: true,
    storedBytes,
    storedSha256: sha256.digest('hex'),
    inflatedBytes: bounded.length,
    ...conclude(passed),
  };
}

/** Passes a text on, up to the bound. */
class Bounded {
  length = 0;

  constructor(
    private readonly pass: TextPass | ThreadedPass,
    private readonly options: ReadOptions,
  ) {}

  async take(chunk: Uint8Array): Promise<void> {
    const { maxConfigBytes, sink } = this.options;
    this.length += chunk.length;
    if (this.length > maxConfigBytes) throw tooLarge(maxConfigBytes);
    await this.pass.feed(chunk);
    await sink?.(chunk);
  }
}

function conclude(passed: Passed): TableInfo & Pick<ReadResult, 'form' | 'tableRange' | 'sent' | 'digests'> {
  const { outer, inner, rootKind, digests } = passed;
  if (rootKind !== undefined && rootKind !== 'object') throw notAnObject(rootKind);
  if (inner !== undefined && typeOf(outer) === 'reconfigure') {
    const { start, end } = inner;
    return {
      ...describeTable(inner),
      form: 'reconfigure',
      tableRange: { start, end },
      sent: sentIdentity(outer),
      digests,
    };
  }
  const { start, end } = outer;
  return { ...describeTable(outer), form: 'table', tableRange: { start, end }, digests };
}

/** The stored chunks; the first one has at least two bytes when there are as many, to show what it is. */
async function* withHead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let begin: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of source) {
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
