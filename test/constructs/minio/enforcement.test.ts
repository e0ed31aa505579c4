import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3CompatibleStore } from '../../../constructs/minio';
import { isMissing, type Minio, startMinio } from '../../support/servers';
import { type Applied, apply, clientOf, seed, type Who } from './applied';
import { newStack } from './harness';

const writers: readonly Who[] = ['exporter', 'exporting account'];
const readers: readonly Who[] = [...writers, 'importer', 'importing account'];
const everyone: readonly Who[] = [...readers, 'account without a grant'];

/** One request, who may send it, and nobody else. `folder` is the prefix with its slash. */
interface Case {
  readonly what: string;
  readonly allowed: readonly Who[];
  readonly send: (
    client: S3Client,
    Bucket: string,
    folder: string,
    versions: ReadonlyMap<string, string>,
  ) => Promise<unknown>;
  /** Where the bucket has no prefix, everything is below it. */
  readonly allowedWithoutPrefix?: readonly Who[];
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
    { what: `puts ${name} of a version`, allowed: writers, send: put((folder) => `${folder}3.9.3/${name}`) },
    { what: `puts ${name} of a new version`, allowed: writers, send: put((folder) => `${folder}3.99.0/${name}`) },
    { what: `gets ${name}`, allowed: readers, send: get((folder) => `${folder}3.9.3/${name}`) },
    {
      what: `deletes ${name}`,
      allowed: [],
      send: (client, Bucket, folder) => client.send(new DeleteObjectCommand({ Bucket, Key: `${folder}3.9.3/${name}` })),
    },
  ]),
  {
    what: 'replaces config.json on a condition',
    allowed: writers,
    send: async (client, Bucket, folder) => {
      const Key = `${folder}3.9.3/config.json`;
      const { ETag } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return client.send(new PutObjectCommand({ Bucket, Key, Body: '{"n":2}', IfMatch: ETag }));
    },
  },
  { what: 'puts another object of a version', allowed: [], send: put((folder) => `${folder}3.9.3/other.json`) },
  { what: 'puts an object beside the versions', allowed: [], send: put((folder) => `${folder}config.json`) },
  {
    what: 'puts a config.json elsewhere',
    allowed: [],
    allowedWithoutPrefix: writers,
    send: put(() => 'elsewhere/3.9.3/config.json'),
  },
  {
    what: 'gets a config.json elsewhere',
    allowed: [],
    allowedWithoutPrefix: readers,
    send: get(() => 'elsewhere/3.9.3/config.json'),
  },
  {
    what: 'puts below a prefix that starts like the own one',
    allowed: [],
    allowedWithoutPrefix: writers,
    send: put((folder) => `${folder.slice(0, -1)}2/3.9.3/config.json`),
  },
  {
    what: 'gets what others put below the prefix',
    allowed: readers,
    send: get((folder) => `${folder}3.9.3/other.json`),
  },
  { what: 'lists the versions', allowed: readers, send: list((folder) => folder) },
  { what: 'lists one version', allowed: readers, send: list((folder) => `${folder}3.9.3/`) },
  {
    what: 'lists by the prefix without its slash',
    allowed: [],
    allowedWithoutPrefix: readers,
    send: list((folder) => folder.slice(0, -1)),
  },
  { what: 'lists the whole bucket', allowed: [], allowedWithoutPrefix: readers, send: list(() => undefined) },
  { what: 'lists elsewhere', allowed: [], allowedWithoutPrefix: readers, send: list(() => 'elsewhere/') },
  {
    // MinIO asks s3:ListBucket for it, S3 a right of its own. It shows no content.
    what: 'lists replaced versions',
    allowed: readers,
    send: (client, Bucket, folder) => client.send(new ListObjectVersionsCommand({ Bucket, Prefix: folder })),
  },
  {
    // MinIO asks s3:GetObject for it, S3 a right of its own.
    what: 'gets a replaced version',
    allowed: readers,
    send: async (client, Bucket, folder, versions) => {
      const Key = `${folder}3.9.3/config.json`;
      return client.send(new GetObjectCommand({ Bucket, Key, VersionId: versions.get(Key) }));
    },
  },
  {
    what: 'removes a version for good',
    allowed: [],
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
    allowed: [],
    send: async (client, Bucket, folder) => {
      const Objects = [{ Key: `${folder}3.9.3/config.json` }];
      const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      if (Errors?.[0] !== undefined) throw Object.assign(new Error(Errors[0].Message), { name: Errors[0].Code });
    },
  },
  {
    what: 'starts a multipart upload elsewhere',
    allowed: [],
    send: (client, Bucket, folder) =>
      client.send(new CreateMultipartUploadCommand({ Bucket, Key: `${folder}3.9.3/other.json` })),
  },
  {
    what: 'copies a configuration out of the versions',
    allowed: [],
    send: (client, Bucket, folder) =>
      client.send(
        new CopyObjectCommand({ Bucket, Key: 'copy.json', CopySource: `${Bucket}/${folder}3.9.3/config.json` }),
      ),
  },
  {
    what: 'reads tags of an object',
    allowed: [],
    send: (client, Bucket, folder) =>
      client.send(new GetObjectTaggingCommand({ Bucket, Key: `${folder}3.9.3/config.json` })),
  },
  {
    what: 'turns versioning off',
    allowed: [],
    send: (client, Bucket) =>
      client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })),
  },
  {
    what: "reads the bucket's policy",
    allowed: [],
    send: (client, Bucket) => client.send(new GetBucketPolicyCommand({ Bucket })),
  },
  {
    what: "changes the bucket's policy",
    allowed: [],
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
    allowed: [],
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
    allowed: [],
    send: (client, Bucket) => client.send(new CreateBucketCommand({ Bucket: `${Bucket}-2` })),
  },
];

