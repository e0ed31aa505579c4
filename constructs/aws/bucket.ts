import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import type { S3BucketLifecycleConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketLoggingA } from '@cdktf/provider-aws/lib/s3-bucket-logging';
import { S3BucketOwnershipControls } from '@cdktf/provider-aws/lib/s3-bucket-ownership-controls';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import type { TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { choiceOf, type S3Encryption } from './encryption';
import { lazyPolicyDocument, type PolicyStatement } from './policy';
import { tlsOnly, type PlaceKey } from './statements';

/** What a bucket is declared with. */
export interface BucketSettings {
  readonly bucketName?: string;
  readonly bucketPrefix?: string;
  readonly encryption: S3Encryption;
  readonly preventDestroy: boolean;
  readonly forceDestroy: boolean;
  readonly tags?: Record<string, string>;
  readonly provider?: TerraformProvider;
  readonly region?: string;
  readonly accessLogBucketName?: string;
  readonly accessLogPrefix?: string;
  /** Said in the console. */
  readonly keyDescription: string;
  /** What the policies hold beside what every bucket and key of ours has, when the stack is synthesized. */
  readonly bucketStatements: () => readonly PolicyStatement[];
  readonly keyStatements: () => readonly PolicyStatement[];
}

/** A declared bucket. */
export interface DeclaredBucket {
  readonly resource: S3Bucket;
  readonly region: string;
  readonly key?: PlaceKey;
  readonly versioning: S3BucketVersioningA;
  readonly lifecycle: S3BucketLifecycleConfiguration;
}

/** Declares a bucket with one resource per concern, each a child of `scope`. */
export function declareBucket(
  scope: Construct,
  settings: BucketSettings,
  rules: S3BucketLifecycleConfigurationRule[],
): DeclaredBucket {
  const { provider, tags } = settings;
  const meta = { provider, region: settings.region };
  const resource = new S3Bucket(scope, 'Resource', {
    ...meta,
    bucket: settings.bucketName,
    bucketPrefix: settings.bucketPrefix,
    forceDestroy: settings.forceDestroy,
    tags,
    lifecycle: { preventDestroy: settings.preventDestroy },
  });
  const { bucket, arn } = resource;
  const region = settings.region ?? resource.bucketRegion;
  const key = declareKey(scope, settings, region);
  new S3BucketServerSideEncryptionConfigurationA(scope, 'Encryption', {
    ...meta,
    bucket,
    rule: [
      key === undefined
        ? { applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }
        : {
            applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn },
            bucketKeyEnabled: true,
          },
    ],
  });
  const publicAccess = new S3BucketPublicAccessBlock(scope, 'PublicAccessBlock', {
    ...meta,
    bucket,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new S3BucketOwnershipControls(scope, 'OwnershipControls', {
    ...meta,
    bucket,
    rule: { objectOwnership: 'BucketOwnerEnforced' },
    // S3 refuses two such changes of one bucket at a time.
    dependsOn: [publicAccess],
  });
  const versioning = new S3BucketVersioningA(scope, 'Versioning', {
    ...meta,
    bucket,
    versioningConfiguration: { status: 'Enabled' },
  });
  new S3BucketPolicy(scope, 'Policy', {
    ...meta,
    bucket,
    policy: lazyPolicyDocument(() => [tlsOnly([arn, `${arn}/*`]), ...settings.bucketStatements()]),
    dependsOn: [publicAccess],
  });
  const lifecycle = new S3BucketLifecycleConfiguration(scope, 'Lifecycle', {
    ...meta,
    bucket,
    rule: rules,
    dependsOn: [versioning],
  });
  if (settings.accessLogBucketName !== undefined) {
    new S3BucketLoggingA(scope, 'AccessLog', {
      ...meta,
      bucket,
      targetBucket: settings.accessLogBucketName,
      targetPrefix: settings.accessLogPrefix ?? `${bucket}/`,
    });
  }
  return { resource, region, versioning, lifecycle, ...(key === undefined ? {} : { key }) };
}

function declareKey(scope: Construct, settings: BucketSettings, region: string): PlaceKey | undefined {
  const choice = choiceOf(settings.encryption);
  if (choice.kind === 's3') return undefined;
  const { provider, tags } = settings;
  const partition = new DataAwsPartition(scope, 'Partition', { provider });
  const viaService = `s3.${region}.${partition.dnsSuffix}`;
  if (choice.kind === 'existing-key') return { arn: choice.arn, viaService };
  const account = new DataAwsCallerIdentity(scope, 'Account', { provider });
  const administrators: PolicyStatement = {
    Sid: 'IamPoliciesDecide',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition.partition}:iam::${account.accountId}:root` },
    Action: ['kms:*'],
    Resource: ['*'],
  };
  const key = new KmsKey(scope, 'Key', {
    provider,
    region: settings.region,
    description: settings.keyDescription,
    enableKeyRotation: true,
    policy: lazyPolicyDocument(() => [administrators, ...settings.keyStatements()]),
    tags,
    lifecycle: { preventDestroy: settings.preventDestroy },
  });
  return { arn: key.arn, viaService };
}
