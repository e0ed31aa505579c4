import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store';
import { isMissing, type Minio, minioRoot, startFaultyProxy, startMinio } from '../support/servers';
import {
  describeFaults,
  describeStore,
  failureOf,
  json,
  type NetworkHarness,
  readAll,
  text,
  timeoutMs,
} from './conformance';
import { describeDenied, s3Harness, useCredentials } from './s3-harness';

describe.skipIf(isMissing('minio'))('minio', () => {
  let server: Minio;
  beforeAll(async () => {
    server = await startMinio();
  });
  afterAll(() => server?.stop());
  const harness = (): Promise<NetworkHarness> => s3Harness(server, minioRoot, 'us-east-1', `b-${randomUUID()}`);

  describeStore('minio', harness);
  describeFaults('minio', harness);
  describeDenied(harness, minioRoot, [
    ['a wrong secret', { ...minioRoot, secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
    ['an unknown key', { ...minioRoot, accessKeyId: 'nobody' }, 'InvalidAccessKeyId'],
    ['a token that is none', { ...minioRoot, sessionToken: 'none' }, 'InvalidToken'],
    ['no credentials at all', undefined, 'no credentials were found'],
  ]);

  describe('permissions', () => {
    const key = 'kong/3.9.1/config.json';
    const missing = 'kong/3.9.0/config.json';
    const put = { condition: 'absent', contentType: json, metadata: {} } as const;
    let bucket: NetworkHarness;
    const list = (name: string): object => ({
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: `arn:aws:s3:::${name}`,
      Condition: { StringLike: { 's3:prefix': ['kong/*'] } },
    });
    const objects = (name: string, ...actions: string[]): object => ({
      Effect: 'Allow',
      Action: actions,
      Resource: `arn:aws:s3:::${name}/kong/*`,
    });
    const as = async (...statements: object[]): Promise<void> =>
      useCredentials(await server.credentials({ Version: '2012-10-17', Statement: statements }));

    beforeAll(async () => {
      bucket = await harness();
      const store = await openStore(bucket.storage, bucket.settings);
      await store.put(key, text('{}'), put);
      store.close();
    });
    afterAll(() => useCredentials(minioRoot));

    it('an importer may get and list below its prefix, and nothing else', async () => {
      const name = bucket.storage.bucket;
      await as(objects(name, 's3:GetObject'), list(name));
      const store = await openStore(bucket.storage, bucket.settings);
      expect((await store.head(key)).size).toBe(2);
      expect((await readAll((await store.get(key)).body)).toString()).toBe('{}');
      expect(await store.listFolders('kong/')).toEqual(['3.9.1']);
      expect((await failureOf(store.get(missing))).code).toBe('KR_STORE_ABSENT');
      expect((await failureOf(store.head(missing))).code).toBe('KR_STORE_ABSENT');
      const denied = await failureOf(store.put(missing, text('{}'), put));
      expect(denied.message).toBe(
        `s3://${name}: writing ${missing} was denied: HTTP 403 AccessDenied: Access Denied. ` +
          'Check the credentials and the permissions: an exporter puts, gets and lists under the prefix, an importer gets and lists.',
      );
      for (const work of [
        () => store.listFolders(''),
        () => store.listFolders('kong'),
        () => store.head('else/3.9.1/config.json'),
        () => store.get('else/3.9.1/config.json'),
      ]) {
        expect((await failureOf(work())).code).toBe('KR_STORE_DENIED');
      }
      store.close();
    });

    it('an exporter may put, get and list below its prefix', async () => {
      const name = bucket.storage.bucket;
      await as(objects(name, 's3:GetObject', 's3:PutObject'), list(name));
      const store = await openStore(bucket.storage, bucket.settings);
      const fresh = 'kong/3.10.0/config.json';
      const { version } = await store.put(fresh, text('{"n":1}'), put);
      await store.put(fresh, text('{"n":2}'), { ...put, condition: { version } });
      expect(await store.listFolders('kong/')).toEqual(['3.10.0', '3.9.1']);
      expect((await failureOf(store.put('else/config.json', text('{}'), put))).code).toBe('KR_STORE_DENIED');
      store.close();
    });

    it('an object that is there and may not be read is denied, not absent', async () => {
      const name = bucket.storage.bucket;
      await as(objects(name, 's3:PutObject'), list(name));
      const store = await openStore(bucket.storage, bucket.settings);
      expect((await failureOf(store.get(key))).code).toBe('KR_STORE_DENIED');
      expect((await failureOf(store.head(key))).code).toBe('KR_STORE_DENIED');
      store.close();
    });

    it('who may only put can still create, and not twice', async () => {
      const name = bucket.storage.bucket;
      await as(objects(name, 's3:PutObject'));
      const store = await openStore(bucket.storage, bucket.settings);
      await store.put('kong/3.8.0/config.json', text('{}'), put);
      expect((await failureOf(store.put('kong/3.8.0/config.json', text('{}'), put))).code).toBe('KR_STORE_CONFLICT');
      store.close();
    });
  });

  it('refuses an encryption that the server has no key service for, on every object', async () => {
    const { storage, settings } = await harness();
    const putSettings = { ServerSideEncryption: 'aws:kms' };
    const store = await openStore(storage, { ...settings, aws: { ...settings.aws, putSettings } });
    for (const key of ['3.9.1/config.json', '3.9.1/kong-resilience.json']) {
      const error = await failureOf(
        store.put(key, text('{}'), { condition: 'absent', contentType: json, metadata: {} }),
      );
      expect(error.code).toBe('KR_STORE_REFUSED');
      expect(error.reason).toContain('HTTP 501 NotImplemented');
    }
    store.close();
  });

  it('finds a damaged byte by the checksum, where it is called as AWS itself is', async () => {
    const { storage, endpoint } = await harness();
    const proxy = await startFaultyProxy(endpoint);
    process.env['AWS_ENDPOINT_URL_S3'] = proxy.endpoint.href;
    const store = await openStore(storage, { aws: { region: 'us-east-1', putSettings: {} }, google: {}, timeoutMs });
    const key = '3.9.1/config.json';
    await store.put(key, randomBytes(2 ** 20), { condition: 'absent', contentType: json, metadata: {} });
    expect(await readAll((await store.get(key)).body)).toHaveLength(2 ** 20);
    proxy.set({ kind: 'flip', after: 2 ** 19 });
    const error = await failureOf(store.get(key).then(({ body }) => readAll(body)));
    expect(error.code).toBe('KR_STORE_CORRUPT');
    expect(error.reason).toMatch(/is damaged: Checksum mismatch: expected ".+" but received ".+"/);
    store.close();
    Reflect.deleteProperty(process.env, 'AWS_ENDPOINT_URL_S3');
    await proxy.stop();
  });
});
