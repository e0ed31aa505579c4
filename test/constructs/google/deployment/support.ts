import type { TerraformStack } from 'cdktf';
import {
  AttachedServiceAccount,
  EnvValue,
  GcsStore,
  KongResilience,
  type ClusterProps,
  type ExporterNode,
  type ImporterNode,
  type IPrincipal,
} from '../../../../constructs/google';
import { DeclarationError } from '../../../../constructs/problems';
import { googleStack, type GoogleStack } from '../../support/google-stack';

/** An image as its users name it. */
export const image = 'europe-docker.pkg.dev/acme/kong/kong-resilience:0.1.0';
export const place = { location: 'europe-west1', image };

export interface Nodes {
  readonly stack: TerraformStack;
  readonly exporter: ExporterNode;
  readonly importer: ImporterNode;
}

export interface NodeOptions {
  readonly exporterPrincipal?: (stack: TerraformStack) => IPrincipal;
  readonly importerPrincipal?: (stack: TerraformStack) => IPrincipal;
  readonly environment?: Readonly<Record<string, string>>;
  /** Other certificates. */
  readonly cluster?: Partial<ClusterProps>;
  readonly gatewayStatusPort?: number;
}

/** A store on Google Cloud with an exporter and an importer. */
export function nodesIn(stack: TerraformStack, options: NodeOptions = {}): Nodes {
  const environment = Object.fromEntries(
    Object.entries(options.environment ?? {}).map(([name, text]) => [name, EnvValue.fromText(text)]),
  );
  const kong = new KongResilience(stack, 'Kong', {
    store: new GcsStore(stack, 'Store', { bucketName: 'acme-kong', location: 'EU' }),
    controlPlane: 'cp.acme.com:8005',
    clusterCert: EnvValue.fromGoogleSecret('kong-cert', '3'),
    clusterCertKey: EnvValue.fromGoogleSecret('kong-key'),
    ...options.cluster,
  });
  const exporter = kong.addExporter('Exporter', {
    principal: options.exporterPrincipal?.(stack) ?? new AttachedServiceAccount(stack, 'ExporterAccount'),
    gatewayVersions: ['3.9.1'],
    environment,
  });
  const importer = kong.addImporter('Importer', {
    principal: options.importerPrincipal?.(stack) ?? new AttachedServiceAccount(stack, 'ImporterAccount'),
    gatewayVersion: '3.9.1',
    gatewayStatusPort: options.gatewayStatusPort,
    environment,
  });
  return { stack, exporter, importer };
}

/** A stack with such nodes and what `declare` adds. */
export function deployed(declare: (nodes: Nodes) => void, options: NodeOptions = {}): GoogleStack {
  return googleStack((stack) => declare(nodesIn(stack, options)));
}

/** With what a deployment is refused; the whole message. */
export function refusalOf(declare: (nodes: Nodes) => void, options: NodeOptions = {}): string {
  try {
    deployed(declare, options);
  } catch (error) {
    if (error instanceof DeclarationError) return error.message;
    throw error;
  }
  return 'not refused';
}
