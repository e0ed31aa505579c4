import { configKey, formatStorageUrl, leaseKey, type GatewayVersion } from '../contract';
import { ResilienceError } from '../errors';
import { checkStored, olderVersionOf, type Checked, type CheckOptions } from '../importer';
import { LinkedAbort, logEvent } from '../runtime';
import { openReader, storeAbsent } from '../store';
import { createContext, type Context } from './context';
import { checkStale, checkTimedOut } from './errors';
import { exitCodeOf, exitCodes } from './exit-codes';
import { humanBytes, humanSeconds, printJson, printLine } from './print';
import { readLease, secondsBetween } from './stored-lease';

/** What an importer of one version would find; the contract of `check --json`. */
interface VersionCheck {
  readonly version: string;
  readonly key: string;
  readonly check: 'passed' | 'failed';
  readonly configuration: {
    readonly bytes: number;
    readonly writtenAt: string;
    readonly ageSeconds: number;
    readonly sha256: string;
    readonly digestVerified: boolean;
    readonly configHash: string | null;
    readonly entities: Readonly<Record<string, number>>;
    readonly removed: readonly string[];
  } | null;
  readonly freshness: 'fresh' | 'stale' | 'unknown' | null;
  readonly confirmedAt: string | null;
  readonly confirmedAgeSeconds: number | null;
  readonly olderVersion: string | null;
  readonly error: { code: string; reason: string; fix: string } | null;
}

/** The worst first: with the ones before, an importer of this version stages nothing; with the last, an old configuration. */
const worstFirst: readonly number[] = [
  exitCodes.failed,
  exitCodes.corrupt,
  exitCodes.denied,
  exitCodes.absent,
  exitCodes.unreachable,
  exitCodes.stale,
].map(({ code }) => code);

/**
 * Checks, with an importer's environment and identity, what an importer of each version would find: that the object is
 * there, readable, whole and fresh. Reads alone; nothing is written anywhere.
 *
 * @returns the exit code of the worst version
 */
export async function checkCommand(options: { json: boolean }): Promise<number> {
  const context = await createContext('check');
  const { environment, log } = context;
  const deadline = new LinkedAbort([], environment.importDeadlineMs);
  const reader = await openReader(environment.storage, {
    aws: environment.aws,
    google: environment.google,
    timeoutMs: environment.storeTimeoutMs,
    log,
  });
  const { storage, maxConfigBytes } = environment;
  const timedOut = (): ResilienceError => checkTimedOut(environment.importDeadlineMs / 1000);
  const shared = {
    reader,
    storage,
    maxConfigBytes,
    signal: deadline.signal,
    limitMs: environment.importDeadlineMs,
    timedOut,
  };
  let versions: readonly VersionCheck[];
  try {
    versions = await Promise.all(
      environment.versions.map((version) =>
        checkVersion(context, version, { ...shared, log: log.child({ version: version.text }) }),
      ),
    );
  } finally {
    deadline.end();
    reader.close();
  }
  for (const { check, version, freshness, configuration, confirmedAgeSeconds, olderVersion, error } of versions) {
    if (error === null) {
      const ageSeconds = configuration?.ageSeconds;
      const fields = {
        check,
        version,
        freshness,
        ageSeconds,
        ...(confirmedAgeSeconds === null ? {} : { confirmedAgeSeconds }),
      };
      logEvent(log, 'check_passed', fields, 'the stored configuration passes its check');
    } else {
      const older = olderVersion === null ? {} : { olderVersion };
      logEvent(log, 'check_failed', { check, version, ...error, ...older }, 'the stored configuration fails its check');
    }
  }
  const codes = versions.map(({ error }) => (error === null ? exitCodes.ok.code : exitCodeOf(asError(error))));
  const exitCode = worstFirst.find((code) => codes.includes(code)) ?? exitCodes.ok.code;
  if (options.json) {
    printJson({
      store: formatStorageUrl(storage),
      maxAgeSeconds: environment.checkMaxAge.ms / 1000,
      passed: exitCode === exitCodes.ok.code,
      versions,
    });
  } else for (const check of versions) for (const line of describe(reader.location, check)) printLine(line);
  return exitCode;
}

