import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReader, openStore } from '../../src/store';
import { isMissing, type RunningServer, startVersitygw, versitygwRegion, versitygwRoot } from '../support/servers';
import { describeFaults, describeStore, failureOf, json, type NetworkHarness, text } from './conformance';
import { s3Harness, useCredentials } from './s3-harness';

describe.skipIf(isMissing('versitygw'))('versitygw', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server?.stop());
  const harness = (): Promise<NetworkHarness> => s3Harness(server, versitygwRoot, versitygwRegion, `b-${randomUUID()}`);

  describeStore('versitygw', harness);
  describeFaults('versitygw', harness);

  describe('what only this server does', () => {
    const key = 'kong/3.9.1/config.json';
    const put = { condition: 'absent', contentType: json, metadata: {} } as const;

    it('refuses a request that was signed for another region', async () => {
      const { storage, settings } = await harness();
      const aws = { ...settings.aws, region: 'us-west-2' };
      const store = await openStore(storage, { ...settings, aws });
      const error = await failureOf(store.put(key, text('{}'), put));
      expect(error.code).toBe('KR_STORE_REFUSED');
      expect(error.message).toMatch(
        /: writing kong\/3\.9\.1\/config\.json was refused: HTTP 400 AuthorizationHeaderMalformed: .*region.*\. Check bucket name, region, endpoint and KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG\.$/,
      );
      expect((await failureOf(store.head(key))).code).toBe('KR_STORE_REFUSED');
      store.close();
    });

    it('denies a wrong secret', async () => {
      const { storage, settings } = await harness();
      useCredentials({ ...versitygwRoot, secretAccessKey: 'wrong' });
      const reader = await openReader(storage, settings);
      const error = await failureOf(reader.get(key));
      expect(error.code).toBe('KR_STORE_DENIED');
      expect(error.reason).toContain('SignatureDoesNotMatch');
      expect((await failureOf(reader.head(key))).code).toBe('KR_STORE_DENIED');
      expect((await failureOf(reader.listFolders(''))).code).toBe('KR_STORE_DENIED');
      reader.close();
      useCredentials(versitygwRoot);
    });

    it('denies an access key that it does not know', async () => {
      const { storage, settings } = await harness();
      useCredentials({ ...versitygwRoot, accessKeyId: 'nobody' });
      const store = await openStore(storage, settings);
      for (const work of [
        () => store.head(key),
        () => store.get(key),
        () => store.listFolders(''),
        () => store.put(key, text('{}'), put),
        () => store.put(key, text('{}'), { ...put, condition: { version: '"0123"' } }),
      ]) {
        expect((await failureOf(work())).code).toBe('KR_STORE_DENIED');
      }
      store.close();
      useCredentials(versitygwRoot);
    });
  });
});
