import type { KubernetesVariable } from '../environment';
import { AGENT_UID } from '../topology';
import { AGENT_DIR, type AgentProgram } from './agent-image';

/** The user and what else the restricted pod security standard asks of a container, for one in a pod of somebody else. */
export const containerSecurity = {
  runAsUser: AGENT_UID,
  runAsGroup: AGENT_UID,
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The same for a pod of ours; its volumes belong to the group. */
const podSecurity = {
  runAsUser: AGENT_UID,
  runAsGroup: AGENT_UID,
  runAsNonRoot: true,
  fsGroup: AGENT_UID,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** What the containers of the agent differ in. */
export interface AgentContainer {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly KubernetesVariable[];
  readonly resources: object;
  readonly volumeMounts: readonly object[];
  /** Probes and ports. */
  readonly more?: object;
}

/** @param mayBeMissing whether the container ends well, and does nothing, where the program is missing */
export function agentContainer(program: AgentProgram, container: AgentContainer, mayBeMissing = false): object {
  const command = mayBeMissing ? program.commandOrNothing : program.command;
  return {
    name: container.name,
    image: program.image,
    imagePullPolicy: 'IfNotPresent',
    ...(command === undefined ? {} : { command }),
    args: container.args,
    env: container.env,
    ...container.more,
    resources: container.resources,
    securityContext: containerSecurity,
    volumeMounts: [
      ...(program.configMapName === undefined ? [] : [{ name: agentVolume, mountPath: AGENT_DIR, readOnly: true }]),
      ...container.volumeMounts,
    ],
  };
}

const agentVolume = 'kong-resilience-agent';

/** The program's volume, if it has one. @param optional whether a pod starts without the ConfigMap */
export function agentVolumes({ configMapName: name }: AgentProgram, optional = false): readonly object[] {
  if (name === undefined) return [];
  return [{ name: agentVolume, configMap: optional ? { name, optional } : { name } }];
}

/** What pods of ours have beside their container. */
export interface AgentPod {
  readonly serviceAccountName: string;
  readonly imagePullSecrets: readonly string[] | undefined;
  readonly volumes: readonly object[];
}

/** No token of Kubernetes: each cloud's webhook mounts the token of its identity itself, or its metadata server gives it. */
export function agentPod({ serviceAccountName, imagePullSecrets = [], volumes }: AgentPod, container: object): object {
  return {
    serviceAccountName,
    automountServiceAccountToken: false,
    // Kubernetes would add variables for each Service, and some would start with KONG_.
    enableServiceLinks: false,
    securityContext: podSecurity,
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    containers: [container],
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}
