import { conditional, Fn } from 'cdktf';
import type { EnvironmentBlock } from '../environment';
import { forJson } from '../environment/text';
import { isKnown, type Problem } from '../problems';
import { listProblems } from '../topology/lists';
import { portProblems } from '../topology/ports';
import { labelsOf, selectorOf, type KubernetesManifest } from './manifest';

export interface AgentNetworkPolicyProps {
  readonly name: string;
  readonly namespace: string;
  readonly component: string;
  readonly agentEnvironment: EnvironmentBlock;
  readonly serviceAccountAnnotations: Readonly<Record<string, string>> | undefined;
  readonly egressPorts: readonly number[] | undefined;
  /** Who may come in, and where. */
  readonly ingress?: { readonly namespace: string; readonly port: number };
}

/**
 * Nobody comes in but who is named; out goes what the agent needs. Ports alone are named where the address is not known:
 * the resolver may be a pod, the node or the cloud, the store and the control plane are names.
 */
export function agentNetworkPolicy(props: AgentNetworkPolicyProps): KubernetesManifest {
  const { name, namespace, component, agentEnvironment, serviceAccountAnnotations, egressPorts = [], ingress } = props;
  const ports = new Set([443, ...addressPorts(agentEnvironment), ...egressPorts]);
  return forJson({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: labelsOf(name, component) },
    spec: {
      podSelector: { matchLabels: selectorOf(name, component) },
      policyTypes: ['Ingress', 'Egress'],
      ingress:
        ingress === undefined
          ? []
          : [
              {
                from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ingress.namespace } } }],
                ports: [tcp(ingress.port)],
              },
            ],
      egress: [
        { ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] },
        { ports: [...ports].map(tcp) },
        ...credentialServers(agentEnvironment, serviceAccountAnnotations).map(({ addresses, ports: theirs }) => ({
          to: addresses.map((cidr) => ({ ipBlock: { cidr } })),
          ports: theirs.map(tcp),
        })),
      ],
    },
  });
}

export function egressPortsProblems(egressPorts: readonly number[] = []): Problem[] {
  const noList = listProblems('egressPorts', egressPorts, '[3128]');
  if (noList.length > 0) return noList;
  return egressPorts.flatMap((port, index) => portProblems(`egressPorts[${index}]`, port));
}

const tcp = (port: number): object => ({ protocol: 'TCP', port });

/** Variables with a URL that the agent calls. */
const urls = [
  'AWS_CONFIG_STORAGE_ENDPOINT',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'KONG_PROXY_SERVER',
  'KONG_RESILIENCE_ADMIN_URL',
  'KONG_RESILIENCE_GCS_ENDPOINT',
];

/** Ports of the addresses in an environment; those that Terraform alone knows, it finds out. */
function addressPorts(block: EnvironmentBlock): number[] {
  const controlPlane = textOf(block, 'KONG_CLUSTER_CONTROL_PLANE');
  return [
    ...(controlPlane === undefined ? [] : [portOfAddress(controlPlane)]),
    ...urls.flatMap((name) => {
      const url = textOf(block, name);
      return url === undefined || (isKnown(url) && !URL.canParse(url)) ? [] : [portOfUrl(url)];
    }),
  ];
}

/** Nothing of a secret; the port of a proxy with a password is the user's to name. */
function textOf(block: EnvironmentBlock, name: string): string | undefined {
  const value = block.get(name);
  return value === undefined || value.isSecret ? undefined : value.toString();
}

/** The port stands last: `host:port`, `[::1]:port`. */
function portOfAddress(address: string): number {
  return isKnown(address) ? Number(/\d+$/.exec(address)?.[0]) : Fn.tonumber(Fn.regex('[0-9]+$', address));
}

function portOfUrl(url: string): number {
  if (isKnown(url)) {
    const { port, protocol } = new URL(url);
    return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
  }
  const named = Fn.element(Fn.regex('^[a-z]+://[^/]*:([0-9]+)(?:/|$)', url), 0) as string;
  return Fn.tonumber(Fn.try([named, conditional(Fn.startswith(url, 'http://'), '80', '443')]));
}

interface CredentialServer {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

/** Of Google Kubernetes Engine: the first answers where Dataplane V2 does not run, the second where it does. */
const googleServers: readonly CredentialServer[] = [
  { addresses: ['169.254.169.252/32'], ports: [987, 988] },
  { addresses: ['169.254.169.254/32'], ports: [80, 8080] },
];

/** The agent of EKS Pod Identity on the node. */
const eksServers: readonly CredentialServer[] = [{ addresses: ['169.254.170.23/32', 'fd00:ec2::23/128'], ports: [80] }];

/**
 * Where a pod asks for the credentials of an attached identity: none with keys of its own, none with a role by IRSA, which
 * asks STS on 443. The address at which a node of AWS gives away its own role is never among them.
 */
function credentialServers(
  block: EnvironmentBlock,
  annotations: Readonly<Record<string, string>> = {},
): readonly CredentialServer[] {
  const storage = textOf(block, 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE') ?? '';
  const has = (...names: readonly string[]): boolean => names.some((name) => block.get(name) !== undefined);
  if (/^(gcs|gs):/.test(storage)) {
    return has('GCP_SERVICE_ACCOUNT', 'GOOGLE_APPLICATION_CREDENTIALS') ? [] : googleServers;
  }
  const byIrsa = Object.hasOwn(annotations, 'eks.amazonaws.com/role-arn');
  return storage.startsWith('s3:') && !byIrsa && !has('AWS_ACCESS_KEY_ID', 'AWS_CONFIG_STORAGE_ENDPOINT')
    ? eksServers
    : [];
}
