import type { CloudRunVariable, EnvironmentBlock } from '../../environment';
import type { Problem } from '../../problems';
import { bareContainer, unmountedProblems } from '../../topology/named-files';

/** The `env` of a container, with variables of the platform in front of which the block's own count. */
export function runVariables(
  block: EnvironmentBlock,
  additions: Readonly<Record<string, string>> = {},
): CloudRunVariable[] {
  const added = Object.entries(additions).filter(([name]) => block.get(name) === undefined);
  return [...block.toCloudRun(), ...added.map(([name, value]) => ({ name, value }))];
}

/** Which files of the cluster are named that are not in the agent's container. */
export function fileProblems(block: EnvironmentBlock): Problem[] {
  const fix = 'Put its PEM into a secret of Secret Manager and give that: EnvValue.fromGoogleSecret.';
  return unmountedProblems(block, bareContainer, fix);
}
