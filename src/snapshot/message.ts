import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Configuration, SentHashes } from './configuration';
import { badGzip, badSentHash, notReconfigure, tooLarge } from './errors';
import { JsonScanner, type JsonStructure } from './json-scanner';
import { isHash, isHashes } from './sent-hashes';
import { describeTable, TABLE_SCAN, type TableInfo } from './table';

const inflate = promisify(gunzip);
const deflate = promisify(gzip);

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
 * Costs one inflation (off the main thread) and one pass over the text. `table` is a view of the inflated message: the
 * bytes of `config_table` as they came.
 *
 * Throws `KR_MESSAGE_NOT_RECONFIGURE`, `KR_MESSAGE_BAD_HASH`, `KR_CONFIG_BAD_GZIP`, `KR_CONFIG_TOO_LARGE`,
 * `KR_CONFIG_NOT_JSON`, and whatever `checkTable` says about the table, `KR_CONFIG_EMPTY` among it.
 */
export async function decodeReconfigure(
  frame: Uint8Array,
  options: DecodeOptions,
): Promise<Configuration & { readonly info: TableInfo }> {
  if (!isGzip(frame)) throw notReconfigure('it is not compressed with gzip');
  const message = await inflateWhole(frame, options.maxConfigBytes);
  const scanner = new JsonScanner(MESSAGE_SCAN);
  scanner.feed(message);
  scanner.end();
  const type = typeOf(scanner.outer);
  if (scanner.rootKind !== 'object') throw notReconfigure('it is no JSON object');
  if (type !== 'reconfigure') throw notReconfigure('its "type" is not "reconfigure"');
  if (scanner.inner === undefined) throw notReconfigure('it has no object "config_table"');
  return {
    table: message.subarray(scanner.inner.start, scanner.inner.end),
    ...sentIdentity(scanner.outer),
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

async function inflateWhole(frame: Uint8Array, maxConfigBytes: number): Promise<Buffer> {
  try {
    // Few large pieces: each one costs a turn of the event loop. Tables compress about fourfold.
    const chunkSize = Math.max(64 * 1024, Math.min(frame.length * 4, 16 * 1024 * 1024));
    return await inflate(frame, { maxOutputLength: maxConfigBytes, chunkSize });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxConfigBytes);
    throw badGzip(error);
  }
}
