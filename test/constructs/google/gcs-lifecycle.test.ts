import fc from 'fast-check';
import { TerraformStack, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { GcsStore, type GcsLifecycleProps } from '../../../constructs/google';
import { actionsOn, type ObjectVersion } from '../support/google-lifecycle';
import { googleStack, only } from '../support/google-stack';

interface Declared extends GcsLifecycleProps {
  readonly prefix: string;
  readonly versions: readonly string[];
}

function rulesOf({ versions, ...props }: Declared): unknown[] {
  const stack = googleStack((scope) => {
    const store = new GcsStore(scope, 'Store', { bucketName: 'acme-kong', location: 'EU', ...props });
    for (const version of versions) store.addGatewayVersion(version);
  });
  return (only(stack, 'google_storage_bucket')['lifecycle_rule'] ?? []) as unknown[];
}

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
  configNoncurrentVersions: days,
  configNoncurrentDays: days,
  electionExpirationDays: days,
});
const below = (store: Declared, key: string) => (store.prefix === '' ? key : `${store.prefix}/${key}`);

describe('the lifecycle rules', () => {
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
        const kept = newer <= (store.configNoncurrentVersions ?? 0) || age < (store.configNoncurrentDays ?? 0);
        for (const told of store.versions) {
          const key = below(store, `${told}/config.json`);
          expect(actionsOn(rules, noncurrent(key, age, newer))).toEqual(kept ? [] : ['Delete']);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('touch nothing else below the prefix, and nothing outside it', () => {
    fc.assert(
      fc.property(declared, fc.array(folder, { minLength: 1, maxLength: 3 }), (store, folders) => {
        const key = folders.join('/');
        const named = store.versions.some((told) =>
          ['config.json', 'kong-resilience.json', 'election/'].some((name) =>
            key.startsWith(below(store, `${told}/${name}`)),
          ),
        );
        fc.pre(!named);
        const rules = rulesOf(store);
        expect(actionsOn(rules, current(key))).toEqual([]);
        expect(actionsOn(rules, noncurrent(key, 100_000, 1_000))).toEqual([]);
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
    { what: 'a config.json of an unknown version', version: noncurrent('kong/3.8.0/config.json', 99, 99), actions: [] },
  ])('on $what: $actions', ({ version: object, actions }) => {
    expect(actionsOn(rules, object)).toEqual(actions);
  });

  it('are none without a version, and the same for one told twice', () => {
    expect(rulesOf({ prefix: '', versions: [] })).toEqual([]);
    expect(rulesOf({ prefix: '', versions: ['3.9.1', '3.9.1'] })).toEqual(rulesOf({ prefix: '', versions: ['3.9.1'] }));
  });

  it('have their whole text, four for any number of versions', () => {
    expect(rules).toEqual([
      {
        action: { type: 'Delete' },
        condition: {
          with_state: 'ARCHIVED',
          matches_prefix: ['kong/3.9.1/config.json', 'kong/3.10.0.2/config.json', 'kong/3.11.0.0/config.json'],
          num_newer_versions: 11,
          days_since_noncurrent_time: 30,
        },
      },
      {
        action: { type: 'Delete' },
        condition: {
          with_state: 'ARCHIVED',
          matches_prefix: [
            'kong/3.9.1/kong-resilience.json',
            'kong/3.10.0.2/kong-resilience.json',
            'kong/3.11.0.0/kong-resilience.json',
          ],
          days_since_noncurrent_time: 1,
        },
      },
      {
        action: { type: 'Delete' },
        condition: {
          with_state: 'LIVE',
          matches_prefix: ['kong/3.10.0.2/election/', 'kong/3.11.0.0/election/'],
          age: 7,
        },
      },
      {
        action: { type: 'Delete' },
        condition: {
          with_state: 'ARCHIVED',
          matches_prefix: ['kong/3.10.0.2/election/', 'kong/3.11.0.0/election/'],
          days_since_noncurrent_time: 1,
        },
      },
    ]);
  });

  it('come out of an existing bucket as values to merge', () => {
    const stack = new TerraformStack(Testing.app(), 'app');
    const existing = GcsStore.fromBucketName(stack, 'Existing', 'acme-kong', { prefix: 'kong' });
    const own = new GcsStore(stack, 'Own', { bucketName: 'acme-kong', location: 'EU', prefix: 'kong' });
    for (const store of [existing, own]) {
      store.addGatewayVersion('3.9.1');
      store.addGatewayVersion('3.10.0.2');
    }
    expect(existing.lifecycleRules).toEqual(own.lifecycleRules);
    expect(existing.lifecycleRules[0]).toEqual({
      action: { type: 'Delete' },
      condition: {
        matchesPrefix: ['kong/3.9.1/config.json', 'kong/3.10.0.2/config.json'],
        withState: 'ARCHIVED',
        numNewerVersions: 11,
        daysSinceNoncurrentTime: 30,
      },
    });
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
