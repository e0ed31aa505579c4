import { KmsKeyPolicy } from '@cdktf/provider-aws/lib/kms-key-policy';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { describe, expect, it } from 'vitest';
import { CrossAccountRole, EcsTaskRole, IamUser, S3Encryption, S3Replication, S3Store } from '../../../constructs/aws';
import type { PolicyStatement, S3StoreProps } from '../../../constructs/aws';
import { isAllowed } from '../support/aws-iam';
import { home, only, render, stackOf, type Synthesized } from '../support/aws-stack';

const bucket = 'arn:aws:s3:::kong-config';
const key = 'arn:aws:kms:us-east-2:111111111111:key/store-key-81afbc5c';
const foreignRole = 'arn:aws:iam::222222222222:role/theirs';
const role = (name: string) => `arn:aws:iam::111111111111:role/${name}`;
const listed = (prefix: string) => ({ 's3:prefix': prefix });

const requiredOf = (stack: Synthesized): string =>
  Object.entries(stack.output).find(([name]) => name.startsWith('Theirs_RequiredPolicy'))?.[1]['value'] as string;

/** An exporter, an importer, a role in another account and a role without any grant, on one store. */
function build(props: S3StoreProps = {}): { stack: Synthesized; required: string } {
  const stack = stackOf((scope) => {
    const store = new S3Store(scope, 'Store', {
      bucketName: 'kong-config',
      gatewayVersions: ['3.9.1', '3.10.0.2'],
      ...props,
    });
    store.grantExport(new EcsTaskRole(scope, 'Exporter', { name: 'exporter' }));
    store.grantImport(new EcsTaskRole(scope, 'Importer', { name: 'importer' }));
    store.grantImport(new CrossAccountRole(scope, 'Theirs', { roleArn: foreignRole }));
    new EcsTaskRole(scope, 'Stranger', { name: 'stranger' });
  });
  const rendered = render(stack);
  return { stack: rendered, required: requiredOf(rendered) };
}

const who = ['exporter', 'importer', 'stranger'] as const;

