import type { CloudRunVariable, EnvironmentBlock } from '../../environment';

/** The `env` of a container, with variables of the platform in front of which the block's own count. */
export function runVariables(
  block: EnvironmentBlock,
  additions: Readonly<Record<string, string>> = {},
): CloudRunVariable[] {
  const added = Object.entries(additions).filter(([name]) => block.get(name) === undefined);
  return [...block.toCloudRun(), ...added.map(([name, value]) => ({ name, value }))];
}
