import { createHash } from 'node:crypto';
import { isKnown, type Problem } from '../problems';
import { mayBeEnterprise } from '../topology/versions';
import { badNumber } from './problems';
import type { MinioIlmPolicyRule } from './provider';

/** How long what is no longer current stays. No rule here reaches a current configuration or lease. */
export interface RetentionProps {
  /**
   * Days after which an object under Enterprise's `election/` that was not written again expires; 1 or more.
   *
   * @default 7
   */
  readonly electionExpirationDays?: number;
  /**
   * Days for which a replaced `config.json` is kept at least; 1 or more.
   *
   * @default 30
   */
  readonly noncurrentConfigurationDays?: number;
  /**
   * How many replaced versions of each `config.json` are kept at least, however old; 1 to 100, as S3 allows.
   *
   * @default 10
   */
  readonly noncurrentConfigurationVersions?: number;
}

/** A rule of a bucket's lifecycle as the S3 API takes it. */
export interface S3LifecycleRule {
  readonly ID: string;
  readonly Status: string;
  readonly Filter: { readonly Prefix: string };
  readonly Expiration?: { readonly Days?: number; readonly ExpiredObjectDeleteMarker?: boolean };
  readonly NoncurrentVersionExpiration?: {
    readonly NoncurrentDays: number;
    readonly NewerNoncurrentVersions?: number;
  };
}

/** What is wrong with them; nothing for a token. */
export function retentionProblems(props: RetentionProps): Problem[] {
  const check = (prop: keyof RetentionProps, range: string, max = Infinity): Problem[] => {
    const value = props[prop];
    if (!isKnown(value) || (Number.isInteger(value) && value >= 1 && value <= max)) return [];
    return [badNumber(prop, value, range)];
  };
  return [
    ...check('electionExpirationDays', 'from 1'),
    ...check('noncurrentConfigurationDays', 'from 1'),
    ...check('noncurrentConfigurationVersions', 'from 1 to 100', 100),
  ];
}

/** Replaced configurations. One goes when both are exceeded: its days, and the number of newer replaced ones. */
export function configurationRule(under: string, retention: RetentionProps): S3LifecycleRule {
  const { noncurrentConfigurationDays = 30, noncurrentConfigurationVersions = 10 } = retention;
  return rule('configurations', under, {
    NoncurrentVersionExpiration: {
      NoncurrentDays: noncurrentConfigurationDays,
      NewerNoncurrentVersions: noncurrentConfigurationVersions,
    },
  });
}

/** The lease and, for a version that may be Enterprise's, `election/`: prefixes are all that such stores filter by. */
export function versionRules(base: string, version: string, retention: RetentionProps): S3LifecycleRule[] {
  const { electionExpirationDays = 7 } = retention;
  // Each renewal of the lease leaves a noncurrent version.
  const lease = rule('lease', `${base}kong-resilience.json`, { NoncurrentVersionExpiration: { NoncurrentDays: 1 } });
  if (!mayBeEnterprise(version)) return [lease];
  return [
    lease,
    rule('election', `${base}election/`, { Expiration: { Days: electionExpirationDays } }),
    // No rule has both days and the removal of delete markers.
    rule('election-replaced', `${base}election/`, {
      Expiration: { ExpiredObjectDeleteMarker: true },
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    }),
  ];
}

/** Its id holds what it reaches, so that it stays unique among other people's; an id has 255 bytes at most. */
function rule(
  kind: string,
  under: string,
  actions: Pick<S3LifecycleRule, 'Expiration' | 'NoncurrentVersionExpiration'>,
): S3LifecycleRule {
  const id = `kong-${kind}${under === '' ? '' : `:${under}`}`;
  const hash = createHash('sha256').update(under).digest('hex');
  return {
    ID: isKnown(id) && Buffer.byteLength(id) > 255 ? `kong-${kind}:${hash}` : id,
    Status: 'Enabled',
    Filter: { Prefix: under },
    ...actions,
  };
}

/** The same rule for `minio_ilm_policy`. */
export function ilmRule({
  ID,
  Status,
  Filter,
  Expiration,
  NoncurrentVersionExpiration: noncurrent,
}: S3LifecycleRule): MinioIlmPolicyRule {
  return {
    id: ID,
    status: Status,
    ...(Filter.Prefix === '' ? {} : { filter: Filter.Prefix }),
    ...(Expiration?.Days === undefined ? {} : { expiration: `${Expiration.Days}d` }),
    ...(Expiration?.ExpiredObjectDeleteMarker === undefined ? {} : { expiredObjectDeleteMarker: true }),
    ...(noncurrent === undefined
      ? {}
      : {
          noncurrentExpiration: {
            days: `${noncurrent.NoncurrentDays}d`,
            ...(noncurrent.NewerNoncurrentVersions === undefined
              ? {}
              : { newerVersions: noncurrent.NewerNoncurrentVersions }),
          },
        }),
  };
}
