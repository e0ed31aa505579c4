import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import fc from 'fast-check';
import { TerraformStack, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { GcsStore, type GcsRetentionProps } from '../../../constructs/google';
import { actionsOn, type ObjectVersion } from '../support/google-lifecycle';
import { googleStack, only } from '../support/google-stack';

interface Declared extends GcsRetentionProps {
  readonly prefix: string;
  readonly versions: readonly string[];
}

function ownRules({ versions, ...props }: Declared): readonly unknown[] {
  const stack = googleStack((scope) => {
    const store = new GcsStore(scope, 'Store', { bucketName: 'acme-kong', location: 'EU', ...props });
    for (const version of versions) store.addGatewayVersion(version);
  });
  return only(stack, 'google_storage_bucket')['lifecycle_rule'] as unknown[];
}

/** Merged into a bucket of somebody else's, as its owner would. */
function sharedRules({ versions, ...props }: Declared): readonly unknown[] {
  const stack = googleStack((scope) => {
    const bucket = new StorageBucket(scope, 'Bucket', { name: 'acme-shared', location: 'EU' });
    const store = GcsStore.fromBucketName(scope, 'Store', 'acme-shared', { gatewayVersions: versions, ...props });
    bucket.putLifecycleRule([...store.lifecycleRules]);
  });
  return only(stack, 'google_storage_bucket')['lifecycle_rule'] as unknown[];
}

const buckets = [
  { kind: 'a new bucket', rulesOf: ownRules },
  { kind: 'an existing bucket', rulesOf: sharedRules },
];

const current = (key: string, ageDays = 100_000): ObjectVersion => ({
  key,
  ageDays,
  noncurrentDays: undefined,
  newerVersions: 0,
});
const noncurrent = (key: string, noncurrentDays: number, newerVersions: number): ObjectVersion => ({
  key,
  ageDays: noncurrentDays + 1,
  noncurrentDays,
  newerVersions,
});

const part = fc.integer({ min: 0, max: 99 });
const version = fc
  .oneof(fc.array(part, { minLength: 3, maxLength: 3 }), fc.array(part, { minLength: 4, maxLength: 4 }))
  .map((parts) => parts.join('.'));
const folder = fc.oneof(
  fc.constantFrom('election', 'config.json', 'kong', 'kong-resilience.json', '3.9.1', '3.10.0.2'),
  fc.stringMatching(/^[a-z0-9._-]{1,8}$/).filter((name) => name !== '.' && name !== '..'),
);
const prefix = fc
  .array(folder, { maxLength: 3 })
  .filter((folders) => folders.at(-1) !== 'config.json')
  .map((folders) => folders.join('/'));
const days = fc.integer({ min: 1, max: 400 });
const declared: fc.Arbitrary<Declared> = fc.record({
  prefix,
  versions: fc.array(fc.oneof(version, fc.constantFrom('3.9.1', '3.10.0.2', '3.10.0.20')), { maxLength: 4 }),
  noncurrentConfigurationVersions: days,
  noncurrentConfigurationDays: days,
  electionExpirationDays: days,
});
const below = (store: Declared, key: string) => (store.prefix === '' ? key : `${store.prefix}/${key}`);

describe.each(buckets)('the lifecycle rules of $kind', ({ rulesOf }) => {
  it('reach no current config.json or lease, of any version, told or not', () => {
    fc.assert(
      fc.property(
        declared,
        fc.oneof(version, fc.constantFrom('3.9.1', '3.10.0.2', '3.10.0.20')),
        fc.constantFrom('config.json', 'kong-resilience.json'),
        fc.nat(100_000),
        (store, other, name, ageDays) => {
          const rules = rulesOf(store);
          for (const told of [...store.versions, other]) {
            expect(actionsOn(rules, current(below(store, `${told}/${name}`), ageDays))).toEqual([]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keep a replaced config.json that is among the newest or young', () => {
    fc.assert(
      fc.property(declared, fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), (store, age, newer) => {
        const rules = rulesOf(store);
        const kept =
          newer <= (store.noncurrentConfigurationVersions ?? 0) || age < (store.noncurrentConfigurationDays ?? 0);
        for (const told of store.versions) {
          const key = below(store, `${told}/config.json`);
          expect(actionsOn(rules, noncurrent(key, age, newer))).toEqual(kept ? [] : ['Delete']);
        }
      }),
      { numRuns: 60 },
    );
  });

  const rules = rulesOf({ prefix: 'kong', versions: ['3.9.1', '3.10.0.2', '3.11.0.0'] });

  it.each([
    { what: 'the tenth replaced config.json', version: noncurrent('kong/3.9.1/config.json', 30, 10), actions: [] },
    { what: 'the eleventh', version: noncurrent('kong/3.9.1/config.json', 30, 11), actions: ['Delete'] },
    { what: 'the eleventh, a day earlier', version: noncurrent('kong/3.9.1/config.json', 29, 11), actions: [] },
    { what: 'a lease replaced today', version: noncurrent('kong/3.9.1/kong-resilience.json', 0, 1), actions: [] },
    {
      what: 'a lease replaced yesterday',
      version: noncurrent('kong/3.9.1/kong-resilience.json', 1, 1),
      actions: ['Delete'],
    },
    { what: 'an election of six days', version: current('kong/3.10.0.2/election/leader', 6), actions: [] },
    { what: 'an election of seven days', version: current('kong/3.10.0.2/election/leader', 7), actions: ['Delete'] },
    {
      what: 'an election of another version',
      version: current('kong/3.11.0.0/election/leader', 7),
      actions: ['Delete'],
    },
    { what: 'an election replaced today', version: noncurrent('kong/3.10.0.2/election/leader', 0, 1), actions: [] },
    {
      what: 'an election replaced yesterday',
      version: noncurrent('kong/3.10.0.2/election/leader', 1, 1),
      actions: ['Delete'],
    },
    {
      what: 'an election of open source, which has none',
      version: current('kong/3.9.1/election/leader', 99),
      actions: [],
    },
  ])('on $what: $actions', ({ version: object, actions }) => {
    expect(actionsOn(rules, object)).toEqual(actions);
  });

  it('delete and do nothing else, and no rule is more than its bucket can have', () => {
    expect(rules).toHaveLength(4);
    for (const rule of rules) expect(rule).toHaveProperty('action', { type: 'Delete' });
  });

  it('are the same for a version that is told twice', () => {
    const once = rulesOf({ prefix: '', versions: ['3.9.1'] });
    expect(rulesOf({ prefix: '', versions: ['3.9.1', '3.9.1'] })).toEqual(once);
  });
});

describe('the lifecycle rules of a new bucket', () => {
  it('touch nothing below the prefix but what is replaced and elections, and nothing outside it', () => {
    fc.assert(
      fc.property(declared, fc.array(folder, { minLength: 1, maxLength: 3 }), (store, folders) => {
        const key = folders.join('/');
        const election = store.versions.some((told) => key.startsWith(below(store, `${told}/election/`)));
        const ours = ['config.json', 'kong-resilience.json'].includes(folders.at(-1) ?? '');
        fc.pre(!election);
        const rules = ownRules(store);
        expect(actionsOn(rules, current(key))).toEqual([]);
        if (!ours || !key.startsWith(below(store, ''))) {
          expect(actionsOn(rules, noncurrent(key, 100_000, 1_000))).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('clear away what is replaced of versions that nobody declares', () => {
    const rules = ownRules({ prefix: 'kong', versions: [] });
    expect(actionsOn(rules, noncurrent('kong/3.8.0/config.json', 30, 11))).toEqual(['Delete']);
    expect(actionsOn(rules, noncurrent('kong/3.8.0/kong-resilience.json', 1, 1))).toEqual(['Delete']);
    expect(actionsOn(rules, noncurrent('other/3.8.0/config.json', 30, 11))).toEqual([]);
  });

  it('have their whole text', () => {
    expect(ownRules({ prefix: 'kong', versions: ['3.9.1', '3.10.0.2', '3.11.0.0'] })).toEqual([
      {
        action: { type: 'Delete' },
        condition: {
          matches_prefix: ['kong/'],
          matches_suffix: ['/config.json'],
          with_state: 'ARCHIVED',
          num_newer_versions: 11,
          days_since_noncurrent_time: 30,
        },
      },
      {
        action: { type: 'Delete' },
        condition: {
          matches_prefix: ['kong/'],
          matches_suffix: ['/kong-resilience.json'],
          with_state: 'ARCHIVED',
          days_since_noncurrent_time: 1,
        },
      },
      {
        action: { type: 'Delete' },
        condition: {
          matches_prefix: ['kong/3.10.0.2/election/', 'kong/3.11.0.0/election/'],
          with_state: 'LIVE',
          age: 7,
        },
      },
      {
        action: { type: 'Delete' },
        condition: {
          matches_prefix: ['kong/3.10.0.2/election/', 'kong/3.11.0.0/election/'],
          with_state: 'ARCHIVED',
          days_since_noncurrent_time: 1,
        },
      },
    ]);
  });

  it('leave the prefix out where there is none', () => {
    expect(ownRules({ prefix: '', versions: ['3.9.1'] })).toMatchObject([
      { condition: { matches_suffix: ['/config.json'], with_state: 'ARCHIVED' } },
      { condition: { matches_suffix: ['/kong-resilience.json'], with_state: 'ARCHIVED' } },
    ]);
  });
});

describe('the lifecycle rules of an existing bucket', () => {
  it("touch nothing but the told versions' own keys", () => {
    fc.assert(
      fc.property(declared, fc.array(folder, { minLength: 1, maxLength: 3 }), (store, folders) => {
        const key = folders.join('/');
        const named = store.versions.some((told) =>
          ['config.json', 'kong-resilience.json', 'election/'].some((name) =>
            key.startsWith(below(store, `${told}/${name}`)),
          ),
        );
        fc.pre(!named);
        const rules = sharedRules(store);
        expect(actionsOn(rules, current(key))).toEqual([]);
        expect(actionsOn(rules, noncurrent(key, 100_000, 1_000))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('come out as values to merge, and are none without a version', () => {
    const stack = new TerraformStack(Testing.app(), 'app');
    const store = GcsStore.fromBucketName(stack, 'Store', 'acme-shared', { gatewayVersions: ['3.9.1', '3.10.0.2'] });
    expect(store.lifecycleRules).toEqual([
      {
        action: { type: 'Delete' },
        condition: {
          matchesPrefix: ['kong/3.9.1/config.json', 'kong/3.10.0.2/config.json'],
          withState: 'ARCHIVED',
          numNewerVersions: 11,
          daysSinceNoncurrentTime: 30,
        },
      },
      {
        action: { type: 'Delete' },
        condition: {
          matchesPrefix: ['kong/3.9.1/kong-resilience.json', 'kong/3.10.0.2/kong-resilience.json'],
          withState: 'ARCHIVED',
          daysSinceNoncurrentTime: 1,
        },
      },
      {
        action: { type: 'Delete' },
        condition: { matchesPrefix: ['kong/3.10.0.2/election/'], withState: 'LIVE', age: 7 },
      },
      {
        action: { type: 'Delete' },
        condition: { matchesPrefix: ['kong/3.10.0.2/election/'], withState: 'ARCHIVED', daysSinceNoncurrentTime: 1 },
      },
    ]);
    expect(GcsStore.fromBucketName(stack, 'Empty', 'acme-shared').lifecycleRules).toEqual([]);
  });

  it('are not to be read before the last version', () => {
    const stack = new TerraformStack(Testing.app(), 'app');
    const store = GcsStore.fromBucketName(stack, 'Store', 'acme-shared', { gatewayVersions: ['3.9.1'] });
    expect(store.lifecycleRules).toHaveLength(2);
    store.addGatewayVersion('3.9.1');
    let message = '';
    try {
      store.addGatewayVersion('3.10.0.2');
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toBe(
      'app/Store: 1 problem\n  KR_TF_GCS_READ_EARLY lifecycleRules was read before the gateway version 3.10.0.2 was added: what was read lacks it. Read lifecycleRules after the last node.',
    );
  });
});

describe('the evaluator', () => {
  it('sees the rule of the published construct that deletes an idle config.json', () => {
    const harmful = [{ action: { type: 'Delete' }, condition: { age: 7, matches_prefix: ['kong/'] } }];
    expect(actionsOn(harmful, current('kong/3.9.1/config.json', 7))).toEqual(['Delete']);
  });

  it('refuses a condition that it does not know, and a rule without one', () => {
    const object = current('kong/3.9.1/config.json');
    expect(() =>
      actionsOn([{ action: { type: 'Delete' }, condition: { created_before: '2024-01-01' } }], object),
    ).toThrow(new Error('the condition created_before is not known'));
    expect(() => actionsOn([{ action: { type: 'Delete' }, condition: {} }], object)).toThrow(
      new Error('a rule without a condition'),
    );
  });
});
