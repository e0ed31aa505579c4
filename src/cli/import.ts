import { hostname } from 'node:os';
import { ResilienceError } from '../errors';
import { Handover, hasConfiguration, postConfig } from '../gateway';
import { failedResult, importConfiguration, importStopped, type ImportResult } from '../importer';
import { logEvent, monotonicMs, pause } from '../runtime';
import { openReader } from '../store';
import { contextOrFailure, WithoutSecrets, type Context } from './context';
import { holdWithoutListener, importBroke } from './errors';
import { exitCodeOf, exitCodes } from './exit-codes';
import { humanBytes, humanSeconds, printJson, printLine } from './print';
import { untilSignalled } from './signals';
import { sourceFactory } from './sources';
import { importerPages, StatusServer } from './status-server';

export interface ImportFlags {
  /** Whether a failure ends with its own exit code instead of 0. */
  readonly strict: boolean;
  readonly json: boolean;
}

/** @returns the exit code */
export async function importCommand({ hold, ...flags }: ImportFlags & { readonly hold: boolean }): Promise<number> {
  const context = await contextOrFailure('import');
  const stop = untilSignalled(context.log);
  const stopped = context instanceof WithoutSecrets && context.code === 'KR_VAULT_STOPPED';
  return hold && !stopped ? importAndHold(context, stop, flags) : (await runImport(context, stop, flags)).exitCode;
}

/**
 * Imports, and then stays until `stop` aborts, for a sidecar that must not end: what waits for it asks its startup probe,
 * which says yes once the import has ended, whatever became of it.
 *
 * @returns the exit code; a strict import that failed does not stay
 * @throws KR_ENV_HOLD_LISTEN_OFF, KR_STATUS_LISTEN_FAILED: a probe that nobody can answer would hold the gateway back for good, and
 *   unseen; a container that ends is seen
 */
async function importAndHold(
  context: Context | WithoutSecrets,
  stop: AbortSignal,
  flags: ImportFlags,
): Promise<number> {
  const { environment, log, program } = context;
  if (environment.statusListen === undefined) throw holdWithoutListener();
  const [version] = environment.versions;
  let result: ImportResult | undefined;
  const pages = importerPages(program, version.text, () => result);
  const server = await StatusServer.listen(environment.statusListen, pages, log);
  try {
    const run = await runImport(context, stop, flags);
    ({ result } = run);
    if (run.exitCode === exitCodes.ok.code && !stop.aborted) {
      log.info({ outcome: result.outcome }, 'the import has ended; answers probes until it is stopped');
      await pause(Number.POSITIVE_INFINITY, stop);
    }
    return run.exitCode;
  } finally {
    await server.close();
  }
}

/**
 * Imports once. Whatever fails after the environment has been read is told loudly, kept in result.json and ends with 0,
 * so that no gateway is held back that would have started without us. Without its secrets an import fails before it begins.
 */
export async function runImport(
  context: Context | WithoutSecrets,
  signal: AbortSignal,
  flags: ImportFlags,
): Promise<{ readonly exitCode: number; readonly result: ImportResult }> {
  const { environment, log } = context;
  const [version] = environment.versions;
  const startedAt = monotonicMs();
  const { handoverDir: dir, handoverGroup: group } = environment;
  let result: ImportResult;
  let exitCode: number = exitCodes.ok.code;
  let handover: Handover | undefined;
  try {
    handover = await Handover.open({ dir, ...(group === undefined ? {} : { group }), log });
    // First of all: a gateway whose start goes through the script needs it also when nothing else succeeds.
    await handover.installScripts();
    if (context instanceof WithoutSecrets) throw context;
    result = await attempt(context, handover, signal);
    const { outcome, from, olderVersion, key, ageSeconds, tookMs } = result;
    const fields = { version: version.text, outcome, from, olderVersion, key, ageSeconds, tookMs };
    logEvent(log, 'imported', fields, 'the import has succeeded');
  } catch (thrown) {
    const error = expected(signal.aborted ? importStopped() : thrown, log);
    result = failedResult(error, version, Math.round(monotonicMs() - startedAt));
    exitCode = exitCodeOf(error);
    logEvent(
      log,
      'import_failed',
      { version: version.text, ...error.toJSON(), tookMs: result.tookMs },
      'THE IMPORT FAILED: the gateway starts with what it has, and with nothing if it has nothing',
    );
  }
  try {
    await handover?.writeResult(result);
  } catch (error) {
    log.error(expected(error, log).toJSON(), 'the result could not be recorded');
  }
  if (flags.json) printJson(result);
  else printLine(describe(result, flags.strict, exitCode));
  return { exitCode: flags.strict ? exitCode : exitCodes.ok.code, result };
}

/** Also a mistake of this program must not hold a gateway back; its stack is what whoever mends it needs. */
function expected(thrown: unknown, log: Context['log']): ResilienceError {
  if (thrown instanceof ResilienceError) return thrown;
  log.error({ err: thrown }, 'unexpected');
  return importBroke(thrown);
}

async function attempt(context: Context, handover: Handover, signal: AbortSignal): Promise<ImportResult> {
  const { environment, log } = context;
  const [version] = environment.versions;
  const { adminUrl: url, adminToken } = environment;
  const startedAt = monotonicMs();
  // One deadline for all that is done here.
  const leftMs = (): number => Math.max(1, Math.round(environment.importDeadlineMs - (monotonicMs() - startedAt)));
  const posting = { ...(adminToken === undefined ? {} : { token: adminToken }), signal, log };
  const asks = url !== undefined && environment.importPolicy !== 'always';
  if (asks && (await hasConfiguration({ ...posting, url, timeoutMs: environment.controlPlaneTimeoutMs }))) {
    log.info({ gateway: url.host }, 'the gateway has a configuration; nothing is posted');
    return {
      format: 1,
      outcome: 'unchanged',
      at: new Date().toISOString(),
      tookMs: 0,
      version: version.text,
    };
  }
  const result = await importConfiguration({
    environment,
    openReader: () =>
      openReader(environment.storage, {
        aws: environment.aws,
        google: environment.google,
        timeoutMs: environment.storeTimeoutMs,
        log,
      }),
    ...(url === undefined ? { source: sourceFactory(context)(version) } : {}),
    handover,
    limitMs: leftMs(),
    log: log.child({ host: hostname() }),
    signal,
  });
  if (url === undefined || result.outcome !== 'staged') return result;
  const { outcome } = await postConfig({ ...posting, url, timeoutMs: leftMs(), file: handover.configPath });
  return { ...result, outcome: outcome === 'loaded' ? 'posted' : 'unchanged' };
}

/** @param failed the exit code that a failure has with `strict` */
function describe(result: ImportResult, strict: boolean, failed: number): string {
  switch (result.outcome) {
    case 'not-needed':
      return 'The control plane answers; nothing is handed over.';
    case 'staged':
    case 'posted': {
      const age = result.ageSeconds === undefined ? '' : `, written ${humanSeconds(result.ageSeconds)} ago`;
      const from = result.from === 'store' ? (result.key ?? 'the store') : 'the control plane';
      const done = result.outcome === 'staged' ? 'Staged' : 'Posted';
      return `${done} ${humanBytes(result.bytes ?? 0)} from ${from}${age}, in ${result.tookMs} ms.`;
    }
    case 'unchanged':
      return 'The gateway has a configuration already; nothing was posted.';
    case 'failed': {
      const meant = ` Exit code 0, so that the gateway is not held back; with \`import --strict\` it is ${failed}.`;
      return `Failed: ${result.error?.code ?? 'unknown'}; see the log.${strict ? '' : meant}`;
    }
  }
}
