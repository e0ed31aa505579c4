import type { IResolvable, TerraformMetaArguments } from 'cdktf';
import type { Construct } from 'constructs';
import { MinioResource } from './resource';

/** Arguments of `minio_s3_bucket`. */
export interface MinioS3BucketConfig extends TerraformMetaArguments {
  /** @default a name of the provider's */
  readonly bucket?: string;
  /** Start of a name that the provider completes; not beside `bucket`. */
  readonly bucketPrefix?: string;
  /** @default "private" */
  readonly acl?: string;
  /** Whether a bucket is destroyed with all the objects in it. @default false */
  readonly forceDestroy?: boolean | IResolvable;
  /** @default false */
  readonly objectLocking?: boolean | IResolvable;
  /** Bytes. @default none */
  readonly quota?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/** `minio_s3_bucket`. */
export class MinioS3Bucket extends MinioResource {
  static readonly tfResourceType = 'minio_s3_bucket';

  constructor(scope: Construct, id: string, config: MinioS3BucketConfig = {}) {
    super(scope, id, MinioS3Bucket.tfResourceType, config);
  }

  get bucket(): string {
    return this.getStringAttribute('bucket');
  }

  get arn(): string {
    return this.getStringAttribute('arn');
  }

  get bucketDomainName(): string {
    return this.getStringAttribute('bucket_domain_name');
  }
}

/** Time limits of Terraform for one resource, such as `5m`. */
export interface MinioTimeouts {
  readonly create?: string;
  readonly read?: string;
  readonly update?: string;
  readonly delete?: string;
}

/** Block `versioning_configuration`. */
export interface MinioS3BucketVersioningConfiguration {
  /** `Enabled` or `Suspended`. */
  readonly status: string;
  readonly excludeFolders?: boolean | IResolvable;
  readonly excludedPrefixes?: readonly string[];
}

/** Arguments of `minio_s3_bucket_versioning`. */
export interface MinioS3BucketVersioningConfig extends TerraformMetaArguments {
  readonly bucket: string;
  readonly versioningConfiguration: MinioS3BucketVersioningConfiguration;
  readonly timeouts?: MinioTimeouts;
}

/** `minio_s3_bucket_versioning`. */
export class MinioS3BucketVersioning extends MinioResource {
  static readonly tfResourceType = 'minio_s3_bucket_versioning';

  constructor(scope: Construct, id: string, config: MinioS3BucketVersioningConfig) {
    super(scope, id, MinioS3BucketVersioning.tfResourceType, config);
  }
}

/** Arguments of `minio_s3_bucket_server_side_encryption`. */
export interface MinioS3BucketServerSideEncryptionConfig extends TerraformMetaArguments {
  readonly bucket: string;
  /** `AES256` or `aws:kms`. */
  readonly encryptionType: string;
  /** Key of the server's key service; with `aws:kms` only. */
  readonly kmsKeyId?: string;
}

/** `minio_s3_bucket_server_side_encryption`. */
export class MinioS3BucketServerSideEncryption extends MinioResource {
  static readonly tfResourceType = 'minio_s3_bucket_server_side_encryption';

  constructor(scope: Construct, id: string, config: MinioS3BucketServerSideEncryptionConfig) {
    super(scope, id, MinioS3BucketServerSideEncryption.tfResourceType, config);
  }
}

/** Arguments of `minio_s3_bucket_policy`: who may use the bucket without keys. */
export interface MinioS3BucketPolicyConfig extends TerraformMetaArguments {
  readonly bucket: string;
  /** JSON. */
  readonly policy: string;
  readonly timeouts?: MinioTimeouts;
}

/** `minio_s3_bucket_policy`. No construct here declares one: the rights of a principal are in its own policy. */
export class MinioS3BucketPolicy extends MinioResource {
  static readonly tfResourceType = 'minio_s3_bucket_policy';

  constructor(scope: Construct, id: string, config: MinioS3BucketPolicyConfig) {
    super(scope, id, MinioS3BucketPolicy.tfResourceType, config);
  }
}

/** Block `noncurrent_expiration`. */
export interface MinioIlmPolicyNoncurrentExpiration {
  /** Days, such as `30d`. */
  readonly days: string;
  /** How many noncurrent versions stay, however old. @default none */
  readonly newerVersions?: number;
}

/** Block `transition`. */
export interface MinioIlmPolicyTransition {
  readonly storageClass: string;
  /** Days, such as `30d`. */
  readonly days?: string;
  /** `YYYY-MM-DD`. */
  readonly date?: string;
}

/** Block `noncurrent_transition`. */
export interface MinioIlmPolicyNoncurrentTransition extends MinioIlmPolicyNoncurrentExpiration {
  readonly storageClass: string;
}

/** Block `abort_incomplete_multipart_upload`, which MinIO's server does not keep. */
export interface MinioIlmPolicyAbortIncompleteMultipartUpload {
  /** Days, such as `7d`. */
  readonly daysAfterInitiation: string;
}

/** Block `rule` of `minio_ilm_policy`. */
export interface MinioIlmPolicyRule {
  readonly id: string;
  /** `Enabled` or `Disabled`. @default "Enabled" */
  readonly status?: string;
  /** Start of the keys that it is for. @default every key */
  readonly filter?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Of current versions: days such as `7d`, or a date. Not beside `expiredObjectDeleteMarker`. */
  readonly expiration?: string;
  /** Whether a delete marker without versions is removed. @default false */
  readonly expiredObjectDeleteMarker?: boolean | IResolvable;
  readonly noncurrentExpiration?: MinioIlmPolicyNoncurrentExpiration;
  readonly transition?: MinioIlmPolicyTransition;
  readonly noncurrentTransition?: MinioIlmPolicyNoncurrentTransition;
  readonly abortIncompleteMultipartUpload?: MinioIlmPolicyAbortIncompleteMultipartUpload;
}

/** Arguments of `minio_ilm_policy`. A bucket has one: a second would overwrite the first. */
export interface MinioIlmPolicyConfig extends TerraformMetaArguments {
  readonly bucket: string;
  /** Read when the stack is synthesized. */
  readonly rule: readonly MinioIlmPolicyRule[];
}

/** `minio_ilm_policy`: all lifecycle rules of a bucket. */
export class MinioIlmPolicy extends MinioResource {
  static readonly tfResourceType = 'minio_ilm_policy';

  constructor(scope: Construct, id: string, config: MinioIlmPolicyConfig) {
    super(scope, id, MinioIlmPolicy.tfResourceType, config);
  }
}
