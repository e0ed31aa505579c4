import type { GatewayVersion } from '../contract';
import type { ResilienceError } from '../errors';
import type { StagedFile } from '../gateway';
import type { AdaptReport, Configuration } from '../snapshot';
import type { Fetched } from './fetch';

/** What an import did: printed by `import --json`, kept in the hand-over folder as result.json. A documented contract. */
export interface ImportResult {
  readonly format: 1;
  /**
   * `not-needed`: the control plane answered, nothing is armed. `staged`: a configuration waits for the gateway's start.
   * `posted`: a running DB-less gateway has loaded it. `unchanged`: that gateway has a configuration already.
   * `failed`: neither; what an earlier import staged stays.
   */
  readonly outcome: 'not-needed' | 'staged' | 'posted' | 'unchanged' | 'failed';
  /** When the import ended, by the local clock. */
  readonly at: string;
  readonly tookMs: number;
  readonly version: string;
  readonly from?: 'control-plane' | 'store';
  /** The version whose object was taken, when it is an older one. */
  readonly olderVersion?: string;
  readonly key?: string;
  /** Seconds since the object was written, by the store's clock. */
  readonly ageSeconds?: number;
  readonly receivedAt?: string;
  readonly configHash?: string;
  /** Size and digests of the file that the gateway gets. */
  readonly bytes?: number;
  readonly sha256?: string;
  readonly md5?: string;
  /** Whether the exporter's digest was there and matched. */
  readonly digestVerified?: boolean;
  /** Number of entities by list; absent for a large object whose digest alone vouched for it. */
  readonly entities?: Readonly<Record<string, number>>;
  /** What an open-source node had to lose of an Enterprise configuration, each named. */
  readonly removed?: readonly string[];
  readonly error?: { readonly code: string; readonly reason: string; readonly fix: string };
}

function fileFields(file: StagedFile | undefined): Pick<ImportResult, 'bytes' | 'sha256' | 'md5'> {
  return file === undefined ? {} : { bytes: file.bytes, sha256: file.sha256, md5: file.md5 };
}

/** For a configuration that the control plane sent; `file` where it was handed over all the same. */
export function configurationResult(
  configuration: Configuration,
  version: GatewayVersion,
  file: StagedFile | undefined,
  tookMs: number,
): ImportResult {
  return {
    format: 1,
    outcome: file === undefined ? 'not-needed' : 'staged',
    at: new Date().toISOString(),
    tookMs,
    version: version.text,
    from: 'control-plane',
    receivedAt: configuration.receivedAt.toISOString(),
    ...(configuration.configHash === undefined ? {} : { configHash: configuration.configHash }),
    ...fileFields(file),
  };
}

/** For a configuration that the store gave. */
export function fetchedResult(
  fetched: Fetched,
  version: GatewayVersion,
  file: StagedFile,
  tookMs: number,
): ImportResult {
  const { candidate, adapted } = fetched;
  return {
    format: 1,
    outcome: 'staged',
    at: new Date().toISOString(),
    tookMs,
    version: version.text,
    from: 'store',
    ...(candidate.version.text === version.text ? {} : { olderVersion: candidate.version.text }),
    key: candidate.key,
    ageSeconds: fetched.ageSeconds,
    ...(fetched.receivedAt === undefined ? {} : { receivedAt: fetched.receivedAt }),
    ...(fetched.configHash === undefined ? {} : { configHash: fetched.configHash }),
    ...fileFields(file),
    digestVerified: fetched.digestVerified,
    ...(fetched.entities === undefined ? {} : { entities: fetched.entities }),
    ...(adapted === undefined ? {} : { removed: removedFrom(adapted) }),
  };
}

/** One line for each kind of thing that an Enterprise configuration lost on its way to an open-source node. */
export function removedFrom({ wsIds, entities, plugins, fields }: AdaptReport): string[] {
  return [
    ...(wsIds === 0 ? [] : [`ws_id of ${wsIds} entities`]),
    ...Object.entries(entities).map(([name, count]) => `${count} of ${name}`),
    ...plugins.map(({ name, id, on, why }) => `plugin ${name} (${id}) on ${on}: ${why}`),
    ...Object.entries(fields).map(([name, count]) => `${name} of ${count} entities`),
  ];
}

/** For an import that gave the gateway nothing new. */
export function failedResult(error: ResilienceError, version: GatewayVersion, tookMs: number): ImportResult {
  return {
    format: 1,
    outcome: 'failed',
    at: new Date().toISOString(),
    tookMs,
    version: version.text,
    error: error.toJSON(),
  };
}
