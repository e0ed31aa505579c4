import {
  formatProblems,
  readEnvironment,
  type EnvironmentCommand,
  type NodeEnvironment,
  type UnresolvedEnvironment,
} from '../contract';
import { ResilienceError } from '../errors';
import { monotonicMs, type Log } from '../runtime';
import { createLog } from './logger';
import { duringSignals } from './signals';
import { programVersion } from './version';
import { wrongEnvironment } from './errors';

const programName = `kong-resilience ${programVersion}`;

/** What every command starts from. */
export interface Context {
  readonly environment: NodeEnvironment;
  readonly log: Log;
  /** `kong-resilience 1.2.3`. */
  readonly program: string;
}

/** The secrets that the environment refers to could not be read; what is known without them, and a log to tell it in. */
export class WithoutSecrets extends ResilienceError {
  constructor(
    error: ResilienceError,
    readonly environment: UnresolvedEnvironment,
    readonly log: Log,
    readonly program = programName,
  ) {
    super(error.code, error.reason, error.fix, error);
  }
}

/** As `createContext`; where only secrets are missing, what there is without them, as an import that fails tells it. */
export async function contextOrFailure(command: EnvironmentCommand): Promise<Context | WithoutSecrets> {
  return createContext(command).catch((error: unknown) => {
    if (error instanceof WithoutSecrets) return error;
    throw error;
  });
}

/** Total time limit for the secrets that the environment refers to. */
const resolveWithinMs = 30_000;
/** What the SDK reads out of the process's environment for itself; a reference there is none of its keys. */
const keysOfSdk = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/**
 * Reads the process's environment once, and the secrets that it refers to.
 *
 * @throws KR_ENV_INVALID with all problems in one report
 * @throws WithoutSecrets with the code and reason of the vault's failure
 */
export async function createContext(command: EnvironmentCommand): Promise<Context> {
  const env = { ...process.env };
  const read = readEnvironment(env, { command });
  if (read.ok) return contextOf(read.environment, await createLog(read.environment.log));
  const { problems, warnings, unresolved } = read;
  if (unresolved === undefined) throw wrongEnvironment(formatProblems([...problems, ...warnings]));
  const startedAt = monotonicMs();
  const log = await createLog(unresolved.log);
  const secrets = await readSecrets(command, env, unresolved, log);
  const whole = readEnvironment(env, { command, secrets });
  if (!whole.ok) throw wrongEnvironment(formatProblems([...whole.problems, ...whole.warnings]));
  // Reading them is a part of an import.
  const importDeadlineMs = Math.max(1_000, Math.round(unresolved.importDeadlineMs - (monotonicMs() - startedAt)));
  return contextOf({ ...whole.environment, importDeadlineMs }, log);
}

async function readSecrets(
  command: EnvironmentCommand,
  env: Readonly<Record<string, string | undefined>>,
  unresolved: UnresolvedEnvironment,
  log: Log,
): Promise<ReadonlyMap<string, string>> {
  const { references, vaults, role, importDeadlineMs } = unresolved;
  for (const { variable } of references) if (keysOfSdk.includes(variable)) delete process.env[variable];
  const imports = (command === 'import' || command === 'run') && role.import;
  const limitMs = imports ? Math.min(resolveWithinMs, importDeadlineMs) : resolveWithinMs;
  const { resolveReferences } = await import('../vaults');
  try {
    return await duringSignals(log, (signal) => resolveReferences({ references, vaults, env, limitMs, log, signal }));
  } catch (error) {
    throw error instanceof ResilienceError ? new WithoutSecrets(error, unresolved, log) : error;
  }
}

function contextOf(environment: NodeEnvironment, log: Log): Context {
  for (const warning of environment.warnings)
    log.warn({ code: warning.code, variable: warning.variable }, warning.text);
  return { environment, log, program: programName };
}
