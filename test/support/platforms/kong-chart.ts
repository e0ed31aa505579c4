import type { KubernetesContainer, KubernetesVariable, PodSpec } from './kubernetes';
import { onlyKnown, Refused } from './workload';

/*
 * The gateway's pod as Kong's Helm chart 3.4 makes it of its values, as far as a start depends on it; from the chart's own
 * templates and defaults:
 * - the chart's variables, then `env` as KONG_<NAME>, then `customEnv` by its own name in capitals; a value with `valueFrom` is passed on
 * - no command and no args: the image's own
 * - the prefix on an emptyDir of its own, and /tmp
 * - `clear-stale-pid` before the user's init containers, which are not templated and get no security context from the chart
 * - its container runs as 1000:1000 with a read-only root; the pod has no security context but the user's
 */

/** The values that are rendered here. */
export interface ChartValues {
  readonly image?: { readonly repository?: string; readonly tag?: string };
  readonly env?: Readonly<Record<string, unknown>>;
  readonly customEnv?: Readonly<Record<string, unknown>>;
  readonly securityContext?: object;
  readonly containerSecurityContext?: object;
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
  readonly status?: { readonly http?: { readonly containerPort?: number } };
  readonly deployment?: {
    readonly serviceAccount?: { readonly create?: boolean; readonly name?: string };
    readonly initContainers?: readonly KubernetesContainer[];
    readonly userDefinedVolumes?: readonly { readonly name: string }[];
    readonly userDefinedVolumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
    readonly sidecarContainers?: readonly KubernetesContainer[];
  };
}

const rendered = [
  ...['image', 'env', 'customEnv', 'securityContext', 'containerSecurityContext', 'readinessProbe', 'livenessProbe'],
  ...['status', 'deployment'],
];
/** What makes other objects, or nothing that a start depends on. */
const elsewhere = [
  ...[
    'ingressController',
    'proxy',
    'admin',
    'manager',
    'portal',
    'portalapi',
    'cluster',
    'clustertelemetry',
    'resources',
  ],
  ...['podAnnotations', 'podLabels', 'replicaCount', 'autoscaling', 'podDisruptionBudget', 'topologySpreadConstraints'],
  ...['migrations', 'serviceMonitor', 'updateStrategy', 'terminationGracePeriodSeconds'],
];

function variable(name: string, value: unknown): KubernetesVariable {
  if (typeof value === 'object' && value !== null && 'valueFrom' in value) {
    return { name, valueFrom: (value as Required<KubernetesVariable>).valueFrom };
  }
  if (!['string', 'number', 'boolean'].includes(typeof value))
    throw new Refused(`env ${name}: ${JSON.stringify(value)}`);
  return { name, value: String(value) };
}

/** @param values as `helm upgrade -f` gets them */
export function kongChart(values: ChartValues): PodSpec {
  onlyKnown('values', values, [...rendered, ...elsewhere]);
  const { deployment = {}, image = {} } = values;
  onlyKnown('values.deployment', deployment, [
    ...['serviceAccount', 'initContainers', 'userDefinedVolumes', 'userDefinedVolumeMounts', 'sidecarContainers'],
  ]);
  const statusPort = values.status?.http?.containerPort ?? 8100;
  const own: Readonly<Record<string, unknown>> = {
    database: 'off',
    nginx_daemon: 'off',
    nginx_worker_processes: '2',
    prefix: '/kong_prefix/',
    proxy_listen: '0.0.0.0:8000, [::]:8000',
    status_listen: `0.0.0.0:${statusPort}, [::]:${statusPort}`,
    ...values.env,
  };
  const env = [
    ...Object.entries(own).map(([name, value]) => variable(`KONG_${name.toUpperCase()}`, value)),
    ...Object.entries(values.customEnv ?? {}).map(([name, value]) => variable(name.toUpperCase(), value)),
  ];
  const securityContext = {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    runAsUser: 1000,
    runAsGroup: 1000,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    ...values.containerSecurityContext,
  };
  const volumeMounts = [
    { name: 'kong-kong-prefix-dir', mountPath: '/kong_prefix/' },
    { name: 'kong-kong-tmp', mountPath: '/tmp' },
    ...(deployment.userDefinedVolumeMounts ?? []),
  ];
  const gateway = { image: `${image.repository ?? 'kong'}:${image.tag ?? '3.9'}`, env, securityContext, volumeMounts };
  const probe = (path: string): object => ({
    httpGet: { path, port: 'status' },
    initialDelaySeconds: 5,
    timeoutSeconds: 5,
    periodSeconds: 10,
    failureThreshold: 3,
  });
  return {
    serviceAccountName: deployment.serviceAccount?.name ?? 'kong-kong',
    ...(values.securityContext === undefined ? {} : { securityContext: values.securityContext }),
    initContainers: [
      { name: 'clear-stale-pid', ...gateway, command: ['rm', '-vrf', '$KONG_PREFIX/pids'] },
      ...(deployment.initContainers ?? []),
    ],
    containers: [
      ...(deployment.sidecarContainers ?? []),
      {
        name: 'proxy',
        ...gateway,
        ports: [
          { name: 'proxy', containerPort: 8000 },
          { name: 'status', containerPort: statusPort },
        ],
        livenessProbe: { ...probe('/status'), ...values.livenessProbe },
        readinessProbe: merged(probe('/status/ready'), values.readinessProbe ?? {}),
      },
    ],
    volumes: [
      { name: 'kong-kong-prefix-dir', emptyDir: { sizeLimit: '256Mi' } },
      { name: 'kong-kong-tmp', emptyDir: { sizeLimit: '1Gi' } },
      ...(deployment.userDefinedVolumes ?? []),
    ],
  };
}

/** As Helm merges a table of the user's over the chart's. */
function merged(base: object, over: object): object {
  const members = Object.entries(over).map(([name, value]: [string, unknown]) => {
    const below = (base as Readonly<Record<string, unknown>>)[name];
    const tables = typeof below === 'object' && below !== null && typeof value === 'object' && value !== null;
    return [name, tables ? merged(below, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(members) };
}
