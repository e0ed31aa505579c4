import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/contract';
import { openReader, openStore, type StoreSettings } from '../../src/store';
import { type FakeGcs, isMissing, startFakeGcs, startFaultyProxy } from '../support/servers';
import { describeFaults, describeStore, failureOf, json, type NetworkHarness, readAll, timeoutMs } from './conformance';

describe.skipIf(isMissing('fake-gcs-server'))('gcs', () => {
  let server: FakeGcs;
  beforeAll(async () => {
    server = await startFakeGcs();
  });
  afterAll(() => server?.stop());
  const at = (endpoint: URL): StoreSettings => ({ aws: { putSettings: {} }, google: { endpoint }, timeoutMs });
  const harness = async (): Promise<NetworkHarness> => {
    const bucket = `b-${randomUUID()}`;
    await server.createBucket(bucket);
    const { endpoint } = server;
    return {
      storage: { scheme: 'gcs', bucket, prefix: '' },
      endpoint,
      settings: at(endpoint),
      at,
      stop: () => Promise.resolve(),
    };
  };

  describeStore('gcs', harness);
  describeFaults('gcs', harness);

  it('finds a damaged byte by the MD5', async () => {
    const { storage, endpoint } = await harness();
    const proxy = await startFaultyProxy(endpoint);
    const store = await openStore(storage, at(proxy.endpoint));
    const key = '3.9.1/config.json';
    await store.put(key, randomBytes(2 ** 20), { condition: 'absent', contentType: json, metadata: {} });
    proxy.set({ kind: 'flip', after: 2 ** 19 });
    const { body } = await store.get(key);
    const error = await failureOf(readAll(body));
    expect(error.code).toBe('KR_STORE_CORRUPT');
    expect(error.reason).toMatch(/is damaged: its MD5 is .+==, and the store says .+==/);
    store.close();
    await proxy.stop();
  });

  it('never writes the same version twice, also for the same bytes', async () => {
    const { storage, settings } = await harness();
    const store = await openStore(storage, settings);
    const options = { contentType: json, metadata: {} };
    const key = '3.9.1/config.json';
    const a = await store.put(key, Buffer.from('A'), { ...options, condition: 'absent' });
    const b = await store.put(key, Buffer.from('B'), { ...options, condition: { version: a.version } });
    const again = await store.put(key, Buffer.from('A'), { ...options, condition: { version: b.version } });
    expect(new Set([a.version, b.version, again.version]).size).toBe(3);
    store.close();
  });

  it('asks for a token before it calls an endpoint that is not on this machine, and tells of a key that is none', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const account = { client_email: 'exporter@example.iam.gserviceaccount.com', private_key: privateKey.slice(40) };
    const google = { serviceAccount: new Secret(account), endpoint: new URL('https://storage.example.invalid') };
    const reader = await openReader({ scheme: 'gcs', bucket: 'b', prefix: '' }, { ...at(server.endpoint), google });
    const error = await failureOf(reader.head('3.9.1/config.json'));
    expect(error.code).toBe('KR_STORE_DENIED');
    expect(error.reason).toMatch(/^gcs:\/\/b: getting credentials was denied: /);
    expect(error.message).not.toContain(privateKey.slice(60, 100));
    reader.close();
  });
});
