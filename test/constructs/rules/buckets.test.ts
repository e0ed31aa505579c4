import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketAcl } from '@cdktf/provider-aws/lib/s3-bucket-acl';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import { StorageBucket, type StorageBucketConfig } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { TerraformVariable, type TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { S3Store } from '../../../constructs/aws';
import { GcsStore } from '../../../constructs/google';
import { toldBy } from './harness';

const levelOf = ([line]: readonly string[]): string | undefined => /^\S+ (\w+):/.exec(line ?? '')?.[1];

function onS3(code: string, declare: (stack: TerraformStack, bucket: string) => void): string[] {
  return toldBy(code, (stack) => {
    const { bucket } = new S3Bucket(stack, 'Bucket');
    S3Store.fromBucketName(stack, 'Store', bucket);
    new S3Bucket(stack, 'Website', { bucket: 'website', acl: 'public-read' });
    declare(stack, bucket);
  });
}

function onGoogle(code: string, config: Partial<StorageBucketConfig>, member?: string): string[] {
  return toldBy(code, (stack) => {
    new StorageBucket(stack, 'Bucket', { name: 'company', location: 'EU', ...config });
    GcsStore.fromBucketName(stack, 'Store', 'company');
    if (member !== undefined) {
      new StorageBucketIamMember(stack, 'Member', { bucket: 'company', role: 'roles/storage.objectViewer', member });
    }
  });
}

describe('KR_RULE_PUBLIC_BUCKET', () => {
  const code = 'KR_RULE_PUBLIC_BUCKET';
  const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' };
  const policy = (more: object) =>
    onS3(code, (stack, bucket) => {
      new S3BucketPolicy(stack, 'Policy', {
        bucket,
        policy: JSON.stringify({ Statement: [{ ...statement, ...more }] }),
      });
    });

  it('tells of a policy for everybody', () => {
    expect(policy({})).toEqual([
      `Stack/Policy error: ${code} the policy opens the bucket of "Stack/Bucket" to everybody: who may read the configuration has the gateway's private keys, and who may write it owns its routing. Take it away.`,
    ]);
    expect(levelOf(policy({ Principal: { AWS: ['*'] } }))).toBe('error');
    expect(levelOf(policy({ Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } }))).toBe('info');
    expect(policy({ Effect: 'Deny' })).toEqual([]);
    expect(policy({ Principal: { AWS: 'arn:aws:iam::111111111111:root' } })).toEqual([]);
  });

  it.each([
    ['public-read', 'error'],
    ['authenticated-read', 'error'],
    ['private', undefined],
  ])('of the ACL %s', (acl, level) => {
    expect(levelOf(onS3(code, (stack, bucket) => new S3BucketAcl(stack, 'Acl', { bucket, acl })))).toBe(level);
  });

  it('not where public access is blocked', () => {
    const found = onS3(code, (stack, bucket) => {
      new S3BucketAcl(stack, 'Acl', { bucket, acl: 'public-read' });
      blocked(stack, bucket);
    });
    expect(found).toEqual([]);
  });

  it.each([
    ['allUsers', 'error'],
    ['allAuthenticatedUsers', 'error'],
    ['user:me@example.com', undefined],
  ])('of a member %s of Google', (member, level) => {
    expect(levelOf(onGoogle(code, {}, member))).toBe(level);
    expect(onGoogle(code, { publicAccessPrevention: 'enforced' }, member)).toEqual([]);
  });
});

function blocked(stack: TerraformStack, bucket: string, flag: boolean = true): void {
  new S3BucketPublicAccessBlock(stack, 'Block', {
    bucket,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: flag,
  });
}

describe('KR_RULE_PUBLIC_ACCESS_NOT_BLOCKED', () => {
  const code = 'KR_RULE_PUBLIC_ACCESS_NOT_BLOCKED';

  it('tells of a bucket without a block, or with half a one', () => {
    const text = `Stack/Bucket warn: ${code} the bucket holds the gateway's private keys, and does not refuse public access: one mistake in a policy would open it.`;
    const fix = 'Declare an aws_s3_bucket_public_access_block with all four settings true.';
    expect(onS3(code, () => undefined)).toEqual([`${text} ${fix}`]);
    expect(onS3(code, (stack, bucket) => blocked(stack, bucket, false))).toEqual([`${text} ${fix}`]);
    expect(onS3(code, (stack, bucket) => blocked(stack, bucket))).toEqual([]);
    expect(onGoogle(code, {})).toEqual([`${text} Set public_access_prevention to "enforced".`]);
    expect(onGoogle(code, { publicAccessPrevention: 'inherited' })).toEqual([
      `${text} Set public_access_prevention to "enforced".`,
    ]);
    expect(onGoogle(code, { publicAccessPrevention: 'enforced' })).toEqual([]);
  });

  it('says that it could not check a bucket that the app does not declare', () => {
    expect(toldBy(code, (stack) => S3Store.fromBucketName(stack, 'Store', 'company'))).toEqual([
      `Stack/Store info: ${code} could not be checked: the bucket "company" is not declared in this app. See that it refuses public access.`,
    ]);
  });

  it('nor one whose setting Terraform alone knows', () => {
    const found = onS3(code, (stack, bucket) => {
      const flag = new TerraformVariable(stack, 'flag', { type: 'bool' }).booleanValue;
      new S3BucketPublicAccessBlock(stack, 'Block', {
        bucket,
        blockPublicAcls: flag,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      });
    });
    expect(found).toEqual([
      `Stack/Bucket info: ${code} could not be checked: whether the bucket refuses public access depends on what is not in the stack. Declare an aws_s3_bucket_public_access_block with all four settings true.`,
    ]);
  });
});

describe('KR_RULE_UNVERSIONED_BUCKET', () => {
  const code = 'KR_RULE_UNVERSIONED_BUCKET';
  const versioned = (status: string) =>
    onS3(code, (stack, bucket) => {
      new S3BucketVersioningA(stack, 'Versioning', { bucket, versioningConfiguration: { status } });
    });
  const text = `Stack/Bucket warn: ${code} the bucket is not versioned: a wrong configuration that is exported, or a mistaken delete, cannot be taken back. Switch versioning on.`;

  it('tells of a bucket that keeps no versions', () => {
    expect(onS3(code, () => undefined)).toEqual([text]);
    expect(versioned('Suspended')).toEqual([text]);
    expect(versioned('Enabled')).toEqual([]);
    expect(onGoogle(code, {})).toEqual([text]);
    expect(onGoogle(code, { versioning: { enabled: false } })).toEqual([text]);
    expect(onGoogle(code, { versioning: { enabled: true } })).toEqual([]);
  });

  it('says that it could not check a bucket that the app does not declare', () => {
    expect(toldBy(code, (stack) => GcsStore.fromBucketName(stack, 'Store', 'company'))).toEqual([
      `Stack/Store info: ${code} could not be checked: the bucket "company" is not declared in this app. See that it is versioned.`,
    ]);
  });
});
