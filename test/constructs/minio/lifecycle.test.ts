import { describe, expect, it } from 'vitest';
import type { MinioIlmPolicyRule } from '../../../constructs/minio';
import { MinioStore, type MinioStoreProps, S3CompatibleStore } from '../../../constructs/minio';
import { newStack, only } from './harness';

const endpoint = 'https://minio.example.com:9000';

interface SynthesizedRule {
  readonly id: string;
  readonly status: string;
  readonly filter?: string;
  readonly expiration?: string;
  readonly expired_object_delete_marker?: boolean;
  readonly noncurrent_expiration?: { readonly days: string; readonly newer_versions?: number };
}

function rules(versions: readonly string[], props: Partial<MinioStoreProps> = {}): readonly SynthesizedRule[] {
  const stack = newStack();
  const store = new MinioStore(stack, 'Store', { endpoint, bucketName: 'kong-fallback', prefix: 'kong', ...props });
  for (const version of versions) store.addGatewayVersion(version);
  return only(stack, 'minio_ilm_policy')['rule'] as SynthesizedRule[];
}

interface StoredVersion {
  readonly key: string;
  readonly current: boolean;
  /** Since it was written, or since it was replaced. */
  readonly days: number;
  /** Replaced versions that are younger. */
  readonly newer?: number;
}

/** Whether some rule deletes that version, as MinIO evaluates rules: each by itself, a noncurrent one when both limits are exceeded. */
function deleted(given: readonly SynthesizedRule[], { key, current, days, newer = 0 }: StoredVersion): boolean {
  const exceeds = (limit: string): boolean => {
    if (!/^\d+d$/.test(limit)) throw new Error(`what is ${limit}?`);
    return days > Number.parseInt(limit, 10);
  };
  return given.some(({ status, filter = '', expiration, noncurrent_expiration: noncurrent }) => {
    if (status !== 'Enabled' || !key.startsWith(filter)) return false;
    if (current) return expiration !== undefined && exceeds(expiration);
    return noncurrent !== undefined && exceeds(noncurrent.days) && newer >= (noncurrent.newer_versions ?? 0);
  });
}

