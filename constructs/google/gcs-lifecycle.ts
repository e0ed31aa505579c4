import type { StorageBucketLifecycleRule } from '@cdktf/provider-google/lib/storage-bucket';
import { Op, Token } from 'cdktf';
import { parseGatewayVersion } from '../../src/contract';
import { isKnown, type Problem } from '../problems';
import { keyRootOf, type GcsPlace } from './gcs-place';
import { notAVersion, outOfRange } from './problems';

/** What is kept for how long. */
export interface GcsLifecycleProps {
  /** How many replaced configurations of each version are kept at least. @default 10 */
  readonly configNoncurrentVersions?: number;
  /** How many days a replaced configuration is kept at least. @default 30 */
  readonly configNoncurrentDays?: number;
  /** After how many days without an update an object of Enterprise's `election/` is deleted. @default 7 */
  readonly electionExpirationDays?: number;
}

/** Problems of the props. */
export function lifecycleProblems(props: GcsLifecycleProps): Problem[] {
  return (['configNoncurrentVersions', 'configNoncurrentDays', 'electionExpirationDays'] as const).flatMap((prop) => {
    const value = props[prop];
    if (!isKnown(value) || (Number.isInteger(value) && value >= 1)) return [];
    return [outOfRange(prop, value, 'a whole number from 1')];
  });
}

/**
 * The lifecycle rules of one prefix. They name exact keys per gateway version rather than suffixes: a suffix
 * (`/config.json`) would also reach other people's objects in a shared bucket, and what `election/` holds has no common
 * one. Each kind of object has one rule for all versions, since a bucket has at most 100 rules.
 *
 * Whatever reaches a `config.json` or a lease asks for `ARCHIVED`, the noncurrent state, so that none can delete a current
 * one. The only rule for current objects begins with `…/election/`.
 */
export class GcsLifecycle {
  private readonly versions: string[] = [];

  constructor(
    private readonly place: GcsPlace,
    private readonly props: GcsLifecycleProps,
  ) {}

  /** Problems of the version; it is added when there are none. */
  addVersion(version: string): Problem[] {
    if (isKnown(version) && parseGatewayVersion(version) === undefined) return [notAVersion(version)];
    if (!this.versions.includes(version)) this.versions.push(version);
    return [];
  }

  /** The rules for the versions told so far; none without any. */
  get rules(): StorageBucketLifecycleRule[] {
    const { configNoncurrentVersions = 10, configNoncurrentDays = 30, electionExpirationDays = 7 } = this.props;
    const root = keyRootOf(this.place);
    const keys = (versions: readonly string[], name: string) => versions.map((version) => `${root}${version}/${name}`);
    // A version that is a token may be one of Enterprise.
    const enterprise = this.versions.filter((version) => parseGatewayVersion(version)?.edition !== 'open-source');
    const configs = keys(this.versions, 'config.json');
    const leases = keys(this.versions, 'kong-resilience.json');
    const elections = keys(enterprise, 'election/');
    return [
      // The current one counts as newer than the newest noncurrent one.
      ...deletion(configs, {
        withState: 'ARCHIVED',
        numNewerVersions: oneMoreThan(configNoncurrentVersions),
        daysSinceNoncurrentTime: configNoncurrentDays,
      }),
      // Each renewal of a lease leaves a noncurrent version.
      ...deletion(leases, { withState: 'ARCHIVED', daysSinceNoncurrentTime: 1 }),
      ...deletion(elections, { withState: 'LIVE', age: electionExpirationDays }),
      ...deletion(elections, { withState: 'ARCHIVED', daysSinceNoncurrentTime: 1 }),
    ];
  }
}

function oneMoreThan(count: number): number {
  return isKnown(count) ? count + 1 : Token.asNumber(Op.add(count, 1));
}

function deletion(
  matchesPrefix: readonly string[],
  condition: StorageBucketLifecycleRule['condition'],
): StorageBucketLifecycleRule[] {
  if (matchesPrefix.length === 0) return [];
  return [{ action: { type: 'Delete' }, condition: { matchesPrefix: [...matchesPrefix], ...condition } }];
}
