import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { parseGatewayVersion, readEnvironment, type NodeEnvironment } from '../../src/contract';
import { ResilienceError } from '../../src/errors';
import { Handover } from '../../src/gateway';
import { importConfiguration, type ImportResult } from '../../src/importer';
import { silentLog } from '../../src/runtime';
import { sealTable, snapshotMetadata } from '../../src/snapshot';
import { threadLost } from '../../src/snapshot/errors';
import { storeDenied, storeUnreachable } from '../../src/store/errors';
import { LogLines } from '../support/recorder';
import { MemoryStore } from '../support/memory-store';
import { configurationNamed, ScriptedSource } from '../support/scripted-source';
import { until } from '../support/until';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function environment(changes: Record<string, string> = {}): NodeEnvironment {
  const read = readEnvironment(
    {
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://memory-bucket/kong',
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
      KONG_RESILIENCE_ADMIN_URL: 'http://127.0.0.1:8001',
      KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '20',
      AWS_REGION: 'eu-west-1',
      ...changes,
    },
    { command: 'import' },
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.environment;
}

/** A source that is refused, as a control plane that is down. */
function deadSource(): ScriptedSource {
  const source = new ScriptedSource();
  source.disconnect(storeUnreachable('control plane', 'connecting'));
  return source;
}

interface Setting {
  readonly store: MemoryStore;
  readonly dir: string;
  readonly run: (changes?: Record<string, string>, source?: ScriptedSource) => Promise<ImportResult>;
  readonly staged: () => string | undefined;
  readonly log: LogLines;
}

function setting(): Setting {
  const store = new MemoryStore();
  const dir = mkdtempSync(join(tmpdir(), 'kong-resilience-test-'));
  folders.push(dir);
  const log = new LogLines();
  return {
    store,
    log,
    dir,
    run: async (changes = {}, source = deadSource()) =>
      importConfiguration({
        environment: environment(changes),
        openReader: () => Promise.resolve(store.view()),
        source,
        handover: await Handover.open({ dir, log: silentLog }),
        log,
        signal: new AbortController().signal,
      }),
    staged: () => {
      try {
        return readFileSync(join(dir, 'config.json'), 'utf8');
      } catch {
        return undefined;
      }
    },
  };
}

const key = (version: string): string => `kong/${version}/config.json`;
const tableOf = (name: string): string => Buffer.from(configurationNamed(name).table).toString('utf8');

/** As our exporter writes it. */
function exported(store: MemoryStore, version: string, name: string, changes: { sha256?: string } = {}): string {
  const body = sealTable(configurationNamed(name).table, { term: 1, counter: 1 });
  store.putNow(key(version), body, {
    condition: 'absent',
    contentType: 'application/json',
    metadata: snapshotMetadata({
      sha256: digest('sha256', body),
      receivedAt: new Date(0),
      by: 'host/test',
      term: 1,
      counter: 1,
      ...changes,
    }),
  });
  return Buffer.from(body).toString('utf8');
}

function digest(name: string, bytes: Uint8Array): string {
  return createHash(name).update(bytes).digest('hex');
}

/** More than a megabyte, as our exporter writes it. */
function largeObject(store: MemoryStore, changes: { sha256?: string; enterprise?: boolean }): Buffer {
  const services = Array.from({ length: 20_000 }, (_, index) => ({
    id: `${index}`,
    name: `n${index}`,
    host: 'localhost.test',
  }));
  const body = Buffer.from(JSON.stringify({ _format_version: '3.0', _transform: false, services }));
  return vouchedFor(store, body, changes);
}

/** Stores a body as this program's exporter does. */
function vouchedFor(store: MemoryStore, body: Buffer, changes: { sha256?: string; enterprise?: boolean } = {}): Buffer {
  store.putNow(key('3.9.1'), body, {
    condition: 'absent',
    contentType: 'application/json',
    metadata: snapshotMetadata({
      sha256: digest('sha256', body),
      md5: digest('md5', body),
      enterprise: false,
      receivedAt: new Date(0),
      by: 'host/test',
      term: 1,
      counter: 1,
      ...changes,
    }),
  });
  return body;
}

/** What was told of a store that gives nothing. */
function failing({ lines }: LogLines): string[] {
  return lines.filter((line) => line.includes('the store does not give a configuration'));
}

async function failure(promise: Promise<unknown>): Promise<ResilienceError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ResilienceError) return error;
  throw new Error(`expected a ResilienceError, got ${String(error)}`);
}

