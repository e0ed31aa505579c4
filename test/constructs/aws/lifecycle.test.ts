import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { S3Replication, S3Store, type S3StoreProps } from '../../../constructs/aws';
import { fatesOf, type ObjectVersion } from '../support/aws-lifecycle';
import { only, stackOf, synth, type Attributes } from '../support/aws-stack';

type Rules = readonly Attributes[];

const rulesIn = (attributes: Attributes): Rules => attributes['rule'] as Rules;

function ownRules(props: S3StoreProps = {}): Rules {
  const stack = stackOf((scope) => new S3Store(scope, 'Store', props));
  return rulesIn(only(synth(stack), 'aws_s3_bucket_lifecycle_configuration'));
}

/** As the owner of an existing bucket merges them. */
function mergedRules(options: Parameters<typeof S3Store.fromBucketName>[3] = {}): Rules {
  const stack = stackOf((scope) => {
    const { lifecycleRules } = S3Store.fromBucketName(scope, 'Store', 'theirs', options);
    new S3BucketLifecycleConfiguration(scope, 'Lifecycle', { bucket: 'theirs', rule: [...lifecycleRules] });
  });
  return rulesIn(only(synth(stack), 'aws_s3_bucket_lifecycle_configuration'));
}

const current = (key: string, days: number): ObjectVersion => ({ key, current: true, days });
const replaced = (key: string, days: number, newerNoncurrent = 0): ObjectVersion => ({
  key,
  current: false,
  days,
  newerNoncurrent,
});
const marker = (key: string, days: number, noncurrent: number): ObjectVersion => ({
  key,
  current: true,
  marker: true,
  days,
  noncurrent,
});

