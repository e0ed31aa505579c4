import type { PolicyStatement } from './policy';

/** A key of KMS with which the objects of a place are encrypted. */
export interface PlaceKey {
  readonly arn: string;
  /** The S3 of the bucket's region, as KMS names it: `s3.<region>.<DNS suffix>`. */
  readonly viaService: string;
}

/** A bucket, what is ours in it, and the key. */
export interface Place {
  readonly bucketArn: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  readonly key?: PlaceKey;
}

/** The folder that holds one folder per version: empty, or ending in `/`. */
export function rootOf(prefix: string): string {
  return prefix === '' ? '' : `${prefix}/`;
}

/** What a principal may do with the objects. KMS is apart, because in a key's policy the resource is always `*`. */
export interface Rights {
  readonly s3: readonly PolicyStatement[];
  readonly kms: readonly PolicyStatement[];
}

/**
 * What an importer needs: it gets `config.json`, and where that is refused it lists the exact key, to tell a missing
 * object from a denied one.
 */
export function importRights(place: Place): Rights {
  return { s3: readStatements(place), kms: kmsStatements(place, ['kms:Decrypt']) };
}

/**
 * What an exporter needs. A lease is released by overwriting it, so there is no delete.
 *
 * @param election whether an Enterprise gateway may write, which elects a leader under `election/`
 */
export function exportRights(place: Place, election: boolean): Rights {
  const root = rootOf(place.prefix);
  const keys = ['config.json', 'kong-resilience.json', ...(election ? ['election/*'] : [])];
  return {
    s3: [
      {
        Sid: 'KongWrite',
        Effect: 'Allow',
        Action: ['s3:PutObject'],
        Resource: keys.map((key) => `${place.bucketArn}/${root}*/${key}`),
      },
      ...readStatements(place),
    ],
    kms: kmsStatements(place, ['kms:GenerateDataKey', 'kms:Decrypt']),
  };
}

function readStatements({ bucketArn, prefix }: Place): PolicyStatement[] {
  const root = rootOf(prefix);
  return [
    { Sid: 'KongRead', Effect: 'Allow', Action: ['s3:GetObject'], Resource: [`${bucketArn}/${root}*`] },
    {
      Sid: 'KongList',
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [bucketArn],
      // Not …IfExists: a request without a prefix lists the whole bucket.
      ...(root === '' ? {} : { Condition: { StringLike: { 's3:prefix': [`${root}*`] } } }),
    },
  ];
}

function kmsStatements({ bucketArn, prefix, key }: Place, actions: readonly string[]): PolicyStatement[] {
  if (key === undefined) return [];
  return [
    {
      Sid: 'KongKey',
      Effect: 'Allow',
      Action: actions,
      Resource: [key.arn],
      Condition: {
        StringEquals: { 'kms:ViaService': [key.viaService] },
        // With a bucket key the context is the bucket's ARN, without one the object's; a bucket may hold both kinds.
        StringLike: { 'kms:EncryptionContext:aws:s3:arn': [bucketArn, `${bucketArn}/${rootOf(prefix)}*`] },
      },
    },
  ];
}

/** Refuses every request without TLS to the given resources. */
export function tlsOnly(resources: readonly string[]): PolicyStatement {
  return {
    Sid: 'KongTlsOnly',
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: ['s3:*'],
    Resource: resources,
    Condition: { Bool: { 'aws:SecureTransport': ['false'] } },
  };
}
