/**
 * Requests to an S3 server, and who may send them by the policies of a store: the same for every store that speaks S3. A
 * real server decides; nothing here reads a policy.
 */
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Credentials } from '../../support/servers';

/** Who may do something: those with the grant to export, those with either grant, or nobody but the owner of the bucket. */
type Group = 'writers' | 'readers' | 'nobody';

/** Names of principals by their grants. */
export interface Principals<Who extends string> {
  readonly exporters: readonly Who[];
  readonly importers: readonly Who[];
  readonly withoutGrant: readonly Who[];
}

/** The bucket in which a store is, with an owner who may do everything. */
export interface Bucket {
  readonly bucket: string;
  /** Prefix of the store; may be empty. */
  readonly prefix: string;
  readonly root: S3Client;
}

export function clientOf(endpoint: URL, credentials: Credentials): S3Client {
  return new S3Client({
    endpoint: endpoint.href,
    region: 'us-east-1',
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
}

/** What stands before the keys of a store: its prefix with a slash, or nothing. */
export const folderOf = (prefix: string): string => (prefix === '' ? '' : `${prefix}/`);

/** Makes the bucket, with versions, as the store declares it. */
export async function makeBucket({ root, bucket }: Bucket): Promise<void> {
  await root.send(new CreateBucketCommand({ Bucket: bucket }));
  await root.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
}

/** Puts objects below the prefix and elsewhere. @returns the version of each, by its key */
export async function seed({ root, bucket, prefix }: Bucket): Promise<ReadonlyMap<string, string>> {
  const folder = folderOf(prefix);
  const below = ['config.json', 'kong-resilience.json', 'election/leader', 'other.json'];
  const versions = new Map<string, string>();
  for (const Key of [...below.map((name) => `${folder}3.9.3/${name}`), 'elsewhere/3.9.3/config.json']) {
    const { VersionId } = await root.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{}' }));
    versions.set(Key, VersionId ?? '');
  }
  return versions;
}

/** One request, who may send it, and nobody else. `folder` is the prefix with its slash. */
interface Case {
  readonly what: string;
  readonly allowed: Group;
  readonly send: (
    client: S3Client,
    Bucket: string,
    folder: string,
    versions: ReadonlyMap<string, string>,
  ) => Promise<unknown>;
  /** Where the bucket has no prefix, everything is below it. */
  readonly allowedWithoutPrefix?: Group;
  /** Whether it is only allowed where a gateway of Enterprise may export. */
  readonly ofElection?: boolean;
}

const put =
  (key: (folder: string) => string): Case['send'] =>
  (client, Bucket, folder) =>
    client.send(new PutObjectCommand({ Bucket, Key: key(folder), Body: '{"n":1}' }));
const get =
  (key: (folder: string) => string): Case['send'] =>
  (client, Bucket, folder) =>
    client.send(new GetObjectCommand({ Bucket, Key: key(folder) }));
const list =
  (prefix: (folder: string) => string | undefined): Case['send'] =>
  (client, Bucket, folder) =>
    client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix(folder) }));

