import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Credentials, RunningServer } from '../support/servers';
import { type NetworkHarness, timeoutMs } from './conformance';

/** The environment as the default credential chain reads it, with nothing of this machine in it. */
export function useCredentials(credentials: Credentials | undefined): void {
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_CONFIG_FILE'] = process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent/aws';
  const values = {
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    AWS_SESSION_TOKEN: credentials?.sessionToken,
  };
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
}

async function createBucket(endpoint: URL, credentials: Credentials, region: string, bucket: string): Promise<void> {
  const client = new S3Client({ endpoint: endpoint.href, credentials, region, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
}

/** A bucket of its own on an S3 server that is running. */
export async function s3Harness(
  server: RunningServer,
  credentials: Credentials,
  region: string,
  bucket: string,
): Promise<NetworkHarness> {
  useCredentials(credentials);
  await createBucket(server.endpoint, credentials, region, bucket);
  const at = (endpoint: URL): NetworkHarness['settings'] => ({
    aws: { endpoint, region, putSettings: {} },
    google: {},
    timeoutMs,
  });
  return {
    storage: { scheme: 's3', bucket, prefix: '' },
    endpoint: server.endpoint,
    settings: at(server.endpoint),
    at,
    stop: () => Promise.resolve(),
  };
}
