import { describe, expect, it } from 'vitest';
import {
  MAX_METADATA_BYTES,
  parseSnapshotMetadata,
  readSnapshotMetadata,
  snapshotMetadata,
  type SnapshotMetadata,
} from '../../src/snapshot';
import { parsed, refusal } from './support';

const metadata: SnapshotMetadata = {
  sha256: 'ab'.repeat(32),
  md5: 'cd'.repeat(16),
  enterprise: false,
  configHash: parsed.config_hash,
  hashes: parsed.hashes,
  receivedAt: new Date('2026-01-02T03:04:05.678Z'),
  by: 'exporter-1/0.1.0',
  term: 7,
  counter: 42,
  source: 'control plane cp.example.com:8005',
};

const size = (record: Record<string, string>): number =>
  Object.entries(record).reduce((sum, [key, value]) => sum + key.length + value.length, 0);

describe('snapshot metadata', () => {
  it('is written in the documented form', () => {
    const { hashes: packed, ...rest } = Object.fromEntries(
      Object.entries(snapshotMetadata(metadata)).map(([key, value]) => [key.replace('kong-resilience-', ''), value]),
    );
    expect(rest).toEqual({
      format: '1',
      sha256: 'ab'.repeat(32),
      md5: 'cd'.repeat(16),
      enterprise: 'false',
      'config-hash': 'a884d4352f2f2ba2322fea67b7d29d01',
      'received-at': '2026-01-02T03:04:05.678Z',
      by: 'exporter-1/0.1.0',
      term: '7',
      counter: '42',
      source: 'control plane cp.example.com:8005',
    });
    expect(packed).toMatch(/^config:a884d4352f2f2ba2322fea67b7d29d01,upstreams:[0-9a-f]{32},/);
  });

  it('is read back as it was, with and without what may be absent', () => {
    expect(parseSnapshotMetadata(snapshotMetadata(metadata))).toEqual(metadata);
    const { sha256, receivedAt, by, term, counter } = metadata;
    const bare = { sha256, receivedAt, by, term, counter };
    expect(parseSnapshotMetadata(snapshotMetadata(bare))).toEqual(bare);
    expect(Object.keys(snapshotMetadata(bare)).sort()).toEqual(
      ['by', 'counter', 'format', 'received-at', 'sha256', 'term'].map((name) => `kong-resilience-${name}`),
    );
  });

  it('stays within 1,280 bytes of printable ASCII, whatever it holds', () => {
    const hashes = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`${'abcdefghij'[index]}_______________`, 'f'.repeat(32)]),
    );
    const record = snapshotMetadata({
      ...metadata,
      hashes,
      receivedAt: new Date(8.64e15),
      by: `${'\u{1f600}-b\u00fcro'.repeat(500)}/0.1.0`,
      term: 2 ** 48 - 1,
      counter: 2 ** 48 - 1,
      source: 's'.repeat(5000),
    });
    expect(size(record)).toBeLessThanOrEqual(MAX_METADATA_BYTES);
    for (const [key, value] of Object.entries(record)) {
      expect(key).toMatch(/^kong-resilience-[a-z0-9-]+$/);
      expect(value).toMatch(/^[\x20-\x7e]+$/);
    }
    expect(record['kong-resilience-by']?.slice(0, 14)).toBe('?-b?ro?-b?ro?-');
    expect(parseSnapshotMetadata(record)?.hashes).toEqual(hashes);
  });

  it('cannot be written where it could not be read', async () => {
    const written = (change: object): Promise<string> => refusal(() => snapshotMetadata({ ...metadata, ...change }));
    const reason = (problem: string): string => `this cannot be object metadata: kong-resilience-${problem}`;
    expect(await written({ configHash: 'short' })).toBe(reason('config-hash is not 32 hexadecimal digits'));
    expect(await written({ term: 2 ** 48 })).toBe(reason('term is not an integer from 0 to 2^48 - 1'));
    expect(await written({ term: 2 ** 48 - 1 })).toBe('no error');
    expect(await written({ sha256: '' })).toBe(reason('sha256 is not 64 hexadecimal digits'));
  });

  it('of another program is foreign, not broken', () => {
    for (const foreign of [{}, { format: '1', sha256: 'x' }, { 'x-amz-meta-a': 'b' }]) {
      expect(readSnapshotMetadata(foreign)).toEqual({ kind: 'foreign' });
      expect(parseSnapshotMetadata(foreign)).toBeUndefined();
    }
  });

  it.each([
    ['format', '2', 'is not "1", which is all that this version knows'],
    ['sha256', 'AB', 'is not 64 hexadecimal digits'],
    ['sha256', undefined, 'is missing'],
    ['config-hash', 'f'.repeat(31), 'is not 32 hexadecimal digits'],
    ['hashes', 'config', 'is not a list of name:hash'],
    ['hashes', 'config:1', 'is not a list of name:hash'],
    ['received-at', 'yesterday', 'is not a time'],
    ['received-at', undefined, 'is missing'],
    ['by', undefined, 'is missing'],
    ['term', '-1', 'is not an integer from 0 to 2^48 - 1'],
    ['counter', '281474976710656', 'is not an integer from 0 to 2^48 - 1'],
    ['counter', undefined, 'is missing'],
  ])('with %s %j is broken, and says so', (name, value, problem) => {
    const record = snapshotMetadata(metadata);
    if (value === undefined) delete record[`kong-resilience-${name}`];
    else record[`kong-resilience-${name}`] = value;
    expect(readSnapshotMetadata(record)).toEqual({ kind: 'broken', reason: `kong-resilience-${name} ${problem}` });
    expect(parseSnapshotMetadata(record)).toBeUndefined();
  });
});
