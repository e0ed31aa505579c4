import type { StorageBucketLifecycleRule } from '@cdktf/provider-google/lib/storage-bucket';
import { Op, Token } from 'cdktf';
import { isKnown, type Problem } from '../problems';
import { mayBeEnterprise } from '../topology/versions';
import { keyRootOf, type GcsPlace } from './gcs-place';
import { outOfRange } from './problems';

/** How long what is not current is kept. */
export interface GcsRetentionProps {
  /** How many replaced versions of each `config.json` are kept at least, however old. @default 10 */
  readonly noncurrentConfigurationVersions?: number;
  /** Days for which a replaced `config.json` is kept at least. @default 30 */
  readonly noncurrentConfigurationDays?: number;
  /** Days after which an object under Enterprise's `election/` that was not written again is deleted. @default 7 */
  readonly electionExpirationDays?: number;
}

/** Problems of the props. */
export function retentionProblems(props: GcsRetentionProps): Problem[] {
  const names = ['noncurrentConfigurationVersions', 'noncurrentConfigurationDays', 'electionExpirationDays'] as const;
  return names.flatMap((prop) => {
    const value = props[prop];
    if (!isKnown(value) || (Number.isInteger(value) && value >= 1)) return [];
    return [outOfRange(prop, value, 'a whole number from 1')];
  });
}

type Condition = StorageBucketLifecycleRule['condition'];

/**
 * Rules of a bucket that is ours: what is replaced is found by the end of its name, so that it also goes for versions that
 * nobody declares any more, or has declared yet.
 */
export function ownBucketRules(
  place: GcsPlace,
  versions: readonly string[],
  retention: GcsRetentionProps,
): StorageBucketLifecycleRule[] {
  const root = keyRootOf(place);
  const named = (name: string): Condition => ({
    ...(root === '' ? {} : { matchesPrefix: [root] }),
    matchesSuffix: [`/${name}`],
  });
  return rules(named('config.json'), named('kong-resilience.json'), electionKeys(root, versions), retention);
}

/**
 * Rules of a bucket in which other people's objects lie too, which may have a `config.json` as well: these name exact keys,
 * and none reaches further than the versions told.
 */
export function sharedBucketRules(
  place: GcsPlace,
  versions: readonly string[],
  retention: GcsRetentionProps,
): StorageBucketLifecycleRule[] {
  if (versions.length === 0) return [];
  const root = keyRootOf(place);
  const named = (name: string): Condition => ({
    matchesPrefix: versions.map((version) => `${root}${version}/${name}`),
  });
  return rules(named('config.json'), named('kong-resilience.json'), electionKeys(root, versions), retention);
}

/** What `election/` holds has no name of its own, so that it is found by its folder in each version. */
function electionKeys(root: string, versions: readonly string[]): string[] {
  return versions.filter(mayBeEnterprise).map((version) => `${root}${version}/election/`);
}

/**
 * Whatever reaches a `config.json` or a lease asks for `ARCHIVED`, the noncurrent state, so that no prop can make it delete
 * a current one. The only rule for current objects is for keys that begin with `…/election/`. There is one rule for all
 * versions of a kind, since a bucket has at most 100.
 */
function rules(
  configurations: Condition,
  leases: Condition,
  elections: string[],
  retention: GcsRetentionProps,
): StorageBucketLifecycleRule[] {
  const replaced = { withState: 'ARCHIVED', daysSinceNoncurrentTime: 1 };
  return [
    {
      ...configurations,
      withState: 'ARCHIVED',
      // The current one counts as newer than the newest replaced one.
      numNewerVersions: oneMoreThan(retention.noncurrentConfigurationVersions ?? 10),
      daysSinceNoncurrentTime: retention.noncurrentConfigurationDays ?? 30,
    },
    // Each renewal of a lease leaves one.
    { ...leases, ...replaced },
    ...(elections.length === 0
      ? []
      : [
          { matchesPrefix: elections, withState: 'LIVE', age: retention.electionExpirationDays ?? 7 },
          { matchesPrefix: elections, ...replaced },
        ]),
  ].map((condition) => ({ action: { type: 'Delete' }, condition }));
}

function oneMoreThan(count: number): number {
  return isKnown(count) ? count + 1 : Token.asNumber(Op.add(count, 1));
}