describe('an import', () => {
  it('hands over what is stored, byte for byte, when the control plane does not answer', async () => {
    const { store, run, staged } = setting();
    const body = exported(store, '3.9.1', 'a');
    const result = await run();
    expect(staged()).toBe(body);
    expect(result).toMatchObject({ outcome: 'staged', from: 'store', key: key('3.9.1'), digestVerified: true });
  });

  it('hands nothing over when the control plane answers, and takes away what was staged', async () => {
    const { store, run, staged } = setting();
    exported(store, '3.9.1', 'a');
    await run();
    const source = new ScriptedSource();
    source.push(configurationNamed('b'));
    const result = await run({}, source);
    expect(result).toMatchObject({ outcome: 'not-needed', from: 'control-plane' });
    expect(staged()).toBeUndefined();
  });

  it('hands over the very message of the control plane with KONG_RESILIENCE_IMPORT=always', async () => {
    const { run, staged } = setting();
    const source = new ScriptedSource();
    source.push(configurationNamed('b'));
    const result = await run({ KONG_RESILIENCE_IMPORT: 'always' }, source);
    expect(result).toMatchObject({ outcome: 'staged', from: 'control-plane' });
    expect(staged()).toBe(tableOf('b'));
  });

  it('turns to the store when a connected control plane stays silent', async () => {
    const { store, run, staged } = setting();
    const body = exported(store, '3.9.1', 'a');
    await run({}, new ScriptedSource());
    expect(staged()).toBe(body);
  });

  it('takes the control plane when it comes back while the store is still failing', async () => {
    const { store, run, staged, log } = setting();
    store.down = true;
    const source = deadSource();
    const running = run({ KONG_RESILIENCE_IMPORT: 'always' }, source);
    await until('the store has failed', () => failing(log).length > 0);
    source.connected = true;
    source.push(configurationNamed('back'));
    expect(await running).toMatchObject({ outcome: 'staged', from: 'control-plane' });
    expect(staged()).toBe(tableOf('back'));
  });

  it('retries a store that is down, within one deadline', async () => {
    const { store, run, staged, log } = setting();
    const body = exported(store, '3.9.1', 'a');
    store.down = true;
    const running = run();
    await until('the store has failed', () => failing(log).length > 0);
    store.down = false;
    await running;
    expect(staged()).toBe(body);
  });

  it('tells once that the store gives nothing, however often it is asked, and that it does again', async () => {
    const { store, run, log } = setting();
    exported(store, '3.9.1', 'a');
    store.down = true;
    const running = run();
    await until('the store has failed three times', () => failing(log).length > 2);
    store.down = false;
    await running;
    const told = failing(log);
    expect(told.map((line) => line.split(' ')[0])).toEqual(['error', ...told.slice(1).map(() => 'debug')]);
    const over = log.lines.filter((line) => line.startsWith('info the store gives a configuration '));
    expect(over).toEqual([expect.stringContaining(`"tries":${told.length}`)]);
  });

  it('reads once more when the thread that checks what is stored was lost', async () => {
    const { store, run, staged } = setting();
    const body = exported(store, '3.9.1', 'a');
    const reader = store.view();
    const get = reader.get.bind(reader);
    let reads = 0;
    reader.get = (key) => (reads++ === 0 ? Promise.reject(threadLost(new Error('it ended'))) : get(key));
    store.view = () => reader;
    await run();
    expect(staged()).toBe(body);
    expect(reads).toBe(2);
  });

  it('says what failed last when the deadline passes, and keeps what was staged before', async () => {
    const { store, run, staged } = setting();
    const body = exported(store, '3.9.1', 'a');
    await run();
    store.down = true;
    const error = await failure(run({ KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '2' }));
    expect(error.code).toBe('KR_STORE_UNREACHABLE');
    expect(error.reason).toMatch(/^s3:\/\/memory: reading did not succeed: down\. Tried \d+ times over \d+ s\.$/);
    expect(staged()).toBe(body);
  });
});

