import { createHash } from 'node:crypto';
import type { S3BucketLifecycleConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { isKnown, type Problem } from '../problems';
import { mayBeEnterprise } from '../topology/versions';
import { checkNumber } from './checks';
import { rootOf } from './statements';

/** How long what is not current is kept. */
export interface RetentionProps {
  /**
   * Days after which an object under Enterprise's `election/` that was not written again expires.
   *
   * @default 7
   */
  readonly electionExpirationDays?: number;
  /**
   * Days for which a replaced `config.json` is kept at least.
   *
   * @default 30
   */
  readonly noncurrentConfigurationDays?: number;
  /**
   * How many replaced versions of each `config.json` are kept at least, however old; 1 to 100.
   *
   * @default 10
   */
  readonly noncurrentConfigurationVersions?: number;
}

/** The same with its defaults. */
export type Retention = Readonly<Record<keyof RetentionProps, number>>;

/** Fills the defaults in. */
export function retentionOf(props: RetentionProps): Retention {
  return {
    electionExpirationDays: props.electionExpirationDays ?? 7,
    noncurrentConfigurationDays: props.noncurrentConfigurationDays ?? 30,
    noncurrentConfigurationVersions: props.noncurrentConfigurationVersions ?? 10,
  };
}

/** What S3 allows in a lifecycle rule. */
export function checkRetention(props: RetentionProps): Problem[] {
  return [
    ...checkNumber('electionExpirationDays', props.electionExpirationDays, 1, 36_500),
    ...checkNumber('noncurrentConfigurationDays', props.noncurrentConfigurationDays, 1, 36_500),
    ...checkNumber('noncurrentConfigurationVersions', props.noncurrentConfigurationVersions, 1, 100),
  ];
}

/**
 * Rules of a bucket that is ours: everything in it may be reached by a rule that spares what is current, so replaced
 * configurations of versions that nobody exports any more go as well.
 */
export function ownBucketRules(
  prefix: string,
  versions: readonly string[],
  retention: Retention,
): S3BucketLifecycleConfigurationRule[] {
  return [
    { ...rule('uploads', ''), abortIncompleteMultipartUpload: [{ daysAfterInitiation: 1 }] },
    oldConfigurations(rootOf(prefix), retention),
    ...versions.flatMap((version) => versionRules(`${rootOf(prefix)}${version}/`, version, retention)),
  ];
}

/** Rules of a bucket in which other people's objects lie: none reaches further than one version of ours. */
export function sharedBucketRules(
  prefix: string,
  versions: readonly string[],
  retention: Retention,
): S3BucketLifecycleConfigurationRule[] {
  return versions.flatMap((version) => {
    const folder = `${rootOf(prefix)}${version}/`;
    return [
      { ...rule('uploads', folder), abortIncompleteMultipartUpload: [{ daysAfterInitiation: 1 }] },
      oldConfigurations(`${folder}config.json`, retention),
      ...versionRules(folder, version, retention),
    ];
  });
}

/** Replaced configurations. S3 deletes one when both are exceeded: its days, and the number of newer replaced ones. */
function oldConfigurations(under: string, retention: Retention): S3BucketLifecycleConfigurationRule {
  return {
    ...rule('configurations', under),
    noncurrentVersionExpiration: [
      {
        noncurrentDays: retention.noncurrentConfigurationDays,
        newerNoncurrentVersions: retention.noncurrentConfigurationVersions,
      },
    ],
  };
}

function versionRules(folder: string, version: string, retention: Retention): S3BucketLifecycleConfigurationRule[] {
  // Each renewal of the lease leaves a noncurrent version.
  const lease = {
    ...rule('lease', `${folder}kong-resilience.json`),
    noncurrentVersionExpiration: [{ noncurrentDays: 1 }],
  };
  if (!mayBeEnterprise(version)) return [lease];
  const election = `${folder}election/`;
  return [
    lease,
    {
      ...rule('election', election),
      expiration: [{ days: retention.electionExpirationDays }],
      noncurrentVersionExpiration: [{ noncurrentDays: 1 }],
    },
    // S3 takes it in no rule that has days.
    { ...rule('election-markers', election), expiration: [{ expiredObjectDeleteMarker: true }] },
  ];
}

/** The start of every rule. Its id holds what it reaches, so that it stays unique among other people's. */
function rule(kind: string, under: string): S3BucketLifecycleConfigurationRule {
  const id = `kong-${kind}${under === '' ? '' : `:${under}`}`;
  const hash = createHash('sha256').update(under).digest('hex');
  return {
    id: isKnown(id) && Buffer.byteLength(id) > 255 ? `kong-${kind}:${hash}` : id,
    status: 'Enabled',
    filter: [{ prefix: under }],
  };
}
