import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settings, World } from './simulation';

const runs = Number(process.env['KONG_RESILIENCE_TEST_RUNS'] ?? 300);

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
    fc.tuple(node, duration).map(([n, ms]) =>
      named(`node${n} hears no control plane for ${ms}`, (w) => {
        const one = w.nodes[n];
        if (one === undefined) return;
        one.deafUntil = w.nowMs + ms;
        one.source.break();
        w.after(ms, () => one.source.reconnect());
      }),
    ),
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

describe('exporters on one store', () => {
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

          // Quiet: all faults are over, whatever was on its way has landed, and one node lives.
          for (const one of world.nodes) {
            one.held.length = 0;
            one.loseAnswers = 0;
          }
          await world.pass(2 * settings.leaseMs + settings.storeTimeoutMs + settings.shutdownMs);
          world.push((world.history[world.position] ?? 0) === 1 ? 2 : 1);
          const survivor = options.seed % world.nodes.length;
          for (const one of world.nodes) {
            if (one.index === survivor) one.start();
            else one.crash();
          }
          // The lease, by whole seconds, the delay, and a slow packet or two.
          const limitMs = settings.leaseMs + 1_000 + options.exportDelayMs + 3 * settings.slowMs;
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
