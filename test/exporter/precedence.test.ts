import { describe, expect, it } from 'vitest';
import { parseLeaseDocument, type LeaseDocument } from '../../src/exporter/lease-document';
import { storeUnreachable } from '../../src/store/errors';
import { type Node, settings, World } from './simulation';

const configKey = 'kong/3.9.1/config.json';
const leaseKey = 'kong/3.9.1/kong-resilience.json';
/** How long a lease that nobody renews may last, by whole seconds of the store's dates. */
const leaseEndsMs = settings.leaseMs + 1_500;

/** A world of quick packets; the first node leads and has exported C0. */
async function led(exportDelayMs = 0): Promise<{ world: World; one: Node; two: Node; three: Node }> {
  const world = new World({ seed: 1, nodes: 3, exportDelayMs });
  world.near = true;
  const [one, two, three] = world.nodes as [Node, Node, Node];
  one.start();
  await world.pass(1_000);
  expect(world.storedContent).toBe(0);
  return { world, one, two, three };
}

function lease(world: World): LeaseDocument | undefined {
  return parseLeaseDocument(world.store.text(leaseKey) ?? '');
}

/** Leaves C1 in the spool of `one`, based on the C0 that is stored; `one` is dead and its lease has ended. */
async function spooledOverAnOutage(): Promise<{ world: World; one: Node; two: Node }> {
  const { world, one, two } = await led();
  world.store.down = true;
  world.push(1);
  await world.pass(300);
  one.crash();
  await world.pass(leaseEndsMs);
  world.store.down = false;
  expect(one.spooled?.basis).toMatchObject({ term: 1, counter: 1, version: expect.any(String) });
  return { world, one, two };
}

describe('what waited in a spool', () => {
  it('is exported over the version that was stored when it was received', async () => {
    const { world, one } = await spooledOverAnOutage();
    one.start();
    one.source.deaf(60_000);
    await world.pass(20_000);
    expect(world.storedContent).toBe(1);
  });

  it('is exported at once when the control plane is known to be gone, and after ten seconds when it says nothing', async () => {
    const gone = await spooledOverAnOutage();
    gone.one.start();
    await gone.world.pass(0);
    gone.one.source.deaf(60_000);
    await gone.world.pass(1_000);
    expect(gone.world.storedContent).toBe(1);

    const silent = await spooledOverAnOutage();
    // No connection yet, and nothing that would say that there will be none.
    silent.one.source.deaf(60_000);
    silent.one.start();
    await silent.world.pass(9_500);
    expect(silent.world.storedContent).toBe(0);
    await silent.world.pass(1_500);
    expect(silent.world.storedContent).toBe(1);
  });

  it('is exported over an earlier put of the same term, when a put between them never landed', async () => {
    const { world, one } = await led();
    const putNow = world.store.putNow.bind(world.store);
    world.store.putNow = (key, body, options) => {
      if (key !== configKey) return putNow(key, body, options);
      world.store.down = true;
      throw storeUnreachable('s3://memory', 'writing');
    };
    world.push(1);
    await world.pass(300);
    world.push(2);
    await world.pass(300);
    one.crash();
    world.store.putNow = putNow;
    await world.pass(leaseEndsMs);
    world.store.down = false;
    // What is stored was not known any more when it was received.
    expect(one.spooled?.basis).toMatchObject({ version: null, term: 1, counter: 2 });
    one.start();
    one.source.deaf(60_000);
    await world.pass(20_000);
    expect(world.storedContent).toBe(2);
  });

  it('is not exported over a later put of the same term, the answer to which never came', async () => {
    const { world, one } = await led();
    world.store.down = true;
    world.push(1);
    await world.pass(300);
    world.store.down = false;
    world.push(2);
    await world.pass(1_000, () => world.storedContent === 2);
    one.crash();
    // The later one went to the store before it could go to the disk.
    expect(one.spooled?.basis).toMatchObject({ term: 1, counter: 1 });
    one.source.deaf(60_000);
    one.start();
    await world.pass(30_000);
    expect({ stored: world.storedContent, spooled: one.spooled }).toEqual({ stored: 2, spooled: undefined });
  });

  it('is not exported over what a later term stored, whatever its counter', async () => {
    const { world, one, two } = await spooledOverAnOutage();
    world.push(2);
    two.start();
    await world.pass(1_000);
    expect(world.storedContent).toBe(2);
    two.crash();
    await world.pass(leaseEndsMs);
    one.source.deaf(60_000);
    one.start();
    await world.pass(30_000);
    expect({ stored: world.storedContent, spooled: one.spooled }).toEqual({ stored: 2, spooled: undefined });
  });

  it('is not exported over what was confirmed after it, though that is the version that it was based on', async () => {
    const { world, one, two } = await spooledOverAnOutage();
    world.push(0);
    two.start();
    await world.pass(2_000);
    expect({ writes: world.writes, confirmed: world.confirmedPosition }).toEqual({ writes: 1, confirmed: 2 });
    two.crash();
    await world.pass(leaseEndsMs);
    one.source.deaf(60_000);
    one.start();
    await world.pass(30_000);
    expect(world.storedContent).toBe(0);
  });
});

describe('a put that the store refuses', () => {
  it('because its own first attempt landed, is an export', async () => {
    const { world, one } = await led();
    const putNow = world.store.putNow.bind(world.store);
    let repeated = 0;
    world.store.putNow = (key, body, options) => {
      // As a client does whose first attempt got no answer.
      if (key === configKey && repeated++ === 0) putNow(key, body, options);
      return putNow(key, body, options);
    };
    world.push(1);
    await world.pass(1_000);
    expect(repeated).toBe(1);
    expect(world.storedContent).toBe(1);
    expect(one.process?.exporter.status).toMatchObject({
      exportsTotal: 2,
      unchangedTotal: 0,
      exportFailuresTotal: 0,
      pending: false,
    });
    expect(lease(world)?.writing).toBeNull();
  });
});

describe('the mark of a put on its way', () => {
  it('stays in the lease until it is sealed, through a successor that wrote nothing', async () => {
    const { world, one, two, three } = await led();
    two.start();
    await world.pass(settings.leaseMs);
    // Based on what is stored, so that it is kept for the case that no other configuration comes.
    two.source.again();
    await world.pass(10);
    two.source.deaf(600_000);
    one.held.push({ key: 'config', ms: 60_000 });
    world.push(1);
    await world.pass(200);
    one.crash();
    world.push(0);
    const leads = (): boolean => two.process?.exporter.status.role === 'leader';
    await world.pass(2 * leaseEndsMs, leads);
    expect(leads()).toBe(true);
    await world.pass(settings.leaseMs);
    expect({ writes: world.writes, term: lease(world)?.term, writing: lease(world)?.writing }).toEqual({
      writes: 1,
      term: 2,
      writing: 0,
    });
    expect(lease(world)?.renewals).toBeGreaterThan(0);
    two.crash();
    await world.pass(leaseEndsMs);
    three.start();
    await world.pass(3_000);
    expect({ writes: world.writes, confirmed: world.confirmedPosition }).toEqual({ writes: 2, confirmed: 2 });
    expect(lease(world)?.writing).toBeNull();
    // The first one's put lands at last, and fails.
    await world.pass(60_000);
    expect(world.storedContent).toBe(0);
  });
});
