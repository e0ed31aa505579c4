import { hostname } from 'node:os';
import { ResilienceError } from '../errors';
import { Handover, hasConfiguration, postConfig } from '../gateway';
import { failedResult, importConfiguration, importStopped, type ImportResult } from '../importer';
import { monotonicMs } from '../runtime';
import { openReader } from '../store';
import { createContext, type Context } from './context';
import { exitCodeOf, exitCodes } from './exit-codes';
import { humanBytes, humanSeconds, printJson, printLine } from './print';
import { untilSignalled } from './signals';
import { sourceFactory } from './sources';

export interface ImportFlags {
  /** Whether a failure ends with its own exit code instead of 0. */
  readonly strict: boolean;
  readonly json: boolean;
}

/** @returns the exit code */
export async function importCommand(flags: ImportFlags): Promise<number> {
  const context = await createContext('import');
  return runImport(context, untilSignalled(context.log), flags);
}

/**
 * Imports once. Whatever fails after the environment has been read is told loudly, kept in result.json and ends with 0,
 * so that no gateway is held back that would have started without us.
 *
 * @returns the exit code
 */
export async function runImport(context: Context, signal: AbortSignal, flags: ImportFlags): Promise<number> {
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
    result = await attempt(context, handover, signal);
  } catch (thrown) {
    const error = signal.aborted ? importStopped() : thrown;
    if (!(error instanceof ResilienceError)) throw error;
    result = failedResult(error, version, Math.round(monotonicMs() - startedAt));
    exitCode = exitCodeOf(error);
    log.error(
      error.toJSON(),
      'THE IMPORT FAILED: the gateway starts with what it has, and with nothing if it has nothing',
    );
  }
  try {
    await handover?.writeResult(result);
  } catch (error) {
    if (!(error instanceof ResilienceError)) throw error;
    log.error(error.toJSON(), 'the result could not be recorded');
  }
  if (flags.json) printJson(result);
  else printLine(describe(result));
  return flags.strict ? exitCode : exitCodes.ok.code;
}

async function attempt(context: Context, handover: Handover, signal: AbortSignal): Promise<ImportResult> {
  const { environment, log } = context;
  const [version] = environment.versions;
  const { adminUrl: url, adminToken } = environment;
  const token = adminToken === undefined ? {} : { token: adminToken };
  const posting = { ...token, timeoutMs: environment.importDeadlineMs, signal, log };
  if (url !== undefined && environment.importPolicy !== 'always' && (await hasConfiguration({ ...posting, url }))) {
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
    log: log.child({ host: hostname() }),
    signal,
  });
  if (url === undefined || result.outcome !== 'staged') return result;
  const { outcome } = await postConfig({ ...posting, url, file: handover.configPath });
  return { ...result, outcome: outcome === 'loaded' ? 'posted' : 'unchanged' };
}

function describe(result: ImportResult): string {
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
    case 'failed':
      return `Failed: ${result.error?.code ?? 'unknown'}; see the log.`;
  }
}