describe('the version', () => {
  it('falls back on the nearest older one of the same major and edition, a patch before a minor, never a newer one', async () => {
    const { store, run, staged } = setting();
    for (const version of ['3.8.9', '3.9.0', '3.9.2', '3.10.0', '2.8.5', '3.9.0.9', 'latest']) {
      exported(store, version, version);
    }
    expect(await run()).toMatchObject({ outcome: 'staged', olderVersion: '3.9.0', key: key('3.9.0') });
    expect(staged()).toContain('"name":"3.9.0"');
    store.remove(key('3.9.0'));
    expect(await run()).toMatchObject({ olderVersion: '3.8.9' });
    store.remove(key('3.8.9'));
    const error = await failure(run());
    expect(error.code).toBe('KR_IMPORT_ABSENT');
    expect(error.reason).toBe(
      's3://memory/kong/3.9.1/config.json does not exist, and there is none of an older open-source version of the same major either.',
    );
  });

  it('is not replaced by an older one when that is turned off', async () => {
    const { store, run } = setting();
    exported(store, '3.9.0', 'a');
    const error = await failure(run({ KONG_RESILIENCE_IMPORT_OLDER_VERSION: 'off' }));
    expect(error.reason).toBe(
      's3://memory/kong/3.9.1/config.json does not exist, and older versions are not looked at (KONG_RESILIENCE_IMPORT_OLDER_VERSION=off).',
    );
  });

  it('of Enterprise has four parts and is told apart', () => {
    expect(parseGatewayVersion('3.10.0.2')?.edition).toBe('enterprise');
  });
});

