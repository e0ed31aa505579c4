import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { GatewayVersion, StorageUrl } from '../contract';
import type { ResilienceError } from '../errors';
import type { Log } from '../runtime';
import {
  adaptToOpenSource,
  isEnterpriseTable,
  parseSnapshotMetadata,
  readConfiguration,
  type ReadResult,
  type SnapshotMetadata,
} from '../snapshot';
import { storeAbsent, storeCorrupt, type ObjectInfo, type ObjectReader } from '../store';
import { olderCandidates, ownCandidate } from './candidates';
import { placed, verify } from './fetch';
import { removedFrom } from './result';
import { untilRead } from './until-read';

export interface CheckOptions {
  readonly reader: ObjectReader;
  readonly storage: StorageUrl;
  readonly maxConfigBytes: number;
  readonly log: Log;
  /** The deadline. */
  readonly signal: AbortSignal;
  /** After how long it passes. */
  readonly limitMs: number;
  /** What is told when it passes before the first try has ended. */
  readonly timedOut: () => ResilienceError;
}

/** A stored configuration that an importer of its version would take. */
export interface Checked {
  readonly info: ObjectInfo;
  /** Absent for an object of another exporter. */
  readonly metadata?: SnapshotMetadata;
  /** SHA-256 of the stored bytes, computed from them. */
  readonly sha256: string;
  readonly configHash?: string;
  /** Number of entities by list. */
  readonly entities: Readonly<Record<string, number>>;
  /** What an open-source node has to lose of an Enterprise configuration. */
  readonly removed?: readonly string[];
}

/**
 * Reads the stored configuration of one version to its end as an importer does, with each of its checks, and keeps
 * nothing of it: no file is written, and it needs the memory of a few chunks. Also where the digest would be proof enough
 * for an importer, every byte is parsed: here no gateway waits.
 *
 * Only this version's own object: that an older one exists is told by `olderVersionOf`.
 *
 * @throws what `fetchConfiguration` throws, after the same tries; `timedOut()`
 */
export async function checkStored(version: GatewayVersion, options: CheckOptions): Promise<Checked> {
  return untilRead(() => readOnce(version, options), options);
}

async function readOnce(version: GatewayVersion, options: CheckOptions): Promise<Checked> {
  const { reader, storage, maxConfigBytes, log, signal } = options;
  const { key } = ownCandidate(storage, version);
  const where = `${reader.location}/${key}`;
  const { body, ...info } = await reader.get(key, { signal });
  const metadata = parseSnapshotMetadata(info.metadata);
  return placed(where, async () => {
    const read = await readConfiguration(body, {
      maxConfigBytes,
      expectedBytes: info.size,
      onWithoutThread: (err) =>
        log.debug({ err }, 'no thread could be started; the configuration is checked in this one'),
    });
    if (metadata !== undefined) verify(where, metadata, read.storedSha256);
    const adapts = version.edition === 'open-source' && isEnterpriseTable(read);
    const configHash = metadata?.configHash ?? read.sent?.configHash;
    return {
      info,
      ...(metadata === undefined ? {} : { metadata }),
      sha256: read.storedSha256,
      ...(configHash === undefined ? {} : { configHash }),
      entities: read.entityCounts,
      ...(adapts ? { removed: await adapted(info, read, options) } : {}),
    };
  });
}

/** Adapts what was just read as an importer of an open-source node would, reading it a second time. */
async function adapted(info: ObjectInfo, read: ReadResult, { reader, signal }: CheckOptions): Promise<string[]> {
  const again = await reader.get(info.key, { signal });
  if (again.version !== info.version) {
    throw storeCorrupt(reader.location, `${info.key} was replaced while it was checked`);
  }
  const { start, end } = read.tableRange;
  const adapt = async (text: AsyncIterable<Uint8Array>): Promise<string[]> =>
    removedFrom(await adaptToOpenSource(between(text, start, end), () => undefined));
  if (!read.gzip) return adapt(again.body);
  let removed: string[] = [];
  try {
    await pipeline(again.body, createGunzip(), async (text: AsyncIterable<Uint8Array>) => {
      removed = await adapt(text);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error;
    throw storeCorrupt(reader.location, `${info.key} was damaged on its way the second time`, error);
  }
  return removed;
}

/** The bytes from `start` up to `end`. All of the source is read, so that whoever checks it comes to its end. */
async function* between(source: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for await (const chunk of source) {
    const part = chunk.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    offset += chunk.length;
    if (part.length > 0) yield part;
  }
}

/** The nearest older version that an importer of this one could fall back on; undefined without one. */
export async function olderVersionOf(version: GatewayVersion, options: CheckOptions): Promise<string | undefined> {
  const { reader, storage, signal } = options;
  for (const older of await olderCandidates(reader, storage, version, { signal })) {
    try {
      await reader.head(older.key, { signal });
      return older.version.text;
    } catch (error) {
      if (!storeAbsent.is(error)) throw error;
    }
  }
  return undefined;
}
