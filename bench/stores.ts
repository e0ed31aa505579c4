import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { goVersionOf } from './peers/programs';
import {
  type Credentials,
  findServer,
  minioRoot,
  type RunningServer,
  startFakeGcs,
  startMinio,
  startVersitygw,
  versitygwRegion,
  versitygwRoot,
} from '../test/support/servers';
import { s3Client, s3Environment } from '../test/support/servers/s3';

export const bucket = 'bench';
/** Of the configurations that this program writes. */
export const prefix = 'kong';

/** A store that runs, with the bucket in it. */
export interface BenchStore {
  readonly name: string;
  readonly kind: 's3' | 'gcs';
  readonly endpoint: URL;
  /** What a client of it has in its environment, this program and the aws CLI alike. */
  readonly environment: Readonly<Record<string, string>>;
  readonly region: string;
  readonly credentials: Credentials;
  /** Writes an object as another program does, in this process. */
  put(key: string, body: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** A store that may not be installed. */
export interface StoreKind {
  readonly name: string;
  /** Its own version, or undefined where it is not installed. */
  readonly version: () => string | undefined;
  start(): Promise<BenchStore>;
}

/** All of them are programs of Go, some of which say of themselves only that they were built. */
function versionOf(program: string): string | undefined {
  const path = findServer(program);
  return path === undefined ? undefined : (goVersionOf(path) ?? 'unknown');
}

export const storeKinds: readonly StoreKind[] = [
  s3Kind('MinIO', 'minio', startMinio, 'us-east-1', minioRoot),
  s3Kind('versitygw', 'versitygw', startVersitygw, versitygwRegion, versitygwRoot),
  gcsKind(),
];

function s3Kind(
  name: string,
  program: string,
  start: () => Promise<RunningServer>,
  region: string,
  credentials: Credentials,
): StoreKind {
  return {
    name,
    version: () => versionOf(program),
    start: async () => {
      const server = await start();
      const access = { endpoint: server.endpoint, region, credentials };
      const client = s3Client(access);
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return {
        ...{ name, kind: 's3', ...access },
        environment: {
          ...s3Environment(access),
          // The aws CLI's name of it.
          AWS_DEFAULT_REGION: region,
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `s3://${bucket}/${prefix}`,
        },
        put: async (Key, Body) => {
          await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType: 'application/json' }));
        },
        stop: async () => {
          client.destroy();
          await server.stop();
        },
      };
    },
  };
}

function gcsKind(): StoreKind {
  const name = 'fake-gcs-server';
  return {
    name,
    version: () => versionOf(name),
    start: async () => {
      const server = await startFakeGcs();
      await server.createBucket(bucket);
      const endpoint = server.endpoint.origin;
      return {
        ...{
          name,
          kind: 'gcs',
          endpoint: server.endpoint,
          region: '',
          credentials: { accessKeyId: '', secretAccessKey: '' },
        },
        environment: {
          KONG_RESILIENCE_GCS_ENDPOINT: endpoint,
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `gcs://${bucket}/${prefix}`,
        },
        put: (key, body) => server.write(bucket, key, body),
        stop: () => server.stop(),
      };
    },
  };
}
