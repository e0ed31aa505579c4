import { TerraformStack, Testing } from 'cdktf';
import { Construct } from 'constructs';
import {
  atSynth,
  DeclarationError,
  EnvValue,
  ExporterNode,
  ImporterNode,
  KubernetesExporter,
  KubernetesImporter,
  type EnvValues,
  type ExporterNodeProps,
  type IConfigurationStore,
  type ImporterNodeProps,
  type IPrincipal,
  type KubernetesExporterProps,
  type KubernetesImporterProps,
} from '../../../constructs';

/** A store that is somewhere, and grants without a word. */
export class SomeStore extends Construct implements IConfigurationStore {
  constructor(
    scope: Construct,
    id: string,
    readonly storageUrl = 's3://kong-fallback/kong',
    readonly exporterEnvironment: EnvValues = { AWS_REGION: EnvValue.fromText('eu-west-1') },
  ) {
    super(scope, id);
  }
  get importStorageUrl(): string {
    return this.storageUrl;
  }
  get importerEnvironment(): EnvValues {
    return this.exporterEnvironment;
  }
  addGatewayVersion(): void {}
  grantExport(): void {}
  grantImport(): void {}
}

/** Somebody whose identity the platform attaches, or who has keys. */
export class SomePrincipal extends Construct implements IPrincipal {
  constructor(
    scope: Construct,
    id: string,
    readonly credentials: EnvValues = {},
  ) {
    super(scope, id);
  }
}

export const keys: EnvValues = {
  AWS_ACCESS_KEY_ID: EnvValue.fromKubernetesSecret('store-keys', 'id'),
  AWS_SECRET_ACCESS_KEY: EnvValue.fromKubernetesSecret('store-keys', 'secret'),
};

/** What a test changes in the whole; all else is as small as it can be. */
export interface Wanted {
  readonly storageUrl?: string;
  readonly storeEnvironment?: EnvValues;
  readonly credentials?: EnvValues;
  readonly exporterNode?: Partial<ExporterNodeProps>;
  readonly importerNode?: Partial<ImporterNodeProps>;
  readonly exporter?: Partial<KubernetesExporterProps>;
  readonly importer?: Partial<KubernetesImporterProps>;
}

export const aStack = (): TerraformStack => new TerraformStack(Testing.app(), 'stack');

const cluster = {
  controlPlane: 'cp.example.com:8005',
  clusterCert: EnvValue.fromKubernetesSecret('kong-cluster', 'tls.crt'),
  clusterCertKey: EnvValue.fromKubernetesSecret('kong-cluster', 'tls.key'),
};

export function anExporter(wanted: Wanted = {}, stack: Construct = aStack()): KubernetesExporter {
  const node = new ExporterNode(stack, 'Exporter', {
    ...cluster,
    store: new SomeStore(stack, 'Store', wanted.storageUrl, wanted.storeEnvironment),
    principal: new SomePrincipal(stack, 'Principal', wanted.credentials),
    gatewayVersions: ['3.9.1'],
    ...wanted.exporterNode,
  });
  return new KubernetesExporter(stack, 'ExporterPods', {
    exporter: node,
    namespace: 'kong',
    serviceAccountName: 'kong-exporter',
    ...wanted.exporter,
  });
}

export function anImporter(wanted: Wanted = {}, stack: Construct = aStack()): KubernetesImporter {
  const node = new ImporterNode(stack, 'Gateway', {
    ...cluster,
    store: new SomeStore(stack, 'GatewayStore', wanted.storageUrl, wanted.storeEnvironment),
    principal: new SomePrincipal(stack, 'GatewayPrincipal', wanted.credentials),
    gatewayVersion: '3.9.1',
    ...wanted.importerNode,
  });
  return new KubernetesImporter(stack, 'GatewayPods', {
    importer: node,
    namespace: 'kong',
    serviceAccountName: 'kong-gateway',
    ...wanted.importer,
  });
}

/** What a test reads of a container. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly resources: unknown;
  readonly securityContext?: SecurityContext;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly [field: string]: unknown;
}

export interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsNonRoot?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly privileged?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
  readonly [field: string]: unknown;
}

/** What a test reads of a pod. */
export interface Pod {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly securityContext?: SecurityContext;
  readonly serviceAccountName?: string;
  readonly [field: string]: unknown;
}

/** The pod of a deployment. */
export function podOf(manifest: object): Pod {
  const { spec } = atSynth(manifest) as { spec: { template: { spec: Pod } } };
  return spec.template.spec;
}

/** The container of a pod that has one. */
export function containerOf(pod: Pod): Container {
  const [container] = pod.containers;
  if (container === undefined || pod.containers.length > 1) throw new Error(`${pod.containers.length} containers`);
  return container;
}

/** Variables of a container by name. */
export const variablesOf = ({ env }: Container): Record<string, unknown> =>
  Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

/** Paths of a construct and of all below it. */
export const pathsBelow = ({ node }: Construct): string[] => node.findAll().map((found) => found.node.path);

/** What an attempt is told; nothing is an error too. */
export function refusalOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof DeclarationError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}
