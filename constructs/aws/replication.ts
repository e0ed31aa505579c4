import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { S3BucketReplicationConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-replication-configuration';
import type { S3BucketReplicationConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-replication-configuration';
import type { TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { isKnown, type Problem } from '../problems';
import type { DeclaredBucket } from './bucket';
import { checkKeyArn, checkLocation } from './checks';
import { choiceOf, S3Encryption } from './encryption';
import { lazyPolicyDocument, policyDocument, type PolicyStatement } from './policy';
import { replicaKey, replicaRegion } from './problems';
import { checkRoleProps } from './role-checks';
import { rootOf, type PlaceKey } from './statements';

/** The bucket in the second region, and the role that copies. */
export interface S3ReplicaOptions {
  /**
   * Name of the second bucket.
   *
   * @default a unique name made by Terraform, which starts with `bucketPrefix`
   */
  readonly bucketName?: string;
  /**
   * What its name starts with: up to 37 characters.
   *
   * @default Terraform's own start
   */
  readonly bucketPrefix?: string;
  /**
   * ARN of an existing key of KMS in the second region. Its policy must let IAM policies of the account decide.
   *
   * @default a key of its own where the store is encrypted with KMS, else keys that S3 manages
   */
  readonly kmsKeyArn?: string;
  /**
   * Existing bucket in the second region that takes its access logs.
   *
   * @default no access logs
   */
  readonly accessLogBucketName?: string;
  /**
   * What the names of its logs start with.
   *
   * @default the bucket's name and a slash
   */
  readonly accessLogPrefix?: string;
  /**
   * Path of the role that copies, such as `/kong/`.
   *
   * @default "/"
   */
  readonly rolePath?: string;
  /**
   * ARN of a policy that bounds the role that copies.
   *
   * @default none
   */
  readonly rolePermissionsBoundary?: string;
}

interface ReplicationChoice {
  readonly region?: string;
  readonly provider?: TerraformProvider;
  readonly options: S3ReplicaOptions;
}

/** For the store alone. */
export let replicationOf: (replication: S3Replication) => ReplicationChoice;

/**
 * Copies the configurations alone, neither leases nor `election/`, to a bucket in a second region of the same account.
 * S3 copies what is written from then on; the next export of each version brings it there.
 */
export class S3Replication {
  readonly #choice: ReplicationChoice;

  static {
    replicationOf = (replication) => replication.#choice;
  }

  private constructor(choice: ReplicationChoice) {
    this.#choice = choice;
  }

  /**
   * By naming the region, which the provider of version 6 takes on each resource.
   *
   * @param region such as `us-west-2`
   */
  static toRegion(region: string, options: S3ReplicaOptions = {}): S3Replication {
    return new S3Replication({ region, options });
  }

  /**
   * By a provider with an alias and a region of its own.
   *
   * @param provider an `AwsProvider` of the second region, of the same account
   */
  static withProvider(provider: TerraformProvider, options: S3ReplicaOptions = {}): S3Replication {
    return new S3Replication({ provider, options });
  }
}

/** What is wrong with a replica beside its store. */
export function checkReplication(
  replication: S3Replication,
  store: { readonly region?: string; readonly encryption: S3Encryption },
): Problem[] {
  const { region, options } = replicationOf(replication);
  const problems = [
    ...checkLocation({ bucketName: options.bucketName, bucketPrefix: options.bucketPrefix, prefix: '' }),
    ...checkKeyArn('kmsKeyArn of the replica', options.kmsKeyArn),
    ...checkRoleProps({ path: options.rolePath, permissionsBoundary: options.rolePermissionsBoundary }),
  ];
  if (isKnown(region) && region === store.region) problems.push(replicaRegion(region));
  if (options.kmsKeyArn !== undefined && choiceOf(store.encryption).kind === 's3') problems.push(replicaKey());
  return problems;
}

/** How the replica is encrypted: S3 wants a key there when, and only when, there is one here. */
export function replicaEncryption(store: S3Encryption, kmsKeyArn: string | undefined): S3Encryption {
  if (choiceOf(store).kind === 's3') return S3Encryption.s3Managed();
  return kmsKeyArn === undefined ? S3Encryption.ownKey() : S3Encryption.existingKey(kmsKeyArn);
}

/** What a replication is declared between. */
export interface ReplicationSettings {
  readonly source: DeclaredBucket;
  readonly replica: DeclaredBucket;
  readonly prefix: string;
  /** Provider and region of the source, where its replication is declared. */
  readonly provider?: TerraformProvider;
  readonly region?: string;
  readonly options: S3ReplicaOptions;
  readonly tags?: Record<string, string>;
}

/** Declares the role and the replication without rules: those come with the versions. */
export function declareReplication(scope: Construct, settings: ReplicationSettings): S3BucketReplicationConfigurationA {
  const { source, replica, provider, options } = settings;
  const role = new IamRole(scope, 'Role', {
    provider,
    namePrefix: 'kong-replication-',
    path: options.rolePath,
    permissionsBoundary: options.rolePermissionsBoundary,
    description: 'Copies the configurations of Kong Gateway to the second region',
    assumeRolePolicy: policyDocument([
      { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: ['sts:AssumeRole'] },
    ]),
    tags: settings.tags,
  });
  const rolePolicy = new IamRolePolicy(scope, 'RolePolicy', {
    provider,
    name: 'kong-replication',
    role: role.name,
    policy: lazyPolicyDocument(() => replicationStatements(settings)),
  });
  return new S3BucketReplicationConfigurationA(scope, 'Replication', {
    provider,
    region: settings.region,
    bucket: source.resource.bucket,
    role: role.arn,
    rule: [],
    dependsOn: [source.versioning, replica.versioning, rolePolicy],
  });
}

/** One rule for each version: the key of its configuration, which is the prefix of nothing else. */
export function replicationRules(
  { prefix, replica }: Pick<ReplicationSettings, 'prefix' | 'replica'>,
  versions: readonly string[],
): S3BucketReplicationConfigurationRule[] {
  return versions.map((version, index) => ({
    id: `kong-configurations-${version}`,
    priority: index + 1,
    status: 'Enabled',
    filter: { prefix: `${rootOf(prefix)}${version}/config.json` },
    // A replica outlives what is deleted here by mistake.
    deleteMarkerReplication: { status: 'Disabled' },
    destination: {
      bucket: replica.resource.arn,
      ...(replica.key === undefined ? {} : { encryptionConfiguration: { replicaKmsKeyId: replica.key.arn } }),
    },
    ...(replica.key === undefined
      ? {}
      : { sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } } }),
  }));
}

function replicationStatements({ source, replica, prefix }: ReplicationSettings): PolicyStatement[] {
  const keys = `${rootOf(prefix)}*/config.json`;
  const from = source.resource.arn;
  const to = replica.resource.arn;
  const allow = (actions: readonly string[], resource: string): PolicyStatement => ({
    Effect: 'Allow',
    Action: actions,
    Resource: [resource],
  });
  const key = ({ arn, viaService }: PlaceKey, actions: readonly string[], bucket: string): PolicyStatement => ({
    ...allow(actions, arn),
    Condition: {
      StringEquals: { 'kms:ViaService': [viaService] },
      StringLike: { 'kms:EncryptionContext:aws:s3:arn': [bucket, `${bucket}/${keys}`] },
    },
  });
  return [
    allow(['s3:GetReplicationConfiguration', 's3:ListBucket'], from),
    allow(
      ['s3:GetObjectVersionForReplication', 's3:GetObjectVersionAcl', 's3:GetObjectVersionTagging'],
      `${from}/${keys}`,
    ),
    allow(['s3:ReplicateObject', 's3:ReplicateTags'], `${to}/${keys}`),
    ...(source.key === undefined ? [] : [key(source.key, ['kms:Decrypt'], from)]),
    ...(replica.key === undefined ? [] : [key(replica.key, ['kms:Encrypt', 'kms:GenerateDataKey'], to)]),
  ];
}
