import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { isKnown, throwProblems, warn, type Problem } from '../problems';
import type { IPrincipal } from '../topology';
import { KnownVersions } from '../topology/known-versions';
import { versionListProblems } from '../topology/versions';
import { ExistingGcsStore } from './existing-gcs-store';
import type { ExistingGcsStoreProps, IExistingGcsStore, IGcsStore } from './existing-gcs-store';
import { GcsAccess } from './gcs-access';
import { GcsEncryption, keySourceOf } from './gcs-encryption';
import { ownBucketRules, retentionProblems, type GcsRetentionProps } from './gcs-lifecycle';
import { readGcsPlace, storageUrlOf, type GcsPlace } from './gcs-place';
import { GcsRoles, roleSourceOf } from './gcs-roles';
import { labelProblems, secondsOf } from './names';
import { coldStorageClass, noVersion, outOfRange, wrongLocation, wrongStorageClass } from './problems';

/** A new bucket of Google Cloud Storage. */
export interface GcsStoreProps extends GcsRetentionProps {
  /** Name of the bucket, unique in all of Google Cloud. */
  readonly bucketName: string;
  /**
   * Where the bucket is: a region (`europe-west1`), a predefined dual-region (`EUR4`) or a multi-region (`EU`). It says
   * where your gateways' keys and secrets are stored and cannot be changed later, hence no default. A dual- or
   * multi-region still serves when a region fails.
   */
  readonly location: string;
  /** Folder in the bucket, without slashes at its ends; empty for the bucket's root. A token must not be empty. @default kong */
  readonly prefix?: string;
  /**
   * Versions of the gateway under which exporters write, in full. Exporter nodes add theirs: give those of writers that are
   * no construct of this library.
   *
   * @default those of the exporter nodes with this store
   */
  readonly gatewayVersions?: readonly string[];
  /** Id of the bucket's project. @default the project of the provider */
  readonly project?: string;
  /** `STANDARD`, `NEARLINE`, `COLDLINE` or `ARCHIVE`; all but the first cost more here. @default STANDARD */
  readonly storageClass?: string;
  /** How objects are encrypted at rest. @default GcsEncryption.googleManaged(): keys of Google */
  readonly encryption?: GcsEncryption;
  /** Roles by which principals are let in. @default GcsRoles.custom(): two custom roles with exactly what is needed */
  readonly roles?: GcsRoles;
  /** For how many days Google keeps what was deleted for good: 7 to 90, or 0 to turn soft delete off. @default 7 */
  readonly softDeleteRetentionDays?: number;
  /** Labels of the bucket, and of its own key. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether Terraform refuses every plan that would destroy the bucket, or its own key. @default true */
  readonly preventDestroy?: boolean;
  /** Whether a destroy first deletes all objects, without which Google refuses it. @default false */
  readonly forceDestroy?: boolean;
}

/**
 * A bucket of Google Cloud Storage for the configurations of gateways: with uniform bucket-level access, public access
 * prevention, versioning and soft delete.
 *
 * **Whoever may read the bucket owns the gateway's secrets**: the stored configuration holds private keys and API secrets
 * in the clear. Whoever may write it owns its routing.
 *
 * **Versioning or soft delete?** Both are on.
 * - *Versioning* protects against wrong content: a replaced `config.json` stays as a noncurrent version that can be copied
 *   back, for as long as the lifecycle rules say: it is deleted only when it is beyond both
 *   `noncurrentConfigurationVersions` and `noncurrentConfigurationDays`. It does not protect against somebody who deletes
 *   the versions themselves, which an exporter's right to replace includes, nor against a wrong lifecycle rule, nor against
 *   the bucket's deletion.
 * - *Soft delete* protects against those: what is deleted for good, a noncurrent version or the whole bucket, can be
 *   restored for `softDeleteRetentionDays`. It begins only where versioning ends: a replaced object first becomes
 *   noncurrent, and is soft-deleted when its rule, or somebody, deletes it.
 * - *Cost*: both bill the kept bytes as if they were current ones, one after the other. A configuration of C bytes that
 *   changes E times a day is held about C × E × (30 + 7) bytes beside the current one with the defaults; a lease is renewed
 *   every 20 s by default, with a few hundred bytes each, of which the last 1 + 7 days are held.
 *
 * **Protection against destroy** is on twice: Terraform refuses the plan (`preventDestroy`), and Google refuses to delete a
 * bucket that is not empty (`forceDestroy` is off). To take it off: set `preventDestroy: false` and `forceDestroy: true`,
 * apply, then destroy. Soft delete still lets the bucket be restored for its days.
 */