describe('what is stored', () => {
  it('is refused when its digest is another', async () => {
    const { store, run, staged } = setting();
    exported(store, '3.9.1', 'a', { sha256: '0'.repeat(64) });
    const error = await failure(run());
    expect(error.code).toBe('KR_IMPORT_DIGEST_MISMATCH');
    expect(error.reason).toMatch(
      /^s3:\/\/memory\/kong\/3\.9\.1\/config\.json: SHA-256 is [0-9a-f]{64}, its metadata says 0{64}\.$/,
    );
    expect(staged()).toBeUndefined();
  });

  it.each([
    ['an HTML page', '<html><body>Sign in</body></html>', 'KR_CONFIG_NOT_JSON'],
    ['cut short', tableOf('a').slice(0, -9), 'KR_CONFIG_NOT_JSON'],
    ['empty', '', 'KR_CONFIG_NOT_JSON'],
    ['an empty table', '{"_format_version":"3.0","_transform":false}', 'KR_CONFIG_EMPTY'],
    ['a list', '[]', 'KR_CONFIG_NOT_A_TABLE'],
    ['some other JSON', '{"hello":"world"}', 'KR_CONFIG_FORMAT_VERSION'],
  ])('is refused when it is %s, and nothing is staged', async (_, text, code) => {
    const { store, run, staged, dir } = setting();
    store.writeForeign(key('3.9.1'), text);
    const error = await failure(run());
    expect(error.code).toBe(code);
    expect(staged()).toBeUndefined();
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is not parsed again when it is large and the digest of its exporter vouches for it', async () => {
    const { store, run, staged } = setting();
    const large = largeObject(store, {});
    expect(await run()).toMatchObject({ outcome: 'staged', digestVerified: true, sha256: digest('sha256', large) });
    expect(staged()).toBe(large.toString());
    expect((await run()).entities).toBeUndefined();
  });

  it.each([
    [32_768, { services: 1 }],
    [32_769, undefined],
  ])('of %i bytes counts as small up to 32 KiB, and is parsed then', async (bytes, entities) => {
    const { store, run } = setting();
    const table = tableOf('small');
    vouchedFor(store, Buffer.from(table + ' '.repeat(bytes - table.length)));
    expect((await run()).entities).toEqual(entities);
  });

  it('is refused when it is large and damaged, though a digest came with it', async () => {
    const { store, run, staged } = setting();
    largeObject(store, { sha256: '0'.repeat(64) });
    expect((await failure(run())).code).toBe('KR_IMPORT_DIGEST_MISMATCH');
    expect(staged()).toBeUndefined();
  });

  it('is refused when it is larger than allowed, vouched for or not', async () => {
    const { store, run, staged } = setting();
    const { length } = largeObject(store, {});
    const error = await failure(run({ KONG_RESILIENCE_MAX_CONFIG_BYTES: String(length - 1) }));
    expect(error.reason).toBe(
      `s3://memory/kong/3.9.1/config.json: The configuration is larger than ${length - 1} bytes, which is what KONG_RESILIENCE_MAX_CONFIG_BYTES allows.`,
    );
    expect(staged()).toBeUndefined();
    await run({ KONG_RESILIENCE_MAX_CONFIG_BYTES: String(length) });
    expect(staged()).toHaveLength(length);
  });

  it('is parsed and adapted when it is large and of Enterprise, on an open-source node', async () => {
    const { store, run } = setting();
    largeObject(store, { enterprise: true });
    expect((await run()).entities).toEqual({ services: 20_000 });
  });

  it('may be gzip, a whole reconfigure message, or both', async () => {
    const message = `{"type":"reconfigure","timestamp":1,"config_table":${tableOf('inside')},"config_hash":"${'a'.repeat(32)}"}`;
    for (const [bytes, expected] of [
      [gzipSync(tableOf('zipped')), tableOf('zipped')],
      [Buffer.from(message), tableOf('inside')],
      [gzipSync(message), tableOf('inside')],
    ] as const) {
      const { store, run, staged } = setting();
      store.putNow(key('3.9.1'), bytes, { condition: 'absent', contentType: '', metadata: {} });
      expect(await run()).toMatchObject({ outcome: 'staged', digestVerified: false });
      expect(staged()).toBe(expected);
    }
  });

  it('by Enterprise loses what an open-source node does not know, each named', async () => {
    const { store, run, staged } = setting();
    store.writeForeign(
      key('3.9.1'),
      JSON.stringify({
        _format_version: '3.0',
        _transform: false,
        services: [{ id: 's', name: 'echo', host: 'localhost', ws_id: 'w' }],
        rbac_roles: [{ id: 'r', name: 'admin', ws_id: 'w' }],
      }),
    );
    const result = await run();
    expect(result.removed).toEqual(['ws_id of 1 entities', '1 of rbac_roles']);
    expect(JSON.parse(staged() ?? '')).toEqual({
      _format_version: '3.0',
      _transform: false,
      services: [{ id: 's', name: 'echo', host: 'localhost' }],
    });
  });

  it('by Enterprise is refused when a route would lose its authentication', async () => {
    const { store, run, staged } = setting();
    store.writeForeign(
      key('3.9.1'),
      JSON.stringify({
        _format_version: '3.0',
        routes: [{ id: 'r', name: 'orders', ws_id: 'w' }],
        plugins: [{ id: 'p', name: 'openid-connect', enabled: true, route: 'r', config: {}, ws_id: 'w' }],
      }),
    );
    expect((await failure(run())).code).toBe('KR_CONFIG_LOSES_AUTHENTICATION');
    expect(staged()).toBeUndefined();
  });

  it('is told apart from a store that denies', async () => {
    const { run, store } = setting();
    const denied = storeDenied('s3://memory', 'reading', new Error('AccessDenied'));
    store.head = () => Promise.reject(denied);
    const error = await failure(run({ KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '2' }));
    expect(error.code).toBe('KR_STORE_DENIED');
    expect(error.reason).toMatch(/^s3:\/\/memory: reading was denied: AccessDenied\. Tried \d+ times over \d+ s\.$/);
  });
});
