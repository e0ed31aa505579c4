import type { Construct } from 'constructs';
import { inform, isKnown, throwProblems } from '../problems';
import { type IConfigurationStore, type IPrincipal, noteExportGrant } from '../topology';
import { type Address, type AddressProps, readAddress } from './address';
import type { MinioEncryption } from './encryption';
import { EndpointStore } from './endpoint-store';
import { configurationRule, ilmRule, type RetentionProps, type S3LifecycleRule, versionRules } from './lifecycle';
import type { MinioPolicyStatement } from './policy';
import { isMinioPrincipal } from './principal';
import { existingBucket, noGatewayVersion, otherPrincipal } from './problems';
import {
  MinioIlmPolicy,
  type MinioIlmPolicyRule,
  MinioS3Bucket,
  MinioS3BucketServerSideEncryption,
  MinioS3BucketVersioning,
} from './provider';

/** A bucket on a MinIO server that Terraform may administer, and a prefix in it. */
export interface IMinioStore extends IConfigurationStore {
  /** Name of the bucket. */
  readonly bucketName: string;
  /** Folder of the bucket that holds the configurations, without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** What an exporter must be allowed, as the JSON text of a policy, in a token: versions may still be added. */
  readonly exportPolicy: string;
  /** What an importer must be allowed, as the JSON text of a policy. */
  readonly importPolicy: string;
  /** The rules of its lifecycle for the versions that it was told so far. Grows with each version: take the array itself. */
  readonly lifecycleRules: readonly MinioIlmPolicyRule[];
}

/** What is used of an existing bucket. */
export interface ExistingMinioStoreProps extends AddressProps, RetentionProps {}

export interface MinioStoreProps extends AddressProps, RetentionProps {
  /**
   * Name of the bucket.
   *
   * @default a unique name of the provider's that starts with "kong-resilience-"
   */
  readonly bucketName?: string;
  /**
   * How the server encrypts what it stores.
   *
   * @default as the server is set up
   */
  readonly encryption?: MinioEncryption;
  /**
   * Whether Terraform refuses to destroy the bucket.
   *
   * @default true
   */
  readonly preventDestroy?: boolean;
  /**
   * Whether, where `preventDestroy` is false, the bucket is destroyed with all the versions in it.
   *
   * @default false: only an empty one is destroyed
   */
  readonly forceDestroy?: boolean;
  /**
   * Tags of the bucket.
   *
   * @default none
   */
  readonly tags?: Readonly<Record<string, string>>;
}

abstract class MinioStoreBase extends EndpointStore implements IMinioStore {
  readonly #ilmRules: MinioIlmPolicyRule[] = [];

  get lifecycleRules(): readonly MinioIlmPolicyRule[] {
    return this.#ilmRules;
  }

  /** @throws DeclarationError when it is known and not a full version */
  override addGatewayVersion(version: string): void {
    const before = this.rules.length;
    super.addGatewayVersion(version);
    this.addRules(this.rules.slice(before));
  }

  protected addRules(rules: readonly S3LifecycleRule[]): void {
    this.#ilmRules.push(...rules.map(ilmRule));
  }

  override grantExport(principal: IPrincipal): void {
    // What a service account may, its user may too.
    if (isMinioPrincipal(principal)) noteExportGrant(this, principal.user);
    super.grantExport(principal);
  }

  protected grant(principal: IPrincipal, statements: readonly MinioPolicyStatement[]): void {
    if (!isMinioPrincipal(principal)) throwProblems(this, [otherPrincipal(principal.node.path)]);
    else for (const statement of statements) principal.addToMinioPolicy(statement);
  }
}

class ExistingMinioStore extends MinioStoreBase {
  protected readonly address: Address;

  constructor(scope: Construct, id: string, bucketName: string, props: ExistingMinioStoreProps) {
    super(scope, id, props, bucketName);
    this.address = readAddress(bucketName, props);
    inform(this, existingBucket(bucketName));
  }
}

/**
 * A versioned bucket on MinIO, declared through the provider `aminueza/minio`: with a lifecycle that spares what is current, and
 * protected against being destroyed. What MinIO refuses or forgets is left out: public access block (a bucket there is
 * private), ownership, access logs, abort of incomplete uploads (the server removes them after a day by itself).
 *
 * To MinIO, who may get an object may get its replaced versions too, and who may list the keys may list those.
 *
 * Who may read the bucket owns the gateway's private keys, and who may write it owns its routing.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class MinioStore extends MinioStoreBase {
  /** A bucket that exists already: nothing is declared for it, and principals are granted its use all the same. */
  static fromBucketName(scope: Construct, id: string, bucketName: string, props: ExistingMinioStoreProps): IMinioStore {
    return new ExistingMinioStore(scope, id, bucketName, props);
  }

  protected readonly address: Address;

  constructor(scope: Construct, id: string, props: MinioStoreProps) {
    super(scope, id, props, props.bucketName);
    const { bucketName, encryption, preventDestroy = true, forceDestroy, tags } = props;
    const { bucket } = new MinioS3Bucket(this, 'Resource', {
      ...(bucketName === undefined ? { bucketPrefix: 'kong-resilience-' } : { bucket: bucketName }),
      forceDestroy,
      tags,
      lifecycle: preventDestroy ? { preventDestroy } : undefined,
    });
    new MinioS3BucketVersioning(this, 'Versioning', { bucket, versioningConfiguration: { status: 'Enabled' } });
    if (encryption !== undefined) {
      const { encryptionType, kmsKeyId } = encryption;
      new MinioS3BucketServerSideEncryption(this, 'Encryption', { bucket, encryptionType, kmsKeyId });
    }
    this.address = readAddress(isKnown(bucketName) ? bucketName : bucket, props);
    this.addRules([configurationRule(this.address.folder, props)]);
    new MinioIlmPolicy(this, 'Lifecycle', { bucket, rule: this.lifecycleRules });
    this.warnWithoutVersion(noGatewayVersion());
  }

  /** Of a bucket that is ours: replaced configurations are reached by one rule for every version, also those of long ago. */
  protected override rulesOf(base: string, version: string): S3LifecycleRule[] {
    return versionRules(base, version, this.retention);
  }
}
