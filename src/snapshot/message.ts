import { on } from 'node:events';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import type { Configuration, SentHashes } from './configuration';
import { RunningDigests } from './digests';
import { badGzip, badSentHash, notReconfigure, tooLarge } from './errors';
import { JsonScanner, type JsonStructure } from './json-scanner';
import { isHash, isHashes } from './sent-hashes';
import { describeTable, TABLE_SCAN, type TableInfo } from './table';

const deflate = promisify(gzip);

/** Two or three of them are in memory beside the text; each costs a turn of the event loop. */
const PIECE_BYTES = 256 * 1024;
/** Deflate makes a text at most this many times shorter. */
const MAX_RATIO = 1032;

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

/**
 * Opens a `reconfigure` frame: gzip of `{"type":"reconfigure","config_table":{…},"config_hash":…,"hashes":{…}}`.
 *
 * Costs one inflation (off the main thread) and, while it goes on, one pass over the text and the table's digests.
 * `table` is a view of the inflated message: the bytes of `config_table` as they came.
 *
 * Throws `KR_MESSAGE_NOT_RECONFIGURE`, `KR_MESSAGE_BAD_HASH`, `KR_CONFIG_BAD_GZIP`, `KR_CONFIG_TOO_LARGE`,
 * `KR_CONFIG_NOT_JSON`, and whatever `checkTable` says about the table, `KR_CONFIG_EMPTY` among it.
 */
export async function decodeReconfigure(
  frame: Uint8Array,
  options: DecodeOptions,
): Promise<Configuration & { readonly info: TableInfo }> {
  if (!isGzip(frame)) throw notReconfigure('it is not compressed with gzip');
  const scanner = new JsonScanner(MESSAGE_SCAN);
  const digests = new RunningDigests();
  let refusal: { readonly error: unknown } | undefined;
  const message = await inflateWhole(frame, options.maxConfigBytes, (piece) => {
    if (refusal !== undefined) return;
    const from = scanner.bytes;
    try {
      scanner.feed(piece);
    } catch (error) {
      // Damaged gzip is the better explanation for damaged text, and is known at its end.
      refusal = { error };
      return;
    }
    const { inner } = scanner;
    if (inner === undefined) return;
    const end = inner.end === 0 ? scanner.bytes : inner.end;
    digests.update(piece.subarray(Math.max(0, inner.start - from), Math.max(0, end - from)));
  });
  if (refusal !== undefined) throw refusal.error;
  scanner.end();
  const type = typeOf(scanner.outer);
  if (scanner.rootKind !== 'object') throw notReconfigure('it is no JSON object');
  if (type !== 'reconfigure') throw notReconfigure('its "type" is not "reconfigure"');
  if (scanner.inner === undefined) throw notReconfigure('it has no object "config_table"');
  return {
    table: message.subarray(scanner.inner.start, scanner.inner.end),
    ...sentIdentity(scanner.outer),
    digests,
    receivedAt: options.receivedAt,
    info: describeTable(scanner.inner),
  };
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

/** Inflates a frame; `seen` gets each piece of the text while the next one is being inflated. */
async function inflateWhole(
  frame: Uint8Array,
  maxConfigBytes: number,
  seen: (piece: Uint8Array) => void,
): Promise<Uint8Array> {
  // The last four bytes tell the length of the text (RFC 1952), and are not to be trusted.
  const tail = Buffer.from(frame.subarray(-4));
  const told = tail.length < 4 ? 0 : tail.readUInt32LE();
  let text = Buffer.allocUnsafeSlow(Math.min(told, maxConfigBytes, frame.length * MAX_RATIO));
  let length = 0;
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  try {
    const pieces = on(gunzip, 'data', { close: ['end'] }) as AsyncIterable<[Buffer]>;
    gunzip.end(frame);
    for await (const [piece] of pieces) {
      if (length + piece.length > maxConfigBytes) throw tooLarge(maxConfigBytes);
      if (length + piece.length > text.length) {
        const larger = Buffer.allocUnsafeSlow(Math.min(2 * (length + piece.length), maxConfigBytes));
        text.copy(larger, 0, 0, length);
        text = larger;
      }
      text.set(piece, length);
      length += piece.length;
      seen(piece);
    }
    return text.subarray(0, length);
  } catch (error) {
    throw tooLarge.is(error) ? error : badGzip(error);
  } finally {
    gunzip.destroy();
  }
}
