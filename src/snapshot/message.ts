import { on } from 'node:events';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import type { Configuration, SentHashes } from './configuration';
import { RunningDigests } from './digests';
import { badGzip, badSentHash, notReconfigure, tooLarge } from './errors';
import { JsonScanner, type JsonStructure } from './json-scanner';
import { giveRoom, SEAL_BYTES } from './seal';
import { isHash, isHashes } from './sent-hashes';
import { describeTable, TABLE_SCAN, type TableInfo } from './table';

const deflate = promisify(gzip);

/** Two or three of them are in memory beside the text; each costs a turn of the event loop. */
const PIECE_BYTES = 256 * 1024;
/** Deflate makes a text at most this many times shorter. */
const MAX_RATIO = 1032;
/** A large table is as a rule no more than so many times longer than its frame; else it is copied once. */
const USUAL_RATIO = 4;

/** What a scanner must look for in a whole `reconfigure` message. */
export const MESSAGE_SCAN = {
  ...TABLE_SCAN,
  descendInto: 'config_table',
  capture: new Set([...TABLE_SCAN.capture, 'type', 'config_hash', 'hashes']),
} as const;

/** The hashes that came with a table. */
export interface SentIdentity {
  readonly configHash?: string;
  readonly hashes?: SentHashes;
}

export interface DecodeOptions {
  /** Bound of the inflated message, in bytes. */
  readonly maxConfigBytes: number;
  /** When the frame's last byte arrived. */
  readonly receivedAt: Date;
}

/** A `reconfigure` message, opened. */
export type Decoded = Configuration & { readonly info: TableInfo };

/**
 * Opens a `reconfigure` frame: gzip of `{"type":"reconfigure","config_table":{…},"config_hash":…,"hashes":{…}}`.
 *
 * Costs one inflation (off the main thread) and, while it goes on, one pass over the text and the table's digests.
 * `table` is a view of the inflated message: the bytes of `config_table` as they came.
 *
 * Throws `KR_MESSAGE_NOT_RECONFIGURE`, `KR_MESSAGE_BAD_HASH`, `KR_CONFIG_BAD_GZIP`, `KR_CONFIG_TOO_LARGE`,
 * `KR_CONFIG_NOT_JSON`, and whatever `checkTable` says about the table, `KR_CONFIG_EMPTY` among it.
 */
export async function decodeReconfigure(frame: Uint8Array, options: DecodeOptions): Promise<Decoded> {
  if (!isGzip(frame)) throw notReconfigure('it is not compressed with gzip');
  return new ReconfigureDecoder(frame.length, options.maxConfigBytes).decode(frame, options.receivedAt);
}

/**
 * Opens one `reconfigure` frame while its bytes still arrive. To be ended by `decode` or `close`.
 *
 * Holds what came and is not inflated yet by reference, a piece of it as a copy, and the text up to the bound.
 */
export class ReconfigureDecoder {
  readonly #scanner = new JsonScanner(MESSAGE_SCAN);
  readonly #digests = new RunningDigests();
  readonly #gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  /** What came ahead and is not given to the inflation yet. */
  #ahead: Uint8Array[] = [];
  #aheadBytes = 0;
  /** How much of the frame the inflation was given. */
  #poured = 0;
  #pouring = false;
  #frame: Uint8Array | undefined;
  #text: Promise<Uint8Array> | undefined;
  #refusal: { readonly error: unknown } | undefined;

  /**
   * @param frameBytes length of the whole frame
   * @param maxConfigBytes bound of the inflated message, in bytes
   */
  constructor(
    private readonly frameBytes: number,
    private readonly maxConfigBytes: number,
  ) {
    // Whoever waits for the text is told; an error that comes when nobody does is not to be fatal.
    this.#gunzip.on('error', () => undefined);
  }

  /** How many bytes of the frame are inflated, or are being. */
  get begunBytes(): number {
    return this.#poured;
  }

  /** Whether it takes nothing any more: it has ended, well or not. */
  get closed(): boolean {
    return this.#gunzip.destroyed;
  }

