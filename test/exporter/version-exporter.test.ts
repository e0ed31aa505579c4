import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseLeaseDocument } from '../../src/exporter/lease-document';
import { Spool } from '../../src/exporter/spool';
import { VersionExporter, type VersionExporterOptions } from '../../src/exporter/version-exporter';
import { silentLog } from '../../src/runtime';
import { readSeal, type Configuration } from '../../src/snapshot';
import { storeUnreachable } from '../../src/store/errors';
import { MemoryStore, type MemoryClient } from '../support/memory-store';
import { configurationNamed, ScriptedSource } from '../support/scripted-source';
import { until } from '../support/until';

const configKey = 'kong/3.9.1/config.json';
const leaseKey = 'kong/3.9.1/kong-resilience.json';

interface Running {
  exporter: VersionExporter;
  source: ScriptedSource;
  client: MemoryClient;
  /** Ends it as SIGTERM does. */
  stop: () => Promise<void>;
}

const running: Running[] = [];
const folders: string[] = [];
let holders = 0;

function start(store: MemoryStore, changes: Partial<VersionExporterOptions> = {}): Running {
  const source = (changes.source as ScriptedSource | undefined) ?? new ScriptedSource();
  const client = (changes.store as MemoryClient | undefined) ?? store.view();
  const exporter = new VersionExporter({
    version: '3.9.1',
    configKey,
    leaseKey,
    holder: `holder-${++holders}`,
    host: `host-${holders}`,
    program: 'kong-resilience test',
    exportDelayMs: 0,
    leaseMs: 60_000,
    storeTimeoutMs: 10_000,
    shutdownMs: 2_000,
    log: silentLog,
    ...changes,
    source,
    store: client,
  });
  const end = new AbortController();
  const ended = exporter.run(end.signal);
  const one: Running = {
    exporter,
    source,
    client,
    stop: async () => {
      end.abort();
      await ended;
    },
  };
  running.push(one);
  return one;
}

function spoolIn(dir: string, target = 's3://memory/kong'): Spool {
  return new Spool({ dir, name: '3.9.1', target, log: silentLog });
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kong-resilience-test-'));
  folders.push(folder);
  return folder;
}

function storedName(store: MemoryStore): string | undefined {
  const text = store.text(configKey);
  return text === undefined ? undefined : (JSON.parse(text) as { services: { name: string }[] }).services[0]?.name;
}

function configWrites(store: MemoryStore): string[] {
  return store.writes
    .filter((write) => write.key === configKey)
    .map((write) => (JSON.parse(write.text) as { services: { name: string }[] }).services[0]?.name ?? '');
}

