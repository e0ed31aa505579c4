import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { GatewayVersion } from '../contract';
import { ResilienceError } from '../errors';
import type { Handover, Staging } from '../gateway';
import { monotonicMs, type Log } from '../runtime';
import {
  adaptToOpenSource,
  configurationTooLarge,
  isEnterpriseTable,
  parseSnapshotMetadata,
  readConfiguration,
  type AdaptReport,
  type ChunkSink,
  type Digests,
  type SnapshotMetadata,
} from '../snapshot';
import type { ObjectReader, StoredObject } from '../store';
import type { Candidate } from './candidates';
import { digestMismatch } from './errors';

/** How often a long transfer says how far it is. */
const progressEveryMs = 5_000;
/** Up to this size parsing costs a cold process next to nothing, and every object is parsed; see `isVouchedFor`. */
const alwaysParsedBytes = 32 * 1024;

export interface FetchOptions {
  readonly reader: ObjectReader;
  readonly handover: Handover;
  readonly maxConfigBytes: number;
  readonly node: GatewayVersion;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A verified configuration, staged and not yet committed. */
export interface Fetched {
  readonly staging: Staging;
  readonly candidate: Candidate;
  /** Seconds between the object's last write and now, by the store's clock. */
  readonly ageSeconds: number;
  /** Whether its exporter left a digest, and it matched; false for an object of another exporter, Enterprise's say. */
  readonly digestVerified: boolean;
  readonly receivedAt?: string;
  readonly configHash?: string;
  /** Number of entities by list, where the object was parsed. */
  readonly entities?: Readonly<Record<string, number>>;
  /** What an open-source node had to lose of an Enterprise configuration. */
  readonly adapted?: AdaptReport;
}

/**
 * Reads one stored configuration into the hand-over folder, checking it on the way: size and body (the store), digest,
 * JSON, shape. Streams; the gateway gets the bare table, byte for byte, or an adapted one where it must.
 *
 * @throws the store's errors, `KR_IMPORT_DIGEST_MISMATCH`, and those of `readConfiguration` and `adaptToOpenSource`;
 *   nothing stays staged then
 */
export async function fetchConfiguration(candidate: Candidate, options: FetchOptions): Promise<Fetched> {
  const { reader, node, log, signal } = options;
  const object = await reader.get(candidate.key, { signal });
  log.debug({ key: candidate.key, bytes: object.size }, 'the store gives the configuration');
  const metadata = parseSnapshotMetadata(object.metadata);
  const known = {
    candidate,
    ageSeconds: Math.max(0, (object.storeDate.getTime() - object.lastModified.getTime()) / 1000),
    digestVerified: metadata !== undefined,
    ...(metadata === undefined ? {} : { receivedAt: metadata.receivedAt.toISOString() }),
    ...(metadata?.configHash === undefined ? {} : { configHash: metadata.configHash }),
  };
  const fetched = await placed(`${reader.location}/${candidate.key}`, async () =>
    isVouchedFor(object, metadata, node)
      ? { ...known, staging: await copyVouchedFor(object, metadata, options) }
      : { ...known, ...(await readAndCheck(object, metadata, options)) },
  );
  log.debug({ key: candidate.key }, 'the configuration is read and checked');
  return fetched;
}

/** Says of an error in a content whose it is. */
export async function placed<T>(where: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ResilienceError) || !/^KR_(CONFIG|MESSAGE)_/.test(error.code)) throw error;
    throw new ResilienceError(error.code, `${where}: ${error.reason}`, error.fix, error);
  }
}

interface VouchedFor extends SnapshotMetadata {
  readonly md5: string;
}

/**
 * Whether the digest is proof enough: this program validated exactly these bytes before it wrote them, and the node
 * takes them as they are. In a cold process the scanner is not compiled yet: to parse 1 MB again costs half as much as all the rest.
 */
function isVouchedFor(
  object: StoredObject,
  metadata: SnapshotMetadata | undefined,
  node: GatewayVersion,
): metadata is VouchedFor {
  if (metadata?.md5 === undefined || metadata.enterprise === undefined) return false;
  return object.size > alwaysParsedBytes && !(metadata.enterprise && node.edition === 'open-source');
}

async function copyVouchedFor(object: StoredObject, metadata: VouchedFor, options: FetchOptions): Promise<Staging> {
  const { reader, handover, maxConfigBytes } = options;
  if (object.size > maxConfigBytes) throw configurationTooLarge(maxConfigBytes);
  const staging = await handover.stage(() => metadata);
  try {
    const sha256 = createHash('sha256');
    const sink = withProgress(object, options, (chunk) => staging.write(chunk));
    for await (const chunk of object.body) {
      sha256.update(chunk);
      await sink(chunk);
    }
    verify(`${reader.location}/${object.key}`, metadata, sha256.digest('hex'));
    return staging;
  } catch (error) {
    await staging.abort();
    throw error;
  }
}

async function readAndCheck(
  object: StoredObject,
  metadata: SnapshotMetadata | undefined,
  options: FetchOptions,
): Promise<Pick<Fetched, 'staging' | 'entities' | 'adapted' | 'configHash'>> {
  const { reader, handover, maxConfigBytes, node, log } = options;
  let digests: Digests | undefined;
  let staging = await handover.stage(() => digests);
  try {
    const whole = staging;
    const result = await readConfiguration(object.body, {
      maxConfigBytes,
      expectedBytes: object.size,
      onWithoutThread: (err) =>
        log.debug({ err }, 'no thread could be started; the configuration is checked in this one'),
      sink: withProgress(object, options, (chunk) => whole.write(chunk)),
    });
    ({ digests } = result);
    if (metadata !== undefined) verify(`${reader.location}/${object.key}`, metadata, result.storedSha256);
    let adapted: AdaptReport | undefined;
    const foreign = node.edition === 'open-source' && isEnterpriseTable(result);
    if (result.form === 'reconfigure' || foreign) {
      await whole.flush();
      staging = await handover.stage();
      try {
        const part = staging;
        const { start, end } = result.tableRange;
        const table = createReadStream(whole.path, { start, end: end - 1 });
        if (foreign) adapted = await adaptToOpenSource(table, (chunk) => part.write(chunk));
        else for await (const chunk of table) await part.write(chunk as Uint8Array);
      } finally {
        await whole.abort();
      }
    }
    const sent = metadata?.configHash ?? result.sent?.configHash;
    return {
      staging,
      entities: result.entityCounts,
      ...(sent === undefined ? {} : { configHash: sent }),
      ...(adapted === undefined ? {} : { adapted }),
    };
  } catch (error) {
    await staging.abort();
    throw error;
  }
}

/** @throws KR_IMPORT_DIGEST_MISMATCH */
export function verify(where: string, metadata: SnapshotMetadata, actual: string): void {
  if (metadata.sha256 !== actual) throw digestMismatch(where, metadata.sha256, actual);
}

function withProgress(object: StoredObject, { log }: FetchOptions, write: ChunkSink): ChunkSink {
  let read = 0;
  let saidAt = monotonicMs();
  return (chunk) => {
    read += chunk.length;
    if (monotonicMs() - saidAt > progressEveryMs) {
      saidAt = monotonicMs();
      log.info({ key: object.key, bytes: read, of: object.size }, 'reading the stored configuration');
    }
    return write(chunk);
  };
}
