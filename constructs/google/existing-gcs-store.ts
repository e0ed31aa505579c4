import type { StorageBucket, StorageBucketLifecycleRule } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { inform, isKnown, throwProblems, warn, whenDeclared } from '../problems';
import type { IConfigurationStore, IPrincipal } from '../topology';
import { KnownVersions } from '../topology/known-versions';
import { resourceNamed } from '../topology/same-stack';
import { versionListProblems } from '../topology/versions';
import { GcsAccess } from './gcs-access';
import { retentionProblems, sharedBucketRules, type GcsRetentionProps } from './gcs-lifecycle';
import { readGcsPlace, storageUrlOf, type GcsPlace } from './gcs-place';
import { GcsRoles, roleSourceOf } from './gcs-roles';
import { existingBucket, notMerged, notUniform, noVersion, readTooEarly } from './problems';

/** A store on Google Cloud Storage. */
export interface IGcsStore extends IConfigurationStore {
  readonly bucketName: string;
  /** Without a slash at its ends; empty for none. */
  readonly prefix: string;
}

/** A store in an existing bucket: what its owner has to merge into the bucket's own settings. */
export interface IExistingGcsStore extends IGcsStore {
  /**
   * Rules for the bucket's lifecycle: put them beside its own, as in
   * `bucket.putLifecycleRule([...rules, ...store.lifecycleRules])`. None reaches further than the gateway versions told.
   * Read them after the last node: a version that follows is an error.
   */
  readonly lifecycleRules: readonly StorageBucketLifecycleRule[];
}

/** What is used of an existing bucket. */
export interface ExistingGcsStoreProps extends GcsRetentionProps {
  /** Folder in the bucket, without slashes at its ends; empty for the bucket's root. A token must not be empty. @default kong */
  readonly prefix?: string;
  /** Versions of the gateway under which exporters write, in full. Exporter nodes add theirs. @default those of the exporter nodes with this store */
  readonly gatewayVersions?: readonly string[];
  /** Id of the bucket's project: custom roles must be of the same one. @default the project of the provider */
  readonly project?: string;
  /** Roles by which principals are let in. @default GcsRoles.custom(): two custom roles with exactly what is needed */
  readonly roles?: GcsRoles;
}

export class ExistingGcsStore extends Construct implements IExistingGcsStore {
  readonly prefix: string;
  readonly storageUrl: string;
  readonly importStorageUrl: string;
  readonly exporterEnvironment: EnvValues = {};
  readonly importerEnvironment: EnvValues = {};

  private readonly versions = new KnownVersions(this);
  private rulesRead = false;
  private readonly place: GcsPlace;
  private readonly access: GcsAccess;

  constructor(
    scope: Construct,
    id: string,
    readonly bucketName: string,
    private readonly props: ExistingGcsStoreProps,
  ) {
    super(scope, id);
    const { prefix = 'kong', gatewayVersions = [], roles = GcsRoles.custom() } = props;
    const { place, problems } = readGcsPlace(bucketName, prefix);
    throwProblems(this, [
      ...problems,
      ...versionListProblems(gatewayVersions),
      ...retentionProblems(props),
      ...roleSourceOf(roles).problems,
    ]);
    whenDeclared(this, () => this.tellOfBucket());
    this.prefix = place.prefix;
    this.storageUrl = storageUrlOf(place);
    this.importStorageUrl = this.storageUrl;
    this.place = place;
    this.access = new GcsAccess(this, bucketName, place, roles, props.project, this.versions);
    gatewayVersions.forEach((version) => this.addGatewayVersion(version));
    this.versions.warnWithout(noVersion());
  }

  get lifecycleRules(): readonly StorageBucketLifecycleRule[] {
    this.rulesRead = true;
    return sharedBucketRules(this.place, this.versions.all, this.props);
  }

  addGatewayVersion(version: string): void {
    if (!this.versions.add(version) || !this.rulesRead) return;
    throwProblems(this, [readTooEarly(isKnown(version) ? `the gateway version ${version}` : 'a gateway version')]);
  }

  grantExport(principal: IPrincipal): void {
    this.access.grantExport(principal);
  }

  grantImport(principal: IPrincipal): void {
    this.access.grantImport(principal);
  }

  /** Of one that the stack declares the rules see the rest. Who merges the lifecycle rules reads them. */
  private tellOfBucket(): void {
    const { bucketName } = this;
    const shown = isKnown(bucketName) ? `the bucket "${bucketName}"` : 'the bucket';
    const bucket = resourceNamed<StorageBucket>(this, 'google_storage_bucket', bucketName, (one) => one.nameInput);
    if (bucket === undefined) {
      inform(this, existingBucket(shown));
      return;
    }
    const uniform = bucket.uniformBucketLevelAccessInput ?? false;
    if (uniform === false) warn(this, notUniform(shown));
    if (!this.rulesRead) inform(this, notMerged(shown));
  }
}