describe('what S3 allows', () => {
  const { stack, required } = build();
  const config = `${bucket}/kong/3.9.1/config.json`;

  // action, resource, what the request says beside; then exporter, importer, stranger
  it.each([
    ['s3:PutObject', config, {}, [true, false, false]],
    ['s3:PutObject', `${bucket}/kong/3.10.0.2/config.json`, {}, [true, false, false]],
    ['s3:PutObject', `${bucket}/kong/3.9.1/kong-resilience.json`, {}, [true, false, false]],
    ['s3:PutObject', `${bucket}/kong/3.10.0.2/election/leader`, {}, [true, false, false]],
    ['s3:PutObject', `${bucket}/kong/3.9.1/other.json`, {}, [false, false, false]],
    ['s3:PutObject', `${bucket}/kong/config.json`, {}, [false, false, false]],
    ['s3:PutObject', `${bucket}/config.json`, {}, [false, false, false]],
    ['s3:PutObject', `${bucket}/other/3.9.1/config.json`, {}, [false, false, false]],
    ['s3:PutObject', `${bucket}/kong2/3.9.1/config.json`, {}, [false, false, false]],
    ['s3:PutObject', 'arn:aws:s3:::other/kong/3.9.1/config.json', {}, [false, false, false]],
    ['s3:PutObject', config, { 'aws:SecureTransport': 'false' }, [false, false, false]],
    ['s3:GetObject', config, {}, [true, true, false]],
    ['s3:GetObject', `${bucket}/kong/3.9.1/kong-resilience.json`, {}, [true, true, false]],
    ['s3:GetObject', `${bucket}/other/3.9.1/config.json`, {}, [false, false, false]],
    ['s3:GetObject', `${bucket}/kong2/3.9.1/config.json`, {}, [false, false, false]],
    ['s3:GetObject', 'arn:aws:s3:::other/kong/3.9.1/config.json', {}, [false, false, false]],
    ['s3:GetObject', config, { 'aws:SecureTransport': 'false' }, [false, false, false]],
    ['s3:ListBucket', bucket, listed('kong/'), [true, true, false]],
    ['s3:ListBucket', bucket, listed('kong/3.9.1/config.json'), [true, true, false]],
    ['s3:ListBucket', bucket, listed('kong'), [false, false, false]],
    ['s3:ListBucket', bucket, listed(''), [false, false, false]],
    ['s3:ListBucket', bucket, listed('kong2/'), [false, false, false]],
    ['s3:ListBucket', bucket, {}, [false, false, false]],
    ['s3:ListBucket', 'arn:aws:s3:::other', listed('kong/'), [false, false, false]],
    ['s3:ListBucket', bucket, { ...listed('kong/'), 'aws:SecureTransport': 'false' }, [false, false, false]],
    ['s3:DeleteObject', config, {}, [false, false, false]],
    ['s3:DeleteObject', `${bucket}/kong/3.9.1/kong-resilience.json`, {}, [false, false, false]],
    ['s3:DeleteObjectVersion', config, {}, [false, false, false]],
    ['s3:GetObjectVersion', config, {}, [false, false, false]],
    ['s3:PutObjectAcl', config, {}, [false, false, false]],
    ['s3:PutObjectRetention', config, {}, [false, false, false]],
    ['s3:ListBucketVersions', bucket, listed('kong/'), [false, false, false]],
    ['s3:PutBucketPolicy', bucket, {}, [false, false, false]],
    ['s3:PutLifecycleConfiguration', bucket, {}, [false, false, false]],
    ['s3:DeleteBucket', bucket, {}, [false, false, false]],
  ])('%s on %s %j', async (action, resource, context, expected) => {
    const allowed = await Promise.all(
      who.map((name) => isAllowed(stack, { principal: role(name), action, resource, account: home.account, context })),
    );
    expect(allowed).toEqual(expected);
  });

  it.each([
    ['s3:GetObject', config, {}, true],
    ['s3:ListBucket', bucket, listed('kong/'), true],
    ['s3:ListBucket', bucket, listed(''), false],
    ['s3:GetObject', `${bucket}/other/3.9.1/config.json`, {}, false],
    ['s3:GetObject', config, { 'aws:SecureTransport': 'false' }, false],
    ['s3:PutObject', config, {}, false],
    ['s3:DeleteObject', config, {}, false],
  ])(
    'to a role in another account, which has the required policy: %s on %s %j',
    async (action, resource, context, expected) => {
      const request = { principal: foreignRole, action, resource, account: home.account, context };
      expect(await isAllowed(stack, request, { identityPolicies: [required] })).toBe(expected);
      // Without it, and to any other role that has it, nothing.
      expect(await isAllowed(stack, request)).toBe(false);
      const other = { ...request, principal: 'arn:aws:iam::222222222222:role/another' };
      expect(await isAllowed(stack, other, { identityPolicies: [required] })).toBe(false);
    },
  );

  it('a permissions boundary bounds what a grant gives', async () => {
    const boundary = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:Get*', Resource: '*' }],
    });
    const by = (action: string) =>
      isAllowed(stack, { principal: role('exporter'), action, resource: config, account: home.account }, { boundary });
    expect([await by('s3:GetObject'), await by('s3:PutObject')]).toEqual([true, false]);
  });

  it('an open-source exporter may not write election/', async () => {
    const { stack: openSource } = build({ gatewayVersions: ['3.9.1'] });
    const put = (resource: string) =>
      isAllowed(openSource, { principal: role('exporter'), action: 's3:PutObject', resource, account: home.account });
    expect([await put(config), await put(`${bucket}/kong/3.9.1/election/leader`)]).toEqual([true, false]);
  });

  it('with an empty prefix the bucket is the store, and still only its keys are written', async () => {
    const { stack: whole } = build({ prefix: '' });
    const by = (action: string, resource: string, context = {}) =>
      isAllowed(whole, { principal: role('exporter'), action, resource, account: home.account, context });
    expect([
      await by('s3:PutObject', `${bucket}/3.9.1/config.json`),
      await by('s3:ListBucket', bucket),
      await by('s3:ListBucket', bucket, listed('3.9.1/config.json')),
      await by('s3:PutObject', `${bucket}/config.json`),
      await by('s3:PutObject', `${bucket}/3.9.1/other.json`),
      await by('s3:DeleteObject', `${bucket}/3.9.1/config.json`),
    ]).toEqual([true, true, true, false, false, false]);
  });

  it('a user gets the same as a role', async () => {
    const users = render(
      stackOf((scope) => {
        const store = new S3Store(scope, 'Store', { bucketName: 'kong-config', gatewayVersions: ['3.9.1'] });
        store.grantImport(new IamUser(scope, 'Importer', { name: 'importer', path: '/kong/' }));
      }),
    );
    const by = (action: string) =>
      isAllowed(users, {
        principal: 'arn:aws:iam::111111111111:user/kong/importer',
        action,
        resource: config,
        account: home.account,
      });
    expect([await by('s3:GetObject'), await by('s3:PutObject')]).toEqual([true, false]);
  });
});

