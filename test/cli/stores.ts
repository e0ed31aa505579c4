import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, NoSuchKey, PutObjectCommand } from '@aws-sdk/client-s3';
import { type Environment, temporaryFolder } from '../support/program';
import {
  type Credentials,
  isMissing,
  minioRoot,
  startFakeGcs,
  startMinio,
  startVersitygw,
  versitygwRegion,
  versitygwRoot,
} from '../support/servers';
import { s3Client, s3Environment } from '../support/servers/s3';

/** What is stored, read without the program's own drivers. */
export interface Stored {
  readonly bytes: Buffer;
  /** ETag or generation. */
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A bucket of its own, or a folder. */
export interface Bucket {
  readonly name: string;
  /** The value of KONG_CLUSTER_FALLBACK_CONFIG_STORAGE. */
  url(this: void, prefix?: string): string;
  /** What else the program needs to use it, as on Kong's page. */
  readonly environment: Environment;
  read(key: string): Promise<Stored | undefined>;
  write(key: string, bytes: string | Uint8Array, metadata?: Readonly<Record<string, string>>): Promise<void>;
}

/** A kind of store, whose server is shared by the tests of a file. */
export interface StoreKind {
  readonly name: string;
  readonly missing: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  bucket(): Promise<Bucket>;
}

export function fileStore(): StoreKind {
  return {
    name: 'file',
    missing: false,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    bucket: () => Promise.resolve(folderBucket(temporaryFolder())),
  };
}

export function folderBucket(folder: string): Bucket {
  return {
    name: folder,
    url: (prefix = '') => `file://${folder}${prefix === '' ? '' : `/${prefix}`}`,
    environment: {},
    read: async (key) => {
      try {
        const bytes = readFileSync(join(folder, key));
        return { bytes, version: '', metadata: {} };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write: async (key, bytes) => {
      const path = join(folder, key);
      mkdirSync(dirname(path), { recursive: true });
      // As the program would.
      writeFileSync(`${path}.new`, bytes, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

function s3Kind(
  name: string,
  startServer: () => Promise<{ endpoint: URL; stop(): Promise<void> }>,
  credentials: Credentials,
  region: string,
): StoreKind & { readonly endpoint: URL } {
  let server: { endpoint: URL; stop(): Promise<void> } | undefined;
  const endpoint = (): URL => {
    if (server === undefined) throw new Error(`${name} does not run`);
    return server.endpoint;
  };
  return {
    name,
    missing: isMissing(name),
    get endpoint() {
      return endpoint();
    },
    start: async () => void (server = await startServer()),
    stop: async () => server?.stop(),
    bucket: async () => {
      const bucket = `b-${randomUUID()}`;
      const access = { endpoint: endpoint(), region, credentials };
      const client = s3Client(access);
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return {
        name: bucket,
        url: (prefix = '') => `s3://${bucket}/${prefix}`,
        environment: s3Environment(access),
        read: async (key) => {
          try {
            for (;;) {
              const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
              const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
              const md5 = createHash('md5').update(bytes).digest('hex');
              // versitygw may answer with the new bytes and the old ETag while an object is being replaced.
              if (answer.ETag === `"${md5}"`) return { bytes, version: md5, metadata: answer.Metadata ?? {} };
            }
          } catch (error) {
            if (error instanceof NoSuchKey) return undefined;
            throw error;
          }
        },
        write: async (key, bytes, metadata = {}) => {
          const input = { Bucket: bucket, Key: key, Body: bytes, Metadata: { ...metadata } };
          await client.send(new PutObjectCommand({ ...input, ContentType: 'application/json' }));
        },
      };
    },
  };
}

export const minio = (): ReturnType<typeof s3Kind> => s3Kind('minio', startMinio, minioRoot, 'us-east-2');
export const versitygw = (): ReturnType<typeof s3Kind> =>
  s3Kind('versitygw', startVersitygw, versitygwRoot, versitygwRegion);

export function fakeGcs(): StoreKind {
  let server: Awaited<ReturnType<typeof startFakeGcs>> | undefined;
  return {
    name: 'fake-gcs-server',
    missing: isMissing('fake-gcs-server'),
    start: async () => void (server = await startFakeGcs()),
    stop: async () => server?.stop(),
    bucket: async () => {
      if (server === undefined) throw new Error('fake-gcs-server does not run');
      const running = server;
      const { endpoint } = running;
      const bucket = `b-${randomUUID()}`;
      await server.createBucket(bucket);
      const objects = `/storage/v1/b/${bucket}/o`;
      return {
        name: bucket,
        url: (prefix = '') => `gcs://${bucket}/${prefix}`,
        environment: { KONG_RESILIENCE_GCS_ENDPOINT: endpoint.href },
        read: async (key) => {
          const url = new URL(`${objects}/${encodeURIComponent(key)}`, endpoint);
          const described = await fetch(url);
          if (described.status === 404) return undefined;
          const { generation: version, metadata = {} } = (await described.json()) as {
            generation: string;
            metadata?: Record<string, string>;
          };
          const body = await fetch(`${url.href}?alt=media`);
          return { bytes: Buffer.from(await body.arrayBuffer()), version, metadata };
        },
        write: (key, bytes) => running.write(bucket, key, bytes),
      };
    },
  };
}