function lease(store: MemoryStore) {
  return parseLeaseDocument(store.text(leaseKey) ?? '');
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('exporting', () => {
  it('stores the table as it came, followed by white space alone', async () => {
    const store = new MemoryStore();
    const { source } = start(store);
    const configuration = configurationNamed('a');
    source.push(configuration);
    await until('it is stored', () => store.text(configKey) !== undefined);
    const table = Buffer.from(configuration.table).toString('utf8');
    const text = store.text(configKey) ?? '';
    expect(text.slice(0, table.length)).toBe(table);
    expect(text.slice(table.length)).toMatch(/^\s+$/);
    expect(readSeal(Buffer.from(text))).toEqual({ term: 1, counter: 1 });
  });

  it('writes what is equal only once, and confirms it each time it is received', async () => {
    const store = new MemoryStore();
    const { exporter, source } = start(store);
    source.push(configurationNamed('a', { receivedAt: new Date(1_000_000) }));
    await until('it is exported', () => exporter.status.exportsTotal === 1);
    const first = exporter.status.confirmedAt;
    source.push(configurationNamed('a', { receivedAt: new Date(2_000_000) }));
    await until('it is confirmed', () => exporter.status.unchangedTotal === 1);
    expect(configWrites(store)).toEqual(['a']);
    expect(Date.parse(exporter.status.confirmedAt ?? '')).toBeGreaterThan(Date.parse(first ?? ''));
    await until('the lease says so', () => lease(store)?.confirmed_at === exporter.status.confirmedAt);
  });

  it('writes other content under the same sent hash', async () => {
    const store = new MemoryStore();
    const { exporter, source } = start(store);
    const { configHash } = configurationNamed('a');
    source.push(configurationNamed('a'));
    await until('a is exported', () => exporter.status.exportsTotal === 1);
    source.push(configurationNamed('b', { configHash: configHash ?? '' }));
    await until('b is exported', () => exporter.status.exportsTotal === 2);
    expect(configWrites(store)).toEqual(['a', 'b']);
  });

  it('writes the same content under another sent hash', async () => {
    const store = new MemoryStore();
    const { exporter, source } = start(store);
    source.push(configurationNamed('a'));
    await until('it is exported', () => exporter.status.exportsTotal === 1);
    source.push(configurationNamed('a', { configHash: 'f'.repeat(32) }));
    await until('it is exported again', () => exporter.status.exportsTotal === 2);
  });

  it('tells equal from changed by content alone where a source sends no hash', async () => {
    const store = new MemoryStore();
    const { exporter, source } = start(store);
    const unhashed = (name: string): Configuration => ({
      table: configurationNamed(name).table,
      receivedAt: new Date(),
    });
    source.push(unhashed('a'));
    await until('a is exported', () => exporter.status.exportsTotal === 1);
    source.push(unhashed('a'));
    await until('a is confirmed', () => exporter.status.unchangedTotal === 1);
    source.push(unhashed('b'));
    await until('b is exported', () => exporter.status.exportsTotal === 2);
    expect(configWrites(store)).toEqual(['a', 'b']);
  });

  it('exports the first at once and only the latest of what comes within the delay', async () => {
    const store = new MemoryStore();
    const { exporter, source } = start(store, { exportDelayMs: 600 });
    source.push(configurationNamed('a'));
    await until('a is exported', () => exporter.status.exportsTotal === 1);
    for (const name of ['b', 'c', 'd']) source.push(configurationNamed(name));
    await until('d is exported', () => exporter.status.exportsTotal === 2);
    expect(configWrites(store)).toEqual(['a', 'd']);
  });

  it('finishes what waits for the delay when it is stopped, and gives the lease back', async () => {
    const store = new MemoryStore();
    const one = start(store, { exportDelayMs: 60_000 });
    one.source.push(configurationNamed('a'));
    await until('a is exported', () => one.exporter.status.exportsTotal === 1);
    one.source.push(configurationNamed('b'));
    await one.stop();
    expect(configWrites(store)).toEqual(['a', 'b']);
    expect(lease(store)?.released).toBe(true);
  });

  it('writes again what somebody deleted, at the next confirmation', async () => {
    const store = new MemoryStore();
    const { exporter, source } = start(store);
    source.push(configurationNamed('a'));
    await until('it is exported', () => exporter.status.exportsTotal === 1);
    store.remove(configKey);
    source.push(configurationNamed('a'));
    await until('it is exported again', () => exporter.status.exportsTotal === 2);
    expect(storedName(store)).toBe('a');
  });

  it('puts its newest over what a foreign exporter wrote, and says that there is one', async () => {
    const store = new MemoryStore();
    const warnings: string[] = [];
    const log = { ...silentLog, child: () => log, warn: (_: object, text: string) => void warnings.push(text) };
    const { exporter, source } = start(store, { log });
    source.push(configurationNamed('a'));
    await until('a is exported', () => exporter.status.exportsTotal === 1);
    store.writeForeign(configKey, Buffer.from(configurationNamed('foreign').table).toString('utf8'));
    source.push(configurationNamed('b'));
    await until('b is stored', () => storedName(store) === 'b');
    expect(warnings).toContain(
      'another exporter, not this program, writes to the same key; let only one of them export this version',
    );
  });

  it('does not mind that the clock of the store is an hour off', async () => {
    const store = new MemoryStore();
    store.clockAheadMs = -3_600_000;
    const { exporter, source } = start(store);
    source.push(configurationNamed('a'));
    await until('it is exported', () => exporter.status.exportsTotal === 1);
    expect(Date.parse(exporter.status.confirmedAt ?? '')).toBeLessThan(Date.now() - 3_500_000);
  });
});

describe('an outage of the store', () => {
  it('loses nothing that waits, and exports the latest when the store is back', async () => {
    const store = new MemoryStore();
    const { exporter, source } = start(store, { leaseMs: 1_000 });
    source.push(configurationNamed('a'));
    await until('a is exported', () => exporter.status.exportsTotal === 1);
    store.down = true;
    source.push(configurationNamed('b'));
    await until('it fails', () => exporter.status.exportFailuresTotal > 1);
    expect(exporter.status.exportProblem?.code).toBe('KR_STORE_UNREACHABLE');
    expect(exporter.status.pending).toBe(true);
    source.push(configurationNamed('c'));
    store.down = false;
    await until('c is exported', () => storedName(store) === 'c');
    await until('the problem is over', () => exporter.status.exportProblem === null);
    expect(configWrites(store)).toEqual(['a', 'c']);
  });

  it('writes once more after a put whose answer was lost, so that the lost one can only fail', async () => {
    const store = new MemoryStore();
    const { exporter, source, client } = start(store, { leaseMs: 2_000 });
    let lost = 0;
    client.loseAnswer = (key) => key === configKey && lost++ === 0;
    source.push(configurationNamed('a'));
    await until('it is exported', () => exporter.status.exportsTotal === 1);
    expect(configWrites(store)).toEqual(['a', 'a']);
    const [first, second] = store.writes.filter((write) => write.key === configKey);
    expect(first?.version).not.toBe(second?.version);
  });

  it('survives a renewal whose answer was lost', async () => {
    const store = new MemoryStore();
    const { exporter, source, client } = start(store, { leaseMs: 2_000 });
    source.push(configurationNamed('a'));
    await until('a is exported', () => exporter.status.exportsTotal === 1);
    let lost = 0;
    client.loseAnswer = (key) => key === leaseKey && lost++ === 0;
    source.push(configurationNamed('b'));
    await until('b is exported', () => storedName(store) === 'b');
    expect(lease(store)?.term).toBe(1);
  });
});

describe('two exporters', () => {
  it('take turns: one leads, the other follows and writes nothing', async () => {
    const store = new MemoryStore();
    const source = configurationNamed('a');
    const one = start(store);
    one.source.push(source);
    await until('one leads', () => one.exporter.status.role === 'leader');
    const two = start(store);
    two.source.push(source);
    await until('two follows', () => two.exporter.status.role === 'follower');
    expect(two.exporter.status.leader).toBe(lease(store)?.host);
    expect(configWrites(store)).toEqual(['a']);
  });

  it('confirm what the other one stored, by its content where the source sends no hash', async () => {
    const store = new MemoryStore();
    const unhashed = (name: string): Configuration => ({
      table: configurationNamed(name).table,
      receivedAt: new Date(),
    });
    const one = start(store, { leaseMs: 3_000 });
    one.source.push(unhashed('a'));
    await until('a is stored, and the lease says so', () => lease(store)?.configuration?.version !== undefined);
    const confirmations: string[] = [];
    const follow = (name: string, configuration: Configuration): Running => {
      const follower = start(store, { leaseMs: 3_000, onConfirmed: () => void confirmations.push(name) });
      follower.source.push(configuration);
      return follower;
    };
    follow('another', unhashed('b'));
    follow('another hash', configurationNamed('a'));
    follow('the same', unhashed('a'));
    await until('the same is confirmed', () => confirmations.includes('the same'));
    await until('all have looked', () => running.slice(1).every(({ exporter }) => exporter.status.role === 'follower'));
    expect(new Set(confirmations)).toEqual(new Set(['the same']));
    expect(configWrites(store)).toEqual(['a']);
  });

  it('hands over at once when the leader is stopped', async () => {
    const store = new MemoryStore();
    const one = start(store, { leaseMs: 3_000 });
    one.source.push(configurationNamed('a'));
    await until('one leads', () => one.exporter.status.exportsTotal === 1);
    const two = start(store, { leaseMs: 3_000 });
    two.source.push(configurationNamed('a'));
    await until('two follows', () => two.exporter.status.role === 'follower');
    await one.stop();
    await until('two leads', () => two.exporter.status.role === 'leader');
    two.source.push(configurationNamed('b'));
    await until('two exports', () => storedName(store) === 'b');
    expect(lease(store)?.term).toBe(2);
  });

  it('A, B, A: a put that was held up past the lease cannot replace the rollback that followed it', async () => {
    const store = new MemoryStore();
    const frozen = start(store, { leaseMs: 2_000 });
    frozen.source.push(configurationNamed('a'));
    await until('a is exported', () => frozen.exporter.status.exportsTotal === 1);
    let thaw: () => void = () => undefined;
    const ice = new Promise<void>((resolve) => (thaw = resolve));
    let held = false;
    frozen.client.beforePut = (key) => {
      if (key !== configKey) return;
      held = true;
      return ice;
    };
    frozen.source.push(configurationNamed('b'));
    await until('the put of b is on its way', () => held);
    // The control plane goes back to a; the other exporter sees only that.
    const other = start(store, { leaseMs: 2_000 });
    other.source.push(configurationNamed('a'));
    await until('the other leads', () => other.exporter.status.role === 'leader');
    await until('it wrote a once more', () => other.exporter.status.exportsTotal === 1);
    frozen.source.disconnect();
    thaw();
    await until('the frozen one knows', () => frozen.exporter.status.role !== 'leader');
    expect(storedName(store)).toBe('a');
    expect(configWrites(store)).toEqual(['a', 'a']);
  });

  it('a put that is refused because a later term has written ends the lead, though the lease object was set back', async () => {
    const store = new MemoryStore();
    const one = start(store);
    one.source.push(configurationNamed('a'));
    await until('a is exported', () => one.exporter.status.exportsTotal === 1);
    let thaw: () => void = () => undefined;
    const ice = new Promise<void>((resolve) => (thaw = resolve));
    let held: string | undefined;
    one.client.beforePut = (key) => {
      if (key !== configKey) return;
      held = store.text(leaseKey);
      return ice;
    };
    one.source.push(configurationNamed('b'));
    await until('the put of b is on its way', () => held !== undefined);
    one.source.disconnect(storeUnreachable('control plane', 'connecting'));
    // Somebody gives the lease away; the next leader stores c, and ends; then somebody sets the lease object back.
    store.writeForeign(leaseKey, JSON.stringify({ ...lease(store), released: true }));
    const two = start(store);
    two.source.push(configurationNamed('c'));
    await until('c is exported', () => two.exporter.status.exportsTotal === 1);
    await two.stop();
    store.writeForeign(leaseKey, held ?? '');
    thaw();
    await until('it leads anew', () => lease(store)?.term === 3);
    await until('it has given up b', () => !one.exporter.status.pending);
    expect(configWrites(store)).toEqual(['a', 'c']);
    expect(one.exporter.status.exportProblem).toBeNull();
  });

  it('a deaf follower does not put an earlier configuration over what the leader stored since', async () => {
    const store = new MemoryStore();
    const one = start(store, { leaseMs: 1_500 });
    one.source.push(configurationNamed('a'));
    await until('one leads', () => one.exporter.status.exportsTotal === 1);
    const two = start(store, { leaseMs: 1_500 });
    two.source.push(configurationNamed('b'));
    await until('two follows', () => two.exporter.status.role === 'follower');
    two.source.disconnect(storeUnreachable('control plane', 'connecting'));
    one.source.push(configurationNamed('b'));
    await until('one exports b', () => storedName(store) === 'b');
    one.source.push(configurationNamed('c'));
    await until('one exports c', () => storedName(store) === 'c');
    await one.stop();
    await until('two has looked', () => two.exporter.status.role !== 'follower', 30_000);
    await until('two gave up its b', () => !two.exporter.status.pending, 30_000);
    expect(configWrites(store)).toEqual(['a', 'b', 'c']);
  });

  it('a leader without a control plane makes way for one that has it', async () => {
    const store = new MemoryStore();
    const one = start(store, { leaseMs: 1_000 });
    one.source.push(configurationNamed('a'));
    await until('one leads', () => one.exporter.status.exportsTotal === 1);
    const two = start(store, { leaseMs: 1_000 });
    two.source.push(configurationNamed('a'));
    await until('two follows', () => two.exporter.status.role === 'follower');
    one.source.disconnect();
    two.source.push(configurationNamed('b'));
    await until('two exports b', () => storedName(store) === 'b');
    await until('one leads no more', () => one.exporter.status.role === 'idle');
  });

  it('keep terms rising when the lease object was deleted', async () => {
    const store = new MemoryStore();
    const one = start(store);
    one.source.push(configurationNamed('a'));
    await until('a is exported', () => one.exporter.status.exportsTotal === 1);
    await one.stop();
    store.remove(leaseKey);
    const two = start(store);
    two.source.push(configurationNamed('b'));
    await until('b is exported', () => two.exporter.status.exportsTotal === 1);
    expect(lease(store)?.term).toBe(2);
  });

  it('do not write equal content again after a crash between two exports', async () => {
    const store = new MemoryStore();
    const crashed = start(store, { leaseMs: 1_000 });
    crashed.source.push(configurationNamed('a'));
    await until('a is exported', () => crashed.exporter.status.exportsTotal === 1);
    await until('nothing is on its way', () => lease(store)?.writing === null);
    crashed.client.cut = true;
    const next = start(store, { leaseMs: 1_000 });
    next.source.push(configurationNamed('a'));
    await until('the next leads', () => next.exporter.status.role === 'leader');
    await until('it confirmed a', () => next.exporter.status.unchangedTotal > 0);
    expect(configWrites(store)).toEqual(['a']);
  });
});

describe('the spool', () => {
  it('lets a restarted exporter export what waited, though the control plane has gone', async () => {
    const store = new MemoryStore();
    const dir = temporaryFolder();
    const before = start(store, { spool: spoolIn(dir), shutdownMs: 300, leaseMs: 1_000 });
    before.source.push(configurationNamed('a'));
    await until('a is exported', () => before.exporter.status.exportsTotal === 1);
    store.down = true;
    before.source.push(configurationNamed('b'));
    await until('it fails', () => before.exporter.status.exportFailuresTotal > 0);
    await before.stop();
    const file = readdirSync(dir).map((name) => join(dir, name));
    expect(file).toHaveLength(1);
    expect(statSync(file[0] ?? '').mode & 0o777).toBe(0o600);
    store.down = false;
    const after = start(store, { spool: spoolIn(dir), leaseMs: 1_000 });
    after.source.disconnect(storeUnreachable('control plane', 'connecting'));
    await until('b is exported', () => storedName(store) === 'b');
    await after.stop();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is not exported over what somebody stored since', async () => {
    const store = new MemoryStore();
    const dir = temporaryFolder();
    const spool = spoolIn(dir);
    await spool.open();
    spool.save(configurationNamed('old'), { version: 'an-etag-that-is-gone', term: 0, counter: 0, confirmedAt: null });
    await spool.settled();
    store.writeForeign(configKey, Buffer.from(configurationNamed('newer').table).toString('utf8'));
    const { source } = start(store, { spool: spoolIn(dir), leaseMs: 1_000 });
    source.disconnect(storeUnreachable('control plane', 'connecting'));
    await until('it is given up', () => readdirSync(dir).length === 0);
    expect(storedName(store)).toBe('newer');
  });

  it('is not exported where nothing is stored, if something was confirmed there since it was received', async () => {
    const store = new MemoryStore();
    const one = start(store);
    one.source.push(configurationNamed('newer'));
    await until('the newer is exported', () => one.exporter.status.exportsTotal === 1);
    await one.stop();
    store.remove(configKey);
    const dir = temporaryFolder();
    const spool = spoolIn(dir);
    await spool.open();
    spool.save(configurationNamed('old'), { version: 'absent', term: 0, counter: 0, confirmedAt: null });
    await spool.settled();
    const { source } = start(store, { spool: spoolIn(dir) });
    source.disconnect(storeUnreachable('control plane', 'connecting'));
    await until('it is given up', () => readdirSync(dir).length === 0);
    expect(configWrites(store)).toEqual(['newer']);
  });

  it('is not used for another store, nor when it is damaged', async () => {
    const dir = temporaryFolder();
    const spool = spoolIn(dir);
    await spool.open();
    const basis = { version: 'absent', term: 3, counter: 7, confirmedAt: '2020-01-01T00:00:00.000Z' };
    spool.save(configurationNamed('a'), basis);
    await spool.settled();
    expect((await spool.load())?.basis).toEqual(basis);
    expect(await spoolIn(dir, 's3://other/kong').load()).toBeUndefined();
    const { truncateSync } = await import('node:fs');
    const file = join(dir, readdirSync(dir)[0] ?? '');
    truncateSync(file, statSync(file).size - 1);
    expect(await spool.load()).toBeUndefined();
  });
});
