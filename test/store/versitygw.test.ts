import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store';
import { isMissing, type RunningServer, startVersitygw, versitygwRegion, versitygwRoot } from '../support/servers';
import { describeFaults, describeStore, failureOf, json, type NetworkHarness, text } from './conformance';
import { describeDenied, s3Harness } from './s3-harness';

describe.skipIf(isMissing('versitygw'))('versitygw', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server?.stop());
  const harness = (): Promise<NetworkHarness> => s3Harness(server, versitygwRoot, versitygwRegion, `b-${randomUUID()}`);

  describeStore('versitygw', harness);
  describeFaults('versitygw', harness);
  describeDenied(harness, versitygwRoot, [
    ['a wrong secret', { ...versitygwRoot, secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
    ['an unknown key', { ...versitygwRoot, accessKeyId: 'nobody' }, 'XAdminUserNotFound'],
    ['no credentials at all', undefined, 'no credentials were found'],
  ]);

  describe('what only this server does', () => {
    const key = 'kong/3.9.1/config.json';
    const put = { condition: 'absent', contentType: json, metadata: {} } as const;

    it('takes a body under its digest, and refuses it under another one', async () => {
      const { storage, settings } = await harness();
      const store = await openStore(storage, settings);
      const sha256 = createHash('sha256').update('{}').digest('hex');
      const error = await failureOf(store.put(key, text('{}'), { ...put, sha256: 'ab'.repeat(32) }));
      expect(error.message).toMatch(/XAmzContentSHA256Mismatch/);
      expect((await failureOf(store.head(key))).code).toBe('KR_STORE_ABSENT');
      await store.put(key, text('{}'), { ...put, sha256 });
      store.close();
    });

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
  });
});
