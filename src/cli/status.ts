import { configKey, formatStorageUrl, leaseKey, type GatewayVersion } from '../contract';
import { ResilienceError } from '../errors';
import { parseSnapshotMetadata } from '../snapshot';
import { openReader } from '../store';
import type { ObjectReader } from '../store';
import { createContext, type Context } from './context';
import { exitCodeOf, exitCodes } from './exit-codes';
import { humanBytes, humanSeconds, printJson, printLine } from './print';
import { orAbsent, readLease, secondsBetween, type StoredLease } from './stored-lease';

/** That an object is there says nothing of what is in it: rubbish has a size and an age as well. */
const content = 'not examined; `kong-resilience check` examines it';

/** What is stored for one version; the contract of `status --json`. */
interface StoredStatus {
  readonly version: string;
  readonly key: string;
  readonly configuration: {
    readonly bytes: number;
    readonly writtenAt: string;
    readonly ageSeconds: number;
    readonly sha256: string | null;
    readonly configHash: string | null;
    readonly receivedAt: string | null;
    readonly by: string | null;
    readonly content: string;
  } | null;
  readonly lease: {
    readonly term: number;
    readonly host: string;
    readonly held: boolean;
    readonly confirmedAt: string | null;
    readonly confirmedAgeSeconds: number | null;
  } | null;
  readonly error: { code: string; reason: string; fix: string } | null;
}

/** Prints what the store holds for each version of the environment. @returns the exit code */
export async function statusCommand(options: { json: boolean }): Promise<number> {
  const context = await createContext('status');
  const { environment } = context;
  const reader = await openReader(environment.storage, {
    aws: environment.aws,
    google: environment.google,
    timeoutMs: environment.storeTimeoutMs,
    log: context.log,
  });
  let exitCode: number = exitCodes.ok.code;
  const versions: StoredStatus[] = [];
  try {
    for (const version of environment.versions) {
      try {
        const status = await readStatus(context, reader, version);
        versions.push(status);
        if (status.configuration === null) exitCode ||= exitCodes.absent.code;
      } catch (error) {
        if (!(error instanceof ResilienceError)) throw error;
        versions.push({
          version: version.text,
          key: configKey(environment.storage, version),
          configuration: null,
          lease: null,
          error: error.toJSON(),
        });
        exitCode ||= exitCodeOf(error);
      }
    }
  } finally {
    reader.close();
  }
  if (options.json) printJson({ store: formatStorageUrl(environment.storage), versions });
  else for (const status of versions) for (const line of describe(reader.location, status)) printLine(line);
  return exitCode;
}

async function readStatus(
  { environment }: Context,
  reader: ObjectReader,
  version: GatewayVersion,
): Promise<StoredStatus> {
  const key = configKey(environment.storage, version);
  const info = await orAbsent(reader.head(key));
  const metadata = info === undefined ? undefined : parseSnapshotMetadata(info.metadata);
  return {
    version: version.text,
    key,
    configuration:
      info === undefined
        ? null
        : {
            bytes: info.size,
            writtenAt: info.lastModified.toISOString(),
            ageSeconds: secondsBetween(info.storeDate, info.lastModified),
            sha256: metadata?.sha256 ?? null,
            configHash: metadata?.configHash ?? null,
            receivedAt: metadata?.receivedAt.toISOString() ?? null,
            by: metadata?.by ?? null,
            content,
          },
    lease: leaseStatus(await readLease(reader, leaseKey(environment.storage, version))),
    error: null,
  };
}

function leaseStatus(lease: StoredLease | undefined): StoredStatus['lease'] {
  if (lease === undefined) return null;
  const { document, ageSeconds, confirmedAgeSeconds } = lease;
  return {
    term: document.term,
    host: document.host,
    held: !document.released && ageSeconds < document.lease_seconds,
    confirmedAt: document.confirmed_at,
    confirmedAgeSeconds,
  };
}

function describe(location: string, { version, key, configuration, lease, error }: StoredStatus): string[] {
  const lines = [`${version}  ${location}/${key}`];
  if (error !== null) return [...lines, `  ${error.code}: ${error.reason} ${error.fix}`];
  if (configuration === null)
    lines.push('  nothing is stored: look at the log of the exporter of this version, whose errors have a fix');
  else {
    lines.push(
      `  ${humanBytes(configuration.bytes)}, written ${humanSeconds(configuration.ageSeconds)} ago (${configuration.writtenAt})`,
      `  config hash ${configuration.configHash ?? 'not told'}, SHA-256 ${configuration.sha256 ?? 'not told'}`,
      `  by ${configuration.by ?? 'another exporter, not this program'}`,
      `  content ${configuration.content}`,
    );
  }
  if (lease === null) lines.push('  no lease: no exporter of this program has written here');
  else {
    const confirmed = lease.confirmedAgeSeconds === null ? 'never' : `${humanSeconds(lease.confirmedAgeSeconds)} ago`;
    lines.push(
      `  last confirmed current ${confirmed}; ${lease.held ? `led by ${lease.host}` : `no leader now, last ${lease.host}`} (term ${lease.term})`,
    );
  }
  return lines;
}
