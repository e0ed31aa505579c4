import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorageUrl } from '../../src/contract';
import { versionsPrefix } from '../../src/contract';
import { ResilienceError } from '../../src/errors';
import {
  isRetryable,
  type ObjectReader,
  type ObjectStore,
  openReader,
  openStore,
  type StoreSettings,
} from '../../src/store';
import { type FaultyProxy, startFaultyProxy, startSilentServer, startStub } from '../support/servers';

/** What a store's tests have to give to the suite. */
export interface Harness {
  readonly storage: StorageUrl;
  readonly settings: StoreSettings;
  stop(): Promise<void>;
}

/** Bound for a whole call in these tests: generous, since nothing is to run into it. */
export const timeoutMs = 20_000;

export const text = (value: string): Uint8Array => Buffer.from(value);
export const json = 'application/json';

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The error of this project that `work` ends with. */
export async function failureOf(work: Promise<unknown>): Promise<ResilienceError> {
  const outcome = await work.then(
    (value) => new Error(`it succeeded: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof ResilienceError) return outcome;
  throw new Error('not an error of this project', { cause: outcome });
}

/** What every store promises, whatever it is. */
export function describeStore(name: string, setUp: () => Promise<Harness>): void {
  describe.each([
    ['plain', ''],
    ['prefixed', 'team/kong'],
  ])(`${name}, %s`, (_kind, prefix) => {
    let harness: Harness;
    let storage: StorageUrl;
    let store: ObjectStore;
    let reader: ObjectReader;
    beforeAll(async () => {
      harness = await setUp();
      storage = { ...harness.storage, prefix };
      store = await openStore(storage, harness.settings);
      reader = await openReader(storage, harness.settings);
    });
    afterAll(async () => {
      store?.close();
      reader?.close();
      await harness?.stop();
    });
    const newKey = (): string => `${versionsPrefix(storage)}${randomUUID()}/config.json`;
    const absent = { condition: 'absent', contentType: json, metadata: {} } as const;

    it('lists nothing where nothing is', async () => {
      expect(await reader.listFolders(versionsPrefix(storage))).toEqual([]);
    });

    it('gives back what was put: bytes, size, metadata, version and dates', async () => {
      const key = newKey();
      const metadata = { 'config-hash': '0123456789abcdef', term: '7', by: 'host.example.com (1)' };
      const put = await store.put(key, text('{"a":1}\n'), { ...absent, metadata });
      const head = await reader.head(key);
      const { body, ...got } = await reader.get(key);
      expect((await readAll(body)).toString()).toBe('{"a":1}\n');
      for (const info of [head, got]) {
        expect(info).toMatchObject({ key, version: put.version, size: 8, metadata });
        const age = info.storeDate.getTime() - info.lastModified.getTime();
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(60_000);
      }
      expect(put.storeDate.getTime()).toBeGreaterThanOrEqual(head.lastModified.getTime() - 1000);
    });

    it('gives a body only once, and says so', async () => {
      const key = newKey();
      await store.put(key, text('{}'), absent);
      const { body } = await reader.get(key);
      await readAll(body);
      await expect(readAll(body)).rejects.toThrow(`the body of ${key} can be read only once`);
    });

    it('can stop in the middle of a body', async () => {
      const key = newKey();
      await store.put(key, randomBytes(2 ** 20), absent);
      const { body } = await reader.get(key);
      for await (const chunk of body) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect((await reader.head(key)).size).toBe(2 ** 20);
    });

    it('gives back an empty object', async () => {
      const key = newKey();
      await store.put(key, new Uint8Array(), absent);
      const { body, size } = await reader.get(key);
      expect(size).toBe(0);
      expect(await readAll(body)).toHaveLength(0);
    });

    it('gives back 16 MiB byte for byte', async () => {
      const key = newKey();
      const bytes = randomBytes(16 * 2 ** 20);
      await store.put(key, bytes, absent);
      const { body, size } = await reader.get(key);
      expect(size).toBe(bytes.length);
      expect((await readAll(body)).equals(bytes)).toBe(true);
    });

    it('lets one of eight racing writers create an object, and tells the others of the conflict', async () => {
      const key = newKey();
      const writers = Array.from({ length: 8 }, (_, n) => store.put(key, text(`{"writer":${n}}`), absent));
      const outcomes = await Promise.allSettled(writers);
      const won = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [n] : []));
      const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(won).toHaveLength(1);
      expect(lost.map((error) => (error as ResilienceError).code)).toEqual(Array(7).fill('KR_STORE_CONFLICT'));
      expect((await readAll((await reader.get(key)).body)).toString()).toBe(`{"writer":${won[0]}}`);
    });

    it('lets one of eight racing writers replace an object', async () => {
      const key = newKey();
      const { version } = await store.put(key, text('{"writer":-1}'), absent);
      const over = { ...absent, condition: { version } };
      const writers = Array.from({ length: 8 }, (_, n) => store.put(key, text(`{"writer":${n}}`), over));
      const outcomes = await Promise.allSettled(writers);
      const won = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [n] : []));
      expect(won).toHaveLength(1);
      expect((await readAll((await reader.get(key)).body)).toString()).toBe(`{"writer":${won[0]}}`);
    });

    it('replaces the version it was told to, with its metadata', async () => {
      const key = newKey();
      const first = await store.put(key, text('{"n":1}'), { ...absent, metadata: { n: '1' } });
      const second = await store.put(key, text('{"n":2}'), {
        ...absent,
        condition: { version: first.version },
        metadata: { n: '2' },
      });
      expect(second.version).not.toBe(first.version);
      expect(await reader.head(key)).toMatchObject({ version: second.version, metadata: { n: '2' } });
    });

    it('does not replace a version that is not there any more', async () => {
      const key = newKey();
      const first = await store.put(key, text('{"n":1}'), absent);
      await store.put(key, text('{"n":2}'), { ...absent, condition: { version: first.version } });
      const error = await failureOf(
        store.put(key, text('{"n":3}'), { ...absent, condition: { version: first.version } }),
      );
      expect(error.code).toBe('KR_STORE_CONFLICT');
      expect(error.message).toBe(
        `${store.location}: ${key} is not the version that this write was meant to replace. ` +
          'Another exporter wrote it; what is stored is read again before anything is written.',
      );
      expect((await readAll((await reader.get(key)).body)).toString()).toBe('{"n":2}');
    });

    it('does not replace an object that is gone', async () => {
      const elsewhere = newKey();
      const { version } = await store.put(elsewhere, text('{}'), absent);
      const error = await failureOf(store.put(newKey(), text('{}'), { ...absent, condition: { version } }));
      expect(error.code).toBe('KR_STORE_CONFLICT');
    });

    it('says of an object that does not exist that it is absent', async () => {
      const key = newKey();
      for (const work of [() => reader.head(key), () => reader.get(key)]) {
        const error = await failureOf(work());
        expect(error.code).toBe('KR_STORE_ABSENT');
        expect(error.message).toBe(
          `${store.location}: the object ${key} does not exist. Check bucket and prefix in ` +
            'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE and that an exporter of this gateway version has written.',
        );
      }
    });

    it('tells a bucket that does not exist from an object that does not', async () => {
      const nowhere = await openReader({ ...storage, bucket: `${storage.bucket}-nowhere` }, harness.settings);
      for (const work of [
        () => nowhere.listFolders(versionsPrefix(storage)),
        () => nowhere.head(newKey()),
        () => nowhere.get(newKey()),
      ]) {
        const error = await failureOf(work());
        expect(error.code).toBe('KR_STORE_NO_BUCKET');
        expect(error.message).toBe(
          storage.scheme === 'file'
            ? `${nowhere.location}: the folder does not exist. Check KONG_CLUSTER_FALLBACK_CONFIG_STORAGE and that the ` +
                'folder is mounted here; only an exporter makes it.'
            : `${nowhere.location}: the bucket does not exist. Check the bucket in KONG_CLUSTER_FALLBACK_CONFIG_STORAGE ` +
                'and the endpoint; this program makes no bucket.',
        );
      }
      nowhere.close();
    });

    it('lists the folders directly below a prefix, sorted, and no objects', async () => {
      const base = `${versionsPrefix(storage)}${randomUUID()}/`;
      for (const folder of ['3.9.1', '3.10.0', '3.9.0']) {
        await store.put(`${base}${folder}/config.json`, text('{}'), absent);
        await store.put(`${base}${folder}/kong-resilience.json`, text('{}'), absent);
      }
      await store.put(`${base}election/3.9.1/worker`, text('{}'), absent);
      await store.put(`${base}note.txt`, text('x'), absent);
      expect(await reader.listFolders(base)).toEqual(['3.10.0', '3.9.0', '3.9.1', 'election']);
      expect(await reader.listFolders(`${base}3.9.1/`)).toEqual([]);
    });

    it('takes 1,280 bytes of metadata, and not one more', async () => {
      const most = { a: 'x'.repeat(1279) };
      const key = newKey();
      await store.put(key, text('{}'), { ...absent, metadata: most });
      expect((await reader.head(key)).metadata).toEqual(most);
      await expect(store.put(newKey(), text('{}'), { ...absent, metadata: { ab: 'x'.repeat(1279) } })).rejects.toThrow(
        new TypeError('metadata of 1281 bytes: at most 1280 are allowed'),
      );
    });

    it('ends at once when the caller aborts, with the reason of the caller', async () => {
      const reason = new Error('shutting down');
      const signal = AbortSignal.abort(reason);
      await expect(reader.head(newKey(), { signal })).rejects.toBe(reason);
      await expect(reader.get(newKey(), { signal })).rejects.toBe(reason);
      await expect(reader.listFolders('', { signal })).rejects.toBe(reason);
      const key = newKey();
      await expect(store.put(key, text('{}'), { ...absent, signal })).rejects.toBe(reason);
      expect((await failureOf(reader.head(key))).code).toBe('KR_STORE_ABSENT');
    });

    it('gives an importer nothing to write with', () => {
      expect('put' in reader).toBe(false);
    });
  });
}

export interface NetworkHarness extends Harness {
  /** Where the server is. */
  readonly endpoint: URL;
  /** The same settings with another endpoint. */
  at(endpoint: URL): StoreSettings;
}

/** What every store promises that is reached over a network, when the network or the server fails. */
export function describeFaults(name: string, setUp: () => Promise<NetworkHarness>): void {
  describe(`${name}, when the network fails`, () => {
    let harness: NetworkHarness;
    let store: ObjectStore;
    let proxy: FaultyProxy;
    let proxied: ObjectReader;
    const key = 'kong/3.9.1/config.json';
    const size = 4 * 2 ** 20;
    beforeAll(async () => {
      harness = await setUp();
      store = await openStore(harness.storage, harness.settings);
      await store.put(key, randomBytes(size), { condition: 'absent', contentType: json, metadata: {} });
      proxy = await startFaultyProxy(harness.endpoint);
      proxied = await openReader(harness.storage, harness.at(proxy.endpoint));
    });
    afterAll(async () => {
      store?.close();
      proxied?.close();
      await proxy?.stop();
      await harness?.stop();
    });

    it('reads through a proxy that does no harm', async () => {
      proxy.set({ kind: 'none' });
      expect(await readAll((await proxied.get(key)).body)).toHaveLength(size);
    });

    it('calls a body that breaks off corrupt', async () => {
      proxy.set({ kind: 'cut', after: 2 ** 20 });
      const { body } = await proxied.get(key);
      const error = await failureOf(readAll(body));
      expect(error.code).toBe('KR_STORE_CORRUPT');
      expect(error.message).toMatch(
        /: kong\/3\.9\.1\/config\.json is damaged: .+ \(\d+ of 4194304 bytes were read\)\. Read it again; /,
      );
    });

    it('ends within the time limit when a body stalls, and calls it unreachable', async () => {
      proxy.set({ kind: 'stall', after: 2 ** 20 });
      const { body } = await proxied.get(key, { timeoutMs: 2_000 });
      const error = await failureOf(readAll(body));
      expect(error.message).toBe(
        `${store.location}: reading ${key} did not succeed: no complete answer within 2000 ms. ` +
          (store.location.startsWith('s3:')
            ? 'Check the network, AWS_CONFIG_STORAGE_ENDPOINT and the region.'
            : 'Check the network and KONG_RESILIENCE_GCS_ENDPOINT.'),
      );
    });

    it('lets go of a body that nobody reads when the time limit passes', async () => {
      proxy.set({ kind: 'none' });
      const limit = { timeoutMs: 2_000 };
      const { body } = await proxied.get(key, limit);
      // Its own timer was set before.
      await new Promise((resolve) => setTimeout(resolve, limit.timeoutMs));
      expect((await failureOf(readAll(body))).code).toBe('KR_STORE_UNREACHABLE');
    });

    it('ends in the middle of a body when the caller aborts', async () => {
      proxy.set({ kind: 'stall', after: 2 ** 20 });
      const abort = new AbortController();
      const reason = new Error('shutting down');
      const { body } = await proxied.get(key, { signal: abort.signal });
      setTimeout(() => abort.abort(reason), 50);
      await expect(readAll(body)).rejects.toBe(reason);
    });

    it('calls a server that stays silent unreachable, within the time limit', async () => {
      const silent = await startSilentServer();
      const reader = await openStore(harness.storage, harness.at(silent.endpoint));
      const limit = { timeoutMs: 300 };
      const put = { ...limit, condition: 'absent', contentType: json, metadata: {} } as const;
      for (const work of [
        () => reader.head(key, limit),
        () => reader.get(key, limit),
        () => reader.listFolders('', limit),
        () => reader.put(key, text('{}'), put),
      ]) {
        const error = await failureOf(work());
        expect(error.code).toBe('KR_STORE_UNREACHABLE');
        expect(error.reason).toMatch(/ did not succeed: no complete answer within 300 ms\.$/);
      }
      reader.close();
      await silent.stop();
    });

    /** Does everything against a server that answers so to all, at once, because a read asks it several times. */
    const failuresAt = async (status: number, page: string): Promise<readonly ResilienceError[]> => {
      const web = await startStub((_request, response) => {
        response.writeHead(status, { 'content-type': 'text/html' }).end(page);
      });
      const wrong = await openStore(harness.storage, harness.at(web.endpoint));
      const failures = await Promise.all(
        [
          wrong.head(key),
          wrong.get(key),
          wrong.listFolders(''),
          wrong.put(key, text('{}'), { condition: 'absent', contentType: json, metadata: {} }),
          wrong.put(key, text('{}'), { condition: { version: '1' }, contentType: json, metadata: {} }),
        ].map(failureOf),
      );
      wrong.close();
      await web.stop();
      return failures;
    };

    it('is refused by a server that answers 404 to everything, with a page or with nothing', async () => {
      const pages = [
        '<html><head><title>404 Not Found</title></head><body>Not Found</body></html>',
        '<!doctype html><title>404</title><p>Not Found<br><hr>',
        '',
      ];
      for (const error of (await Promise.all(pages.map((page) => failuresAt(404, page)))).flat()) {
        expect(error.code).toBe('KR_STORE_REFUSED');
        expect(error.reason).toMatch(
          / was refused: HTTP 404, and not as an object store says it: this is not an object store; check [A-Z_]+_ENDPOINT\.$/,
        );
      }
    });

    it.each([500, 501, 502, 503, 504])(
      'calls a page with status %i unreachable, which is tried again',
      async (status) => {
        for (const error of await failuresAt(status, '<html><body>Bad Gateway</body></html>')) {
          expect(error.code).toBe('KR_STORE_UNREACHABLE');
          expect(error.reason).toMatch(new RegExp(` did not succeed: HTTP ${status}\\b`));
          expect(isRetryable(error)).toBe(true);
        }
      },
    );

    it('calls a closed port unreachable', async () => {
      const gone = await startSilentServer();
      await gone.stop();
      const reader = await openReader(harness.storage, harness.at(gone.endpoint));
      for (const work of [() => reader.head(key), () => reader.get(key), () => reader.listFolders('')]) {
        const error = await failureOf(work());
        expect(error.code).toBe('KR_STORE_UNREACHABLE');
        expect(error.reason).toContain(`connect ECONNREFUSED 127.0.0.1:${gone.endpoint.port}`);
      }
      reader.close();
    });

    it('calls TLS to a server without it unreachable', async () => {
      const endpoint = new URL(harness.endpoint);
      endpoint.protocol = 'https:';
      const reader = await openReader(harness.storage, harness.at(endpoint));
      const error = await failureOf(reader.head(key));
      expect(error.code).toBe('KR_STORE_UNREACHABLE');
      expect(error.reason).toMatch(/EPROTO|wrong version number/);
      reader.close();
    });
  });
}
