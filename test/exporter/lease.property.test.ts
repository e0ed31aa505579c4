import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Node, settings, World } from './simulation';

const runs = Number(process.env['KONG_RESILIENCE_TEST_RUNS'] ?? 1000);

const node = fc.nat({ max: 2 });
/** Short and long ones, up to twice the lease. */
const duration = fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 2 * settings.leaseMs }));

type Operation = (world: World) => void;

/** An operation, with the name that fast-check prints for it. */
function named(name: string, run: Operation): Operation {
  return Object.assign(run, { [fc.toStringMethod]: () => name });
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 3 }).map((content) => named(`push C${content}`, (w) => w.push(content))) },
  ...[
    fc
      .tuple(node, duration)
      .map(([n, ms]) => named(`node${n} hears no control plane for ${ms}`, (w) => w.nodes[n]?.source.deaf(ms))),
    fc.tuple(node, duration).map(([n, ms]) =>
      named(`node${n} reaches no store for ${ms}`, (w) => {
        const one = w.nodes[n];
        if (one !== undefined) one.cutUntil = w.nowMs + ms;
      }),
    ),
    fc.tuple(node, duration).map(([n, ms]) =>
      named(`node${n} freezes for ${ms}`, (w) => {
        const one = w.nodes[n];
        if (one !== undefined) one.frozenUntil = w.nowMs + ms;
      }),
    ),
    fc.tuple(node, duration).map(([n, ms]) =>
      named(`node${n} is killed, and starts after ${ms}`, (w) => {
        w.nodes[n]?.crash();
        w.after(ms, () => w.nodes[n]?.start());
      }),
    ),
    fc.tuple(node, duration).map(([n, ms]) =>
      named(`node${n} is stopped, and starts after ${ms}`, (w) => {
        w.nodes[n]?.stop();
        w.after(ms, () => w.nodes[n]?.start());
      }),
    ),
    fc.tuple(node, fc.constantFrom('config' as const, 'lease' as const), duration).map(([n, key, ms]) =>
      named(`node${n}'s next put of the ${key} takes ${ms}`, (w) => {
        w.nodes[n]?.held.push({ key, ms });
      }),
    ),
    fc.tuple(node, duration).map(([n, ms]) =>
      named(`node${n}'s next read takes ${ms}`, (w) => {
        w.nodes[n]?.heldReads.push(ms);
      }),
    ),
    node.map((n) =>
      named(`node${n} loses the answer to its next put`, (w) => {
        const one = w.nodes[n];
        if (one !== undefined) one.loseAnswers++;
      }),
    ),
    duration.map((ms) =>
      named(`the store is down for ${ms}`, (w) => {
        w.store.down = true;
        w.after(ms, () => (w.store.down = false));
      }),
    ),
  ].map((arbitrary) => ({ weight: 1, arbitrary })),
);

const schedule = fc.record({
  seed: fc.nat(),
  nodes: fc.integer({ min: 2, max: 3 }),
  exportDelayMs: fc.constantFrom(0, 3_000),
  clockAheadMs: fc.constantFrom(0, 250, 3_600_000, -3_600_000),
  steps: fc.array(fc.tuple(operation, duration), { minLength: 1, maxLength: 25, size: 'max' }),
});

async function worldOf(nodes: number, exportDelayMs: number): Promise<{ world: World; nodes: readonly Node[] }> {
  const world = new World({ seed: 1, nodes, exportDelayMs });
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

  it('do not put what waited in a spool over a rollback that another one confirmed since', async () => {
    const { world, nodes } = await worldOf(2, 3_000);
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
      const seen = { writes: 0, schedules: 0 };
      await fc.assert(
        fc.asyncProperty(schedule, async ({ steps, clockAheadMs, ...options }) => {
          const world = new World(options);
          world.store.clockAheadMs = clockAheadMs;
          for (const one of world.nodes) one.start();
          for (const [run, waitMs] of steps) {
            run(world);
            await world.pass(waitMs);
          }

          // Quiet: all faults are over, packets are quick, whatever was on its way has landed, and one node lives.
          world.near = true;
          for (const one of world.nodes) {
            one.held.length = 0;
            one.heldReads.length = 0;
            one.loseAnswers = 0;
          }
          await world.pass(2 * settings.leaseMs + settings.storeTimeoutMs + settings.shutdownMs);
          world.push((world.history[world.position] ?? 0) === 1 ? 2 : 1);
          const survivor = options.seed % world.nodes.length;
          for (const one of world.nodes) {
            if (one.index === survivor) one.start();
            else one.crash();
          }
          // The lease, by the whole seconds of its own date and of the looks at it, the delay, and some packets to and fro.
          const limitMs = settings.leaseMs + 2_000 + options.exportDelayMs + 500;
          const arrived = (): boolean =>
            world.storedContent === world.history[world.position] && world.confirmedPosition === world.position;
          await world.pass(limitMs, arrived);
          expect({ stored: world.storedContent, confirmed: world.confirmedPosition }).toEqual({
            stored: world.history[world.position],
            confirmed: world.position,
          });

          const last = world.nodes[survivor]?.process;
          world.nodes[survivor]?.stop();
          await world.pass(settings.shutdownMs + 1_000, () => last?.ended === true);
          expect(last?.ended).toBe(true);
          seen.writes += world.writes;
          seen.schedules++;
        }),
        { numRuns: runs, verbose: 1 },
      );
      // The schedules exercise something: far more writes than one each.
      expect(seen.writes).toBeGreaterThan(2 * seen.schedules);
    },
  );
});
