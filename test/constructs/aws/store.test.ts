import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { KmsKeyPolicy } from '@cdktf/provider-aws/lib/kms-key-policy';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { TerraformVariable, Testing, type TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  CrossAccountRole,
  EcsTaskRole,
  S3Encryption,
  S3Replication,
  S3Store,
  type EnvValues,
  type IExistingS3Store,
  type S3StoreProps,
} from '../../../constructs/aws';
import { readEnvironment } from '../../../src/contract';
import { home, only, pathsOf, refusalOf, render, stackOf, synth, type Synthesized } from '../support/aws-stack';

const keyArn = 'arn:aws:kms:us-east-2:111111111111:key/0000';

function declare(props: S3StoreProps = {}): { store: S3Store; stack: TerraformStack; synthesized: Synthesized } {
  const made: S3Store[] = [];
  const stack = stackOf((scope) => {
    made.push(new S3Store(scope, 'Store', { gatewayVersions: ['3.9.1'], ...props }));
  });
  const [store] = made;
  if (store === undefined) throw new Error('no store');
  return { store, stack, synthesized: synth(stack) };
}

const texts = (values: EnvValues): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toString()]));

/** Values of a node as Terraform would hand them over. */
function rendered(stack: TerraformStack, values: EnvValues, world = home): Record<string, string> {
  const resolve = (text: string): string =>
    (render(stackWith(stack, text), world).resource['probe']?.['probe']?.['text'] as string) ?? '';
  return Object.fromEntries(Object.entries(texts(values)).map(([name, text]) => [name, resolve(text)]));
}

/** The stack with one more text in it, so that its tokens are resolved like all others. */
function stackWith(stack: TerraformStack, text: string): TerraformStack {
  stack.addOverride('resource.probe.probe.text', text);
  return stack;
}

const warningsOf = (stack: TerraformStack): string[] =>
  stack.node
    .findAll()
    .flatMap((node) =>
      node.node.metadata
        .filter(({ type }) => type === '@cdktf/warn')
        .map(({ data }) => `${node.node.path}: ${data as string}`),
    );

const informationOf = (stack: TerraformStack): string[] =>
  stack.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata.filter(({ type }) => type === '@cdktf/info').map(({ data }) => `${node.path}: ${data as string}`),
    );

const keyUnseen =
  'Stack/Store: KR_TF_S3_EXISTING_KEY whether the policy of the existing key lets IAM policies of this account decide (the default) cannot be seen: it must, or hold the statements in keyPolicyStatements.';

