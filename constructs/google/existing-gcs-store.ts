import type { StorageBucketLifecycleRule } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { throwProblems, warn } from '../problems';
import type { IConfigurationStore, IPrincipal } from '../topology';
import { GcsAccess } from './gcs-access';
import { GcsLifecycle, lifecycleProblems, type GcsLifecycleProps } from './gcs-lifecycle';
import { readGcsPlace, storageUrlOf } from './gcs-place';
import { GcsRoles, roleSourceOf } from './gcs-roles';
import { existingBucket } from './problems';

/** A store on Google Cloud Storage. */
export interface IGcsStore extends IConfigurationStore {
  readonly bucketName: string;
  /** Without a slash at its ends; empty for none. */
  readonly prefix: string;
  /**
   * The lifecycle rules for the gateway versions that are known when it is read; a bucket of its own has them already. For
   * an existing one, read them after the nodes are declared and put them beside the bucket's other rules:
   * `bucket.putLifecycleRule([...rules, ...store.lifecycleRules])`.
   */
  readonly lifecycleRules: StorageBucketLifecycleRule[];
}

/** What is used of an existing bucket. */
export interface ExistingGcsStoreProps extends GcsLifecycleProps {
  /** Folder in the bucket, without slashes at its ends; a token must not be empty. @default none: versions stand at the root of the bucket */
  readonly prefix?: string;
  /** Id of the bucket's project: custom roles must be of the same one. @default the project of the provider */
  readonly project?: string;
  /** Roles by which principals are let in. @default GcsRoles.custom(): two custom roles with exactly what is needed */
  readonly roles?: GcsRoles;
}

export class ExistingGcsStore extends Construct implements IGcsStore {
  readonly prefix: string;
  readonly storageUrl: string;
  readonly importStorageUrl: string;
  readonly exporterEnvironment: EnvValues = {};
  readonly importerEnvironment: EnvValues = {};

  private readonly lifecycle: GcsLifecycle;
  private readonly access: GcsAccess;

  constructor(
    scope: Construct,
    id: string,
    readonly bucketName: string,
    props: ExistingGcsStoreProps,
  ) {
    super(scope, id);
    const roles = props.roles ?? GcsRoles.custom();
    const { place, problems } = readGcsPlace(bucketName, props.prefix);
    throwProblems(this, [...problems, ...lifecycleProblems(props), ...roleSourceOf(roles).problems]);
    warn(this, existingBucket(bucketName));
    this.prefix = place.prefix;
    this.storageUrl = storageUrlOf(place);
    this.importStorageUrl = this.storageUrl;
    this.lifecycle = new GcsLifecycle(place, props);
    this.access = new GcsAccess(this, bucketName, place, roles, props.project);
  }

  get lifecycleRules(): StorageBucketLifecycleRule[] {
    return this.lifecycle.rules;
  }

  addGatewayVersion(version: string): void {
    throwProblems(this, this.lifecycle.addVersion(version));
  }

  grantExport(principal: IPrincipal): void {
    this.access.grantExport(principal);
  }

  grantImport(principal: IPrincipal): void {
    this.access.grantImport(principal);
  }
}
