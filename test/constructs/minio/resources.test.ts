import { readFileSync } from 'node:fs';
import { DefaultTokenResolver, Fn, StringConcat, TerraformVariable, Testing, Tokenization } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  MinioIamPolicy,
  MinioIamServiceAccount,
  MinioIamUser,
  MinioIamUserPolicyAttachment,
  MinioIlmPolicy,
  MinioProvider,
  MinioS3Bucket,
  MinioS3BucketPolicy,
  MinioS3BucketServerSideEncryption,
  MinioS3BucketVersioning,
} from '../../../constructs/minio';
import { newStack, only, synth } from './harness';

/** A secret, which no stack holds as text. */
const token = Fn.sensitive('x') as string;

interface Block {
  readonly attributes: Readonly<Record<string, { required?: boolean; optional?: boolean; deprecated?: boolean }>>;
  readonly blocks: Readonly<Record<string, Block>>;
}

const schema = JSON.parse(readFileSync('test/constructs/support/minio-schema.json', 'utf8')) as {
  readonly provider: Block;
  readonly resources: Readonly<Record<string, Block>>;
};

/** Every name that can be set in a block, with dots between blocks; what is deprecated is left out. */
function settable({ attributes, blocks }: Block, before = ''): string[] {
  return [
    ...Object.entries(attributes)
      .filter(([, { required, optional, deprecated }]) => (required || optional) && !deprecated)
      .map(([name]) => before + name),
    ...Object.entries(blocks).flatMap(([name, block]) => [before + name, ...settable(block, `${before}${name}.`)]),
  ].sort();
}

/** The same of what was synthesized. */
function used(values: object, before = ''): string[] {
  return Object.entries(values)
    .flatMap(([name, value]: [string, unknown]) => {
      const inner = Array.isArray(value) ? value[0] : value;
      const isBlock = typeof inner === 'object' && inner !== null && name !== 'tags';
      return [before + name, ...(isBlock ? used(inner as object, `${before}${name}.`) : [])];
    })
    .sort();
}

const tags = { 'Own-Key': 'kept', second: 'b' };
const timeouts = { create: '1m', read: '1m', update: '1m', delete: '1m' };

const everything = {
  minio_s3_bucket: (stack) =>
    new MinioS3Bucket(stack, 'A', {
      ...{ bucket: 'kong', bucketPrefix: 'kong-', acl: 'private', forceDestroy: true, objectLocking: false },
      ...{ quota: 5, tags },
    }),
  minio_s3_bucket_versioning: (stack) =>
    new MinioS3BucketVersioning(stack, 'A', {
      bucket: 'kong',
      versioningConfiguration: { status: 'Enabled', excludeFolders: true, excludedPrefixes: ['a'] },
      timeouts,
    }),
  minio_s3_bucket_server_side_encryption: (stack) =>
    new MinioS3BucketServerSideEncryption(stack, 'A', { bucket: 'kong', encryptionType: 'aws:kms', kmsKeyId: 'key' }),
  minio_ilm_policy: (stack) =>
    new MinioIlmPolicy(stack, 'A', {
      bucket: 'kong',
      rule: [
        {
          ...{ id: 'a', status: 'Enabled', filter: 'x/', expiration: '7d', expiredObjectDeleteMarker: false, tags },
          noncurrentExpiration: { days: '1d', newerVersions: 2 },
          noncurrentTransition: { days: '1d', newerVersions: 2, storageClass: 'COLD' },
          transition: { days: '1d', date: '2030-01-01', storageClass: 'COLD' },
          abortIncompleteMultipartUpload: { daysAfterInitiation: '1d' },
        },
      ],
    }),
  minio_s3_bucket_policy: (stack) => new MinioS3BucketPolicy(stack, 'A', { bucket: 'kong', policy: '{}', timeouts }),
  minio_iam_user: (stack) =>
    new MinioIamUser(stack, 'A', {
      ...{ name: 'kong', secret: token, secretWo: token, secretWoVersion: 1, updateSecret: true, disableUser: false },
      ...{ forceDestroy: true, tags },
    }),
  minio_iam_policy: (stack) => new MinioIamPolicy(stack, 'A', { policy: '{}', name: 'kong', namePrefix: 'kong-' }),
  minio_iam_user_policy_attachment: (stack) =>
    new MinioIamUserPolicyAttachment(stack, 'A', { userName: 'kong', policyName: 'kong' }),
  minio_iam_service_account: (stack) =>
    new MinioIamServiceAccount(stack, 'A', {
      ...{ targetUser: 'kong', policy: '{}', name: 'n', description: 'd', expiration: '2030-01-01T00:00:00Z' },
      ...{ disableUser: false, updateSecret: false, secretKeyWo: token, secretKeyWoVersion: 1 },
    }),
} satisfies Record<string, (stack: ReturnType<typeof newStack>) => unknown>;

