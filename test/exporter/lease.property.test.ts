import { describe, expect, it } from 'vitest';
import { runSchedules } from './lease-schedules';
import { type Node, type ProgramVersion, settings, World } from './simulation';

const runs = Number(process.env['KONG_RESILIENCE_TEST_RUNS'] ?? 1000);

async function worldOf(
  nodes: number,
  exportDelayMs: number,
  programs: readonly ProgramVersion[] = [],
): Promise<{ world: World; nodes: readonly Node[] }> {
  const world = new World({ seed: 1, nodes, exportDelayMs, programs });
  await world.pass(0);
  return { world, nodes: world.nodes };
}

describe('exporters on one store', () => {
  it('do not export what was received during the lead of another one, though they had not looked yet', async () => {
    const { world, nodes } = await worldOf(2, 0);
    nodes[0]?.start();
    await world.pass(2_000);
    // The second one's first look at the store takes so long that it misses the whole of what follows.
    nodes[1]?.heldReads.push(3_000);
    nodes[1]?.start();
    await world.pass(500);
    nodes[1]?.source.deaf(60_000);
    world.push(1);
    await world.pass(500);
    nodes[0]?.stop();
    await world.pass(10_000);
    expect(world.storedContent).toBe(1);
  });

  it('do not put a change that was rolled back within the delay over the confirmed rollback', async () => {
    const { world, nodes } = await worldOf(2, 3_000);
    nodes[0]?.start();
    await world.pass(1_000);
    nodes[1]?.start();
    await world.pass(1_000);
    world.push(1);
    await world.pass(200);
    nodes[1]?.source.deaf(60_000);
    world.push(0);
    await world.pass(2_000);
    nodes[0]?.crash();
    await world.pass(30_000);
    expect(world.storedContent).toBe(0);
  });

  it.each<[string, ProgramVersion]>([
    ['another one', 'this'],
    ['a later version of this program', 'next format'],
  ])('do not put what waited in a spool over a rollback that %s confirmed since', async (_who, other) => {
    const { world, nodes } = await worldOf(2, 3_000, ['this', other]);
    nodes[0]?.start();
    await world.pass(1_000);
    world.push(1);
    await world.pass(200);
    nodes[0]?.crash();
    world.push(0);
    nodes[1]?.start();
    await world.pass(12_000);
    nodes[1]?.crash();
    nodes[0]?.source.deaf(60_000);
    nodes[0]?.start();
    await world.pass(30_000);
    expect(world.storedContent).toBe(0);
  });

  it('count the terms on from the lease of a later version of this program', async () => {
    const { world, nodes } = await worldOf(2, 0, ['next format', 'this']);
    nodes[0]?.start();
    await world.pass(2_000);
    nodes[0]?.crash();
    // Takes the second term, and has nothing to write in it.
    nodes[0]?.start();
    await world.pass(2 * settings.leaseMs);
    nodes[0]?.crash();
    nodes[1]?.start();
    await world.pass(2 * settings.leaseMs);
    expect(nodes[1]?.process?.exporter.status.role).toBe('leader');
    expect(world.terms).toBe(3);
  });

  it('follow the lead of a later version of this program', async () => {
    const { world, nodes } = await worldOf(2, 0, ['next format', 'this']);
    nodes[0]?.start();
    await world.pass(2_000);
    nodes[1]?.start();
    await world.pass(3 * settings.leaseMs);
    expect(nodes[1]?.process?.exporter.status).toMatchObject({ role: 'follower', leader: 'node0-1' });
    expect(world.terms).toBe(1);
  });

  it('write a rollback once more when a predecessor crashed with a put on its way, which then fails', async () => {
    const { world, nodes } = await worldOf(2, 0);
    nodes[0]?.start();
    await world.pass(1_000);
    nodes[0]?.held.push({ key: 'config', ms: 3 * settings.leaseMs });
    world.push(1);
    await world.pass(500);
    nodes[0]?.crash();
    world.push(0);
    nodes[1]?.start();
    await world.pass(2 * settings.leaseMs);
    expect(world.confirmedPosition).toBe(2);
    await world.pass(2 * settings.leaseMs);
    expect({ stored: world.storedContent, writes: world.writes }).toEqual({ stored: 0, writes: 2 });
  });

  it('take up their own lease again when the answer to taking it was lost', async () => {
    const { world, nodes } = await worldOf(1, 0);
    const [one] = nodes;
    if (one !== undefined) one.loseAnswers = 1;
    one?.start();
    const arrived = (): boolean => world.storedContent === 0;
    await world.pass(settings.storeTimeoutMs + 1_500, arrived);
    expect(world.storedContent).toBe(0);
  });

  it('export from a spool what was received while the answer to the put before it was missing', async () => {
    const { world, nodes } = await worldOf(1, 0);
    const [one] = nodes;
    one?.start();
    await world.pass(1_000);
    one?.held.push({ key: 'config', ms: 2 * settings.storeTimeoutMs });
    world.push(1);
    await world.pass(settings.storeTimeoutMs + 50, () => one?.process?.exporter.status.exportFailuresTotal === 1);
    world.store.down = true;
    world.push(2);
    await world.pass(1_000);
    one?.crash();
    one?.source.deaf(60_000);
    world.store.down = false;
    one?.start();
    await world.pass(20_000);
    expect(world.storedContent).toBe(2);
    // Exported, not confirmed: no control plane has sent it since.
    expect(world.confirmedPosition).toBe(0);
  });

  it(
    'never put an older configuration over a newer one, and store the newest when all is quiet',
    { timeout: 60_000 + runs * 200 },
    async () => {
      const { schedules, writes } = await runSchedules(runs);
      // The schedules exercise something: far more writes than one each.
      expect(writes).toBeGreaterThan(2 * schedules);
    },
  );
});
