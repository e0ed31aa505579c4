import { Construct } from 'constructs';
import type { EnvValues } from '../../../constructs/environment';
import { EnvValue } from '../../../constructs/environment';
import { noteExportGrant, type IConfigurationStore, type IPrincipal } from '../../../constructs/topology';

/** A store that declares nothing and remembers what it was asked. */
export class RememberingStore extends Construct implements IConfigurationStore {
  readonly storageUrl = 's3://kong-fallback/kong';
  readonly importStorageUrl = 's3://kong-fallback-replica/kong';
  readonly exporterEnvironment: EnvValues = { AWS_REGION: EnvValue.fromText('eu-west-1') };
  readonly importerEnvironment: EnvValues = { AWS_REGION: EnvValue.fromText('eu-central-1') };
  readonly versions: string[] = [];
  readonly grants: string[] = [];

  addGatewayVersion(version: string): void {
    this.versions.push(version);
  }

  grantExport(principal: IPrincipal): void {
    noteExportGrant(this, principal);
    this.grants.push(`${principal.node.id} exports`);
  }

  grantImport(principal: IPrincipal): void {
    this.grants.push(`${principal.node.id} imports`);
  }
}

export class KeyedPrincipal extends Construct implements IPrincipal {
  readonly credentials: EnvValues = {
    AWS_ACCESS_KEY_ID: EnvValue.fromKubernetesSecret('store', 'id'),
    AWS_SECRET_ACCESS_KEY: EnvValue.fromKubernetesSecret('store', 'secret'),
  };
}