describe('what KMS allows', () => {
  const { stack, required } = build({ encryption: S3Encryption.ownKey() });
  const via = (service: string, context: string) => ({
    'kms:ViaService': service,
    'kms:EncryptionContext:aws:s3:arn': context,
  });
  const here = 's3.us-east-2.amazonaws.com';
  const object = `${bucket}/kong/3.9.1/config.json`;

  it.each([
    ['kms:GenerateDataKey', key, via(here, bucket), [true, false, false]],
    ['kms:GenerateDataKey', key, via(here, object), [true, false, false]],
    ['kms:Decrypt', key, via(here, bucket), [true, true, false]],
    ['kms:Decrypt', key, via(here, object), [true, true, false]],
    ['kms:Decrypt', key, via(here, `${bucket}/other/3.9.1/config.json`), [false, false, false]],
    ['kms:Decrypt', key, via(here, 'arn:aws:s3:::other'), [false, false, false]],
    ['kms:Decrypt', key, via('s3.us-west-2.amazonaws.com', bucket), [false, false, false]],
    ['kms:Decrypt', key, via('ec2.us-east-2.amazonaws.com', bucket), [false, false, false]],
    ['kms:Decrypt', key, { 'kms:ViaService': here }, [false, false, false]],
    ['kms:Decrypt', key, { 'kms:EncryptionContext:aws:s3:arn': bucket }, [false, false, false]],
    ['kms:Decrypt', key.replace('store-key', 'other-key'), via(here, bucket), [false, false, false]],
    ['kms:Encrypt', key, via(here, bucket), [false, false, false]],
    ['kms:ReEncryptFrom', key, via(here, bucket), [false, false, false]],
    ['kms:CreateGrant', key, via(here, bucket), [false, false, false]],
    ['kms:ScheduleKeyDeletion', key, {}, [false, false, false]],
    ['kms:PutKeyPolicy', key, {}, [false, false, false]],
  ])('%s on %s %j', async (action, resource, context, expected) => {
    const allowed = await Promise.all(
      who.map((name) => isAllowed(stack, { principal: role(name), action, resource, account: home.account, context })),
    );
    expect(allowed).toEqual(expected);
  });

  it.each([
    ['kms:Decrypt', via(here, bucket), true],
    ['kms:Decrypt', via(here, 'arn:aws:s3:::other'), false],
    ['kms:Decrypt', via('s3.us-west-2.amazonaws.com', bucket), false],
    ['kms:GenerateDataKey', via(here, bucket), false],
  ])('to a role in another account: %s %j', async (action, context, expected) => {
    const request = { principal: foreignRole, action, resource: key, account: home.account, context };
    expect(await isAllowed(stack, request, { identityPolicies: [required] })).toBe(expected);
    const other = { ...request, principal: 'arn:aws:iam::222222222222:role/another' };
    expect(await isAllowed(stack, other, { identityPolicies: [required] })).toBe(false);
  });

  it("an administrator of the account keeps the key, by the account's own policies", async () => {
    const admin = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
    });
    const request = { principal: role('admin'), action: 'kms:PutKeyPolicy', resource: key, account: home.account };
    expect(await isAllowed(stack, request, { identityPolicies: [admin] })).toBe(true);
  });

  it('in China the service is named after its own DNS suffix', async () => {
    const china = { ...home, partition: 'aws-cn', dnsSuffix: 'amazonaws.com.cn', region: 'cn-north-1' };
    const scope = stackOf((stack) => {
      const store = new S3Store(stack, 'Store', {
        bucketName: 'kong-config',
        encryption: S3Encryption.ownKey(),
        gatewayVersions: ['3.9.1'],
      });
      store.grantImport(new EcsTaskRole(stack, 'Importer', { name: 'importer' }));
    });
    const ask = (action: string, resource: string, context = {}) =>
      isAllowed(render(scope, china), {
        principal: 'arn:aws-cn:iam::111111111111:role/importer',
        action,
        resource,
        account: china.account,
        context,
      });
    const chinaBucket = 'arn:aws-cn:s3:::kong-config';
    const chinaKey = key.replace('arn:aws:kms:us-east-2', 'arn:aws-cn:kms:cn-north-1');
    expect([
      await ask('s3:GetObject', `${chinaBucket}/kong/3.9.1/config.json`),
      await ask('kms:Decrypt', chinaKey, via('s3.cn-north-1.amazonaws.com.cn', chinaBucket)),
      await ask('kms:Decrypt', chinaKey, via('s3.cn-north-1.amazonaws.com', chinaBucket)),
    ]).toEqual([true, true, false]);
  });
});

