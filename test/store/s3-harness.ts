import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store';
import type { Credentials, RunningServer } from '../support/servers';
import { failureOf, json, type NetworkHarness, text, timeoutMs } from './conformance';

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

/** Every call with these credentials is denied; `reason` is what a read says of it. */
export function describeDenied(
  harness: () => Promise<NetworkHarness>,
  root: Credentials,
  cases: readonly (readonly [what: string, credentials: Credentials | undefined, reason: string])[],
): void {
  describe('credentials', () => {
    const key = 'kong/3.9.1/config.json';
    const put = { contentType: json, metadata: {} } as const;
    afterAll(() => useCredentials(root));

    it.each(cases)('%s: denied', async (_what, credentials, reason) => {
      const code = credentials === undefined ? 'KR_STORE_NO_CREDENTIALS' : 'KR_STORE_DENIED';
      const { storage, settings } = await harness();
      useCredentials(credentials);
      const store = await openStore(storage, settings);
      for (const work of [
        () => store.head(key),
        () => store.get(key),
        () => store.listFolders(''),
        () => store.put(key, text('{}'), { ...put, condition: 'absent' }),
        () => store.put(key, text('{}'), { ...put, condition: { version: '"0123"' } }),
      ]) {
        expect((await failureOf(work())).code).toBe(code);
      }
      expect((await failureOf(store.get(key))).reason).toContain(reason);
      store.close();
    });
  });
}
