import { describe, expect, it } from 'vitest';
import { environmentVariables } from '../../src/contract';
import { environmentOf, plain, textsOf } from './blocks';

const s3Settings = 'KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG';

describe('an environment', () => {
  it('has the documented defaults', () => {
    expect(environmentOf(plain)).toEqual({
      role: { export: true, import: false },
      versions: [{ text: '3.9.1', parts: [3, 9, 1], edition: 'open-source' }],
      storage: { scheme: 's3', bucket: 'test-bucket', prefix: 'test-prefix' },
      aws: { region: 'us-east-2', putSettings: {} },
      google: {},
      cluster: {
        controlPlane: { host: '127.0.0.1', port: 8005 },
        controlPlaneIsDefault: true,
        mtls: 'shared',
        trusted: [],
        trustSystem: true,
        maxPayloadBytes: 16_777_216,
        labels: {},
      },
      plugins: [],
      adminUrl: new URL('http://127.0.0.1:8001'),
      exportDelayMs: 60_000,
      maxConfigBytes: 268_435_456,
      leaseMs: 60_000,
      reconnectMs: 900_000,
      silenceMs: 60_000,
      storeTimeoutMs: 60_000,
      importPolicy: 'fallback',
      importDeadlineMs: 60_000,
      controlPlaneTimeoutMs: 10_000,
      olderVersions: true,
      checkMaxAge: { ms: 7_200_000, explicit: false },
      handoverDir: '/var/lib/kong-resilience/handover',
      spool: { dir: '/var/lib/kong-resilience/spool', explicit: false },
      shutdownMs: 25_000,
      log: { level: 'info', format: 'auto' },
      warnings: [],
    });
  });

  it('says the same when every default is written out', () => {
    const defaults = environmentVariables.flatMap(({ name, default: value }) =>
      value === undefined ? [] : [[name, value]],
    );
    const written = environmentOf({ ...Object.fromEntries(defaults), ...plain } as Record<string, string>);
    const spool = { dir: '/var/lib/kong-resilience/spool', explicit: true };
    const checkMaxAge = { ms: 7_200_000, explicit: true };
    const named = environmentOf({ ...plain, KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:8005' });
    expect(written).toEqual({ ...named, spool, checkMaxAge });
  });

  it('carries what is set', () => {
    const environment = environmentOf({
      ...plain,
      KONG_CLUSTER_CONTROL_PLANE: ' cp.example.com:443 ',
      KONG_CLUSTER_MTLS: 'pki_check_cn',
      KONG_CLUSTER_SERVER_NAME: 'cp.internal',
      KONG_CLUSTER_DP_LABELS: 'env:prod, zone:eu-1',
      KONG_CLUSTER_USE_PROXY: 'on',
      KONG_PROXY_SERVER: 'http://user:p%40ss@proxy:3128',
      KONG_PLUGINS: 'bundled, my-plugin,other_plugin,my-plugin',
      KONG_LOG_LEVEL: 'crit',
      KONG_ADMIN_TOKEN: 'token',
      KONG_RESILIENCE_IMPORT: 'always',
      KONG_RESILIENCE_IMPORT_OLDER_VERSION: 'off',
      KONG_RESILIENCE_HANDOVER_DIR: '/shared//handover/',
      KONG_RESILIENCE_HANDOVER_GROUP: '1000',
      KONG_RESILIENCE_SPOOL_DIR: '/spool',
      KONG_RESILIENCE_NODE_ID: '3F2C8A52-6F0A-4C55-9B1E-5F1F2F2F7A10',
      KONG_RESILIENCE_STATUS_LISTEN: '0.0.0.0:8101',
      KONG_RESILIENCE_LOG_FORMAT: 'json',
    });
    expect(environment).toMatchObject({
      cluster: {
        controlPlane: { host: 'cp.example.com', port: 443 },
        mtls: 'pki_check_cn',
        serverName: 'cp.internal',
        labels: { env: 'prod', zone: 'eu-1' },
      },
      plugins: ['my-plugin', 'other_plugin'],
      importPolicy: 'always',
      olderVersions: false,
      handoverDir: '/shared/handover',
      handoverGroup: 1000,
      spool: { dir: '/spool', explicit: true },
      nodeId: '3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10',
      statusListen: { host: '0.0.0.0', port: 8101 },
      log: { level: 'error', format: 'json' },
      warnings: [],
    });
    expect(environment.cluster.proxy?.reveal().href).toBe('http://user:p%40ss@proxy:3128/');
    expect(environment.adminToken?.reveal()).toBe('token');
    expect(environment.cluster).not.toHaveProperty('controlPlaneIsDefault');
  });

  it('has no proxy while KONG_CLUSTER_USE_PROXY is off', () => {
    expect(environmentOf({ ...plain, KONG_PROXY_SERVER: 'http://proxy:3128' }).cluster.proxy).toBeUndefined();
  });

  it.each([
    ['debug', 'debug'],
    ['info', 'info'],
    ['notice', 'info'],
    ['warn', 'warn'],
    ['error', 'error'],
    ['crit', 'error'],
    ['alert', 'error'],
    ['emerg', 'error'],
  ])("logs at Kong's level %s as %s", (level, ours) => {
    expect(environmentOf({ ...plain, KONG_LOG_LEVEL: level }).log.level).toBe(ours);
  });
});

describe('the version', () => {
  it("is Kong's own where ours is not set", () => {
    const { versions } = environmentOf({
      ...plain,
      KONG_RESILIENCE_GATEWAY_VERSION: undefined,
      KONG_VERSION: '3.10.0.2',
    });
    expect(versions.map(({ text }) => text)).toEqual(['3.10.0.2']);
  });

  it("is ours where both are set, and Kong's is not even read", () => {
    const { versions } = environmentOf({ ...plain, KONG_VERSION: 'latest' });
    expect(versions.map(({ text }) => text)).toEqual(['3.9.1']);
  });

  it('may be several for an exporter, for status and for check', () => {
    const block = { ...plain, KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1, 3.10.0' };
    expect(environmentOf(block).versions.map(({ text }) => text)).toEqual(['3.9.1', '3.10.0']);
    const both = { ...block, KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' };
    expect(environmentOf(both, 'status').versions).toHaveLength(2);
    expect(environmentOf(both, 'check').versions).toHaveLength(2);
    expect(environmentOf(both, 'export').versions).toHaveLength(2);
  });
});

describe('the role', () => {
  const off = { ...plain, KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: undefined };
  const both = { ...plain, KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' };

  it('is both when both switches are on', () => {
    expect(environmentOf(both).role).toEqual({ export: true, import: true });
  });

  it('is that of the command, which stands for a switch that is not set', () => {
    expect(environmentOf(off, 'export').role).toEqual({ export: true, import: false });
    expect(environmentOf(off, 'import').role).toEqual({ export: false, import: true });
    expect(environmentOf(both, 'export').role).toEqual({ export: true, import: false });
    expect(environmentOf(both, 'import').role).toEqual({ export: false, import: true });
  });

  it('may be none for status and for check', () => {
    expect(environmentOf(off, 'status').role).toEqual({ export: false, import: false });
    expect(environmentOf(off, 'check').role).toEqual({ export: false, import: false });
  });

  it('of an import is wrong on a control plane also for the command export', () => {
    const block = { ...both, KONG_ROLE: 'control_plane' };
    expect(textsOf(block, 'export').problems).toEqual(textsOf(block, 'run').problems);
    expect(textsOf(block, 'export').problems).toHaveLength(1);
  });

  it('may be an export on a control plane', () => {
    expect(
      textsOf(
        { ...plain, KONG_ROLE: 'control_plane', KONG_DATABASE: 'postgres', KONG_RESILIENCE_ADMIN_URL: '' },
        'status',
      ),
    ).toEqual({
      problems: [],
      warnings: [],
    });
  });
});

describe('the store', () => {
  const region = (block: Record<string, string>) => environmentOf({ ...plain, AWS_REGION: '', ...block }).aws.region;

  it('takes the region of either variable, or of both when they agree', () => {
    expect(region({ AWS_REGION: 'eu-west-1' })).toBe('eu-west-1');
    expect(region({ AWS_DEFAULT_REGION: 'eu-west-1' })).toBe('eu-west-1');
    expect(region({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' })).toBe('eu-west-1');
  });

  it('needs no region beside an endpoint of another store', () => {
    expect(region({ AWS_CONFIG_STORAGE_ENDPOINT: 'https://minio:9000' })).toBe('us-east-1');
  });

  it('needs neither region nor credentials for other schemes', () => {
    for (const storage of ['gcs://test-bucket', 'file:///tmp/store']) {
      const block = { ...plain, AWS_REGION: '', AWS_ACCESS_KEY_ID: 'x', KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: storage };
      expect(textsOf(block)).toEqual({ problems: [], warnings: [] });
    }
  });

  it('warns of plain http only beyond this machine', () => {
    for (const endpoint of [
      'http://127.0.0.1:9000',
      'http://localhost:9000/',
      'http://[::1]:9000',
      'https://minio:9000',
    ]) {
      expect(textsOf({ ...plain, AWS_CONFIG_STORAGE_ENDPOINT: endpoint })).toEqual({ problems: [], warnings: [] });
    }
  });

  it('takes each S3 setting that may be added', () => {
    const settings = {
      BucketKeyEnabled: true,
      CacheControl: 'no-store',
      ContentDisposition: 'attachment',
      ContentLanguage: 'en',
      ExpectedBucketOwner: '123456789012',
      RequestPayer: 'requester',
      SSEKMSEncryptionContext: 'e30=',
      SSEKMSKeyId: 'arn:aws:kms:us-east-2:123456789012:key/x',
      ServerSideEncryption: 'aws:kms',
      StorageClass: 'STANDARD_IA',
      Tagging: 'a=b',
    };
    expect(environmentOf({ ...plain, [s3Settings]: JSON.stringify(settings) }).aws.putSettings).toEqual(settings);
  });

  it.each([
    ['Bucket', 'bucket and key come from KONG_CLUSTER_FALLBACK_CONFIG_STORAGE'],
    ['Key', 'bucket and key come from KONG_CLUSTER_FALLBACK_CONFIG_STORAGE'],
    ...[
      'Body',
      'ContentLength',
      'ContentMD5',
      'ContentType',
      'ContentEncoding',
      'ChecksumAlgorithm',
      'ChecksumSHA256',
      'ChecksumCRC32',
    ].map((name) => [name, 'body, type and checksums are those of the configuration']),
    ...['IfMatch', 'IfNoneMatch', 'WriteOffsetBytes'].map((name) => [
      name,
      'the conditions keep a paused exporter from overwriting a newer configuration',
    ]),
    ['Metadata', 'the metadata says which configuration this is'],
    ...['ACL', 'GrantRead', 'GrantFullControl', 'GrantReadACP', 'GrantWriteACP'].map((name) => [
      name,
      'access is granted on the bucket: the object holds private keys in the clear',
    ]),
    ...['SSECustomerAlgorithm', 'SSECustomerKey', 'SSECustomerKeyMD5'].map((name) => [
      name,
      'an object under a customer-provided key could not be read by the importers',
    ]),
  ])('refuses the S3 setting %s, which is ours', (name, reason) => {
    expect(textsOf({ ...plain, [s3Settings]: JSON.stringify({ [String(name)]: 'x' }) }).problems).toEqual([
      `KR_ENV_S3_SETTINGS_OURS ${s3Settings}: it must not set ${name}: ${reason}.`,
    ]);
  });

  it('takes a Google endpoint', () => {
    const block = {
      ...plain,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gs://test-bucket',
      KONG_RESILIENCE_GCS_ENDPOINT: 'http://127.0.0.1:4443',
    };
    expect(environmentOf(block).google.endpoint?.href).toBe('http://127.0.0.1:4443/');
  });
});
