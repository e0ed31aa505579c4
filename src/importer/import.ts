import type { GatewayVersion, NodeEnvironment } from '../contract';
import { ResilienceError } from '../errors';
import type { Handover } from '../gateway';
import { Backoff, monotonicMs, Outage, pause, systemClock, type Log } from '../runtime';
import type { Configuration } from '../snapshot';
import { receiveOnce, type OneReception } from '../source';
import type { ConfigurationSource } from '../source';
import { isRetryable, storeAbsent, storeDenied } from '../store';
import type { ObjectReader } from '../store';
import { olderCandidates, ownCandidate } from './candidates';
import { importTimedOut, nothingToImport } from './errors';
import { fetchConfiguration, type Fetched } from './fetch';
import { configurationResult, fetchedResult, type ImportResult } from './result';

export interface ImportOptions {
  readonly environment: NodeEnvironment;
  /** Opened only when the store is asked: an SDK costs a start more than all the rest. */
  readonly openReader: () => Promise<ObjectReader>;
  /** The control plane; absent for a gateway without hybrid mode. */
  readonly source?: ConfigurationSource;
  readonly handover: Handover;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How often content that cannot be right, or was not checked to its end, is read again: it may have been replaced, or damaged on the way. */
const contentTries = 3;
/** How long a denial is retried: an identity may take some seconds to be known (Workload Identity, Pod Identity), not more. */
const deniedForMs = 15_000;

/**
 * What happens before a gateway node starts: asks the control plane, else stages what is stored for this node's version.
 *
 * "The control plane answers" means that a configuration arrived. Until one does, the store is tried again and again
 * under one deadline while the control plane is still being tried; whichever is first decides. Nothing here decides
 * whether the gateway uses what is staged: its own start script does, at each start (gateway/start.sh).
 *
 * @throws the last error when neither gave a configuration before the deadline (KR_IMPORT_TIMED_OUT without one); what an earlier import staged stays staged then
 */
export async function importConfiguration(options: ImportOptions): Promise<ImportResult> {
  const { environment, log, signal } = options;
  const [version] = environment.versions;
  const startedAt = monotonicMs();
  const deadline = AbortSignal.timeout(environment.importDeadlineMs);
  const over = AbortSignal.any([signal, deadline]);
  const tookMs = (): number => Math.round(monotonicMs() - startedAt);

  const asking = new AbortController();
  const controlPlane =
    options.source === undefined ? undefined : receiveOnce(options.source, AbortSignal.any([over, asking.signal]));
  const fetching = new AbortController();
  try {
    if (controlPlane !== undefined) {
      const grace = pause(environment.controlPlaneTimeoutMs, AbortSignal.any([over, asking.signal]));
      const first = await Promise.race([controlPlane.configuration, controlPlane.firstProblem, grace]);
      if (isConfiguration(first)) return await fromControlPlane(first, options, tookMs());
      log.warn(
        { reason: first instanceof ResilienceError ? first.message : 'no configuration within the time limit' },
        'the control plane does not answer; asking the store',
      );
    }
    const stored = fromStore(options, version, AbortSignal.any([over, fetching.signal]));
    const outcome = await Promise.race(controlPlane === undefined ? [stored] : [stored, late(controlPlane)]);
    if (isConfiguration(outcome)) {
      fetching.abort(new Error('the control plane answered'));
      // What the store was about to give is not needed any more; its staging file must be gone before the hand-over.
      await stored.then((fetched) => fetched.staging.abort()).catch(() => undefined);
      return await fromControlPlane(outcome, options, tookMs());
    }
    const result = fetchedResult(outcome, version, await outcome.staging.commit(), tookMs());
    for (const removed of result.removed ?? [])
      log.warn({ removed }, 'left out: an open-source gateway does not know it');
    return result;
  } finally {
    asking.abort();
    fetching.abort();
  }
}

async function fromControlPlane(
  configuration: Configuration,
  { environment, handover, log }: ImportOptions,
  tookMs: number,
): Promise<ImportResult> {
  const [version] = environment.versions;
  if (environment.importPolicy !== 'always') {
    await handover.disarm();
    log.info({ configHash: configuration.configHash }, 'the control plane answers; nothing is handed over');
    return configurationResult(configuration, version, undefined, tookMs);
  }
  const staging = await handover.stage();
  try {
    await staging.write(configuration.table);
    return configurationResult(configuration, version, await staging.commit(), tookMs);
  } catch (error) {
    await staging.abort();
    throw error;
  }
}

async function fromStore(options: ImportOptions, version: GatewayVersion, signal: AbortSignal): Promise<Fetched> {
  const { environment, log } = options;
  const backoff = new Backoff({ initialMs: 200, maxMs: 5_000 });
  const reader = await options.openReader();
  const startedAt = monotonicMs();
  const outage = new Outage({
    log,
    clock: systemClock,
    failing: 'the store does not give a configuration',
    over: 'the store gives a configuration',
  });
  let contentFailures = 0;
  let last: ResilienceError | undefined;
  try {
    for (;;) {
      try {
        const fetched = await fetchBest(options, reader, version, signal);
        outage.succeeded();
        return fetched;
      } catch (error) {
        if (signal.aborted) throw last ?? importTimedOut(environment.importDeadlineMs / 1000);
        if (!(error instanceof ResilienceError)) throw error;
        last = error;
        const ofContent = /^KR_(CONFIG|IMPORT_DIGEST|MESSAGE|SNAPSHOT_THREAD|STORE_CORRUPT)/.test(error.code);
        if (ofContent) contentFailures++;
        const again = ofContent
          ? contentFailures < contentTries && !isFinal(error)
          : isRetryable(error) && !(storeDenied.is(error) && monotonicMs() - startedAt > deniedForMs);
        if (!again) throw error;
        const waitMs = backoff.next();
        outage.failed(error, { retryInMs: Math.round(waitMs) });
        await pause(waitMs, signal);
        if (signal.aborted) throw error;
      }
    }
  } finally {
    reader.close();
  }
}

/** A configuration that comes after the store was turned to; that none comes is the store's business to tell. */
function late({ configuration }: OneReception): Promise<Configuration> {
  return configuration.catch(() => new Promise<never>(() => undefined));
}

/** Refused for what the content is, not for how it came: reading it again gives the same. */
function isFinal(error: ResilienceError): boolean {
  return ['KR_CONFIG_LOSES_AUTHENTICATION', 'KR_CONFIG_TOO_LARGE', 'KR_CONFIG_EMPTY'].includes(error.code);
}

async function fetchBest(
  options: ImportOptions,
  reader: ObjectReader,
  version: GatewayVersion,
  signal: AbortSignal,
): Promise<Fetched> {
  const { environment, handover, log } = options;
  const fetchOptions = { reader, handover, maxConfigBytes: environment.maxConfigBytes, node: version, log, signal };
  const own = ownCandidate(environment.storage, version);
  try {
    return await fetchConfiguration(own, fetchOptions);
  } catch (error) {
    if (!storeAbsent.is(error)) throw error;
  }
  const key = `${reader.location}/${own.key}`;
  if (!environment.olderVersions) {
    throw nothingToImport(key, 'older versions are not looked at (KONG_RESILIENCE_IMPORT_OLDER_VERSION=off)');
  }
  for (const candidate of await olderCandidates(reader, environment.storage, version, { signal })) {
    try {
      const fetched = await fetchConfiguration(candidate, fetchOptions);
      log.warn(
        { node: version.text, taken: candidate.version.text },
        `nothing is stored for ${version.text}; uses the nearest older version, ${candidate.version.text}`,
      );
      return fetched;
    } catch (error) {
      if (!storeAbsent.is(error)) throw error;
    }
  }
  throw nothingToImport(key, `there is none of an older ${version.edition} version of the same major either`);
}

function isConfiguration(value: unknown): value is Configuration {
  return typeof value === 'object' && value !== null && 'table' in value;
}
