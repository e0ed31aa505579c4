import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Lease } from '../../src/exporter/lease';
import { parseLeaseDocument } from '../../src/exporter/lease-document';
import { Spool } from '../../src/exporter/spool';
import { systemClock } from '../../src/runtime';
import type { Configuration } from '../../src/snapshot';
import { MemoryStore } from '../support/memory-store';
import { LogLines } from '../support/recorder';
import { configurationNamed } from '../support/scripted-source';
import { type Node, settings, World } from './simulation';

const leaseKey = 'kong/3.9.1/kong-resilience.json';

/** A world whose first node leads and has exported. */
async function led(nodes = 1, exportDelayMs = 0): Promise<{ world: World; one: Node; two: Node }> {
  const world = new World({ seed: 1, nodes: 2, exportDelayMs });
  const [one, two] = world.nodes as [Node, Node];
  one.start();
  await world.pass(1_000);
  if (nodes === 2) two.start();
  await world.pass(1_000);
  expect(world.storedContent).toBe(0);
  return { world, one, two };
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('an exporter', () => {
  it('gives a put up before its lease ends, however long the store may take', async () => {
    const world = new World({ seed: 1, nodes: 1, exportDelayMs: 0, storeTimeoutMs: 60_000 });
    const [one] = world.nodes;
    one?.start();
    await world.pass(1_000);
    one?.held.push({ key: 'config', ms: 60_000 });
    world.push(1);
    await world.pass(100);
    const problem = (): string | undefined => one?.process?.exporter.status.exportProblem?.reason;
    expect(problem()).toBeUndefined();
    await world.pass(settings.leaseMs, () => problem() !== undefined);
    expect(problem()).toMatch(
      /^kong\/3\.9\.1\/config\.json: writing \d+ bytes did not end within 6 s, which is what the lease leaves\.$/,
    );
    expect(one?.process?.exporter.status.exportProblem?.code).toBe('KR_EXPORT_LEASE_TOO_SHORT');
  });

  it('gathers what comes within the delay after an export', async () => {
    const { world } = await led(1, 10_000);
    for (const content of [1, 2, 3]) {
      world.push(content);
      await world.pass(1_000);
    }
    expect(world.writes).toBe(1);
    await world.pass(10_000);
    expect({ writes: world.writes, stored: world.storedContent }).toEqual({ writes: 2, stored: 3 });
  });

  it('that is stopped while a put hangs ends within the shutdown limit', async () => {
    const { world, one } = await led();
    one.held.push({ key: 'config', ms: 60_000 });
    world.push(1);
    await world.pass(500);
    const { process } = one;
    one.stop();
    await world.pass(settings.shutdownMs - 100);
    expect(process?.ended).toBe(false);
    await world.pass(200);
    expect(process?.ended).toBe(true);
  });

  it('that cannot renew its lease does not say that it leads, until it can again', async () => {
    const { world, one } = await led();
    one.cutUntil = world.nowMs + 2 * settings.leaseMs;
    await world.pass(2 * settings.leaseMs);
    expect(one.process?.exporter.status.role).toBe('idle');
    await world.pass(settings.leaseMs);
    expect(one.process?.exporter.status).toMatchObject({ role: 'leader', term: 1 });
  });

  it('that follows says when the leader last confirmed', async () => {
    const { world, two } = await led(2);
    await world.pass(settings.leaseMs);
    const document = parseLeaseDocument(world.store.text(leaseKey) ?? '');
    expect(document?.confirmed_at).not.toBeNull();
    expect(two.process?.exporter.status).toMatchObject({ role: 'follower', confirmedAt: document?.confirmed_at });
  });

  it('that is sent the same 1,000 times a second asks the store at most 45 times in it', async () => {
    const { world, one } = await led();
    world.near = true;
    const before = world.calls;
    for (let count = 0; count < 1_000; count++) {
      one.source.again();
      await world.pass(1);
    }
    expect(world.calls - before).toBeGreaterThan(0);
    expect(world.calls - before).toBeLessThanOrEqual(45);
    expect(world.writes).toBe(1);
  });

  it('that follows does not ask the store again because the control plane pushes', async () => {
    const { world, two } = await led(2);
    await world.pass(settings.leaseMs);
    const pushes = 400;
    const before = world.calls;
    for (let count = 0; count < pushes; count++) {
      two.source.again();
      await world.pass(5);
    }
    // Two seconds: a renewal of the leader and one look of the follower, of two calls each, and what is at the edges.
    expect(world.calls - before).toBeLessThanOrEqual(8);
  });

  it.each([
    ['was deleted', (store: MemoryStore) => store.remove(leaseKey)],
    ['is none of ours', (store: MemoryStore) => store.writeForeign(leaseKey, '{"format":2}')],
  ])('writes what is equal once more when the lease %s: a put may still be on its way', async (_, spoil) => {
    const { world, one, two } = await led();
    one.crash();
    spoil(world.store);
    two.start();
    await world.pass(2 * settings.leaseMs);
    expect(world.writes).toBe(2);
    expect(parseLeaseDocument(world.store.text(leaseKey) ?? '')).toMatchObject({ term: 2, writing: null });
  });

  it('looks before it puts again, when it does not know what became of a put', async () => {
    const { world, one } = await led();
    one.held.push({ key: 'config', ms: settings.storeTimeoutMs - 1 });
    const puts: string[] = [];
    const putNow = world.store.putNow.bind(world.store);
    world.store.putNow = (key, body, options) => {
      if (key !== leaseKey) puts.push(options.condition === 'absent' ? 'absent' : options.condition.version);
      return putNow(key, body, options);
    };
    one.cutUntil = 0;
    world.push(1);
    await world.pass(3 * settings.storeTimeoutMs);
    expect(world.storedContent).toBe(1);
    expect(puts).not.toContain('absent');
  });

  it('replaces a stored configuration that cannot be read any more', async () => {
    const { world, one, two } = await led();
    one.stop();
    await world.pass(1_000);
    // Without what the lease knows of it, the stored one has to be read to be compared.
    const document = JSON.parse(world.store.text(leaseKey) ?? '') as object;
    world.store.writeForeign(leaseKey, JSON.stringify({ ...document, configuration: null }));
    world.store.corrupt = 'kong/3.9.1/config.json';
    two.start();
    await world.pass(3_000);
    expect(world.writes).toBe(2);
    expect(two.process?.exporter.status.exportProblem).toBeNull();
  });

  it('waits before it puts again when the store refuses with a conflict though nobody wrote', async () => {
    const { world, one } = await led();
    let refused = 0;
    const putNow = world.store.putNow.bind(world.store);
    world.store.putNow = (key, body, options) => {
      if (key === leaseKey || refused >= 3) return putNow(key, body, options);
      refused++;
      return putNow(key, body, { ...options, condition: { version: 'nobody' } });
    };
    world.push(1);
    await world.pass(30_000);
    expect(world.storedContent).toBe(1);
    expect(one.process?.exporter.status.exportFailuresTotal).toBe(3);
  });
});

describe('a lease', () => {
  it('is not taken before it has ended, however the whole seconds of the dates fall', async () => {
    let nowMs = 10_999;
    const store = new MemoryStore(() => nowMs);
    const lease = (holder: string): Lease =>
      new Lease({ store, key: leaseKey, holder, host: holder, leaseMs: 2_000, timeoutMs: 1_000, clock: systemClock });
    const { signal } = new AbortController();
    expect(await lease('a').tryAcquire(0, signal)).toMatchObject({ acquired: true });
    // 1,001 ms later the dates are 10 and 12: two seconds apart.
    nowMs = 12_000;
    expect(await lease('b').tryAcquire(0, signal)).toMatchObject({ acquired: false, waitMs: 1_000 });
    nowMs = 12_999;
    expect(await lease('b').tryAcquire(0, signal)).toMatchObject({ acquired: false });
    nowMs = 13_000;
    expect(await lease('b').tryAcquire(0, signal)).toMatchObject({ acquired: true });
  });
});

describe('a spool', () => {
  const spoolIn = (log = new LogLines()): { spool: Spool; dir: string; log: LogLines } => {
    const dir = mkdtempSync(join(tmpdir(), 'kong-resilience-test-'));
    folders.push(dir);
    return { spool: new Spool({ dir, name: '3.9.1', target: 's3://memory', log }), dir, log };
  };
  const basis = { version: 'absent', term: 0, counter: 0, confirmedAt: null };

  it('that cannot be read is told, and stops no exporter', async () => {
    const { spool, dir, log } = spoolIn();
    mkdirSync(join(dir, '3.9.1.spool'));
    expect(await spool.load()).toBeUndefined();
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toContain('KR_SPOOL_UNWRITABLE');
  });

  it('keeps the last of many, and does not write those that were overtaken', async () => {
    const { spool } = spoolIn();
    let written = 0;
    const counted = (name: string): Configuration => {
      const { receivedAt, ...rest } = configurationNamed(name);
      return {
        ...rest,
        get receivedAt() {
          written++;
          return receivedAt;
        },
      };
    };
    for (let count = 0; count <= 100; count++) spool.save(counted(`c${count}`), basis);
    await spool.settled();
    expect(written).toBe(1);
    expect((await spool.load())?.configuration.table).toEqual(configurationNamed('c100').table);
    spool.save(counted('a'), basis);
    spool.clear();
    await spool.settled();
    expect(await spool.load()).toBeUndefined();
  });

  it('with a hash that is none is not used', async () => {
    const spool = spoolIn().spool;
    spool.save({ ...configurationNamed('a'), configHash: 'x' }, basis);
    await spool.settled();
    expect(await spool.load()).toBeUndefined();
  });
});