describe('a bucket that is declared', () => {
  it('has one resource per concern, under ids that do not change', () => {
    const { store } = declare({
      encryption: S3Encryption.ownKey(),
      accessLogBucketName: 'logs',
      replication: S3Replication.toRegion('us-west-2'),
    });
    expect(pathsOf(store)).toMatchInlineSnapshot(`
      [
        "Stack/Store",
        "Stack/Store/Resource",
        "Stack/Store/Partition",
        "Stack/Store/Account",
        "Stack/Store/Key",
        "Stack/Store/Encryption",
        "Stack/Store/PublicAccessBlock",
        "Stack/Store/OwnershipControls",
        "Stack/Store/Versioning",
        "Stack/Store/Policy",
        "Stack/Store/Lifecycle",
        "Stack/Store/AccessLog",
        "Stack/Store/Replica",
        "Stack/Store/Replica/Resource",
        "Stack/Store/Replica/Partition",
        "Stack/Store/Replica/Account",
        "Stack/Store/Replica/Key",
        "Stack/Store/Replica/Encryption",
        "Stack/Store/Replica/PublicAccessBlock",
        "Stack/Store/Replica/OwnershipControls",
        "Stack/Store/Replica/Versioning",
        "Stack/Store/Replica/Policy",
        "Stack/Store/Replica/Lifecycle",
        "Stack/Store/Replica/Role",
        "Stack/Store/Replica/RolePolicy",
        "Stack/Store/Replica/Replication",
        "Stack/Store/PrimaryRegion",
      ]
    `);
  });

  it('is private, owned, versioned, encrypted by S3 and guarded, without any prop', () => {
    const stack = stackOf((scope) => new S3Store(scope, 'Store'));
    const synthesized = synth(stack);
    expect(synthesized.resource).toMatchInlineSnapshot(`
      {
        "aws_s3_bucket": {
          "Store_1D2A845B": {
            "force_destroy": false,
            "lifecycle": {
              "prevent_destroy": true,
            },
          },
        },
        "aws_s3_bucket_lifecycle_configuration": {
          "Store_Lifecycle_7F8F0858": {
            "bucket": "\${aws_s3_bucket.Store_1D2A845B.bucket}",
            "depends_on": [
              "aws_s3_bucket_versioning.Store_Versioning_D0B6D452",
            ],
            "rule": [
              {
                "abort_incomplete_multipart_upload": [
                  {
                    "days_after_initiation": 1,
                  },
                ],
                "filter": [
                  {
                    "prefix": "",
                  },
                ],
                "id": "kong-uploads",
                "status": "Enabled",
              },
              {
                "filter": [
                  {
                    "prefix": "kong/",
                  },
                ],
                "id": "kong-configurations:kong/",
                "noncurrent_version_expiration": [
                  {
                    "newer_noncurrent_versions": 10,
                    "noncurrent_days": 30,
                  },
                ],
                "status": "Enabled",
              },
            ],
          },
        },
        "aws_s3_bucket_ownership_controls": {
          "Store_OwnershipControls_6B594578": {
            "bucket": "\${aws_s3_bucket.Store_1D2A845B.bucket}",
            "depends_on": [
              "aws_s3_bucket_public_access_block.Store_PublicAccessBlock_894C6AD5",
            ],
            "rule": {
              "object_ownership": "BucketOwnerEnforced",
            },
          },
        },
        "aws_s3_bucket_policy": {
          "Store_Policy_6C8E4013": {
            "bucket": "\${aws_s3_bucket.Store_1D2A845B.bucket}",
            "depends_on": [
              "aws_s3_bucket_public_access_block.Store_PublicAccessBlock_894C6AD5",
            ],
            "policy": "{"Version":"2012-10-17","Statement":[{"Sid":"KongTlsOnly","Effect":"Deny","Principal":{"AWS":"*"},"Action":["s3:*"],"Resource":["\${aws_s3_bucket.Store_1D2A845B.arn}","\${aws_s3_bucket.Store_1D2A845B.arn}/*"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}}}]}",
          },
        },
        "aws_s3_bucket_public_access_block": {
          "Store_PublicAccessBlock_894C6AD5": {
            "block_public_acls": true,
            "block_public_policy": true,
            "bucket": "\${aws_s3_bucket.Store_1D2A845B.bucket}",
            "ignore_public_acls": true,
            "restrict_public_buckets": true,
          },
        },
        "aws_s3_bucket_server_side_encryption_configuration": {
          "Store_Encryption_7DE2E663": {
            "bucket": "\${aws_s3_bucket.Store_1D2A845B.bucket}",
            "rule": [
              {
                "apply_server_side_encryption_by_default": {
                  "sse_algorithm": "AES256",
                },
              },
            ],
          },
        },
        "aws_s3_bucket_versioning": {
          "Store_Versioning_D0B6D452": {
            "bucket": "\${aws_s3_bucket.Store_1D2A845B.bucket}",
            "versioning_configuration": {
              "status": "Enabled",
            },
          },
        },
      }
    `);
  });

  it('is encrypted by its own key, which rotates, with a bucket key', () => {
    const { synthesized } = declare({ encryption: S3Encryption.ownKey() });
    expect(only(synthesized, 'aws_s3_bucket_server_side_encryption_configuration')['rule']).toEqual([
      {
        apply_server_side_encryption_by_default: {
          kms_master_key_id: '${aws_kms_key.Store_Key_81AFBC5C.arn}',
          sse_algorithm: 'aws:kms',
        },
        bucket_key_enabled: true,
      },
    ]);
    expect(only(synthesized, 'aws_kms_key')).toMatchObject({
      enable_key_rotation: true,
      lifecycle: { prevent_destroy: true },
    });
  });

  it('is encrypted by an existing key, and declares none', () => {
    const { store, stack, synthesized } = declare({ encryption: S3Encryption.existingKey(keyArn) });
    expect(synthesized.resource['aws_kms_key']).toBeUndefined();
    expect(only(synthesized, 'aws_s3_bucket_server_side_encryption_configuration')['rule']).toEqual([
      {
        apply_server_side_encryption_by_default: { kms_master_key_id: keyArn, sse_algorithm: 'aws:kms' },
        bucket_key_enabled: true,
      },
    ]);
    expect(store.keyArn).toBe(keyArn);
    expect(warningsOf(stack)).toEqual([]);
    expect(informationOf(stack)).toEqual([keyUnseen]);
  });

  it('has the given name, or a name with the given start', () => {
    expect(only(declare({ bucketName: 'kong-config' }).synthesized, 'aws_s3_bucket')).toMatchObject({
      bucket: 'kong-config',
    });
    const prefixed = only(declare({ bucketPrefix: 'kong-' }).synthesized, 'aws_s3_bucket');
    expect(prefixed).toMatchObject({ bucket_prefix: 'kong-' });
    expect(prefixed).not.toHaveProperty('bucket');
  });

  it('takes its protection off, and is emptied, when told to', () => {
    const props = { preventDestroy: false, forceDestroy: true, encryption: S3Encryption.ownKey() };
    const { synthesized } = declare({ ...props, replication: S3Replication.toRegion('us-west-2') });
    for (const kind of ['aws_s3_bucket', 'aws_kms_key']) {
      const all = Object.values(synthesized.resource[kind] ?? {});
      expect(all.map(({ lifecycle }) => lifecycle)).toEqual([{ prevent_destroy: false }, { prevent_destroy: false }]);
    }
    const buckets = Object.values(synthesized.resource['aws_s3_bucket'] ?? {});
    expect(buckets.map((bucket) => bucket['force_destroy'])).toEqual([true, true]);
  });

  it('writes access logs where it is told', () => {
    const { synthesized } = declare({ accessLogBucketName: 'logs', accessLogPrefix: 's3/' });
    expect(only(synthesized, 'aws_s3_bucket_logging')).toMatchObject({ target_bucket: 'logs', target_prefix: 's3/' });
    expect(declare().synthesized.resource['aws_s3_bucket_logging']).toBeUndefined();
  });

  it('is tagged, with its key and its replica', () => {
    const { synthesized } = declare({
      tags: { team: 'gateway' },
      encryption: S3Encryption.ownKey(),
      replication: S3Replication.toRegion('us-west-2'),
    });
    for (const [kind, count] of [
      ['aws_s3_bucket', 2],
      ['aws_kms_key', 2],
      ['aws_iam_role', 1],
    ] as const) {
      const all = Object.values(synthesized.resource[kind] ?? {});
      expect(all.map(({ tags }) => tags)).toEqual(Array.from({ length: count }, () => ({ team: 'gateway' })));
    }
  });

  it('is declared with the provider and in the region that it is given', () => {
    const stack = stackOf((scope) => {
      const provider = new AwsProvider(scope, 'second', { alias: 'second' });
      new S3Store(scope, 'Store', {
        provider,
        region: 'eu-west-1',
        gatewayVersions: ['3.9.1'],
        encryption: S3Encryption.ownKey(),
        accessLogBucketName: 'logs',
      });
    });
    const { resource, data } = synth(stack);
    for (const [kind, named] of Object.entries(resource)) {
      for (const attributes of Object.values(named)) {
        expect([kind, attributes]).toEqual([
          kind,
          expect.objectContaining({ provider: 'aws.second', region: 'eu-west-1' }),
        ]);
      }
    }
    for (const attributes of Object.values(data).flatMap((named) => Object.values(named))) {
      expect(attributes).toEqual({ provider: 'aws.second' });
    }
  });
});