export class GcsStore extends Construct implements IGcsStore {
  /**
   * A bucket that exists, or that the stack declares. No resource of the bucket itself is made here, only additional IAM members.
   *
   * @throws DeclarationError when the name, the prefix or a role is not legal
   */
  static fromBucketName(
    scope: Construct,
    id: string,
    bucketName: string,
    props: ExistingGcsStoreProps = {},
  ): IExistingGcsStore {
    return new ExistingGcsStore(scope, id, bucketName, props);
  }

  readonly bucketName: string;
  readonly prefix: string;
  readonly storageUrl: string;
  readonly importStorageUrl: string;
  /** Empty: Google Cloud Storage needs neither region nor endpoint. */
  readonly exporterEnvironment: EnvValues = {};
  /** Empty: Google Cloud Storage needs neither region nor endpoint. */
  readonly importerEnvironment: EnvValues = {};
  /** The bucket itself, for what this construct has no prop for. */
  readonly bucket: StorageBucket;

  private readonly versions = new KnownVersions(this);
  private readonly retention: GcsRetentionProps;
  private readonly place: GcsPlace;
  private readonly access: GcsAccess;

  /** @throws DeclarationError with everything that is wrong in the props */
  constructor(scope: Construct, id: string, props: GcsStoreProps) {
    super(scope, id);
    const { location, project, prefix = 'kong', gatewayVersions = [] } = props;
    const { storageClass = 'STANDARD', preventDestroy = true, forceDestroy = false } = props;
    const encryption = keySourceOf(props.encryption ?? GcsEncryption.googleManaged());
    const roles = props.roles ?? GcsRoles.custom();
    const { place, problems } = readGcsPlace(props.bucketName, prefix);
    throwProblems(this, [
      ...problems,
      ...bucketProblems(props),
      ...versionListProblems(gatewayVersions),
      ...retentionProblems(props),
      ...encryption.problems(location),
      ...roleSourceOf(roles).problems,
    ]);
    const days = leastDays.get(storageClass) ?? 0;
    if (days > 0) warn(this, coldStorageClass(storageClass, days));

    const key = encryption.declare(this, { location, project, preventDestroy, labels: props.labels });
    this.bucket = new StorageBucket(this, 'Resource', {
      name: place.bucketName,
      location,
      project,
      storageClass,
      labels: props.labels,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      softDeletePolicy: { retentionDurationSeconds: secondsOf(props.softDeleteRetentionDays ?? 7) },
      ...(key === undefined ? {} : { encryption: { defaultKmsKeyName: key.keyName }, dependsOn: key.dependsOn }),
      forceDestroy,
      lifecycle: { preventDestroy },
    });
    this.bucketName = place.bucketName;
    this.prefix = place.prefix;
    this.storageUrl = storageUrlOf(place);
    this.importStorageUrl = this.storageUrl;
    this.retention = props;
    this.place = place;
    this.access = new GcsAccess(this, this.bucket.name, place, roles, project, this.versions);
    this.putRules();
    gatewayVersions.forEach((version) => this.addGatewayVersion(version));
    this.versions.warnWithout(noVersion());
  }

  addGatewayVersion(version: string): void {
    if (this.versions.add(version)) this.putRules();
  }

  grantExport(principal: IPrincipal): void {
    this.access.grantExport(principal);
  }

  grantImport(principal: IPrincipal): void {
    this.access.grantImport(principal);
  }

  private putRules(): void {
    this.bucket.putLifecycleRule(ownBucketRules(this.place, this.versions.all, this.retention));
  }
}

/** For how many days Google bills an object at least. */
const leastDays = new Map([
  ['STANDARD', 0],
  ['NEARLINE', 30],
  ['COLDLINE', 90],
  ['ARCHIVE', 365],
]);

function bucketProblems({ location, storageClass, softDeleteRetentionDays, labels }: GcsStoreProps): Problem[] {
  const problems: Problem[] = [];
  if (isKnown(location) && !/^[a-z]+[0-9]*(-[a-z]+[0-9]+)?$/i.test(location)) {
    problems.push(wrongLocation(location));
  }
  if (isKnown(storageClass) && !leastDays.has(storageClass)) problems.push(wrongStorageClass(storageClass));
  const days = softDeleteRetentionDays;
  if (isKnown(days) && days !== 0 && !(Number.isInteger(days) && days >= 7 && days <= 90)) {
    problems.push(outOfRange('softDeleteRetentionDays', days, 'a whole number from 7 to 90, or 0 for no soft delete'));
  }
  return [...problems, ...labelProblems(labels)];
}
