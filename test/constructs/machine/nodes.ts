import { TerraformStack, Testing } from 'cdktf';
import { EnvValue, ExporterNode, ImporterNode, type EnvValues } from '../../../constructs';
import { DeclarationError } from '../../../constructs/problems';
import { KeyedPrincipal, RememberingStore } from '../topology/fakes';

export interface Nodes {
  readonly stack: TerraformStack;
  readonly exporter: ExporterNode;
  readonly importer: ImporterNode;
}

export interface NodeOptions {
  readonly gatewayVersion?: string;
  readonly environment?: EnvValues;
}

/** An exporter and an importer whose certificate is a file, and whose credentials come from the machine. */
export function nodes({ gatewayVersion = '3.9.1', environment = {} }: NodeOptions = {}): Nodes {
  const stack = new TerraformStack(Testing.app(), 'app');
  const store = new RememberingStore(stack, 'Store');
  const cluster = {
    store,
    controlPlane: 'cp.acme.com:8005',
    clusterCert: EnvValue.fromText('/etc/kong/cluster/cluster.crt'),
    clusterCertKey: EnvValue.fromText('/etc/kong/cluster/cluster.key'),
    environment,
  };
  const exporter = new ExporterNode(stack, 'Exporter', {
    ...cluster,
    principal: new AttachedPrincipal(stack, 'ExporterRole'),
    gatewayVersions: [gatewayVersion],
  });
  const importer = new ImporterNode(stack, 'Gateway', {
    ...cluster,
    principal: new AttachedPrincipal(stack, 'GatewayRole'),
    gatewayVersion,
  });
  return { stack, exporter, importer };
}

/** One whose platform gives the credentials. */
class AttachedPrincipal extends KeyedPrincipal {
  override readonly credentials = {};
}

/** The whole message with which something is refused. */
export function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DeclarationError) return error.message;
    throw error;
  }
  return 'not refused';
}