describe('what nodes are told', () => {
  it('is the URL and the region under both names', () => {
    const { store, stack } = declare({ bucketName: 'kong-config' });
    const expected = { AWS_REGION: 'us-east-2', AWS_DEFAULT_REGION: 'us-east-2' };
    expect(rendered(stack, store.exporterEnvironment)).toEqual(expected);
    expect(rendered(stack, store.importerEnvironment)).toEqual(expected);
    expect(store.importStorageUrl).toBe(store.storageUrl);
    expect(render(stackWith(stack, store.storageUrl)).resource['probe']?.['probe']).toEqual({
      text: 's3://kong-config/kong',
    });
  });

  it.each([
    ['kong', 's3://kong-config/kong'],
    ['kong/', 's3://kong-config/kong'],
    ['a/b', 's3://kong-config/a/b'],
    ['', 's3://kong-config/'],
  ])('with the prefix "%s" is %s', (prefix, url) => {
    const { store, stack } = declare({ bucketName: 'kong-config', prefix });
    expect(render(stackWith(stack, store.storageUrl)).resource['probe']?.['probe']).toEqual({ text: url });
  });

  it('is the key with which exporters put, in a form that the agent accepts', () => {
    const { store, stack } = declare({ bucketName: 'kong-config', encryption: S3Encryption.ownKey() });
    const values = rendered(stack, store.exporterEnvironment);
    expect(values['KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG']).toBe(
      '{"ServerSideEncryption":"aws:kms","SSEKMSKeyId":"arn:aws:kms:us-east-2:111111111111:key/store-key-81afbc5c"}',
    );
    expect(Object.keys(store.importerEnvironment)).toEqual(['AWS_REGION', 'AWS_DEFAULT_REGION']);
    const read = readEnvironment(
      {
        ...values,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://kong-config/kong',
        KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
        KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
      },
      { command: 'status' },
    );
    expect(read).toMatchObject({
      ok: true,
      environment: {
        aws: {
          region: 'us-east-2',
          putSettings: {
            ServerSideEncryption: 'aws:kms',
            SSEKMSKeyId: 'arn:aws:kms:us-east-2:111111111111:key/store-key-81afbc5c',
          },
        },
      },
    });
  });
});

