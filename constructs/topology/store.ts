import type { IConstruct } from 'constructs';
import type { EnvValues } from '../environment';
import type { IPrincipal } from './principal';

/** A bucket and a prefix in which configurations are stored: declared here, or an existing one. */
export interface IConfigurationStore extends IConstruct {
  /** Where exporters write: `s3://bucket/prefix` or `gcs://bucket/prefix`, the value of KONG_CLUSTER_FALLBACK_CONFIG_STORAGE. */
  readonly storageUrl: string;
  /** Where importers read: the same, or the replica in a second region. */
  readonly importStorageUrl: string;
  /** What an exporter needs to reach it beside the URL: region, endpoint, settings of a put. No credentials. */
  readonly exporterEnvironment: EnvValues;
  /** What an importer needs to reach it beside the URL. No credentials. */
  readonly importerEnvironment: EnvValues;

  /**
   * Lets a principal write configurations, leases and, beside Enterprise, `election/` under the prefix, and read and list
   * there. It may delete nothing, save what Google needs to replace an object.
   *
   * @throws DeclarationError when the principal is of another cloud, or one that imports only
   */
  grantExport(principal: IPrincipal): void;

  /** Lets a principal read and list under the prefix. @throws DeclarationError when the principal is of another cloud */
  grantImport(principal: IPrincipal): void;

  /**
   * Tells the store that exporters write under this version, so that its rules by version (lifecycle, replication, rights
   * to `election/`) know it. Exporter nodes call it. The same version twice is one.
   *
   * @param version full version of the gateway, such as `3.9.1` or `3.10.0.2`; a token is fine
   */
  addGatewayVersion(version: string): void;
}