  /** The next bytes of the frame, which must not change any more. */
  feed(bytes: Uint8Array): void {
    if (this.#gunzip.destroyed || this.#frame !== undefined) return;
    this.#ahead.push(bytes);
    this.#aheadBytes += bytes.length;
    this.#pour();
  }

  /**
   * What the frame holds. Of the frame, what was fed is not read again.
   *
   * @throws as `decodeReconfigure`, but that a frame that is not gzip at all is a damaged one
   */
  async decode(frame: Uint8Array, receivedAt: Date): Promise<Decoded> {
    this.#frame = frame;
    this.#ahead = [];
    this.#pour();
    const message = await (this.#text ??= this.#inflate());
    if (this.#refusal !== undefined) throw this.#refusal.error;
    const scanner = this.#scanner;
    scanner.end();
    const type = typeOf(scanner.outer);
    if (scanner.rootKind !== 'object') throw notReconfigure('it is no JSON object');
    if (type !== 'reconfigure') throw notReconfigure('its "type" is not "reconfigure"');
    if (scanner.inner === undefined) throw notReconfigure('it has no object "config_table"');
    const table = message.subarray(scanner.inner.start, scanner.inner.end);
    const identity = sentIdentity(scanner.outer);
    const info = describeTable(scanner.inner);
    // What else the message holds has been read.
    giveRoom(table);
    return { table, ...identity, digests: this.#digests, receivedAt, info };
  }

  /** Lets go of everything; a `decode` that has not ended fails. */
  close(): void {
    this.#ahead = [];
    this.#gunzip.destroy(new Error('closed'));
  }

  /** Gives the inflation what there is: pieces of what came ahead, and then the rest of the frame at once. */
  #pour(): void {
    if (this.#pouring || this.#gunzip.destroyed) return;
    if (this.#frame !== undefined) {
      this.#pouring = true;
      this.#gunzip.end(this.#frame.subarray(this.#poured));
      return;
    }
    if (this.#aheadBytes < PIECE_BYTES) return;
    const parts: Uint8Array[] = [];
    let length = 0;
    for (; length < PIECE_BYTES; length += parts.at(-1)?.length ?? 0) parts.push(this.#ahead.shift() as Uint8Array);
    const piece = Buffer.concat(parts);
    this.#aheadBytes -= length;
    this.#poured += length;
    if (this.#text === undefined) {
      this.#text = this.#inflate();
      // Told by `decode`; where that is never called, nobody wants to know.
      this.#text.catch(() => undefined);
    }
    this.#pouring = true;
    this.#gunzip.write(piece, () => {
      this.#pouring = false;
      this.#pour();
    });
  }

  async #inflate(): Promise<Uint8Array> {
    const { maxConfigBytes } = this;
    let text = allocate(Math.min(this.#expectedBytes(), maxConfigBytes));
    let length = 0;
    try {
      const pieces = on(this.#gunzip, 'data', { close: ['end'] }) as AsyncIterable<[Buffer]>;
      for await (const [piece] of pieces) {
        if (length + piece.length > maxConfigBytes) throw tooLarge(maxConfigBytes);
        if (length + piece.length > text.length) {
          const larger = allocate(Math.min(2 * (length + piece.length), maxConfigBytes));
          text.copy(larger, 0, 0, length);
          text = larger;
        }
        text.set(piece, length);
        length += piece.length;
        this.#pass(piece);
      }
      return text.subarray(0, length);
    } catch (error) {
      throw tooLarge.is(error) ? error : badGzip(error);
    } finally {
      this.#ahead = [];
      this.#gunzip.destroy();
    }
  }

  /** How long the text may become: what is never written to takes no memory. */
  #expectedBytes(): number {
    if (this.#frame === undefined) return this.frameBytes * USUAL_RATIO;
    // The last four bytes tell the length of the text (RFC 1952), and are not to be trusted.
    const tail = Buffer.from(this.#frame.subarray(-4));
    const told = tail.length < 4 ? 0 : tail.readUInt32LE();
    return Math.min(told, this.#frame.length * MAX_RATIO);
  }

  /** A piece of the text, while the next one is being inflated. */
  #pass(piece: Uint8Array): void {
    if (this.#refusal !== undefined) return;
    const from = this.#scanner.bytes;
    try {
      this.#scanner.feed(piece);
    } catch (error) {
      // Damaged gzip is the better explanation for damaged text, and is known at its end.
      this.#refusal = { error };
      return;
    }
    const { inner } = this.#scanner;
    if (inner === undefined) return;
    const end = inner.end === 0 ? this.#scanner.bytes : inner.end;
    this.#digests.update(piece.subarray(Math.max(0, inner.start - from), Math.max(0, end - from)));
  }
}

export interface EncodeOptions extends SentIdentity {
  /** Time of sending, in seconds since 1970. */
  readonly timestamp: number;
}

/**
 * Makes a `reconfigure` frame around a table's text, which is copied as it is and never parsed or written anew.
 *
 * Leave the hashes out unless they are the ones that came with exactly this table: a data plane that is sent new
 * content with old hashes keeps its old router.
 */
export async function encodeReconfigure(table: Uint8Array, options: EncodeOptions): Promise<Uint8Array> {
  const { configHash, hashes, timestamp } = options;
  const tail = {
    ...(configHash === undefined ? {} : { config_hash: configHash }),
    ...(hashes === undefined ? {} : { hashes }),
  };
  const members = JSON.stringify(tail).slice(1);
  return deflate(
    Buffer.concat([
      Buffer.from(`{"type":"reconfigure","timestamp":${JSON.stringify(timestamp)},"config_table":`),
      table,
      Buffer.from(members === '}' ? members : `,${members}`),
    ]),
  );
}

/** Whether bytes begin as a gzip stream does (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** `type` of a message, when it is a short string. */
export function typeOf(message: JsonStructure): unknown {
  const member = message.members.get('type');
  return member?.kind === 'string' && member.text !== undefined ? (JSON.parse(member.text) as unknown) : undefined;
}

/** The hashes of a message, as they came. Null counts as left out; anything else that is no hash is an error. */
export function sentIdentity(message: JsonStructure): SentIdentity {
  const configHash = valueOf(message, 'config_hash');
  const hashes = valueOf(message, 'hashes');
  if (configHash !== undefined && !isHash(configHash)) throw badSentHash('"config_hash"');
  if (hashes === undefined) return configHash === undefined ? {} : { configHash };
  if (!isHashes(hashes)) throw badSentHash('"hashes", or one of them,');
  return { ...(configHash === undefined ? {} : { configHash }), hashes };
}

function valueOf(message: JsonStructure, key: string): unknown {
  const member = message.members.get(key);
  if (member === undefined || member.kind === 'null') return undefined;
  return member.text === undefined ? Symbol('longer than any hash') : (JSON.parse(member.text) as unknown);
}

/** Memory for a text and a seal behind it; not Node's pool, which others use. */
function allocate(textBytes: number): Buffer {
  return Buffer.allocUnsafeSlow(textBytes + SEAL_BYTES);
}