describe('no rule ever touches a current configuration or lease', () => {
  const part = fc
    .stringMatching(/^[A-Za-z0-9!_.'()~=,+-]{1,12}$/)
    .filter((text) => !['.', '..', 'config.json'].includes(text));
  const prefix = fc.array(part, { maxLength: 3 }).map((parts) => parts.join('/'));
  const number = fc.nat({ max: 20 });
  const version = fc
    .oneof(fc.tuple(number, number, number), fc.tuple(number, number, number, number))
    .map((parts) => parts.join('.'));
  const retention = fc.record(
    {
      electionExpirationDays: fc.integer({ min: 1, max: 36_500 }),
      noncurrentConfigurationDays: fc.integer({ min: 1, max: 36_500 }),
      noncurrentConfigurationVersions: fc.integer({ min: 1, max: 100 }),
    },
    { requiredKeys: [] },
  );
  const object = fc.record({
    days: fc.nat({ max: 100_000 }),
    size: fc.nat({ max: 1_000_000_000 }),
    tags: fc.dictionary(fc.string(), fc.string()),
  });

  it.each([
    ['in a bucket that is declared', ownRules],
    ['in an existing bucket', mergedRules],
  ])('%s, of any prefix, version, age, size and tags', (_, rulesOf) => {
    fc.assert(
      fc.property(
        prefix,
        fc.uniqueArray(version, { maxLength: 3 }),
        version,
        retention,
        object,
        fc.constantFrom('config.json', 'kong-resilience.json'),
        (root, gatewayVersions, other, days, details, name) => {
          const rules = rulesOf({ prefix: root, gatewayVersions, ...days });
          for (const folder of [...gatewayVersions, other]) {
            const key = `${root === '' ? '' : `${root}/`}${folder}/${name}`;
            expect(fatesOf(rules, { key, current: true, ...details })).toEqual([]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('in a replica, which has no rules by version', () => {
    const stack = stackOf(
      (scope) =>
        new S3Store(scope, 'Store', {
          gatewayVersions: ['3.10.0.2'],
          replication: S3Replication.toRegion('us-west-2'),
        }),
    );
    const all = Object.values(synth(stack).resource['aws_s3_bucket_lifecycle_configuration'] ?? {});
    expect(all).toHaveLength(2);
    for (const rules of all.map(rulesIn)) {
      expect(fatesOf(rules, current('kong/3.10.0.2/config.json', 10_000))).toEqual([]);
      expect(fatesOf(rules, replaced('kong/3.10.0.2/config.json', 30, 10))).toEqual(['deleted']);
      expect(fatesOf(rules, replaced('kong/3.10.0.2/config.json', 30, 9))).toEqual([]);
    }
  });
});

describe.each([
  ['in a bucket that is declared', ownRules],
  ['in an existing bucket', mergedRules],
])('%s', (_, rulesOf) => {
  const rules = rulesOf({ gatewayVersions: ['3.9.1', '3.10.0.2'] });

  // a version of an object, and what happens to it
  it.each([
    [replaced('kong/3.9.1/config.json', 29, 50), []],
    [replaced('kong/3.9.1/config.json', 30, 10), ['deleted']],
    [replaced('kong/3.9.1/config.json', 30, 9), []],
    [replaced('kong/3.9.1/config.json', 10_000, 9), []],
    [replaced('kong/3.10.0.2/config.json', 10_000, 9), []],
    [replaced('kong/3.10.0.2/config.json', 30, 10), ['deleted']],
    [replaced('kong/3.9.1/kong-resilience.json', 0), []],
    [replaced('kong/3.9.1/kong-resilience.json', 1), ['deleted']],
    [replaced('kong/3.10.0.2/kong-resilience.json', 1), ['deleted']],
    [current('kong/3.10.0.2/election/leader', 6), []],
    [current('kong/3.10.0.2/election/leader', 7), ['expired']],
    [replaced('kong/3.10.0.2/election/leader', 0), []],
    [replaced('kong/3.10.0.2/election/leader', 1), ['deleted']],
    [marker('kong/3.10.0.2/election/leader', 0, 1), []],
    [marker('kong/3.10.0.2/election/leader', 0, 0), ['marker removed']],
    // No open-source gateway elects: what is there is somebody else's.
    [current('kong/3.9.1/election/leader', 10_000), []],
    [current('other/file', 10_000), []],
    [replaced('other/file', 10_000, 100), []],
    [current('kong/3.10.0.20/election/leader', 10_000), []],
    [replaced('kong/3.9.10/kong-resilience.json', 29, 100), []],
  ])('%j: %j', (version, fates) => {
    expect(fatesOf(rules, version)).toEqual(fates);
  });

  it('the days and versions are props', () => {
    const own = rulesOf({
      gatewayVersions: ['3.10.0.2'],
      electionExpirationDays: 3,
      noncurrentConfigurationDays: 5,
      noncurrentConfigurationVersions: 2,
    });
    expect([
      fatesOf(own, current('kong/3.10.0.2/election/a', 2)),
      fatesOf(own, current('kong/3.10.0.2/election/a', 3)),
      fatesOf(own, replaced('kong/3.10.0.2/config.json', 4, 2)),
      fatesOf(own, replaced('kong/3.10.0.2/config.json', 5, 1)),
      fatesOf(own, replaced('kong/3.10.0.2/config.json', 5, 2)),
    ]).toEqual([[], ['expired'], [], [], ['deleted']]);
  });

  it('incomplete uploads are aborted after a day', () => {
    const aborts = rules.filter((rule) => rule['abort_incomplete_multipart_upload'] !== undefined);
    expect(aborts.map((rule) => rule['abort_incomplete_multipart_upload'])).toEqual(
      aborts.map(() => [{ days_after_initiation: 1 }]),
    );
    expect(aborts.length).toBeGreaterThan(0);
  });

  it('every rule has an id of its own, however long the prefix', () => {
    const long = rulesOf({ prefix: 'p'.repeat(900), gatewayVersions: ['3.9.1', '3.10.0.2'] });
    for (const list of [rules, long]) {
      const ids = list.map((rule) => rule['id'] as string);
      expect(new Set(ids).size).toBe(ids.length);
      expect(Math.max(...ids.map((id) => id.length))).toBeLessThanOrEqual(255);
    }
  });
});

describe('beyond the versions that are known', () => {
  it('replaced configurations of a version that nobody exports any more go too, and current ones stay', () => {
    const rules = ownRules({ gatewayVersions: ['3.9.1'] });
    expect(fatesOf(rules, replaced('kong/3.4.0/config.json', 30, 10))).toEqual(['deleted']);
    expect(fatesOf(rules, current('kong/3.4.0/config.json', 10_000))).toEqual([]);
  });

  it('in an existing bucket nothing of theirs is reached, with an empty prefix either', () => {
    const rules = mergedRules({ prefix: '', gatewayVersions: ['3.10.0.2'] });
    for (const key of ['file', 'logs/config.json', '3.9.1/config.json', '3.10.0.2.json']) {
      expect(fatesOf(rules, current(key, 10_000))).toEqual([]);
      expect(fatesOf(rules, replaced(key, 10_000, 100))).toEqual([]);
    }
    expect(rules.map((rule) => rule['filter'])).toEqual(
      rules.map(() => [{ prefix: expect.stringMatching(/^3\.10\.0\.2\//) }]),
    );
  });

  it('a version that a node adds later has its rules, once', () => {
    const stack = stackOf((scope) => {
      const store = new S3Store(scope, 'Store', { gatewayVersions: ['3.9.1'] });
      for (const version of ['3.10.0.2', '3.9.1', '3.10.0.2']) store.addGatewayVersion(version);
    });
    expect(rulesIn(only(synth(stack), 'aws_s3_bucket_lifecycle_configuration')).map((rule) => rule['id'])).toEqual([
      'kong-uploads',
      'kong-configurations:kong/',
      'kong-lease:kong/3.9.1/kong-resilience.json',
      'kong-lease:kong/3.10.0.2/kong-resilience.json',
      'kong-election:kong/3.10.0.2/election/',
      'kong-election-markers:kong/3.10.0.2/election/',
    ]);
  });
});

describe('the evaluator itself', () => {
  const rule = (blocks: Attributes): Rules => [{ id: 'x', status: 'Enabled', ...blocks }];
  const live = current('kong/3.9.1/config.json', 8);

  it.each([
    ['the published mistake', rule({ filter: [{ prefix: 'kong/' }], expiration: [{ days: 7 }] }), ['expired']],
    ['a rule without a filter', rule({ expiration: [{ days: 7 }] }), ['expired']],
    ['the old form of the prefix', rule({ prefix: 'kong/', expiration: [{ days: 7 }] }), ['expired']],
    ['a date', rule({ expiration: [{ date: '2030-01-01T00:00:00Z' }] }), ['expired']],
    ['an archive', rule({ transition: [{ days: 0, storage_class: 'GLACIER' }] }), ['moved to GLACIER']],
    ['a disabled rule', [{ status: 'Disabled', expiration: [{ days: 7 }] }], []],
    ['another prefix', rule({ filter: [{ prefix: 'logs/' }], expiration: [{ days: 7 }] }), []],
    ['a younger age', rule({ expiration: [{ days: 9 }] }), []],
    ['a tag that it has not', rule({ filter: [{ tag: [{ key: 'a', value: 'b' }] }], expiration: [{ days: 7 }] }), []],
    [
      'a size that it has not',
      rule({
        filter: [{ and: [{ prefix: 'kong/', object_size_greater_than: 2_000_000 }] }],
        expiration: [{ days: 7 }],
      }),
      [],
    ],
  ])('sees what %s does to a current configuration', (_, rules, fates) => {
    expect(fatesOf(rules, live)).toEqual(fates);
  });
});
