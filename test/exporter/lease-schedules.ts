import fc from 'fast-check';
import { expect } from 'vitest';
import { type ProgramVersion, settings, World } from './simulation';

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

const hour = 3_600_000;
const clock = fc.oneof(fc.constantFrom(0, hour, -hour), fc.integer({ min: -hour, max: hour }));
const program = fc.oneof(
  { weight: 3, arbitrary: fc.constant<ProgramVersion>('this') },
  { weight: 1, arbitrary: fc.constantFrom<ProgramVersion>('more fields', 'next format') },
);

const schedule = fc.record({
  seed: fc.nat(),
  nodes: fc.integer({ min: 2, max: 3 }),
  exportDelayMs: fc.constantFrom(0, 3_000),
  clocks: fc.tuple(clock, clock, clock),
  programs: fc.tuple(program, program, program),
  clockAheadMs: fc.constantFrom(0, 250, hour, -hour),
  steps: fc.array(fc.tuple(operation, duration), { minLength: 1, maxLength: 25, size: 'max' }),
});

/** What the schedules of a run came to. */
export interface Tally {
  schedules: number;
  /** Writes of the configuration that the store took. */
  writes: number;
  /** Terms of the lease: how often it was taken. */
  terms: number;
  /** Schedules in which one of the exporters was of another version of the program. */
  mixed: number;
}

/**
 * Runs exporters through random schedules, each followed by a quiet time, and checks what is promised at each write
 * (see `World`) and at the end: one exporter alone has stored and confirmed the newest within the lease time.
 *
 * @param seed the same one makes the same schedules; a random one by default
 * @throws Error with the shortest schedule that fast-check finds to break a promise
 */
export async function runSchedules(numRuns: number, seed?: number): Promise<Tally> {
  const tally = { schedules: 0, writes: 0, terms: 0, mixed: 0 };
  await fc.assert(
    fc.asyncProperty(schedule, async ({ steps, clockAheadMs, ...options }) => {
      const world = new World(options);
      world.store.clockAheadMs = clockAheadMs;
      for (const one of world.nodes) one.start();
      for (const [run, waitMs] of steps) {
        run(world);
        await world.pass(waitMs);
      }
      await endsWell(world, options);
      tally.schedules++;
      tally.writes += world.writes;
      tally.terms += world.terms;
      if (world.nodes.some((one) => one.program !== 'this')) tally.mixed++;
    }),
    { numRuns, verbose: 1, ...(seed === undefined ? {} : { seed }) },
  );
  return tally;
}

/** Quiet: all faults are over, packets are quick, whatever was on its way has landed, and one node lives. */
async function endsWell(world: World, options: { seed: number; exportDelayMs: number }): Promise<void> {
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
}
