import { readEnvironment } from '../../src/contract';
import type { EnvironmentCommand, NodeEnvironment, Problem, ReadOptions } from '../../src/contract';

export type Block = Record<string, string | undefined>;

/** An environment without a hybrid connection, so that no certificate is needed: for what certificates do not matter to. */
export const plain: Block = {
  KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/test-prefix',
  KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
  KONG_RESILIENCE_ADMIN_URL: 'http://127.0.0.1:8001',
  KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
  AWS_REGION: 'us-east-2',
};

export interface Texts {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Errors and warnings of a block, each as `CODE text`. */
export function textsOf(block: Block, command: EnvironmentCommand = 'run', options: Partial<ReadOptions> = {}): Texts {
  const result = readEnvironment(block, { command, ...options });
  const lines = (problems: readonly Problem[]): string[] => problems.map(({ code, text }) => `${code} ${text}`);
  return result.ok
    ? { problems: [], warnings: lines(result.environment.warnings) }
    : { problems: lines(result.problems), warnings: lines(result.warnings) };
}

/** The environment of a block that has no error. */
export function environmentOf(
  block: Block,
  command: EnvironmentCommand = 'run',
  options: Partial<ReadOptions> = {},
): NodeEnvironment {
  const result = readEnvironment(block, { command, ...options });
  if (!result.ok) throw new Error(result.problems.map(({ text }) => text).join('\n'));
  return result.environment;
}
