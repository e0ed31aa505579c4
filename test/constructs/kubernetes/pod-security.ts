import type { Pod, SecurityContext } from './harness';

/** One control of the restricted pod security standard: what in a pod breaks it. */
type Control = (pod: Pod) => string[];

/** Kinds of volumes that the standard allows. */
const volumeKinds = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

function containersOf(pod: Pod): { name: string; security: SecurityContext }[] {
  return [...(pod.initContainers ?? []), ...pod.containers].map(({ name, securityContext = {} }) => ({
    name,
    security: securityContext,
  }));
}

const each =
  (broken: (security: SecurityContext, pod: SecurityContext) => boolean): Control =>
  (pod) =>
    containersOf(pod).flatMap(({ name, security }) => (broken(security, pod.securityContext ?? {}) ? [name] : []));

/** The controls of the baseline and the restricted standard, as Kubernetes documents them, for Linux. */
const controls: Readonly<Record<string, Control>> = {
  'host namespaces': (pod) => ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => pod[field] === true),
  privileged: each(({ privileged }) => privileged === true),
  capabilities: each(({ capabilities: { drop = [], add = [] } = {} }) => {
    return !drop.includes('ALL') || add.some((name) => name !== 'NET_BIND_SERVICE');
  }),
  'volume kinds': (pod) =>
    (pod.volumes ?? []).flatMap((volume) =>
      Object.keys(volume).filter((kind) => kind !== 'name' && !volumeKinds.includes(kind)),
    ),
  'host ports': (pod) =>
    pod.containers.flatMap(({ name, ports = [] }) =>
      (ports as { hostPort?: number }[]).some(({ hostPort = 0 }) => hostPort !== 0) ? [name] : [],
    ),
  'privilege escalation': each(({ allowPrivilegeEscalation }) => allowPrivilegeEscalation !== false),
  'running as non-root': each(
    (security, pod) => security.runAsNonRoot !== true && !(security.runAsNonRoot === undefined && pod.runAsNonRoot),
  ),
  'running as a user': each((security, pod) => (security.runAsUser ?? pod.runAsUser) === 0),
  seccomp: each(
    (security, pod) =>
      !['RuntimeDefault', 'Localhost'].includes((security.seccompProfile ?? pod.seccompProfile)?.type ?? ''),
  ),
};

/** What in a pod breaks the restricted pod security standard. */
export function restrictedProblems(pod: Pod): string[] {
  return Object.entries(controls).flatMap(([control, broken]) => broken(pod).map((where) => `${control}: ${where}`));
}
