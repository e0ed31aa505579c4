/** Variables and outputs that every module has alike. */
import { environmentVariables } from '../../src/contract';
import {
  type ClusterProps,
  EnvValue,
  EnvironmentBlock,
  type EnvValues,
  type ExporterNode,
  type IConfigurationStore,
  type ImporterNode,
  type IPrincipal,
  KongResilience,
} from '../../constructs';
import { sourceOf } from '../../constructs/environment/value';
import { ADDED } from './hcl';
import { known, type ModuleStack, type Validation } from './module-stack';

const fullVersion = '^[0-9]+\\\\.[0-9]+\\\\.[0-9]+(\\\\.[0-9]+)?$';

/** The control plane, versions and whatever else a node of the topology needs. */
function clusterVariables(stack: ModuleStack): Omit<ClusterProps, keyof Certificates> {
  return {
    controlPlane: stack.text('control_plane', {
      description: 'host:port of the cluster listener of the control plane: KONG_CLUSTER_CONTROL_PLANE.',
      validation: [
        {
          condition: 'can(regex("^[^\\\\s/:]+:[0-9]+$", var.control_plane))',
          error: 'control_plane must be host:port, without a scheme: cp.example.com:8005.',
        },
      ],
    }),
    clusterMtls: stack.text('cluster_mtls', {
      description: 'shared, pki or pki_check_cn: KONG_CLUSTER_MTLS.',
      default: 'shared',
      validation: [
        {
          condition: 'contains(["shared", "pki", "pki_check_cn"], var.cluster_mtls)',
          error: 'cluster_mtls must be shared, pki or pki_check_cn.',
        },
      ],
    }),
    clusterServerName: stack.text('cluster_server_name', {
      description:
        "Name that the control plane's certificate must have in the modes pki: KONG_CLUSTER_SERVER_NAME; by default the host of control_plane.",
      default: null,
      validation: [
        {
          condition:
            'var.cluster_server_name == null || can(regex("^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", var.cluster_server_name))',
          error: 'cluster_server_name must be the name of a host, without a port: cp.example.com.',
        },
      ],
    }),
  };
}

function gatewayVersions(stack: ModuleStack): string[] {
  return stack.texts('gateway_versions', {
    description:
      'Every version that the data planes run, in full: ["3.9.1"], or ["3.10.0.2"] for Enterprise; both during an upgrade, in which the exporter has the new one first.',
    validation: [
      {
        condition: 'length(var.gateway_versions) > 0',
        error: 'gateway_versions must name each version that your data planes run.',
      },
      {
        condition: 'length(distinct(var.gateway_versions)) == length(var.gateway_versions)',
        error: 'gateway_versions must name each version once.',
      },
      {
        condition: `alltrue([for version in var.gateway_versions : can(regex("${fullVersion}", version))])`,
        error:
          'gateway_versions must be full versions of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since configurations are stored under them.',
      },
    ],
  });
}

/** The version of the gateways that import; one of the exporters', the last by default. */
function gatewayVersion(stack: ModuleStack): string {
  stack.text('gateway_version', {
    description:
      'Version of the gateways that import, in full. It must be one that is exported; by default the last of gateway_versions.',
    default: null,
    validation: [
      {
        condition: `var.gateway_version == null || can(regex("${fullVersion}", var.gateway_version))`,
        error:
          'gateway_version must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2).',
      },
    ],
  });
  return stack.local(
    'gateway_version',
    'coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])',
  );
}

export function prefix(stack: ModuleStack): string {
  return stack.text('prefix', {
    description: 'Folder in the bucket, without slashes at its ends.',
    default: 'kong',
    validation: [
      {
        condition: 'can(regex("^[^/\\\\s*?]+(/[^/\\\\s*?]+)*$", var.prefix))',
        error: 'prefix must not be empty, and have no slash at its ends, no white space, no "*" and no "?".',
      },
    ],
  });
}

/** For how long replaced configurations stay. @param most of them at least, where the store has a limit */
export function retention(stack: ModuleStack, most?: number) {
  const number = (name: string, description: string, value: number, limit?: number): number =>
    stack.number(name, {
      description,
      default: value,
      validation: [
        {
          condition: `var.${name} >= 1${limit === undefined ? '' : ` && var.${name} <= ${limit}`}`,
          error: `${name} must be 1 ${limit === undefined ? 'or more' : `to ${limit}`}.`,
        },
      ],
    });
  const versions = 'How many replaced configurations stay at least.';
  return {
    noncurrentConfigurationVersions: number('noncurrent_configuration_versions', versions, 10, most),
    noncurrentConfigurationDays: number('noncurrent_configuration_days', 'For how many days they stay at least.', 30),
  };
}

