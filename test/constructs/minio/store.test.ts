import { Token, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import type { EnvValues, IMinioStore, MinioStoreProps } from '../../../constructs/minio';
import { MinioEncryption, MinioStore, MinioUser, S3CompatibleStore } from '../../../constructs/minio';
import { annotations, declarationError, newStack, only, paths, resolved, synth } from './harness';

const endpoint = 'https://minio.example.com:9000';

const shown = (values: EnvValues): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toString()]));

function store(props: Partial<MinioStoreProps> = {}): MinioStore {
  return new MinioStore(newStack(), 'Store', { endpoint, bucketName: 'kong-fallback', prefix: 'kong', ...props });
}

describe('MinioStore', () => {
  it('declares a bucket, its versions and its lifecycle, and protects the bucket against being destroyed', () => {
    const stack = newStack();
    const declared = new MinioStore(stack, 'Store', { endpoint, bucketName: 'kong-fallback', tags: { team: 'edge' } });
    declared.addGatewayVersion('3.9.1');
    const { resource } = synth(stack);
    expect(Object.keys(resource).sort()).toEqual(['minio_ilm_policy', 'minio_s3_bucket', 'minio_s3_bucket_versioning']);
    expect(resource['minio_s3_bucket']).toEqual({
      Store_1D2A845B: { bucket: 'kong-fallback', tags: { team: 'edge' }, lifecycle: { prevent_destroy: true } },
    });
    expect(only(stack, 'minio_s3_bucket_versioning')).toEqual({
      bucket: '${minio_s3_bucket.Store_1D2A845B.bucket}',
      versioning_configuration: { status: 'Enabled' },
    });
    expect(annotations(declared)).toEqual([]);
  });

  it('leaves the protection out when it is told to, and then empties the bucket only when it is told to', () => {
    const unprotected = store({ preventDestroy: false });
    expect(only(unprotected.node.scope as never, 'minio_s3_bucket')).toEqual({ bucket: 'kong-fallback' });
    const emptied = store({ preventDestroy: false, forceDestroy: true });
    expect(only(emptied.node.scope as never, 'minio_s3_bucket')).toEqual({
      bucket: 'kong-fallback',
      force_destroy: true,
    });
  });

  it('encrypts only when it is asked to', () => {
    const bucket = '${minio_s3_bucket.Store_1D2A845B.bucket}';
    const managed = store({ encryption: MinioEncryption.serverManaged() });
    expect(only(managed.node.scope as never, 'minio_s3_bucket_server_side_encryption')).toEqual({
      bucket,
      encryption_type: 'AES256',
    });
    const own = store({ encryption: MinioEncryption.withKey('kong') });
    expect(only(own.node.scope as never, 'minio_s3_bucket_server_side_encryption')).toEqual({
      bucket,
      encryption_type: 'aws:kms',
      kms_key_id: 'kong',
    });
  });

  it('has ids that do not change', () => {
    const declared = store({ encryption: MinioEncryption.serverManaged() });
    expect(paths(declared)).toMatchInlineSnapshot(`
      [
        "stack/Store",
        "stack/Store/Resource",
        "stack/Store/Versioning",
        "stack/Store/Encryption",
        "stack/Store/Lifecycle",
      ]
    `);
  });

  it('tells nodes where it is', () => {
    const declared = store({ region: 'eu-west-1' });
    expect(declared.storageUrl).toBe('s3://kong-fallback/kong');
    expect(declared.importStorageUrl).toBe('s3://kong-fallback/kong');
    const environment = {
      AWS_CONFIG_STORAGE_ENDPOINT: endpoint,
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
    };
    expect(shown(declared.exporterEnvironment)).toEqual(environment);
    expect(shown(declared.importerEnvironment)).toEqual(environment);
    expect(shown(store().importerEnvironment)['AWS_REGION']).toBe('us-east-1');
  });

  it.each([
    [undefined, 's3://kong-fallback/kong', 'kong'],
    ['', 's3://kong-fallback/', ''],
    ['kong/', 's3://kong-fallback/kong', 'kong'],
    ['kong/eu', 's3://kong-fallback/kong/eu', 'kong/eu'],
  ])('takes the prefix %j', (prefix, url, kept) => {
    const declared = store({ prefix });
    expect([declared.storageUrl, declared.prefix]).toEqual([url, kept]);
  });

  it('leaves the name to the provider where none is given', () => {
    const stack = newStack();
    const declared = new MinioStore(stack, 'Store', { endpoint, prefix: 'kong' });
    const user = new MinioUser(stack, 'User');
    declared.grantImport(user);
    expect(only(stack, 'minio_s3_bucket')['bucket_prefix']).toBe('kong-resilience-');
    expect(only(stack, 'minio_iam_policy')['policy']).toBe(
      '{"Version":"2012-10-17","Statement":[' +
        '{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::${minio_s3_bucket.Store_1D2A845B.bucket}/kong/*"]},' +
        '{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::${minio_s3_bucket.Store_1D2A845B.bucket}"],' +
        '"Condition":{"StringLike":{"s3:prefix":["kong/*"]}}}]}',
    );
  });

  it('takes tokens in every prop', () => {
    const stack = newStack();
    const text = (name: string): string => new TerraformVariable(stack, name, { type: 'string' }).stringValue;
    const number = (name: string): number => new TerraformVariable(stack, name, { type: 'number' }).numberValue;
    const declared = new MinioStore(stack, 'Store', {
      ...{ endpoint: text('endpoint'), region: text('region'), prefix: text('prefix'), bucketName: text('bucket') },
      encryption: MinioEncryption.withKey(text('key')),
      electionExpirationDays: number('election'),
      noncurrentConfigurationDays: number('days'),
      noncurrentConfigurationVersions: number('versions'),
      tags: { team: text('team') },
    });
    declared.addGatewayVersion(text('version'));
    declared.grantExport(new MinioUser(stack, 'User', { userName: text('user'), secretKey: text('secret') }));
    const { resource } = synth(stack);
    expect(resource['minio_ilm_policy']).toMatchInlineSnapshot(`
      {
        "Store_Lifecycle_7F8F0858": {
          "bucket": "\${minio_s3_bucket.Store_1D2A845B.bucket}",
          "rule": [
            {
              "filter": "\${var.prefix}/",
              "id": "kong-configurations:\${var.prefix}/",
              "noncurrent_expiration": {
                "days": "\${var.days}d",
                "newer_versions": "\${var.versions}",
              },
              "status": "Enabled",
            },
            {
              "filter": "\${var.prefix}/\${var.version}/kong-resilience.json",
              "id": "kong-lease:\${var.prefix}/\${var.version}/kong-resilience.json",
              "noncurrent_expiration": {
                "days": "1d",
              },
              "status": "Enabled",
            },
            {
              "expiration": "\${var.election}d",
              "filter": "\${var.prefix}/\${var.version}/election/",
              "id": "kong-election:\${var.prefix}/\${var.version}/election/",
              "status": "Enabled",
            },
            {
              "expired_object_delete_marker": true,
              "filter": "\${var.prefix}/\${var.version}/election/",
              "id": "kong-election-replaced:\${var.prefix}/\${var.version}/election/",
              "noncurrent_expiration": {
                "days": "1d",
              },
              "status": "Enabled",
            },
          ],
        },
      }
    `);
    expect(resource['minio_iam_policy']).toMatchInlineSnapshot(`
      {
        "User_Policy_D2361256": {
          "name_prefix": "kong-resilience-",
          "policy": "{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::\${minio_s3_bucket.Store_1D2A845B.bucket}/\${var.prefix}/*/config.json","arn:aws:s3:::\${minio_s3_bucket.Store_1D2A845B.bucket}/\${var.prefix}/*/kong-resilience.json","arn:aws:s3:::\${minio_s3_bucket.Store_1D2A845B.bucket}/\${var.prefix}/*/election/*"]},{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::\${minio_s3_bucket.Store_1D2A845B.bucket}/\${var.prefix}/*"]},{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::\${minio_s3_bucket.Store_1D2A845B.bucket}"],"Condition":{"StringLike":{"s3:prefix":["\${var.prefix}/*"]}}}]}",
        },
      }
    `);
    expect(resource['minio_iam_user']).toMatchInlineSnapshot(`
      {
        "User_00B015A1": {
          "name": "\${var.user}",
          "secret": "\${var.secret}",
        },
      }
    `);
    expect(resource['minio_s3_bucket']).toMatchInlineSnapshot(`
      {
        "Store_1D2A845B": {
          "bucket": "\${var.bucket}",
          "lifecycle": {
            "prevent_destroy": true,
          },
          "tags": {
            "team": "\${var.team}",
          },
        },
      }
    `);
    expect(annotations(declared)).toEqual([]);
  });

  it('takes a version that is a token once, however often it is read', () => {
    const declared = store();
    const version = new TerraformVariable(declared, 'version', { type: 'string' });
    declared.addGatewayVersion(version.stringValue);
    const { length } = declared.lifecycleRules;
    declared.addGatewayVersion(version.stringValue);
    expect(declared.lifecycleRules).toHaveLength(length);
  });

  it('tells everything that is wrong with its props at once', () => {
    expect(
      declarationError(() =>
        store({
          ...{ bucketName: 'Kong', endpoint: 'minio:9000', region: 'eu west', prefix: 'kong*' },
          ...{ electionExpirationDays: 0, noncurrentConfigurationDays: 1.5, noncurrentConfigurationVersions: 101 },
        }),
      ),
    ).toMatchInlineSnapshot(`
      "stack/Store: 7 problems
        KR_TF_MINIO_ADDRESS bucketName and prefix: KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://Kong/kong*": the bucket "Kong" is not a legal name. S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end. Did you mean kong?
        KR_TF_MINIO_ADDRESS region: AWS_REGION is "eu west": it must be the name of a region, such as us-east-2.
        KR_TF_MINIO_ADDRESS endpoint: AWS_CONFIG_STORAGE_ENDPOINT is "minio:9000": it has no scheme. Did you mean https://minio:9000 or, without TLS, http://minio:9000?
        KR_TF_MINIO_PREFIX prefix is "kong*": it has *, which means something else in a policy or to Terraform, so that rights could reach beyond the prefix. Use letters, digits, "-", "_", "." and "/".
        KR_TF_MINIO_LIFECYCLE electionExpirationDays is 0: it must be a whole number from 1.
        KR_TF_MINIO_LIFECYCLE noncurrentConfigurationDays is 1.5: it must be a whole number from 1.
        KR_TF_MINIO_LIFECYCLE noncurrentConfigurationVersions is 101: it must be a whole number from 1 to 100."
    `);
  });

  it.each<[Partial<MinioStoreProps>, string]>([
    [
      { endpoint: ' ' },
      'KR_TF_MINIO_ENDPOINT endpoint is empty, and the nodes would look for the bucket on AWS. Give the URL of the store, such as https://minio.example.com:9000.',
    ],
    [
      { endpoint: 'https://user:password@minio.example.com' },
      'KR_TF_MINIO_ADDRESS endpoint: AWS_CONFIG_STORAGE_ENDPOINT is "https://[secret]@minio.example.com": it holds credentials before the "@". Give them in their own variables.',
    ],
    [
      { endpoint: 'https://minio.example.com/kong-fallback' },
      'KR_TF_MINIO_ADDRESS endpoint: AWS_CONFIG_STORAGE_ENDPOINT is "https://minio.example.com/kong-fallback": its path is the bucket, which the storage URL names already. Leave the bucket out of the endpoint: https://minio.example.com.',
    ],
    [
      { endpoint: 's3://minio.example.com' },
      'KR_TF_MINIO_ADDRESS endpoint: AWS_CONFIG_STORAGE_ENDPOINT is "s3://minio.example.com": it must be a URL such as https://store.example.com:9000, with http:// or https://.',
    ],
    [
      { prefix: '/kong' },
      'KR_TF_MINIO_ADDRESS bucketName and prefix: KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://kong-fallback//kong": the prefix starts with a slash. Leave that out.',
    ],
    [
      { prefix: 'kong/config.json' },
      'KR_TF_MINIO_ADDRESS bucketName and prefix: KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3://kong-fallback/kong/config.json": the prefix ends in config.json. Leave out the version and the file name: the nodes add <version>/config.json themselves.',
    ],
    [
      { prefix: 'kong*' },
      'KR_TF_MINIO_PREFIX prefix is "kong*": it has *, which means something else in a policy or to Terraform, so that rights could reach beyond the prefix. Use letters, digits, "-", "_", "." and "/".',
    ],
    [
      { prefix: 'a${b}' },
      'KR_TF_MINIO_PREFIX prefix is "a${b}": it has $, which means something else in a policy or to Terraform, so that rights could reach beyond the prefix. Use letters, digits, "-", "_", "." and "/".',
    ],
    [
      { prefix: 'a\\b' },
      'KR_TF_MINIO_PREFIX prefix is "a\\\\b": it has \\, which means something else in a policy or to Terraform, so that rights could reach beyond the prefix. Use letters, digits, "-", "_", "." and "/".',
    ],
    [
      { electionExpirationDays: -1 },
      'KR_TF_MINIO_LIFECYCLE electionExpirationDays is -1: it must be a whole number from 1.',
    ],
    [
      { noncurrentConfigurationVersions: 0 },
      'KR_TF_MINIO_LIFECYCLE noncurrentConfigurationVersions is 0: it must be a whole number from 1 to 100.',
    ],
  ])('refuses %j', (props, text) => {
    expect(declarationError(() => store(props))).toBe(`stack/Store: 1 problem\n  ${text}`);
  });

  it.each([1, 100])('takes %i noncurrent versions', (noncurrentConfigurationVersions) => {
    expect(() => store({ noncurrentConfigurationVersions })).not.toThrow();
  });

  it('warns of plain HTTP beyond this machine, and of a path', () => {
    const plain = store({ endpoint: 'http://minio:9000' });
    plain.addGatewayVersion('3.9.1');
    expect(annotations(plain)).toEqual([
      'warn KR_TF_MINIO_ADDRESS_DOUBT endpoint: AWS_CONFIG_STORAGE_ENDPOINT is "http://minio:9000/": the configuration, private keys and secrets in it, crosses the network in the clear. Use https:// outside a test.',
    ]);
    const local = store({ endpoint: 'http://localhost:9000' });
    local.addGatewayVersion('3.9.1');
    expect(annotations(local)).toEqual([]);
    const path = store({ endpoint: 'https://example.com/minio' });
    path.addGatewayVersion('3.9.1');
    expect(annotations(path)).toEqual([
      'warn KR_TF_MINIO_ADDRESS_DOUBT endpoint: AWS_CONFIG_STORAGE_ENDPOINT is "https://example.com/minio": it has a path, and every request goes below it. Most stores are at https://example.com; the prefix belongs into KONG_CLUSTER_FALLBACK_CONFIG_STORAGE.',
    ]);
  });

  it('warns when it is synthesized without a gateway version', () => {
    const declared = store();
    expect(annotations(declared)).toEqual([]);
    synth(declared.node.scope as never);
    expect(annotations(declared)).toEqual([
      'warn KR_TF_MINIO_NO_GATEWAY_VERSION no gateway version is known, and MinIO has no wildcards in lifecycle rules: what Enterprise leaves under election/ would never expire, and replaced leases would stay as long as replaced configurations. Give an exporter node this store, or call addGatewayVersion.',
    ]);
  });

  it('refuses a version that is not a full one', () => {
    const declared = store();
    expect(declarationError(() => declared.addGatewayVersion('3.9'))).toBe(
      'stack/Store: 1 problem\n' +
        '  KR_TF_GATEWAY_VERSION version is "3.9": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; this names a series of versions that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
    );
  });
});

