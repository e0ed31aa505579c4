import { createReadStream } from 'node:fs';
import type { GatewayVersion } from '../contract';
import type { Handover, Staging } from '../gateway';
import { monotonicMs, type Log } from '../runtime';
import {
  adaptToOpenSource,
  isEnterpriseTable,
  parseSnapshotMetadata,
  readConfiguration,
  type AdaptReport,
} from '../snapshot';
import type { ObjectReader } from '../store';
import type { Candidate } from './candidates';
import { digestMismatch } from './errors';

/** How often a long transfer says how far it is. */
const progressEveryMs = 5_000;

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
  readonly storedBytes: number;
  readonly storedSha256: string;
  /** Whether its exporter left a digest, and it matched; false for an object of another exporter, Enterprise's say. */
  readonly digestVerified: boolean;
  readonly receivedAt?: string;
  readonly configHash?: string;
  readonly entities: Readonly<Record<string, number>>;
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
  const { reader, handover, maxConfigBytes, node, log, signal } = options;
  const object = await reader.get(candidate.key, { signal });
  const metadata = parseSnapshotMetadata(object.metadata);
  let staging = await handover.stage();
  try {
    let read = 0;
    let saidAt = monotonicMs();
    const result = await readConfiguration(object.body, {
      maxConfigBytes,
      sink: (chunk) => {
        read += chunk.length;
        if (monotonicMs() - saidAt > progressEveryMs) {
          saidAt = monotonicMs();
          log.info({ key: candidate.key, bytes: read, of: object.size }, 'reading the stored configuration');
        }
        return staging.write(chunk);
      },
    });
    if (metadata?.sha256 !== undefined && metadata.sha256 !== result.storedSha256) {
      throw digestMismatch(`${reader.location}/${candidate.key}`, metadata.sha256, result.storedSha256);
    }
    let adapted: AdaptReport | undefined;
    const foreign = node.edition === 'open-source' && isEnterpriseTable(result);
    if (result.form === 'reconfigure' || foreign) {
      const whole = staging;
      await whole.flush();
      staging = await handover.stage();
      const { start, end } = result.tableRange;
      const table = createReadStream(whole.path, { start, end: end - 1 });
      if (foreign) adapted = await adaptToOpenSource(table, (chunk) => staging.write(chunk));
      else for await (const chunk of table) await staging.write(chunk as Uint8Array);
      await whole.abort();
    }
    const configHash = metadata?.configHash ?? result.sent?.configHash;
    return {
      staging,
      candidate,
      ageSeconds: Math.max(0, (object.storeDate.getTime() - object.lastModified.getTime()) / 1000),
      storedBytes: result.storedBytes,
      storedSha256: result.storedSha256,
      digestVerified: metadata !== undefined,
      ...(metadata === undefined ? {} : { receivedAt: metadata.receivedAt.toISOString() }),
      ...(configHash === undefined ? {} : { configHash }),
      entities: result.entityCounts,
      ...(adapted === undefined ? {} : { adapted }),
    };
  } catch (error) {
    await staging.abort();
    throw error;
  }
}