describe("the provider's resources", () => {
  it('are those of the schema', () => {
    expect(Object.keys(everything).sort()).toEqual(Object.keys(schema.resources).sort());
  });

  it.each(Object.entries(everything))('%s has every argument of the documentation by its name', (type, declare) => {
    const stack = newStack();
    declare(stack);
    expect(used(only(stack, type))).toEqual(settable(schema.resources[type] as Block));
  });

  it('leaves out what is not set, and keeps the keys of tags', () => {
    const stack = newStack();
    new MinioS3Bucket(stack, 'A', { bucket: 'kong', tags });
    expect(only(stack, 'minio_s3_bucket')).toEqual({ bucket: 'kong', tags });
  });

  it('has the attributes that the server computes as tokens', () => {
    const stack = newStack();
    const bucket = new MinioS3Bucket(stack, 'B');
    const user = new MinioIamUser(stack, 'U', { name: 'kong' });
    const policy = new MinioIamPolicy(stack, 'P', { policy: '{}' });
    const account = new MinioIamServiceAccount(stack, 'S', { targetUser: 'kong' });
    const values = [
      ...[bucket.bucket, bucket.arn, bucket.bucketDomainName, bucket.id, user.name, user.secret, user.status],
      ...[policy.name, account.accessKey, account.secretKey, account.status],
    ];
    expect(
      values.map(
        (value) =>
          Tokenization.resolve(value, {
            scope: stack,
            preparing: false,
            resolver: new DefaultTokenResolver(new StringConcat()),
          }) as unknown,
      ),
    ).toEqual([
      ...['bucket', 'arn', 'bucket_domain_name', 'id'].map((name) => `\${minio_s3_bucket.B.${name}}`),
      ...['name', 'secret', 'status'].map((name) => `\${minio_iam_user.U.${name}}`),
      '${minio_iam_policy.P.name}',
      ...['access_key', 'secret_key', 'status'].map((name) => `\${minio_iam_service_account.S.${name}}`),
    ]);
  });

  it('takes the arguments that Terraform itself knows', () => {
    const stack = newStack();
    const provider = new MinioProvider(stack, 'Minio', { minioServer: 'a:9000', alias: 'second' });
    const bucket = new MinioS3Bucket(stack, 'B', { bucket: 'kong', provider, lifecycle: { preventDestroy: true } });
    new MinioS3BucketVersioning(stack, 'V', {
      bucket: 'kong',
      versioningConfiguration: { status: 'Enabled' },
      dependsOn: [bucket],
    });
    expect(only(stack, 'minio_s3_bucket')).toEqual({
      bucket: 'kong',
      provider: 'minio.second',
      lifecycle: { prevent_destroy: true },
    });
    expect(only(stack, 'minio_s3_bucket_versioning')['depends_on']).toEqual(['minio_s3_bucket.B']);
  });

  it('takes a token for a boolean', () => {
    const stack = newStack();
    const forceDestroy = new TerraformVariable(stack, 'force', { type: 'bool' }).booleanValue;
    new MinioS3Bucket(stack, 'A', { bucket: 'kong', forceDestroy });
    expect(only(stack, 'minio_s3_bucket')).toEqual({ bucket: 'kong', force_destroy: '${var.force}' });
  });

  it('is written as HCL too', () => {
    const stack = newStack();
    new MinioProvider(stack, 'Minio', { minioServer: 'a:9000', minioSsl: true });
    everything.minio_s3_bucket(stack);
    new MinioIlmPolicy(stack, 'L', {
      bucket: 'kong',
      rule: [
        { id: 'a', filter: 'x/', tags: undefined, noncurrentExpiration: { days: '30d', newerVersions: 10 } },
        { id: 'b', expiredObjectDeleteMarker: true },
      ],
    });
    new MinioS3BucketVersioning(stack, 'V', {
      bucket: 'kong',
      versioningConfiguration: { status: 'Enabled', excludedPrefixes: ['x', 'y'] },
    });
    expect(Testing.synthHcl(stack)).toMatchInlineSnapshot(`
      "terraform {
      required_providers {
        minio = {
      version = "~> 3.38"
      source = "aminueza/minio"
      }
      }


      }

      provider "minio" {
      minio_server = "a:9000"
      minio_ssl = true
      }
      resource "minio_s3_bucket" "A" {
      bucket = "kong"
      bucket_prefix = "kong-"
      acl = "private"
      force_destroy = true
      object_locking = false
      quota = 5
      tags = {
      Own-Key = "kept"
      second = "b"
      }
      }
      resource "minio_ilm_policy" "L" {
      bucket = "kong"
      rule {
      id = "a"
      filter = "x/"
      noncurrent_expiration {
      days = "30d"
      newer_versions = 10
      }
      }
      rule {
      id = "b"
      expired_object_delete_marker = true
      }
      }
      resource "minio_s3_bucket_versioning" "V" {
      bucket = "kong"
      versioning_configuration {
      status = "Enabled"
      excluded_prefixes = [
      "x",
      "y"
      ]
      }
      }"
    `);
  });
});

describe('MinioProvider', () => {
  it('has every argument of the documentation by its name, and asks for the release that it follows', () => {
    const stack = newStack();
    new MinioProvider(stack, 'Minio', {
      ...{
        minioServer: 'minio:9000',
        minioUser: 'a',
        minioPassword: token,
        minioSessionToken: token,
        minioRegion: 'd',
      },
      ...{ minioApiVersion: 'v4', minioSsl: true, minioInsecure: false, minioCacertFile: 'e', minioCertFile: 'f' },
      ...{ minioKeyFile: 'g', minioDebug: false, skipBucketTagging: false, s3CompatMode: false },
      ...{ requestTimeoutSeconds: 30, maxRetries: 6, retryDelayMs: 1000 },
      assumeRole: { roleArn: 'a', sessionName: 'b', durationSeconds: 900, policy: '{}', externalId: 'c' },
      assumeRoleWithWebIdentity: { webIdentityToken: token, webIdentityTokenFile: 'b', durationSeconds: 900 },
    });
    const { provider, terraform } = synth(stack);
    expect(used(provider['minio']?.[0] ?? {})).toEqual(settable(schema.provider));
    expect(terraform.required_providers).toEqual({ minio: { source: 'aminueza/minio', version: '~> 3.38' } });
  });
});