/** As the constructs refuse them as plain text: what the contract says is secret, and what Kong's options call so. */
const secretNames = [
  'SECRET|TOKEN|PASSWORD|LICENSE_DATA|_KEY$',
  ...environmentVariables
    .filter(({ name, secret }) => secret && !/SECRET|TOKEN|PASSWORD|_KEY$/.test(name))
    // A proxy without a password, and the name of a key, may be shown.
    .filter(({ name }) => !['KONG_PROXY_SERVER', 'AWS_ACCESS_KEY_ID'].includes(name))
    .map(({ name }) => `^${name}$`),
].join('|');

/** @param settled variables for which a module's containers, probes and alarms are made */
function environmentVariable(stack: ModuleStack, settled: readonly string[]): EnvValues {
  const own = ['KONG_CLUSTER_CERT', 'KONG_CLUSTER_CA_CERT'];
  const listOf = (names: readonly string[]): string => JSON.stringify(names).replaceAll(',', ', ');
  stack.variable('environment', {
    type: 'map(string)',
    description:
      "Further variables of the agent, such as KONG_RESILIENCE_STORE_TIMEOUT_SECONDS, and of the gateway, which gets none that start with KONG_RESILIENCE_. Kong's and the agent's are listed in docs/environment.md. No secrets: they stand in plan and state.",
    default: {},
    validation: [
      {
        condition: `alltrue([for name, value in var.environment : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("${secretNames}", name)) && !can(regex("PRIVATE KEY-----", value)) && !(name == "KONG_PROXY_SERVER" && strcontains(value, "@")) && !contains(${listOf(own)}, name)])`,
        error: `environment takes names of variables in capitals, and no secrets: their values would be shown. ${own.join(' and ')} have variables of their own.`,
      },
      ...(settled.length === 0
        ? []
        : [
            {
              condition: `length(setintersection(keys(var.environment), ${listOf(settled)})) == 0`,
              error: `environment must not have ${settled.join(', ')}: what this module declares is made for their defaults. The constructs take others.`,
            },
          ]),
    ],
  });
  return { [ADDED]: EnvValue.fromText('here') };
}

/** What Kubernetes takes as the name of a namespace or a service account. */
export const kubernetesName = (name: string): Validation => ({
  condition: `can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.${name}))`,
  error: `${name} must have 1 to 63 lower-case letters, digits and hyphens.`,
});

/** The agent's image, pinned. */
export function agentImage(stack: ModuleStack, description: string): string {
  return stack.text('image', {
    description,
    validation: [
      {
        condition:
          'can(regex("(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")',
        error: 'image must end with a full tag (":0.1.0") or a digest ("@sha256:…"); "latest" is none.',
      },
    ],
  });
}

/** What makes the lines of the log that the alarms are made of. */
export const settledByAlarms = ['KONG_LOG_LEVEL', 'KONG_RESILIENCE_LOG_FORMAT'];

/** Where the certificates of a node are. */
export type Certificates = Required<Pick<ClusterProps, 'clusterCert' | 'clusterCertKey' | 'clusterCaCert'>>;

/** Whose certificate a CA is, and when it is given. */
export const authority =
  "the authority that signed the control plane's certificate, in the modes pki, where no public one did: KONG_CLUSTER_CA_CERT.";

/** The certificates, as files in the container or on the machine. */
export function certificateVariables(stack: ModuleStack): Certificates {
  const path = (name: string, value: string | null, description: string): EnvValue =>
    EnvValue.fromText(
      stack.place(name, {
        description,
        default: value,
        condition: `startswith(var.${name}, "/")`,
        error: `${name} must be an absolute path; the text of a certificate or key has no place in a variable, which is shown.`,
      }),
    );
  const folder = '/etc/secrets/kong-cluster-cert';
  return {
    clusterCert: path(
      'cluster_cert',
      `${folder}/tls.crt`,
      'Path of the cluster certificate in the container of a node: KONG_CLUSTER_CERT.',
    ),
    clusterCertKey: path('cluster_cert_key', `${folder}/tls.key`, 'Path of its private key: KONG_CLUSTER_CERT_KEY.'),
    clusterCaCert: path('cluster_ca_cert', null, `Path of the certificate of ${authority}`),
  };
}

/** The forms of an environment: list, map, and the values of Kong's Helm chart. */
export function environmentOutputs(
  stack: ModuleStack,
  name: string,
  whose: string,
  block: EnvironmentBlock,
  options: { readonly sensitive?: boolean; readonly precondition?: Validation } = {},
): void {
  const list = block.toEcs().environment;
  stack.output(`${name}_environment`, {
    description: `Environment of ${whose}, as a list of name and value: the \`environment\` of a container of ECS.`,
    value: list,
    ...options,
  });
  stack.output(`${name}_environment_map`, {
    description: `The same as a map.`,
    value: Object.fromEntries(list.map(({ name: variable, value }) => [variable, value])),
    ...options,
  });
  stack.output(`${name}_helm_values`, {
    description: `The same as values \`env\` and \`customEnv\` of Kong's Helm chart.`,
    value: block.toHelmValues(),
    ...options,
  });
}