describe('with a replica', () => {
  const { stack } = build({
    encryption: S3Encryption.ownKey(),
    region: 'us-east-2',
    replication: S3Replication.toRegion('us-west-2', { bucketName: 'kong-replica' }),
  });
  const replica = 'arn:aws:s3:::kong-replica';
  const replicaKey = 'arn:aws:kms:us-west-2:111111111111:key/store-replica-key-8693e40f';
  const copier = role('kong-replication-store-replica-role-cba7dca9');
  const keyUse = (region: string, context: string) => ({
    'kms:ViaService': `s3.${region}.amazonaws.com`,
    'kms:EncryptionContext:aws:s3:arn': context,
  });
  const ask = (principal: string, action: string, resource: string, context = {}) =>
    isAllowed(stack, { principal, action, resource, account: home.account, context });

  // principal, action, resource, context, allowed
  it.each([
    [role('importer'), 's3:GetObject', `${replica}/kong/3.9.1/config.json`, {}, true],
    [role('importer'), 's3:ListBucket', replica, listed('kong/3.9.1/config.json'), true],
    [role('importer'), 'kms:Decrypt', replicaKey, keyUse('us-west-2', replica), true],
    [role('importer'), 's3:GetObject', `${bucket}/kong/3.9.1/config.json`, {}, false],
    [role('importer'), 'kms:Decrypt', key, keyUse('us-east-2', bucket), false],
    [role('importer'), 's3:PutObject', `${replica}/kong/3.9.1/config.json`, {}, false],
    [role('importer'), 's3:GetObject', `${replica}/kong/3.9.1/config.json`, { 'aws:SecureTransport': 'false' }, false],
    [role('exporter'), 's3:PutObject', `${bucket}/kong/3.9.1/config.json`, {}, true],
    [role('exporter'), 's3:PutObject', `${replica}/kong/3.9.1/config.json`, {}, false],
    [role('exporter'), 's3:GetObject', `${replica}/kong/3.9.1/config.json`, {}, false],
    [copier, 's3:GetReplicationConfiguration', bucket, {}, true],
    [copier, 's3:ListBucket', bucket, {}, true],
    [copier, 's3:GetObjectVersionForReplication', `${bucket}/kong/3.9.1/config.json`, {}, true],
    [copier, 's3:GetObjectVersionForReplication', `${bucket}/kong/3.9.1/kong-resilience.json`, {}, false],
    [copier, 's3:GetObjectVersionForReplication', `${bucket}/kong/3.10.0.2/election/leader`, {}, false],
    [copier, 's3:ReplicateObject', `${replica}/kong/3.9.1/config.json`, {}, true],
    [copier, 's3:ReplicateObject', `${replica}/kong/3.9.1/kong-resilience.json`, {}, false],
    [copier, 's3:ReplicateObject', `${bucket}/kong/3.9.1/config.json`, {}, false],
    [copier, 's3:ReplicateDelete', `${replica}/kong/3.9.1/config.json`, {}, false],
    [copier, 's3:GetObject', `${bucket}/kong/3.9.1/config.json`, {}, false],
    [copier, 's3:PutObject', `${replica}/kong/3.9.1/config.json`, {}, false],
    [copier, 'kms:Decrypt', key, keyUse('us-east-2', bucket), true],
    [copier, 'kms:Decrypt', replicaKey, keyUse('us-west-2', replica), false],
    [copier, 'kms:GenerateDataKey', replicaKey, keyUse('us-west-2', replica), true],
    [copier, 'kms:Encrypt', replicaKey, keyUse('us-west-2', replica), true],
    [copier, 'kms:Encrypt', key, keyUse('us-east-2', bucket), false],
  ])('%s: %s on %s %j is %s', async (principal, action, resource, context, expected) => {
    expect(await ask(principal, action, resource, context)).toBe(expected);
  });

  it('an importer of the primary region reads the bucket itself, and not the replica', async () => {
    const rendered = render(
      stackOf((scope) => {
        const store = new S3Store(scope, 'Store', {
          bucketName: 'kong-config',
          gatewayVersions: ['3.9.1'],
          replication: S3Replication.toRegion('us-west-2', { bucketName: 'kong-replica' }),
        });
        store.primaryRegion.grantImport(new EcsTaskRole(scope, 'Importer', { name: 'importer' }));
      }),
    );
    const get = (of: string) =>
      isAllowed(rendered, {
        principal: role('importer'),
        action: 's3:GetObject',
        resource: `${of}/kong/3.9.1/config.json`,
        account: home.account,
      });
    expect([await get(bucket), await get(replica)]).toEqual([true, false]);
  });
});

