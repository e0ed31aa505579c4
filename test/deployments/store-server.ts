import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { type Credentials, minioRoot, startFakeGcs, startMinio } from '../support/servers';
import { s3Client, s3Environment } from '../support/servers/s3';

/** The one bucket of a specification, read and written without the program's own drivers. */
export interface StoredObjects {
  /** Puts a configuration where the specification's nodes look for it, or another object beside it. */
  write(bytes: Buffer, name?: ObjectName): Promise<void>;
  /** What stands there. */
  read(name?: ObjectName): Promise<Buffer | undefined>;
}

/** The configuration, and the lease of its exporters. */
type ObjectName = 'config.json' | 'kong-resilience.json';

/** A real store that runs, for the tests of a file. */
export interface StoreServer {
  readonly port: number;
  readonly credentials: Credentials;
  /** What a program on this machine has to have of it in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** @param url `s3://bucket/prefix` or `gcs://bucket/prefix`, as the specification has it; its bucket is made, and emptied */
  bucket(url: string): Promise<StoredObjects>;
  stop(): Promise<void>;
}

/** An object of the version that every specification has. */
const keyOf = (prefix: string, name: ObjectName = 'config.json'): string =>
  [prefix, '3.9.1', name].filter((part) => part !== '').join('/');

function placeOf(url: string): { readonly bucket: string; readonly prefix: string } {
  const [, bucket = '', prefix = ''] = /^[a-z0-9]+:\/\/([^/]+)\/?(.*?)\/?$/.exec(url) ?? [];
  if (bucket === '') throw new Error(`${url} names no bucket`);
  return { bucket, prefix };
}

export async function s3Server(
  server: { readonly endpoint: URL; stop(): Promise<void> },
  credentials: Credentials,
  region: string,
): Promise<StoreServer> {
  const access = { endpoint: server.endpoint, region, credentials };
  const client = s3Client(access);
  const made = new Set<string>();
  return {
    port: Number(server.endpoint.port),
    credentials,
    environment: s3Environment(access),
    stop: () => server.stop(),
    bucket: async (url) => {
      const { bucket: Bucket, prefix } = placeOf(url);
      if (!made.has(Bucket)) await client.send(new CreateBucketCommand({ Bucket }));
      made.add(Bucket);
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      for (const object of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key: object.Key ?? '' }));
      return {
        write: async (bytes, name) => {
          const Key = keyOf(prefix, name);
          await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes, ContentType: 'application/json' }));
        },
        read: async (name) => {
          try {
            const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(prefix, name) }));
            return Buffer.from((await Body?.transformToByteArray()) ?? []);
          } catch (error) {
            if (error instanceof NoSuchKey) return undefined;
            throw error;
          }
        },
      };
    },
  };
}

/** With temporary credentials, as a role gives them. */
export async function minioWithRole(): Promise<StoreServer> {
  const minio = await startMinio();
  const everything = { Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::*' };
  const role = await minio.credentials({ Version: '2012-10-17', Statement: [everything] });
  return { ...(await s3Server(minio, minioRoot, 'us-east-1')), credentials: role };
}

/** fake-gcs-server, which knows no credentials. */
export async function gcsServer(): Promise<StoreServer> {
  const server = await startFakeGcs();
  const made = new Set<string>();
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const answer = await fetch(new URL(path, server.endpoint), init);
    if (!answer.ok && answer.status !== 404) throw new Error(`${path}: HTTP ${answer.status}`);
    return answer;
  };
  return {
    port: Number(server.endpoint.port),
    credentials: { accessKeyId: '', secretAccessKey: '' },
    environment: { KONG_RESILIENCE_GCS_ENDPOINT: server.endpoint.href },
    stop: () => server.stop(),
    bucket: async (url) => {
      const { bucket, prefix } = placeOf(url);
      if (!made.has(bucket)) await server.createBucket(bucket);
      made.add(bucket);
      const listed = (await (await ask(`/storage/v1/b/${bucket}/o`)).json()) as { items?: { name: string }[] };
      for (const { name } of listed.items ?? []) {
        await ask(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`, { method: 'DELETE' });
      }
      return {
        write: (bytes, name) => server.write(bucket, keyOf(prefix, name), bytes),
        read: async (name) => {
          const answer = await ask(`/storage/v1/b/${bucket}/o/${encodeURIComponent(keyOf(prefix, name))}?alt=media`);
          return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
        },
      };
    },
  };
}
