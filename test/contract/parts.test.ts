import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareGatewayVersions,
  configKey,
  isLoopback,
  leaseKey,
  nodeIdFor,
  parseGatewayVersion,
  formatStorageUrl,
  parseStorageUrl,
  versionsPrefix,
} from '../../src/contract';
import type { GatewayVersion, StorageUrl } from '../../src/contract';
import { uuidV5 } from '../../src/contract/node-id';
import { environmentOf, plain } from './blocks';

function version(text: string): GatewayVersion {
  const parsed = parseGatewayVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

describe('parseGatewayVersion', () => {
  it('takes three parts as open source and four as Enterprise', () => {
    expect(parseGatewayVersion('3.9.1')).toEqual({ text: '3.9.1', parts: [3, 9, 1], edition: 'open-source' });
    expect(parseGatewayVersion('3.10.0.2')).toEqual({ text: '3.10.0.2', parts: [3, 10, 0, 2], edition: 'enterprise' });
  });

  it.each([
    '',
    'latest',
    '3',
    '3.9',
    '3.9.1.0.0',
    'v3.9.1',
    '3.9.1 ',
    '03.9.1',
    '3.9.x',
    '3.9.1-ubuntu',
    '3.9.-1',
    '3.123456.0',
  ])('takes %j for none', (text) => {
    expect(parseGatewayVersion(text)).toBeUndefined();
  });
});

describe('compareGatewayVersions', () => {
  it('orders by number, not by letter', () => {
    const texts = ['3.10.0', '3.9.1.0', '3.9.1', '2.8.5', '3.9.1.2', '3.9.0', '3.9.1.10', '3.9.10'];
    const sorted = texts.map(version).sort(compareGatewayVersions);
    expect(sorted.map(({ text }) => text)).toEqual([
      '2.8.5',
      '3.9.0',
      '3.9.1',
      '3.9.1.0',
      '3.9.1.2',
      '3.9.1.10',
      '3.9.10',
      '3.10.0',
    ]);
  });

  it('is 0 for equal ones alone, and the opposite the other way round', () => {
    const parts = fc.array(fc.nat(3), { minLength: 3, maxLength: 4 }).map((numbers) => version(numbers.join('.')));
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(compareGatewayVersions(a, b) === 0).toBe(a.text === b.text);
        expect(Math.sign(compareGatewayVersions(a, b))).toBe(0 - Math.sign(compareGatewayVersions(b, a)));
      }),
    );
  });
});