async function checkVersion(
  { environment }: Context,
  version: GatewayVersion,
  options: CheckOptions,
): Promise<VersionCheck> {
  const key = configKey(options.storage, version);
  const about = { version: version.text, key };
  const nothing = {
    configuration: null,
    freshness: null,
    confirmedAt: null,
    confirmedAgeSeconds: null,
    olderVersion: null,
  };
  let checked: Checked | undefined;
  try {
    checked = await checkStored(version, options);
    const { freshness, error, ...confirmation } = await freshnessOf(checked, environment, version, options);
    const configuration = configurationOf(checked);
    const check = error === undefined ? 'passed' : 'failed';
    return { ...nothing, ...about, ...confirmation, configuration, check, freshness, error: error?.toJSON() ?? null };
  } catch (thrown) {
    const error = options.signal.aborted && !(thrown instanceof ResilienceError) ? options.timedOut() : thrown;
    if (!(error instanceof ResilienceError)) throw error;
    const looksForOlder = storeAbsent.is(error) && environment.olderVersions;
    return {
      ...nothing,
      ...about,
      check: 'failed',
      configuration: checked === undefined ? null : configurationOf(checked),
      olderVersion: looksForOlder ? await older(version, options) : null,
      error: error.toJSON(),
    };
  }
}

/** For people alone: that it cannot be told changes nothing of the check. */
async function older(version: GatewayVersion, options: CheckOptions): Promise<string | null> {
  try {
    return (await olderVersionOf(version, options)) ?? null;
  } catch (error) {
    options.log.debug({ err: error }, 'whether an older version is stored cannot be told');
    return null;
  }
}

function configurationOf({
  info,
  metadata,
  sha256,
  configHash,
  entities,
  removed,
}: Checked): VersionCheck['configuration'] {
  return {
    bytes: info.size,
    writtenAt: info.lastModified.toISOString(),
    ageSeconds: secondsBetween(info.storeDate, info.lastModified),
    sha256,
    digestVerified: metadata !== undefined,
    configHash: configHash ?? null,
    entities,
    removed: removed ?? [],
  };
}

type Freshness = Pick<VersionCheck, 'confirmedAt' | 'confirmedAgeSeconds'> & {
  readonly freshness: 'fresh' | 'stale' | 'unknown';
  readonly error?: ResilienceError;
};

/**
 * Whether what is stored is what the control plane sends now, as far as it is told: by the lease, whose exporter confirms
 * it again and again. The age of the object says little, since a configuration that does not change is not written again.
 * So it counts only for an object of another exporter, which tells no more, and only where a bound was set for it.
 */
async function freshnessOf(
  { info, metadata }: Checked,
  { checkMaxAge }: Context['environment'],
  version: GatewayVersion,
  { reader, storage, signal }: CheckOptions,
): Promise<Freshness> {
  const where = `${reader.location}/${info.key}`;
  const writtenAgo = secondsBetween(info.storeDate, info.lastModified);
  const judge = (
    what: 'last confirmed' | 'written and never confirmed' | 'written',
    ageSeconds: number,
  ): Pick<Freshness, 'freshness' | 'error'> =>
    ageSeconds <= checkMaxAge.ms / 1000
      ? { freshness: 'fresh' }
      : { freshness: 'stale', error: checkStale(where, what, ageSeconds, checkMaxAge.ms / 1000) };

  // A lease beside an object that its exporter did not write speaks of another one.
  const lease = metadata === undefined ? undefined : await readLease(reader, leaseKey(storage, version), { signal });
  if (lease === undefined) {
    const judged = checkMaxAge.explicit ? judge('written', writtenAgo) : { freshness: 'unknown' as const };
    return { ...judged, confirmedAt: null, confirmedAgeSeconds: null };
  }
  const { confirmedAgeSeconds } = lease;
  const judged =
    confirmedAgeSeconds === null
      ? judge('written and never confirmed', writtenAgo)
      : judge('last confirmed', confirmedAgeSeconds);
  return { ...judged, confirmedAt: lease.document.confirmed_at, confirmedAgeSeconds };
}

function asError({ code, reason, fix }: { code: string; reason: string; fix: string }): ResilienceError {
  return new ResilienceError(code, reason, fix);
}

function describe(location: string, check: VersionCheck): string[] {
  const { version, key, configuration, freshness, confirmedAgeSeconds, olderVersion, error } = check;
  const lines = [`${version}  ${check.check}  ${location}/${key}`];
  if (configuration !== null) {
    const confirmed =
      confirmedAgeSeconds === null ? '' : `, last confirmed current ${humanSeconds(confirmedAgeSeconds)} ago`;
    const age = `${humanBytes(configuration.bytes)}, written ${humanSeconds(configuration.ageSeconds)} ago${confirmed}`;
    lines.push(`  ${age}${freshness === null ? '' : `: ${freshness}`}`);
  }
  if (error !== null) lines.push(`  ${error.code}: ${error.reason} ${error.fix}`);
  if (olderVersion !== null)
    lines.push(`  an importer would take ${olderVersion}, the nearest older version that is stored`);
  return lines;
}