describe('MinioStore.fromBucketName', () => {
  const existing = (prefix = 'kong'): IMinioStore =>
    MinioStore.fromBucketName(newStack(), 'Store', 'kong-fallback', { endpoint, prefix });

  it('declares nothing for the bucket, and tells what cannot be checked', () => {
    const imported = existing();
    imported.addGatewayVersion('3.9.1');
    expect(synth(imported.node.scope as never).resource).toEqual({});
    expect(paths(imported)).toEqual(['stack/Store']);
    expect(annotations(imported)).toEqual([
      'info KR_TF_EXISTING_BUCKET_UNCHECKED the bucket kong-fallback exists already, and nothing is declared for it: check that it is versioned, that nobody reads it without keys, and that no expiration, transition or lock reaches a current config.json or kong-resilience.json; merge the rules of the property lifecycleRules into its lifecycle.',
    ]);
    expect(imported.storageUrl).toBe('s3://kong-fallback/kong');
    expect(imported.bucketName).toBe('kong-fallback');
    expect(imported.prefix).toBe('kong');
  });

  it('grants all the same', () => {
    const imported = existing();
    const stack = imported.node.scope as never;
    imported.grantImport(new MinioUser(stack, 'User'));
    expect(only(stack, 'minio_iam_policy')['policy']).toBe(imported.importPolicy);
  });

  it('refuses what MinioStore refuses', () => {
    expect(declarationError(() => existing('kong*'))).toBe(
      'stack/Store: 1 problem\n' +
        '  KR_TF_MINIO_PREFIX prefix is "kong*": it has *, which means something else in a policy or to Terraform, so that rights could reach beyond the prefix. Use letters, digits, "-", "_", "." and "/".',
    );
  });
});