/** Whether MinIO refused it for want of a right; any other failure is one of the test. */
async function isDenied(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if ((error as Error).name === 'AccessDenied') return true;
    throw error;
  }
}

describe.skipIf(isMissing('minio'))('what MinIO itself allows by the policies as they are synthesized', () => {
  let server: Minio;
  beforeAll(async () => {
    server = await startMinio();
  });
  afterAll(() => server?.stop());

  describe.each([
    ['with a prefix', 'kong/eu'],
    ['without a prefix', ''],
  ])('%s', (_, prefix) => {
    const folder = prefix === '' ? '' : `${prefix}/`;
    let applied: Applied;
    let versions: ReadonlyMap<string, string>;
    let clients: Readonly<Record<Who, S3Client>>;
    beforeAll(async () => {
      applied = await apply(server, prefix);
      versions = await seed(applied);
      clients = Object.fromEntries(
        Object.entries(applied.keys).map(([who, keys]) => [who, clientOf(server.endpoint, keys)]),
      ) as Record<Who, S3Client>;
    });
    afterAll(() => {
      for (const client of Object.values(clients ?? {})) client.destroy();
      applied?.root.destroy();
    });

    const table = cases.flatMap(({ what, allowed, allowedWithoutPrefix, send }) =>
      everyone.map((who) => {
        const may = (prefix === '' && allowedWithoutPrefix !== undefined ? allowedWithoutPrefix : allowed).includes(
          who,
        );
        return [who, may ? 'may' : 'may not', what, may, send] as const;
      }),
    );

    it.each(table)('the %s %s: %s', async (who, _may, _what, may, send) => {
      expect(await isDenied(send(clients[who], applied.bucket, folder, versions))).toBe(!may);
    });

    it('takes the lifecycle, and gives it back as it is', async () => {
      const compatible = new S3CompatibleStore(newStack(), 'Store', {
        ...{ endpoint: server.endpoint.href, bucketName: applied.bucket, prefix },
      });
      compatible.addGatewayVersion('3.9.3');
      compatible.addGatewayVersion('3.10.0.2');
      const Rules = compatible.lifecycleRules.map(({ Status, ...rule }) => ({ ...rule, Status: Status as 'Enabled' }));
      const Bucket = applied.bucket;
      await applied.root.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
      );
      const kept = await applied.root.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
      expect(kept.Rules).toEqual(Rules);
    });
  });
});