describe('the lifecycle', () => {
  const versions = ['3.9.1', '3.10.0.2'];

  it('is written as the provider takes it', () => {
    expect(rules(versions)).toMatchInlineSnapshot(`
      [
        {
          "filter": "kong/",
          "id": "kong-configurations:kong/",
          "noncurrent_expiration": {
            "days": "30d",
            "newer_versions": 10,
          },
          "status": "Enabled",
        },
        {
          "filter": "kong/3.9.1/kong-resilience.json",
          "id": "kong-lease:kong/3.9.1/kong-resilience.json",
          "noncurrent_expiration": {
            "days": "1d",
          },
          "status": "Enabled",
        },
        {
          "filter": "kong/3.10.0.2/kong-resilience.json",
          "id": "kong-lease:kong/3.10.0.2/kong-resilience.json",
          "noncurrent_expiration": {
            "days": "1d",
          },
          "status": "Enabled",
        },
        {
          "expiration": "7d",
          "filter": "kong/3.10.0.2/election/",
          "id": "kong-election:kong/3.10.0.2/election/",
          "status": "Enabled",
        },
        {
          "expired_object_delete_marker": true,
          "filter": "kong/3.10.0.2/election/",
          "id": "kong-election-replaced:kong/3.10.0.2/election/",
          "noncurrent_expiration": {
            "days": "1d",
          },
          "status": "Enabled",
        },
      ]
    `);
  });

  it.each(['', 'kong', 'election', 'a/election'])(
    'reaches no current configuration or lease with the prefix %j',
    (prefix) => {
      const given = rules(versions, { prefix });
      const folder = prefix === '' ? '' : `${prefix}/`;
      for (const version of [...versions, '3.8.0', '3.8.0.0']) {
        for (const name of ['config.json', 'kong-resilience.json']) {
          expect(deleted(given, { key: `${folder}${version}/${name}`, current: true, days: 100_000 })).toBe(false);
        }
      }
      for (const rule of given) {
        const known = ['id', 'status', 'filter', 'expiration', 'expired_object_delete_marker', 'noncurrent_expiration'];
        expect(known).toEqual(expect.arrayContaining(Object.keys(rule)));
        if (rule.expiration !== undefined) expect(rule.filter).toMatch(/\/election\/$/);
      }
    },
  );

  it.each([
    ['stays for its days, however many are newer', 30, 500, false],
    ['stays beyond its days while it is among the newest', 31, 9, false],
    ['goes when it is beyond both', 31, 10, true],
  ])('a replaced configuration %s', (_what, days, newer, goes) => {
    const key = 'kong/3.9.1/config.json';
    expect(deleted(rules(versions), { key, current: false, days, newer })).toBe(goes);
    const old = 'kong/2.0.0/config.json';
    expect(deleted(rules(versions), { key: old, current: false, days, newer })).toBe(goes);
  });

  it('keeps as many replaced configurations for as long as it is told', () => {
    const given = rules(versions, { noncurrentConfigurationDays: 90, noncurrentConfigurationVersions: 3 });
    const at = (days: number, newer: number): boolean =>
      deleted(given, { key: 'kong/3.9.1/config.json', current: false, days, newer });
    expect([at(90, 3), at(91, 2), at(91, 3)]).toEqual([false, false, true]);
  });

  it('removes replaced leases after a day', () => {
    for (const version of versions) {
      const key = `kong/${version}/kong-resilience.json`;
      expect(deleted(rules(versions), { key, current: false, days: 1 })).toBe(false);
      expect(deleted(rules(versions), { key, current: false, days: 2 })).toBe(true);
    }
  });

  it("removes what Enterprise's election left: after days, replaced ones after one, and delete markers", () => {
    const key = 'kong/3.10.0.2/election/leader';
    const given = rules(versions, { electionExpirationDays: 5 });
    expect(deleted(given, { key, current: true, days: 5 })).toBe(false);
    expect(deleted(given, { key, current: true, days: 6 })).toBe(true);
    expect(deleted(given, { key, current: false, days: 1 })).toBe(false);
    expect(deleted(given, { key, current: false, days: 2 })).toBe(true);
    const markers = given.filter((rule) => rule.expired_object_delete_marker);
    expect(markers.map(({ filter }) => filter)).toEqual(['kong/3.10.0.2/election/']);
    expect(markers.map(({ expiration }) => expiration)).toEqual([undefined]);
  });

  it('has no rule for an election that open source does not have', () => {
    expect(rules(['3.9.1']).filter(({ filter }) => filter?.includes('election'))).toEqual([]);
  });

  it('has no filter where there is no prefix', () => {
    expect(rules([], { prefix: '' })).toEqual([
      { id: 'kong-configurations', status: 'Enabled', noncurrent_expiration: { days: '30d', newer_versions: 10 } },
    ]);
  });

  it('has each version once, and ids that are unique and fit', () => {
    const given = rules(['3.10.0.2', '3.10.0.2', '3.11.0.0'], { prefix: 'x'.repeat(300) });
    const ids = given.map(({ id }) => id);
    expect(ids).toHaveLength(7);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Math.max(...ids.map((id) => Buffer.byteLength(id)))).toBeLessThanOrEqual(255);
  });

  it('of an existing bucket reaches nothing but the folders of the versions', () => {
    const stack = newStack();
    const store = MinioStore.fromBucketName(stack, 'Store', 'shared', { endpoint });
    store.addGatewayVersion('3.10.0.2');
    const filters = store.lifecycleRules.map(({ filter }: MinioIlmPolicyRule) => filter);
    expect(filters).toEqual([
      'kong/3.10.0.2/config.json',
      'kong/3.10.0.2/kong-resilience.json',
      'kong/3.10.0.2/election/',
      'kong/3.10.0.2/election/',
    ]);
    const compatible = new S3CompatibleStore(stack, 'Other', { endpoint, bucketName: 'shared' });
    compatible.addGatewayVersion('3.10.0.2');
    expect(compatible.lifecycleRules.map(({ Filter }) => Filter.Prefix)).toEqual(filters);
  });
});
