import { formatProblems, readEnvironment, type EnvironmentCommand, type NodeEnvironment } from '../contract';
import type { Log } from '../runtime';
import { createLog } from './logger';
import { programVersion } from './version';
import { wrongEnvironment } from './errors';

/** What every command starts from. */
export interface Context {
  readonly environment: NodeEnvironment;
  readonly log: Log;
  /** `kong-resilience 1.2.3`. */
  readonly program: string;
}

/** Reads the process's environment once. @throws KR_ENV_INVALID with all problems in one report */
export async function createContext(command: EnvironmentCommand): Promise<Context> {
  const read = readEnvironment(process.env, { command });
  if (!read.ok) throw wrongEnvironment(formatProblems([...read.problems, ...read.warnings]));
  const { environment } = read;
  const log = await createLog(environment.log);
  for (const warning of environment.warnings)
    log.warn({ code: warning.code, variable: warning.variable }, warning.text);
  return { environment, log, program: `kong-resilience ${programVersion}` };
}
