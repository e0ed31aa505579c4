import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseGatewayVersion, parseStorageUrl, type GatewayVersion, type StorageUrl } from '../../src/contract';
import { checkStored, olderVersionOf, type CheckOptions } from '../../src/importer';
import { defineError } from '../../src/errors';
import { LinkedAbort, silentLog } from '../../src/runtime';
import { sealTable, snapshotMetadata } from '../../src/snapshot';
import type { ObjectReader } from '../../src/store';
import { MemoryStore } from '../support/memory-store';
import { LogLines } from '../support/recorder';
import { configurationNamed } from '../support/scripted-source';

const timedOut = defineError('KR_TEST_TIMED_OUT', 'For a test.', () => ({ reason: 'It took too long.', fix: 'None.' }));

function version(text: string): GatewayVersion {
  const parsed = parseGatewayVersion(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function storage(): StorageUrl {
  const parsed = parseStorageUrl('s3://memory-bucket/kong');
  if (!parsed.ok) throw new Error('no storage');
  return parsed.storage;
}

const key = (of: string): string => `kong/${of}/config.json`;

function optionsFor(reader: ObjectReader, changes: Partial<CheckOptions> = {}): CheckOptions {
  return {
    reader,
    storage: storage(),
    maxConfigBytes: 1_000_000,
    log: silentLog,
    signal: new AbortController().signal,
    limitMs: 2_000,
    timedOut,
    ...changes,
  };
}

/** As our exporter writes it. */
function exported(store: MemoryStore, of: string, changes: { sha256?: string } = {}): Buffer {
  const { table, configHash = '' } = configurationNamed('a');
  const body = Buffer.from(sealTable(table, { term: 1, counter: 1 }));
  const sha256 = createHash('sha256').update(body).digest('hex');
  store.putNow(key(of), body, {
    condition: 'absent',
    contentType: 'application/json',
    metadata: snapshotMetadata({
      sha256,
      configHash,
      receivedAt: new Date(0),
      by: 'host/test',
      term: 1,
      counter: 1,
      ...changes,
    }),
  });
  return body;
}

const enterprise = (more: object = {}): string =>
  JSON.stringify({
    _format_version: '3.0',
    _transform: false,
    workspaces: [{ id: 'w', name: 'default' }],
    services: [{ id: 's', name: 'echo', host: 'localhost', ws_id: 'w' }],
    rbac_roles: [{ id: 'r', name: 'admin', ws_id: 'w' }],
    ...more,
  });

/** What Kong would send, with the table inside. */
const message = (table: string): string => `{"type":"reconfigure","timestamp":1,"config_table":${table}}`;

describe('a check', () => {
  it('reads what our exporter stored, with its digest, and writes nothing', async () => {
    const store = new MemoryStore();
    const body = exported(store, '3.9.1');
    const checked = await checkStored(version('3.9.1'), optionsFor(store.view()));
    expect(checked).toMatchObject({
      info: { size: body.length },
      metadata: { term: 1 },
      sha256: createHash('sha256').update(body).digest('hex'),
      configHash: configurationNamed('a').configHash,
      entities: { services: 1 },
    });
    expect(checked).not.toHaveProperty('removed');
    expect(store.writes).toHaveLength(1);
  });

  it('refuses another content than its digest says', async () => {
    const store = new MemoryStore();
    const body = exported(store, '3.9.1', { sha256: '0'.repeat(64) });
    await expect(checkStored(version('3.9.1'), optionsFor(store.view()))).rejects.toMatchObject({
      code: 'KR_IMPORT_DIGEST_MISMATCH',
      reason: `s3://memory/kong/3.9.1/config.json: SHA-256 is ${createHash('sha256').update(body).digest('hex')}, its metadata says ${'0'.repeat(64)}.`,
    });
  });

  it.each([
    ['a page of HTML', '<!doctype html>', 'KR_CONFIG_NOT_JSON'],
    ['half of it', enterprise().slice(0, -20), 'KR_CONFIG_NOT_JSON'],
    ['no entity', '{"_format_version":"3.0","workspaces":[{"id":"w"}]}', 'KR_CONFIG_EMPTY'],
  ])('refuses %s, and says where it is', async (_, text, code) => {
    const store = new MemoryStore();
    store.writeForeign(key('3.9.1'), text);
    await expect(checkStored(version('3.9.1'), optionsFor(store.view()))).rejects.toMatchObject({
      code,
      reason: expect.stringMatching(/^s3:\/\/memory\/kong\/3\.9\.1\/config\.json: /),
    });
  });

  it('takes up to KONG_RESILIENCE_MAX_CONFIG_BYTES and no more', async () => {
    const store = new MemoryStore();
    const { length } = exported(store, '3.9.1');
    const check = (maxConfigBytes: number) =>
      checkStored(version('3.9.1'), optionsFor(store.view(), { maxConfigBytes }));
    expect(await check(length)).toMatchObject({ info: { size: length } });
    await expect(check(length - 1)).rejects.toMatchObject({ code: 'KR_CONFIG_TOO_LARGE' });
  });

  it("does not take an older version's object in place of the one that it was asked for", async () => {
    const store = new MemoryStore();
    exported(store, '3.9.0');
    await expect(checkStored(version('3.9.1'), optionsFor(store.view()))).rejects.toMatchObject({
      code: 'KR_STORE_ABSENT',
    });
  });

  it('reads again what may have been damaged on its way, or replaced', async () => {
    const store = new MemoryStore();
    exported(store, '3.9.1');
    const client = store.view();
    const get = client.get.bind(client);
    let tries = 0;
    client.get = (of) => {
      store.corrupt = ++tries === 1 ? of : undefined;
      return get(of);
    };
    expect(await checkStored(version('3.9.1'), optionsFor(client))).toMatchObject({ entities: { services: 1 } });
    expect(tries).toBe(2);
  });

  it('asks a store that is down until its deadline, and says what failed last', async () => {
    const store = new MemoryStore();
    store.down = true;
    const { signal } = new LinkedAbort([], 2_000);
    const log = new LogLines();
    await expect(checkStored(version('3.9.1'), optionsFor(store.view(), { signal, log }))).rejects.toMatchObject({
      code: 'KR_STORE_UNREACHABLE',
      reason: expect.stringMatching(/ Tried [2-9] times over \d s\.$/) as unknown,
    });
    expect(log.lines[0]).toContain('the store does not give a configuration; it is asked again for at most 2 s');
    const passed = AbortSignal.abort();
    await expect(checkStored(version('3.9.1'), optionsFor(store.view(), { signal: passed }))).rejects.toMatchObject({
      code: 'KR_TEST_TIMED_OUT',
    });
  });
});

describe.each([
  ['as it is', (text: string) => Buffer.from(text)],
  ['gzipped', (text: string) => gzipSync(text)],
  ['inside a message', (text: string) => Buffer.from(message(text))],
  ['inside a gzipped message', (text: string) => gzipSync(message(text))],
] as const)('a check of what Enterprise stored %s', (_, encode) => {
  function storing(text: string): MemoryStore {
    const store = new MemoryStore();
    for (const of of ['3.9.1', '3.9.1.2']) {
      store.putNow(key(of), encode(text), { condition: 'absent', contentType: 'application/json', metadata: {} });
    }
    return store;
  }

  it('names what an open-source node would lose, and nothing for a node of Enterprise', async () => {
    const store = storing(enterprise());
    const open = await checkStored(version('3.9.1'), optionsFor(store.view()));
    expect(open).toMatchObject({
      entities: { services: 1, rbac_roles: 1 },
      removed: ['ws_id of 1 entities', '1 of rbac_roles'],
    });
    expect(open).not.toHaveProperty('metadata');
    expect(await checkStored(version('3.9.1.2'), optionsFor(store.view()))).not.toHaveProperty('removed');
  });

  it('fails where an open-source node would lose its authentication', async () => {
    const store = storing(
      enterprise({
        routes: [{ id: 'r', name: 'orders', ws_id: 'w' }],
        plugins: [{ id: 'p', name: 'openid-connect', enabled: true, route: 'r', config: {}, ws_id: 'w' }],
      }),
    );
    await expect(checkStored(version('3.9.1'), optionsFor(store.view()))).rejects.toMatchObject({
      code: 'KR_CONFIG_LOSES_AUTHENTICATION',
      reason: expect.stringMatching(/^s3:\/\/memory\/kong\/3\.9\.1\/config\.json: /),
    });
    expect(await checkStored(version('3.9.1.2'), optionsFor(store.view()))).toMatchObject({ entities: { routes: 1 } });
  });

  it('begins anew where it is replaced between its two readings', async () => {
    const store = storing(enterprise());
    const client = store.view();
    const get = client.get.bind(client);
    let reads = 0;
    client.get = (of) => {
      if (++reads === 2) store.writeForeign(of, enterprise({ rbac_roles: undefined }));
      return get(of);
    };
    expect(await checkStored(version('3.9.1'), optionsFor(client))).toMatchObject({
      removed: ['ws_id of 1 entities'],
    });
    expect(reads).toBe(4);
  });
});

describe('the older version that an importer could fall back on', () => {
  it('is the nearest one that is there, of the same major and edition', async () => {
    const store = new MemoryStore();
    for (const of of ['2.8.5', '3.8.0', '3.9.0', '3.9.0.1', '3.9.2']) exported(store, of);
    // A folder without a configuration.
    store.writeForeign('kong/3.9.1/kong-resilience.json', '{}');
    expect(await olderVersionOf(version('3.9.2'), optionsFor(store.view()))).toBe('3.9.0');
    expect(await olderVersionOf(version('3.8.0'), optionsFor(store.view()))).toBeUndefined();
  });
});