describe('parseStorageUrl', () => {
  it.each<[string, StorageUrl]>([
    ['s3://test-bucket/test-prefix', { scheme: 's3', bucket: 'test-bucket', prefix: 'test-prefix' }],
    ['s3://test-bucket', { scheme: 's3', bucket: 'test-bucket', prefix: '' }],
    ['s3://test-bucket/', { scheme: 's3', bucket: 'test-bucket', prefix: '' }],
    ['s3://test-bucket/a/b/', { scheme: 's3', bucket: 'test-bucket', prefix: 'a/b' }],
    ['s3://abc', { scheme: 's3', bucket: 'abc', prefix: '' }],
    [`s3://${'a'.repeat(63)}`, { scheme: 's3', bucket: 'a'.repeat(63), prefix: '' }],
    [`s3://test-bucket/${'a'.repeat(900)}`, { scheme: 's3', bucket: 'test-bucket', prefix: 'a'.repeat(900) }],
    ['s3://my-point-abc-s3alias', { scheme: 's3', bucket: 'my-point-abc-s3alias', prefix: '' }],
    ['gcs://test-bucket/', { scheme: 'gcs', bucket: 'test-bucket', prefix: '' }],
    ['gs://test_bucket.example/x%20y', { scheme: 'gcs', bucket: 'test_bucket.example', prefix: 'x%20y' }],
    [
      `gcs://${'a'.repeat(63)}.${'b'.repeat(63)}`,
      { scheme: 'gcs', bucket: `${'a'.repeat(63)}.${'b'.repeat(63)}`, prefix: '' },
    ],
    ['file:///var/lib/store/', { scheme: 'file', bucket: '/var/lib/store', prefix: '' }],
    ['file:///Users/a b/store', { scheme: 'file', bucket: '/Users/a b/store', prefix: '' }],
  ])('reads %s', (text, storage) => {
    expect(parseStorageUrl(text)).toEqual({ ok: true, storage });
    expect(formatStorageUrl(storage)).toBe(text.replace(/^gs:/, 'gcs:').replace(/\/$/, ''));
  });

  it('never throws, and never says yes to a bucket or prefix that a key could not be made of', () => {
    const schemes = fc.constantFrom('s3://', 'gcs://', 'gs://', 'file:///', 'azure://', '');
    fc.assert(
      fc.property(schemes, fc.string({ unit: 'binary' }), (scheme, rest) => {
        const result = parseStorageUrl(scheme + rest);
        if (!result.ok) {
          expect(result.refusal.text).not.toBe('');
          return;
        }
        const key = configKey(result.storage, version('3.9.1'));
        expect(key).not.toMatch(/^\/|\/\/|(^|\/)\.\.?(\/|$)/);
        expect(result.storage.bucket).not.toBe('');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('object keys', () => {
  const storage: StorageUrl = { scheme: 's3', bucket: 'test-bucket', prefix: 'test-prefix' };

  it("are Kong's, with a prefix", () => {
    expect(versionsPrefix(storage)).toBe('test-prefix/');
    expect(configKey(storage, version('3.2.0.0'))).toBe('test-prefix/3.2.0.0/config.json');
    expect(leaseKey(storage, version('3.9.1'))).toBe('test-prefix/3.9.1/kong-resilience.json');
  });

  it("are Kong's, without one", () => {
    const bare = { ...storage, prefix: '' };
    expect(versionsPrefix(bare)).toBe('');
    expect(configKey(bare, version('3.2.0.0'))).toBe('3.2.0.0/config.json');
    expect(leaseKey(bare, version('3.9.1'))).toBe('3.9.1/kong-resilience.json');
  });
});

describe('nodeIdFor', () => {
  const environment = environmentOf(plain);
  const own = '3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10';

  it('is a UUID v5: the example of RFC 9562', () => {
    expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  it('stays the same, and differs by host, version and storage', () => {
    const id = nodeIdFor(environment, version('3.9.1'), 'host-a');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(nodeIdFor(environmentOf(plain), version('3.9.1'), 'host-a')).toBe(id);
    const elsewhere = environmentOf({ ...plain, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/other' });
    const others = [
      nodeIdFor(environment, version('3.9.1'), 'host-b'),
      nodeIdFor(environment, version('3.10.0'), 'host-a'),
      nodeIdFor(elsewhere, version('3.9.1'), 'host-a'),
    ];
    expect(new Set([id, ...others]).size).toBe(4);
  });

  it('is the given one with one version, and made of it for each of several', () => {
    const one = environmentOf({ ...plain, KONG_RESILIENCE_NODE_ID: own.toUpperCase() });
    expect(nodeIdFor(one, version('3.9.1'), 'host-a')).toBe(own);
    const two = environmentOf({
      ...plain,
      KONG_RESILIENCE_NODE_ID: own,
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1,3.10.0',
    });
    const ids = two.versions.map((each) => nodeIdFor(two, each, 'host-a'));
    expect(new Set([own, ...ids]).size).toBe(3);
    expect(two.versions.map((each) => nodeIdFor(two, each, 'host-b'))).toEqual(ids);
  });
});

describe('isLoopback', () => {
  it.each(['localhost', 'minio.localhost', '127.0.0.1', '127.1.2.3', '[::1]'])('is %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(['minio', '10.0.0.1', 'localhost.example.com', '127.0.0.1.example.com', '[::2]', '0.0.0.0'])(
    'is not %s',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