describe('a replica', () => {
  it('is configured in the region of the bucket', () => {
    const { synthesized } = declare({ region: 'us-east-2', replication: S3Replication.toRegion('us-west-2') });
    expect(only(synthesized, 'aws_s3_bucket_replication_configuration')['region']).toBe('us-east-2');
  });

  it('takes the configurations alone, one rule for each version', () => {
    const { synthesized } = declare({
      bucketName: 'kong-config',
      gatewayVersions: ['3.9.1', '3.10.0.2'],
      replication: S3Replication.toRegion('us-west-2', { bucketName: 'kong-replica' }),
    });
    expect(only(synthesized, 'aws_s3_bucket_replication_configuration')).toMatchInlineSnapshot(`
      {
        "bucket": "\${aws_s3_bucket.Store_1D2A845B.bucket}",
        "depends_on": [
          "aws_s3_bucket_versioning.Store_Versioning_D0B6D452",
          "aws_s3_bucket_versioning.Store_Replica_Versioning_BBA555A4",
          "aws_iam_role_policy.Store_Replica_RolePolicy_8C023F40",
        ],
        "role": "\${aws_iam_role.Store_Replica_Role_CBA7DCA9.arn}",
        "rule": [
          {
            "delete_marker_replication": {
              "status": "Disabled",
            },
            "destination": {
              "bucket": "\${aws_s3_bucket.Store_Replica_DB5C57D7.arn}",
            },
            "filter": {
              "prefix": "kong/3.9.1/config.json",
            },
            "id": "kong-configurations-3.9.1",
            "priority": 1,
            "status": "Enabled",
          },
          {
            "delete_marker_replication": {
              "status": "Disabled",
            },
            "destination": {
              "bucket": "\${aws_s3_bucket.Store_Replica_DB5C57D7.arn}",
            },
            "filter": {
              "prefix": "kong/3.10.0.2/config.json",
            },
            "id": "kong-configurations-3.10.0.2",
            "priority": 2,
            "status": "Enabled",
          },
        ],
      }
    `);
  });

  it('is as private, owned, versioned and encrypted as the bucket', () => {
    const { synthesized } = declare({
      encryption: S3Encryption.ownKey(),
      replication: S3Replication.toRegion('us-west-2'),
    });
    for (const kind of [
      'aws_s3_bucket_public_access_block',
      'aws_s3_bucket_ownership_controls',
      'aws_s3_bucket_versioning',
      'aws_s3_bucket_policy',
      'aws_s3_bucket_server_side_encryption_configuration',
      'aws_s3_bucket_lifecycle_configuration',
    ]) {
      const all = Object.entries(synthesized.resource[kind] ?? {});
      const [here = {}, there = {}] = [false, true].map(
        (replica) => all.find(([name]) => name.startsWith('Store_Replica') === replica)?.[1],
      );
      expect([kind, there['region'], here['region']]).toEqual([kind, 'us-west-2', undefined]);
      const same = ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'];
      for (const attribute of [...same, 'versioning_configuration']) expect(there[attribute]).toEqual(here[attribute]);
    }
    expect(synthesized.resource['aws_kms_key']).toHaveProperty('Store_Replica_Key_8693E40F.region', 'us-west-2');
  });

  it('is copied under its own key when the bucket is encrypted with KMS, or under an existing one', () => {
    const keyOf = (props: S3StoreProps): unknown => {
      const configuration = only(declare(props).synthesized, 'aws_s3_bucket_replication_configuration');
      const [rule] = configuration['rule'] as [Record<string, unknown>];
      return [rule['destination'], rule['source_selection_criteria']];
    };
    const replicaArn = 'arn:aws:kms:us-west-2:111111111111:key/1111';
    const selected = { sse_kms_encrypted_objects: { status: 'Enabled' } };
    const bucket = '${aws_s3_bucket.Store_Replica_DB5C57D7.arn}';
    const destination = (id: string) => ({ bucket, encryption_configuration: { replica_kms_key_id: id } });
    expect([
      keyOf({ replication: S3Replication.toRegion('us-west-2') }),
      keyOf({ encryption: S3Encryption.existingKey(keyArn), replication: S3Replication.toRegion('us-west-2') }),
      keyOf({
        encryption: S3Encryption.ownKey(),
        replication: S3Replication.toRegion('us-west-2', { kmsKeyArn: replicaArn }),
      }),
    ]).toEqual([
      [{ bucket }, undefined],
      [destination('${aws_kms_key.Store_Replica_Key_8693E40F.arn}'), selected],
      [destination(replicaArn), selected],
    ]);
  });

  it('is what importers read, in its region, while exporters write the bucket', () => {
    const { store, stack } = declare({
      bucketName: 'kong-config',
      replication: S3Replication.toRegion('us-west-2', { bucketName: 'kong-replica' }),
    });
    expect(
      rendered(stack, {
        ...store.importerEnvironment,
      }),
    ).toEqual({ AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-west-2' });
    expect(rendered(stack, store.exporterEnvironment)).toEqual({
      AWS_REGION: 'us-east-2',
      AWS_DEFAULT_REGION: 'us-east-2',
    });
    const url = (text: string) => render(stackWith(stack, text)).resource['probe']?.['probe']?.['text'];
    expect([url(store.storageUrl), url(store.importStorageUrl)]).toEqual([
      's3://kong-config/kong',
      's3://kong-replica/kong',
    ]);
    const { primaryRegion } = store;
    expect([url(primaryRegion.storageUrl), url(primaryRegion.importStorageUrl)]).toEqual([
      's3://kong-config/kong',
      's3://kong-config/kong',
    ]);
    expect(rendered(stack, primaryRegion.importerEnvironment)).toEqual(rendered(stack, store.exporterEnvironment));
  });

  it('is declared with a provider of its own, and the replication with that of the store', () => {
    const stack = stackOf((scope) => {
      const second = new AwsProvider(scope, 'west', { alias: 'west', region: 'us-west-2' });
      new S3Store(scope, 'Store', {
        gatewayVersions: ['3.9.1'],
        encryption: S3Encryption.ownKey(),
        replication: S3Replication.withProvider(second, {
          rolePath: '/kong/',
          rolePermissionsBoundary: 'arn:aws:iam::111111111111:policy/boundary',
          accessLogBucketName: 'logs-west',
          accessLogPrefix: 'west/',
        }),
      });
    });
    const { resource } = synth(stack);
    const there = Object.values(resource).flatMap((named) =>
      Object.entries(named).flatMap(([name, { provider }]) =>
        provider === 'aws.west' ? [name.replace(/_\w{8}$/, '')] : [],
      ),
    );
    expect(there.sort()).toEqual([
      'Store_Replica',
      'Store_Replica_AccessLog',
      'Store_Replica_Encryption',
      'Store_Replica_Key',
      'Store_Replica_Lifecycle',
      'Store_Replica_OwnershipControls',
      'Store_Replica_Policy',
      'Store_Replica_PublicAccessBlock',
      'Store_Replica_Versioning',
    ]);
    expect(only(synth(stack), 'aws_iam_role')).toMatchObject({
      path: '/kong/',
      permissions_boundary: 'arn:aws:iam::111111111111:policy/boundary',
    });
    expect(only(synth(stack), 'aws_s3_bucket_logging')).toMatchObject({
      target_bucket: 'logs-west',
      target_prefix: 'west/',
    });
  });

  it('is refused at synth as long as no version is known', () => {
    const stack = stackOf((scope) => new S3Store(scope, 'Store', { replication: S3Replication.toRegion('us-west-2') }));
    expect(() => synth(stack)).toThrow(
      '[Stack/Store] KR_TF_S3_REPLICATION_VERSION replication is set, and no gateway version is known: configurations alone are replicated, by their key, and the version is in it. Give gatewayVersions, or an exporter node this store.',
    );
  });
});

describe('an existing bucket', () => {
  const existing = (options: Parameters<typeof S3Store.fromBucketName>[3] = {}) => {
    const stores: ReturnType<typeof S3Store.fromBucketName>[] = [];
    const stack = stackOf((scope) => {
      stores.push(S3Store.fromBucketName(scope, 'Store', 'theirs', { gatewayVersions: ['3.9.1'], ...options }));
    });
    const [store] = stores;
    if (store === undefined) throw new Error('no store');
    return { store, stack };
  };

  it('gets no resource at all', () => {
    const { store, stack } = existing({ kmsKeyArn: keyArn });
    expect(synth(stack).resource).toEqual({});
    expect(pathsOf(store)).toEqual(['Stack/Store', 'Stack/Store/Partition', 'Stack/Store/Region']);
  });

  const bucketUnseen = (encrypted: string) =>
    `Stack/Store: KR_TF_S3_EXISTING_BUCKET the settings of the bucket "theirs" cannot be seen, and the objects hold private keys. Check that it is ${encrypted} and versioned, that public access is blocked, and that no lifecycle rule or retention lock of its own reaches a config.json or kong-resilience.json; merge bucketPolicyStatements and lifecycleRules into its own.`;

  it('says what could not be checked, once, and asks for the key where none is given', () => {
    const { stack } = existing({ kmsKeyArn: keyArn });
    synth(stack);
    synth(stack);
    expect(informationOf(stack)).toEqual([bucketUnseen('encrypted'), keyUnseen]);
    expect(warningsOf(stack)).toEqual([]);
    const without = existing();
    synth(without.stack);
    expect(informationOf(without.stack)).toEqual([bucketUnseen('encrypted (where by a key of KMS, pass kmsKeyArn)')]);
  });

  const merge = (store: IExistingS3Store): unknown => [store.bucketPolicyStatements, store.lifecycleRules];

  /** What is told of a store in a bucket that the stack declares, by a reference to it or by its name. */
  const declared = (
    build: (stack: TerraformStack) => Parameters<typeof S3Store.fromBucketName>[3],
    named = false,
    read: (store: IExistingS3Store) => unknown = merge,
  ) => {
    const stack = stackOf((scope) => {
      const options = build(scope);
      const store = (bucket: string) =>
        read(S3Store.fromBucketName(scope, 'Store', bucket, { gatewayVersions: ['3.9.1'], ...options }));
      if (named) store('theirs');
      const bucket = new S3Bucket(scope, 'Bucket', { bucket: 'theirs' });
      if (!named) store(bucket.bucket);
    });
    synth(stack);
    return informationOf(stack);
  };

  it('says nothing of a bucket that the stack declares, also after it', () => {
    expect(declared(() => ({}))).toEqual([]);
    expect(declared(() => ({}), true)).toEqual([]);
  });

  it('says what nothing merges into a bucket that the stack declares', () => {
    const told = (read: (store: IExistingS3Store) => unknown, named = false) => declared(() => ({}), named, read);
    const text = (bucket: string, unread: string) =>
      `Stack/Store: KR_TF_S3_NOT_MERGED ${bucket} is declared in this stack, and nothing merges ${unread}. Add them there.`;
    const statements = 'bucketPolicyStatements into its policy';
    const rules = 'lifecycleRules into its lifecycle';
    expect(told(() => undefined)).toEqual([text('the bucket', `${statements} and ${rules}`)]);
    expect(told(({ lifecycleRules }) => lifecycleRules, true)).toEqual([text('the bucket "theirs"', statements)]);
    expect(told(({ bucketPolicyStatements }) => bucketPolicyStatements)).toEqual([text('the bucket', rules)]);
  });

  const toAccount = (more: object = {}) =>
    JSON.stringify({
      Statement: [
        { Effect: 'Deny', Principal: '*', Action: 'kms:Decrypt', Resource: '*' },
        { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111111111111:root' }, Action: 'kms:*', ...more },
      ],
    });

  it('says nothing of a key that the stack declares and whose policy leaves the decision to IAM', () => {
    const key = (policy?: string) => declared((stack) => ({ kmsKeyArn: new KmsKey(stack, 'Key', { policy }).arn }));
    expect(key()).toEqual([]);
    expect(key(toAccount())).toEqual([]);
    expect(key(toAccount({ Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }))).toEqual([keyUnseen]);
    expect(key(toAccount({ Effect: 'Deny' }))).toEqual([keyUnseen]);
    expect(key(toAccount({ Action: 'kms:Decrypt' }))).toEqual([keyUnseen]);
    expect(key(toAccount({ Principal: { AWS: 'arn:aws:iam::111111111111:role/admin' } }))).toEqual([keyUnseen]);
  });

  it('says that the policy of the key has to let in who is of another account, wherever the key is declared', () => {
    const told = (read: (store: IExistingS3Store) => unknown, kmsKeyArn?: string) =>
      declared(
        (stack) => ({ kmsKeyArn: kmsKeyArn ?? new KmsKey(stack, 'Key').arn }),
        false,
        (store) => {
          const roleArn = 'arn:aws:iam::222222222222:role/gateway';
          store.grantImport(new CrossAccountRole(store, 'Theirs', { roleArn }));
          store.grantImport(new EcsTaskRole(store, 'Ours'));
          return [merge(store), read(store)];
        },
      );
    const foreign =
      'Stack/Store: KR_TF_S3_EXISTING_KEY "Stack/Store/Theirs" of another account is granted the store, and nothing reads keyPolicyStatements: the policy of the existing key must hold them, since IAM policies decide for its own account alone. Merge them there, after the last grant: Statement: [...yours, ...store.keyPolicyStatements].';
    expect(told(() => undefined)).toEqual([foreign]);
    expect(told(() => undefined, keyArn)).toEqual([foreign]);
    expect(told(({ keyPolicyStatements }) => keyPolicyStatements)).toEqual([]);
    expect(told(({ keyPolicyStatements }) => keyPolicyStatements, keyArn)).toEqual([keyUnseen]);
    const own = stackOf((stack) => {
      const store = new S3Store(stack, 'Store', {
        gatewayVersions: ['3.9.1'],
        encryption: S3Encryption.existingKey(new KmsKey(stack, 'Key').arn),
      });
      const roleArn = 'arn:aws:iam::222222222222:role/gateway';
      store.grantImport(new CrossAccountRole(store, 'Theirs', { roleArn }));
    });
    synth(own);
    expect(informationOf(own)).toEqual([foreign]);
  });

  it('sees a policy of the key that is a resource of its own, and one that Terraform alone knows', () => {
    const apart = (policy: (stack: TerraformStack) => string, keyId: (key: KmsKey) => string) =>
      declared((stack) => {
        const key = new KmsKey(stack, 'Key');
        new KmsKeyPolicy(stack, 'KeyPolicy', { keyId: keyId(key), policy: policy(stack) });
        return { kmsKeyArn: key.arn };
      });
    const denied = toAccount({ Effect: 'Deny' });
    for (const keyId of [({ id }: KmsKey) => id, (key: KmsKey) => key.keyId, ({ arn }: KmsKey) => arn]) {
      expect(apart(() => toAccount(), keyId)).toEqual([]);
      expect(apart(() => denied, keyId)).toEqual([keyUnseen]);
    }
    expect(
      apart(
        () => denied,
        () => 'another',
      ),
    ).toEqual([]);
    const variable = (stack: TerraformStack) => new TerraformVariable(stack, 'policy', { type: 'string' }).stringValue;
    expect(apart(variable, ({ id }) => id)).toEqual([keyUnseen]);
  });

  it('is in the partition and region of the provider, or in the region that is given', () => {
    const { store, stack } = existing();
    const china = { ...home, partition: 'aws-cn', dnsSuffix: 'amazonaws.com.cn', region: 'cn-north-1' };
    expect(render(stackWith(stack, store.bucketArn), china).resource['probe']?.['probe']).toEqual({
      text: 'arn:aws-cn:s3:::theirs',
    });
    expect(rendered(stack, store.importerEnvironment, china)).toEqual({
      AWS_REGION: 'cn-north-1',
      AWS_DEFAULT_REGION: 'cn-north-1',
    });
    expect(texts(existing({ region: 'eu-west-1' }).store.importerEnvironment)).toEqual({
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
    });
    expect([store.storageUrl, store.importStorageUrl, store.bucketName, store.prefix]).toEqual([
      's3://theirs/kong',
      's3://theirs/kong',
      'theirs',
      'kong',
    ]);
  });

  it('by a key of KMS tells exporters the key', () => {
    const { store } = existing({ kmsKeyArn: keyArn });
    expect(texts(store.exporterEnvironment)).toMatchObject({
      KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: `{"ServerSideEncryption":"aws:kms","SSEKMSKeyId":"${keyArn}"}`,
    });
    expect(Object.keys(store.importerEnvironment)).toEqual(['AWS_REGION', 'AWS_DEFAULT_REGION']);
  });

  it.each([
    [
      'bucketPolicyStatements',
      'a grant to another account',
      (store: ReturnType<typeof existing>['store']) =>
        store.grantImport(new CrossAccountRole(store, 'Late', { roleArn: 'arn:aws:iam::222222222222:role/x' })),
    ],
    [
      'keyPolicyStatements',
      'a grant',
      (store: ReturnType<typeof existing>['store']) => store.grantImport(new EcsTaskRole(store, 'Late')),
    ],
    [
      'lifecycleRules',
      'a version',
      (store: ReturnType<typeof existing>['store']) => store.addGatewayVersion('3.10.0.2'),
    ],
    [
      'bucketPolicyStatements',
      'a version, which may bring rights to election/',
      (store: ReturnType<typeof existing>['store']) => store.addGatewayVersion('3.10.0.2'),
    ],
  ] as const)('whose %s were read before %s says so', (what, _, change) => {
    const { store } = existing({ kmsKeyArn: keyArn });
    store.grantImport(new CrossAccountRole(store, 'Early', { roleArn: 'arn:aws:iam::222222222222:role/y' }));
    expect(store[what]).toBeDefined();
    expect(refusalOf(() => change(store))).toBe(
      `Stack/Store: 1 problem\n  KR_TF_S3_READ_EARLY ${what} was read before this: what was read lacks it. Read ${what} after the last grant and the last node.`,
    );
  });

  it('takes what changes nothing also after they were read', () => {
    const { store } = existing();
    expect(store.bucketPolicyStatements).toHaveLength(1);
    store.addGatewayVersion('3.10.0.2');
    store.grantImport(new EcsTaskRole(store, 'Late'));
    expect(store.bucketPolicyStatements).toHaveLength(1);
    expect(store.lifecycleRules).not.toEqual([]);
    store.addGatewayVersion('3.9.1');
  });
});

describe('versions and grants', () => {
  it('a store that knows no version says so once everything is declared', () => {
    const stack = stackOf((scope) => {
      new S3Store(scope, 'Own');
      S3Store.fromBucketName(scope, 'Existing', 'theirs');
      new S3Store(scope, 'Late').addGatewayVersion('3.9.1');
    });
    synth(stack);
    const text =
      'KR_TF_S3_NO_VERSION no gateway version is known, and S3 has no wildcards in lifecycle rules: what Enterprise leaves under election/ would never expire. Give gatewayVersions, or an exporter node this store.';
    expect(warningsOf(stack).filter((line) => line.includes('NO_VERSION'))).toEqual([
      `Stack/Own: ${text}`,
      `Stack/Existing: ${text}`,
    ]);
  });

  it.each([
    ['no version', [], true],
    ['an open-source one', ['3.9.1'], false],
    ['an Enterprise one', ['3.10.0.2'], true],
    ['both', ['3.9.1', '3.10.0.2'], true],
  ])('with %s known (%j) exporters may write election/: %s', (_, versions, expected) => {
    for (const existing of [false, true]) {
      const stack = stackOf((scope) => {
        const store = existing
          ? S3Store.fromBucketName(scope, 'Store', 'theirs')
          : new S3Store(scope, 'Store', { bucketName: 'theirs' });
        // Before the versions are known: the policy is written when the stack is synthesized.
        store.grantExport(new EcsTaskRole(scope, 'Exporter'));
        for (const version of versions) store.addGatewayVersion(version);
      });
      const policy = only(render(stack), 'aws_iam_role_policy')['policy'] as string;
      expect(policy.includes('/kong/*/election/*')).toBe(expected);
    }
  });

  it('the same grant twice is one', () => {
    const stack = stackOf((scope) => {
      for (const store of [new S3Store(scope, 'Own'), S3Store.fromBucketName(scope, 'Existing', 'theirs')]) {
        const exporter = new EcsTaskRole(store, 'Exporter');
        const importer = new EcsTaskRole(store, 'Importer');
        [exporter, exporter].forEach((principal) => store.grantExport(principal));
        [importer, importer].forEach((principal) => store.grantImport(principal));
      }
    });
    const policies = Object.values(synth(stack).resource['aws_iam_role_policy'] ?? {});
    expect(policies.map(({ name }) => name)).toEqual([
      'kong-Export-Existing',
      'kong-Import-Existing',
      'kong-Export-Own',
      'kong-Import-Own',
    ]);
  });

  it('a declared key needs no statements of others, and an existing one gets all', () => {
    const { store: own } = declare({ encryption: S3Encryption.ownKey() });
    own.grantImport(new EcsTaskRole(own, 'Importer'));
    expect(own.keyPolicyStatements).toEqual([]);
    const { store } = declare({ encryption: S3Encryption.existingKey(keyArn), region: 'us-east-2' });
    store.grantExport(new EcsTaskRole(store, 'Exporter'));
    store.grantImport(new EcsTaskRole(store, 'Importer'));
    expect(store.keyPolicyStatements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [['kms:GenerateDataKey', 'kms:Decrypt'], ['*']],
      [['kms:Decrypt'], ['*']],
    ]);
    expect(refusalOf(() => store.grantImport(new EcsTaskRole(store, 'Late')))).toBe(
      'Stack/Store: 1 problem\n  KR_TF_S3_READ_EARLY keyPolicyStatements was read before this: what was read lacks it. Read keyPolicyStatements after the last grant and the last node.',
    );
  });
});

it('Testing.synth without validators gives the same resources', () => {
  const { stack, synthesized } = declare({ replication: S3Replication.toRegion('us-west-2') });
  expect((JSON.parse(Testing.synth(stack)) as Synthesized).resource).toEqual(synthesized.resource);
});
