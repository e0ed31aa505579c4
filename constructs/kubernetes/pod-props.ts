import type { EnvironmentBlock } from '../environment';
import type { Problem } from '../problems';
import { listProblems } from '../topology/lists';
import { subdomainProblems } from './names';
import { egressPortsProblems } from './network-policy';
import { resourcesProblems, type AgentResources } from './resources';
import { secretMountProblems } from './secret-mounts';

/** What can be chosen for every pod that runs the agent alone. */
export interface AgentPodProps {
  /** Processor and memory of the container. @default 100m, and 128Mi to the limit that `AgentResources` tells */
  readonly resources?: AgentResources;
  /**
   * Secrets that hold files which the environment names, such as a CA: the name of the secret by the folder of its files.
   *
   * @default none
   */
  readonly secretMounts?: Readonly<Record<string, string>>;
  /**
   * Secrets with which images are pulled.
   *
   * @default none
   */
  readonly imagePullSecrets?: readonly string[];
  /**
   * TCP ports that the pods may also reach, such as that of a proxy whose address is a secret. The resolver's, 443 and the
   * ports of all addresses in the environment are open.
   *
   * @default none
   */
  readonly egressPorts?: readonly number[];
}

/** What is wrong with them, for a pod with this environment. */
export function agentPodProblems(props: AgentPodProps, block: EnvironmentBlock): Problem[] {
  return [
    ...resourcesProblems(props.resources),
    ...secretMountProblems(props.secretMounts, block),
    ...pullSecretsProblems(props.imagePullSecrets),
    ...egressPortsProblems(props.egressPorts),
  ];
}

function pullSecretsProblems(secrets: readonly string[] = []): Problem[] {
  const noList = listProblems('imagePullSecrets', secrets, '["registry"]');
  if (noList.length > 0) return noList;
  return secrets.flatMap((secret, index) => subdomainProblems(`imagePullSecrets[${index}]`, secret));
}
