import type { SentHashes } from './configuration';
import { isHash, isHashes } from './sent-hashes';
import type { Mark } from './seal';

/** What is kept beside a stored configuration, as the store's user metadata. */
export interface SnapshotMetadata extends Mark {
  /** SHA-256 of the stored body, hex. Integrity, not authenticity. */
  readonly sha256: string;
  /** MD5 of the stored body, hex: what a gateway that starts from it calls its configuration. */
  readonly md5?: string;
  /** Whether it has what only Enterprise takes; with this and `md5` a reader whose SHA-256 matches need not parse it. */
  readonly enterprise?: boolean;
  /** As the control plane sent them. */
  readonly configHash?: string;
  readonly hashes?: SentHashes;
  /** When the configuration's last byte arrived, by the exporter's clock. For people. */
  readonly receivedAt: Date;
  /** Who wrote it: `<host name>/<program version>`. */
  readonly by: string;
  /** Where it came from, for people, such as `control plane cp.example.com:8005`. */
  readonly source?: string;
}

/** What metadata turned out to be: written by this program, by something else, or by this program and broken. */
export type ReadMetadata =
  | { readonly kind: 'ours'; readonly metadata: SnapshotMetadata }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'broken'; readonly reason: string };

const PREFIX = 'kong-resilience-';
const FORMAT = '1';
/** Bounds that keep the whole below 1,280 bytes, whatever it holds; S3 stops at 2 KB for all of it. */
const MAX_BY = 160;
const MAX_SOURCE = 160;
export const MAX_METADATA_BYTES = 1280;

/**
 * The metadata of a stored configuration: keys `kong-resilience-…` in lower case, printable ASCII, at most 1,280 bytes,
 * keys included. What is absent has no key. Host name and source are made ASCII and cut where they must be.
 */
export function snapshotMetadata(metadata: SnapshotMetadata): Record<string, string> {
  const { sha256, md5, enterprise, configHash, hashes, receivedAt, by, term, counter, source } = metadata;
  const fields: Record<string, string | undefined> = {
    format: FORMAT,
    sha256,
    md5,
    enterprise: enterprise === undefined ? undefined : String(enterprise),
    'config-hash': configHash,
    hashes: hashes === undefined ? undefined : pack(hashes),
    'received-at': receivedAt.toISOString(),
    by: printable(by, MAX_BY),
    term: String(term),
    counter: String(counter),
    source: source === undefined ? undefined : printable(source, MAX_SOURCE),
  };
  const record = Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[PREFIX + name, value]])),
  ) as Record<string, string>;
  const problem = readSnapshotMetadata(record);
  if (problem.kind === 'broken') throw new TypeError(`this cannot be object metadata: ${problem.reason}`);
  return record;
}

/** Reads an object's metadata, and says what is wrong with it when this program wrote it and it does not read. */
export function readSnapshotMetadata(record: Readonly<Record<string, string>>): ReadMetadata {
  const field = (name: string): string | undefined => record[PREFIX + name];
  const broken = (name: string, must: string): ReadMetadata => ({
    kind: 'broken',
    reason: `${PREFIX}${name} ${field(name) === undefined ? 'is missing' : `is not ${must}`}`,
  });
  if (field('format') === undefined) return { kind: 'foreign' };
  if (field('format') !== FORMAT) return broken('format', `"${FORMAT}", which is all that this version knows`);

  const sha256 = field('sha256') ?? '';
  const md5 = field('md5');
  const enterprise = field('enterprise');
  const configHash = field('config-hash');
  const hashes = field('hashes') === undefined ? undefined : unpack(field('hashes') ?? '');
  const receivedAt = new Date(field('received-at') ?? Number.NaN);
  const by = field('by');
  const term = wholeNumber(field('term'));
  const counter = wholeNumber(field('counter'));
  const source = field('source');
  if (!/^[0-9a-f]{64}$/.test(sha256)) return broken('sha256', '64 hexadecimal digits');
  if (md5 !== undefined && !/^[0-9a-f]{32}$/.test(md5)) return broken('md5', '32 hexadecimal digits');
  if (enterprise !== undefined && !/^(true|false)$/.test(enterprise)) return broken('enterprise', 'true or false');
  if (configHash !== undefined && !isHash(configHash)) return broken('config-hash', '32 hexadecimal digits');
  if (field('hashes') !== undefined && hashes === undefined) return broken('hashes', 'a list of name:hash');
  if (Number.isNaN(receivedAt.getTime())) return broken('received-at', 'a time');
  if (by === undefined) return broken('by', 'there');
  if (term === undefined) return broken('term', 'an integer from 0 to 2^48 - 1');
  if (counter === undefined) return broken('counter', 'an integer from 0 to 2^48 - 1');
  return {
    kind: 'ours',
    metadata: {
      sha256,
      ...(md5 === undefined ? {} : { md5 }),
      ...(enterprise === undefined ? {} : { enterprise: enterprise === 'true' }),
      ...(configHash === undefined ? {} : { configHash }),
      ...(hashes === undefined ? {} : { hashes }),
      receivedAt,
      by,
      term,
      counter,
      ...(source === undefined ? {} : { source }),
    },
  };
}

/** The metadata of an object that this program wrote; undefined for every other one, and for one that does not read. */
export function parseSnapshotMetadata(record: Readonly<Record<string, string>>): SnapshotMetadata | undefined {
  const read = readSnapshotMetadata(record);
  return read.kind === 'ours' ? read.metadata : undefined;
}

function pack(hashes: SentHashes): string {
  return Object.entries(hashes)
    .map(([name, hash]) => `${name}:${hash}`)
    .join(',');
}

function unpack(text: string): SentHashes | undefined {
  if (text === '') return {};
  const hashes = Object.fromEntries(text.split(',').map((pair) => pair.split(':', 2) as [string, string]));
  return isHashes(hashes) ? hashes : undefined;
}

function printable(text: string, maxLength: number): string {
  // One mark for each character, not for each UTF-16 unit.
  return text
    .replace(/[^\x20-\x7e]/gu, '?')
    .slice(0, maxLength)
    .trim();
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value < 2 ** 48 ? value : undefined;
}