/** The forms of an environment with a secret in it: both are sensitive; the chart names a secret of Kubernetes instead. */
export function secretEnvironmentOutputs(
  stack: ModuleStack,
  name: string,
  whose: string,
  block: EnvironmentBlock,
): void {
  const variable = `${name}_kubernetes_secret`;
  const secret = stack.place(variable, {
    description: `Secret of Kubernetes, made by you, that holds the variables with secrets of ${whose} under their own names; named by ${name}_helm_values.`,
    default: `kong-${name}-store`,
    condition: `can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", var.${variable}))`,
    error: `${variable} must be the name of a secret of Kubernetes: 1 to 253 lower-case letters, digits, dots and hyphens.`,
  });
  const sources = Object.entries(block.values).map(([variable, value]) => [variable, sourceOf(value)] as const);
  const texts = sources.map(([variable, source]) => [variable, 'text' in source ? source.text : ''] as const);
  stack.output(`${name}_environment`, {
    description: `Environment of ${whose}, as a list of name and value, with the key to the store.`,
    value: texts.map(([variable, value]) => ({ name: variable, value })),
    sensitive: true,
  });
  stack.output(`${name}_environment_map`, {
    description: 'The same as a map.',
    value: Object.fromEntries(texts),
    sensitive: true,
  });
  const charted = new EnvironmentBlock(stack, {
    derived: Object.fromEntries(
      Object.entries(block.values).map(([variable, value]) => [
        variable,
        sourceOf(value).kind === 'text' ? value : EnvValue.fromKubernetesSecret(secret, variable),
      ]),
    ),
  });
  stack.output(`${name}_helm_values`, {
    description: `Values \`env\` and \`customEnv\` of Kong's Helm chart; what is secret, by the secret ${name}_kubernetes_secret.`,
    value: charted.toHelmValues(),
  });
}

export interface Nodes {
  readonly exporter: ExporterNode;
  readonly importer: ImporterNode;
}

/**
 * The topology, with the variables that its nodes are told by, and where they store.
 *
 * @param settled variables of a node that nobody may change in this module
 */
export function topology(
  stack: ModuleStack,
  store: IConfigurationStore,
  principals: { readonly exporter: IPrincipal; readonly importer: IPrincipal },
  certificates: Certificates,
  settled: readonly string[] = [],
): Nodes {
  const kong = new KongResilience(stack, 'Kong', { store, ...clusterVariables(stack), ...certificates });
  const versions = gatewayVersions(stack);
  const version = gatewayVersion(stack);
  const environment = environmentVariable(stack, settled);
  const exporter = kong.addExporter('Exporter', {
    principal: principals.exporter,
    gatewayVersions: versions,
    environment,
  });
  const importer = kong.addImporter('Importer', {
    principal: principals.importer,
    gatewayVersion: version,
    environment,
  });
  stack.output('storage_url', {
    description: 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE of the nodes.',
    value: store.storageUrl,
    precondition: importedIsExported,
  });
  return { exporter, importer };
}

/** The environments of nodes that find the store by their identity, without a key. */
export function environments(stack: ModuleStack, { exporter, importer }: Nodes): void {
  environmentOutputs(stack, 'exporter', 'the exporter', exporter.agentEnvironment);
  environmentOutputs(stack, 'importer', 'what imports for a gateway', importer.agentEnvironment);
  environmentOutputs(
    stack,
    'gateway',
    'a gateway of open source; one of Enterprise takes that of the importer',
    importer.gatewayEnvironment,
  );
}

/** @param whose store it is that refuses to destroy a bucket with objects */
export function forceDestroy(stack: ModuleStack, whose: string): boolean {
  stack.variable('force_destroy', {
    type: 'bool',
    description: `Whether a destroy first deletes every stored configuration, without which ${whose} refuses it.`,
    default: false,
  });
  return known<boolean>('${var.force_destroy}');
}

/** What must hold of it, at the outputs that use it: a variable's own validation sees no other variable before Terraform 1.9. */
const importedIsExported: Validation = {
  condition: 'contains(var.gateway_versions, local.gateway_version)',
  error:
    'gateway_version must be one of gateway_versions: new nodes of a version that nobody exports would find nothing in an outage. Add it to gateway_versions first, and apply.',
};