describe('in an existing bucket, once its owner has merged the values', () => {
  const existingKey = 'arn:aws:kms:us-east-2:333333333333:key/0000';
  const document = (statements: readonly PolicyStatement[]) =>
    JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const stack = render(
    stackOf((scope) => {
      const store = S3Store.fromBucketName(scope, 'Store', 'kong-config', {
        gatewayVersions: ['3.9.1'],
        kmsKeyArn: existingKey,
      });
      store.grantExport(new EcsTaskRole(scope, 'Exporter', { name: 'exporter' }));
      store.grantImport(new CrossAccountRole(scope, 'Theirs', { roleArn: foreignRole }));
      new S3BucketPolicy(scope, 'Policy', { bucket: 'kong-config', policy: document(store.bucketPolicyStatements) });
      new KmsKeyPolicy(scope, 'KeyPolicy', { keyId: existingKey, policy: document(store.keyPolicyStatements) });
    }),
  );
  const keyPolicy = only(stack, 'aws_kms_key_policy')['policy'] as string;
  const required = requiredOf(stack);
  const use = { 'kms:ViaService': 's3.us-east-2.amazonaws.com', 'kms:EncryptionContext:aws:s3:arn': bucket };

  it.each([
    [role('exporter'), 's3:PutObject', `${bucket}/kong/3.9.1/config.json`, {}, true],
    [role('exporter'), 's3:PutObject', `${bucket}/kong/3.9.1/config.json`, { 'aws:SecureTransport': 'false' }, false],
    [foreignRole, 's3:GetObject', `${bucket}/kong/3.9.1/config.json`, {}, true],
    [foreignRole, 's3:PutObject', `${bucket}/kong/3.9.1/config.json`, {}, false],
    [foreignRole, 's3:GetObject', `${bucket}/theirs/file`, {}, false],
  ])('%s: %s on %s %j is %s', async (principal, action, resource, context, expected) => {
    const beside = principal === foreignRole ? { identityPolicies: [required] } : {};
    expect(await isAllowed(stack, { principal, action, resource, account: home.account, context }, beside)).toBe(
      expected,
    );
  });

  it("does not refuse other people's requests outside of the prefix", async () => {
    const all = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
    });
    const request = {
      principal: role('other'),
      action: 's3:GetObject',
      resource: `${bucket}/theirs/file`,
      account: home.account,
      context: { 'aws:SecureTransport': 'false' },
    };
    expect(await isAllowed(stack, request, { identityPolicies: [all] })).toBe(true);
  });

  it.each([
    [role('exporter'), 'kms:GenerateDataKey', true],
    [role('exporter'), 'kms:Decrypt', true],
    [foreignRole, 'kms:Decrypt', true],
    [foreignRole, 'kms:GenerateDataKey', false],
    [role('other'), 'kms:Decrypt', false],
  ])('by the key of a third account: %s: %s is %s', async (principal, action, expected) => {
    const request = { principal, action, resource: existingKey, account: '333333333333', context: use };
    const beside = {
      resourcePolicy: keyPolicy,
      ...(principal === foreignRole ? { identityPolicies: [required] } : {}),
    };
    expect(await isAllowed(stack, request, beside)).toBe(expected);
  });
});
