import type { EnvironmentBlock } from './block';
import { sourceOf } from './value';

/** The ARNs of the secrets in Secrets Manager that blocks refer to, each once. */
export function awsSecretArns(blocks: readonly EnvironmentBlock[]): readonly string[] {
  const sources = blocks.flatMap((block) => Object.values(block.values).map(sourceOf));
  return [...new Set(sources.flatMap((source) => (source.kind === 'aws-secret' ? [source.arn] : [])))];
}