describe('S3CompatibleStore', () => {
  it('declares nothing, and gives what its administrator must set', () => {
    const stack = newStack();
    const compatible = new S3CompatibleStore(stack, 'Store', { endpoint, bucketName: 'kong-fallback', prefix: 'kong' });
    compatible.addGatewayVersion('3.9.1');
    compatible.addGatewayVersion('3.9.1');
    expect(synth(stack).resource).toEqual({});
    expect(paths(compatible)).toEqual(['stack/Store']);
    expect(compatible.storageUrl).toBe('s3://kong-fallback/kong');
    expect(shown(compatible.exporterEnvironment)).toEqual({
      AWS_CONFIG_STORAGE_ENDPOINT: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
    });
    expect(compatible.lifecycleRules).toEqual([
      {
        ID: 'kong-configurations:kong/3.9.1/config.json',
        Status: 'Enabled',
        Filter: { Prefix: 'kong/3.9.1/config.json' },
        NoncurrentVersionExpiration: { NoncurrentDays: 30, NewerNoncurrentVersions: 10 },
      },
      {
        ID: 'kong-lease:kong/3.9.1/kong-resilience.json',
        Status: 'Enabled',
        Filter: { Prefix: 'kong/3.9.1/kong-resilience.json' },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ]);
    expect(annotations(compatible)).toEqual([
      'info KR_TF_EXISTING_BUCKET_UNCHECKED the bucket kong-fallback exists already, and nothing is declared for it: check that it is versioned, that nobody reads it without keys, and that no expiration, transition or lock reaches a current config.json or kong-resilience.json; merge the rules of the property lifecycleRules into its lifecycle.',
    ]);
  });

  it('takes tokens', () => {
    const stack = newStack();
    const bucketName = Token.asString({ resolve: () => 'later' });
    const compatible = new S3CompatibleStore(stack, 'Store', { endpoint, bucketName });
    expect(compatible.storageUrl).toBe(`s3://${bucketName}/kong`);
    expect(resolved(stack, compatible.exportPolicy)).toContain('"arn:aws:s3:::later/kong/*/config.json"');
  });

  it('refuses what MinioStore refuses', () => {
    expect(
      declarationError(
        () => new S3CompatibleStore(new Construct(newStack(), 'In'), 'Store', { endpoint, bucketName: '' }),
      ),
    ).toBe(
      'stack/In/Store: 1 problem\n' +
        '  KR_TF_MINIO_ADDRESS bucketName and prefix: KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "s3:///kong": the bucket is missing. Write it as s3://bucket/prefix.',
    );
  });
});