const cases: readonly Case[] = [
  ...['config.json', 'kong-resilience.json', 'election/leader'].flatMap((name): Case[] => [
    ...['3.9.3', '3.99.0'].map((version): Case => ({
      what: `puts ${name} of ${version}`,
      allowed: 'writers',
      ofElection: name.startsWith('election/'),
      send: put((folder) => `${folder}${version}/${name}`),
    })),
    { what: `gets ${name}`, allowed: 'readers', send: get((folder) => `${folder}3.9.3/${name}`) },
    {
      what: `deletes ${name}`,
      allowed: 'nobody',
      send: (client, Bucket, folder) => client.send(new DeleteObjectCommand({ Bucket, Key: `${folder}3.9.3/${name}` })),
    },
  ]),
  {
    what: 'replaces config.json on a condition',
    allowed: 'writers',
    send: async (client, Bucket, folder) => {
      const Key = `${folder}3.9.3/config.json`;
      const { ETag } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return client.send(new PutObjectCommand({ Bucket, Key, Body: '{"n":2}', IfMatch: ETag }));
    },
  },
  { what: 'puts another object of a version', allowed: 'nobody', send: put((folder) => `${folder}3.9.3/other.json`) },
  { what: 'puts an object beside the versions', allowed: 'nobody', send: put((folder) => `${folder}config.json`) },
  {
    what: 'puts a config.json elsewhere',
    allowed: 'nobody',
    allowedWithoutPrefix: 'writers',
    send: put(() => 'elsewhere/3.9.3/config.json'),
  },
  {
    what: 'gets a config.json elsewhere',
    allowed: 'nobody',
    allowedWithoutPrefix: 'readers',
    send: get(() => 'elsewhere/3.9.3/config.json'),
  },
  {
    what: 'puts below a prefix that starts like the own one',
    allowed: 'nobody',
    allowedWithoutPrefix: 'writers',
    send: put((folder) => `${folder.slice(0, -1)}2/3.9.3/config.json`),
  },
  {
    what: 'gets what others put below the prefix',
    allowed: 'readers',
    send: get((folder) => `${folder}3.9.3/other.json`),
  },
  { what: 'lists the versions', allowed: 'readers', send: list((folder) => folder) },
  { what: 'lists one version', allowed: 'readers', send: list((folder) => `${folder}3.9.3/`) },
  {
    what: 'lists by the prefix without its slash',
    allowed: 'nobody',
    allowedWithoutPrefix: 'readers',
    send: list((folder) => folder.slice(0, -1)),
  },
  { what: 'lists the whole bucket', allowed: 'nobody', allowedWithoutPrefix: 'readers', send: list(() => undefined) },
  { what: 'lists elsewhere', allowed: 'nobody', allowedWithoutPrefix: 'readers', send: list(() => 'elsewhere/') },
  {
    // MinIO asks s3:ListBucket for it, S3 a right of its own. It shows no content.
    what: 'lists replaced versions',
    allowed: 'readers',
    send: (client, Bucket, folder) => client.send(new ListObjectVersionsCommand({ Bucket, Prefix: folder })),
  },
  {
    // MinIO asks s3:GetObject for it, S3 a right of its own.
    what: 'gets a replaced version',
    allowed: 'readers',
    send: async (client, Bucket, folder, versions) => {
      const Key = `${folder}3.9.3/config.json`;
      return client.send(new GetObjectCommand({ Bucket, Key, VersionId: versions.get(Key) }));
    },
  },
  {
    what: 'removes a version for good',
    allowed: 'nobody',
    send: (client, Bucket, folder, versions) =>
      client.send(
        new DeleteObjectCommand({
          Bucket,
          Key: `${folder}3.9.3/config.json`,
          VersionId: versions.get(`${folder}3.9.3/config.json`),
        }),
      ),
  },
  {
    what: 'deletes many at once',
    allowed: 'nobody',
    send: async (client, Bucket, folder) => {
      const Objects = [{ Key: `${folder}3.9.3/config.json` }];
      const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      if (Errors?.[0] !== undefined) throw Object.assign(new Error(Errors[0].Message), { name: Errors[0].Code });
    },
  },
  {
    what: 'starts a multipart upload elsewhere',
    allowed: 'nobody',
    send: (client, Bucket, folder) =>
      client.send(new CreateMultipartUploadCommand({ Bucket, Key: `${folder}3.9.3/other.json` })),
  },
  {
    what: 'copies a configuration out of the versions',
    allowed: 'nobody',
    send: (client, Bucket, folder) =>
      client.send(
        new CopyObjectCommand({ Bucket, Key: 'copy.json', CopySource: `${Bucket}/${folder}3.9.3/config.json` }),
      ),
  },
  {
    what: 'reads tags of an object',
    allowed: 'nobody',
    send: (client, Bucket, folder) =>
      client.send(new GetObjectTaggingCommand({ Bucket, Key: `${folder}3.9.3/config.json` })),
  },
  {
    what: 'turns versioning off',
    allowed: 'nobody',
    send: (client, Bucket) =>
      client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })),
  },
  {
    what: "reads the bucket's policy",
    allowed: 'nobody',
    send: (client, Bucket) => client.send(new GetBucketPolicyCommand({ Bucket })),
  },
  {
    what: "changes the bucket's policy",
    allowed: 'nobody',
    send: (client, Bucket) =>
      client.send(
        new PutBucketPolicyCommand({
          Bucket,
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${Bucket}/*`] },
            ],
          }),
        }),
      ),
  },
  {
    what: "changes the bucket's lifecycle",
    allowed: 'nobody',
    send: (client, Bucket) =>
      client.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket,
          LifecycleConfiguration: {
            Rules: [{ ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
          },
        }),
      ),
  },
  {
    what: 'makes a bucket',
    allowed: 'nobody',
    send: (client, Bucket) => client.send(new CreateBucketCommand({ Bucket: `${Bucket}-2` })),
  },
];

/** Whether the server refused it for want of a right; any other failure is one of the test. */
export async function isDenied(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if ((error as Error).name === 'AccessDenied') return true;
    throw error;
  }
}

/** A row of the table: a request of one principal. */
export type Row<Who> = readonly [who: Who, verb: 'may' | 'may not', what: string, may: boolean, send: Case['send']];

/**
 * Every request of every principal.
 *
 * @param elects whether the store's policies let exporters of Enterprise elect a leader
 */
export function requestsOf<Who extends string>(
  { exporters, importers, withoutGrant }: Principals<Who>,
  { prefix, elects = true }: { readonly prefix: string; readonly elects?: boolean },
): Row<Who>[] {
  const groups = { writers: exporters, readers: [...exporters, ...importers], nobody: [] };
  const rows = cases.flatMap(({ what, allowed, allowedWithoutPrefix = allowed, ofElection = false, send }) => {
    const group = prefix === '' ? allowedWithoutPrefix : allowed;
    const may: readonly Who[] = groups[ofElection && !elects ? 'nobody' : group];
    return [...groups.readers, ...withoutGrant].map((who) => ({ who, what, may: may.includes(who), send }));
  });
  return rows.map(({ who, what, may, send }) => [who, may ? 'may' : 'may not', what, may, send]);
}
