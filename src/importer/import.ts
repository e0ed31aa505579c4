import type { GatewayVersion, NodeEnvironment } from '../contract';
import { ResilienceError } from '../errors';
import type { Handover } from '../gateway';
import { LinkedAbort, monotonicMs, pause, type Log } from '../runtime';
import type { Configuration } from '../snapshot';
import { receiveOnce, type OneReception } from '../source';
import type { ConfigurationSource } from '../source';
import { storeAbsent } from '../store';
import type { ObjectReader } from '../store';
import { olderCandidates, ownCandidate } from './candidates';
import { importTimedOut, nothingToImport } from './errors';
import { fetchConfiguration, type Fetched } from './fetch';
import { configurationResult, fetchedResult, type ImportResult } from './result';
import { untilRead } from './until-read';

export interface ImportOptions {
  readonly environment: NodeEnvironment;
  /** Opened only when the store is asked: an SDK costs a start more than all the rest. */
  readonly openReader: () => Promise<ObjectReader>;
  /** The control plane; absent for a gateway without hybrid mode. */
  readonly source?: ConfigurationSource;
  readonly handover: Handover;
  /** What is left of the deadline in milliseconds; all of it by default. */
  readonly limitMs?: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

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
  const limitMs = options.limitMs ?? environment.importDeadlineMs;
  const startedAt = monotonicMs();
  const over = new LinkedAbort([signal], limitMs);
  const tookMs = (): number => Math.round(monotonicMs() - startedAt);

  const asking = new LinkedAbort([over.signal]);
  const controlPlane = options.source === undefined ? undefined : receiveOnce(options.source, asking.signal);
  const fetching = new LinkedAbort([over.signal]);
  try {
    if (controlPlane !== undefined) {
      const grace = pause(environment.controlPlaneTimeoutMs, asking.signal);
      const first = await Promise.race([controlPlane.configuration, controlPlane.firstProblem, grace]);
      if (isConfiguration(first)) return await fromControlPlane(first, options, tookMs());
      log.warn(
        { reason: first instanceof ResilienceError ? first.message : 'no configuration within the time limit' },
        'the control plane does not answer; asking the store',
      );
    }
    const stored = fromStore(options, version, fetching.signal, limitMs - tookMs());
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
    const ended = new Error('the import has ended');
    asking.abort(ended);
    fetching.abort(ended);
    over.end();
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

async function fromStore(
  options: ImportOptions,
  version: GatewayVersion,
  signal: AbortSignal,
  limitMs: number,
): Promise<Fetched> {
  const { environment, log } = options;
  const reader = await options.openReader();
  try {
    return await untilRead(() => fetchBest(options, reader, version, signal), {
      timedOut: () => importTimedOut(environment.importDeadlineMs / 1000),
      limitMs,
      log,
      signal,
    });
  } finally {
    reader.close();
  }
}

/** A configuration that comes after the store was turned to; that none comes is the store's business to tell. */
function late({ configuration }: OneReception): Promise<Configuration> {
  return configuration.catch(() => new Promise<never>(() => undefined));
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
