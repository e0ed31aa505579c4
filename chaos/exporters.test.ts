import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { minio, versitygw } from '../test/cli/stores';
import type { ProgramOptions } from '../test/support/program';
import { alone, hurts, type Kind, together } from './faults/exporters';
import { writeFigure } from './support/figures';
import { metricsOf } from './support/metrics';
import { nodeAhead } from './support/node-ahead';
import { otherVersion } from './support/other-version';
import { random } from './support/random';
import { recordFolder, times } from './support/settings';
import { expectNothingTold, expectSound, metricsWithinMs } from './support/trial';
import { Trio } from './support/trio';

/** What is run for an exporter; absent: node and the bundle. */
async function commandOf(kind: Kind): Promise<ProgramOptions['command']> {
  switch (kind) {
    case 'usual':
      return undefined;
    case 'an hour ahead':
      return nodeAhead(hourSeconds);
    case 'an hour behind':
      return nodeAhead(-hourSeconds);
    case 'of another version':
      return otherVersion();
  }
}

const hours = { timeout: 8 * 3_600_000 };
const hourSeconds = 3_600;
const hourMs = hourSeconds * 1000;
const leaseMs = 2_000;
/** Each in turn, through all tests, so that a short run has them all. */
let turn = 0;
function nextHurt(): (typeof hurts)[number] {
  const row = hurts[turn++ % hurts.length];
  if (row === undefined) throw new Error('no row');
  return row;
}

describe.each([versitygw(), minio()].map((kind) => [kind.name, kind] as const))('exporters on %s', (name, kind) => {
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  it.skipIf(kind.missing).each(together.map((row) => [row.id, row] as const))(
    'never put an older configuration over a newer one, and take over: %s',
    hours,
    async (id, { inject: { exporters }, expected: { takeover: among } }) => {
      const choice = random(`exporters ${name} ${id}`);
      const commands = await Promise.all(exporters.map(commandOf));
      const trio = await Trio.start({ bucket: await kind.bucket(), target: kind.endpoint, commands, leaseMs });
      await trio.publishAndArrive();
      const takeovers: number[] = [];

      expect(among).toEqual({ stored: 'while it lasts', by: 'each of them' });
      for (const member of trio.members) {
        const leader = await trio.leader();
        const begun = performance.now();
        const arrivedAt = await trio.putsAlone(member);
        expect((await trio.leader()).name, 'who put it, the others being paused').toBe(member.name);
        if (leader !== member) takeovers.push(arrivedAt - begun);
        await trio.check();
      }

      const rounds = times({ ci: 3, short: 12, long: 400 });
      const done = new Map<string, number>();
      for (let round = 0; round < rounds; round++) {
        const {
          inject: { fault },
          expected: { takeover },
        } = nextHurt();
        const leader = await trio.leader();
        // In the first round the one that leads, so that each form has a takeover.
        const hurt = round === 0 || choice.below(4) > 0 ? leader : choice.of(trio.members);
        // Of some rounds the fault begins with a change on its way.
        if (choice.below(2) === 0) trio.publish();
        await delay(choice.below(60));
        const begun = performance.now();
        trio.hurt(hurt, fault);
        done.set(fault, (done.get(fault) ?? 0) + 1);
        trio.publish();
        // A leader may wait for its silent control plane longer than for anything else.
        if (takeover.stored === 'while it lasts') {
          const { at } = await trio.arrives();
          if (hurt === leader && takeover.by === 'another one') {
            // The change came after the fault: the one that is hurt cannot have put it.
            expect((await trio.leader()).name, `who put it, ${leader.name} being ${fault}`).not.toBe(leader.name);
            takeovers.push(at - begun);
          }
          // A, B, and A again, while the one that is hurt may still have B on its way.
          if (choice.below(2) === 0) {
            trio.publishAgain();
            await trio.arrives();
          }
        }
        await delay(choice.below(2 * leaseMs));
        if (choice.below(2) === 0) trio.publish();
        await trio.mend(hurt, fault);
        await trio.arrives();
        await trio.check();
      }
      await trio.end();
      // By the whole seconds of the store's dates and a third of the lease between two looks; the rest is a busy machine.
      takeovers.sort((a, b) => a - b);
      const [median, longest] = [takeovers[takeovers.length >> 1], takeovers.at(-1)];
      // One for each of them but the first, at the least.
      expect(takeovers.length).toBeGreaterThanOrEqual(exporters.length - 1);
      expect(longest).toBeLessThan(10 * leaseMs);
      const seconds = (ms: number | undefined): string => (ms === undefined ? 'none' : `${(ms / 1000).toFixed(1)} s`);
      writeFigure(recordFolder, {
        suite: 'exporters',
        what: `faults of \`${id}\`, ${name}`,
        count: rounds,
        note: [
          [...done].map(([fault, count]) => `${fault} ${count}`).join(', '),
          `${trio.puts} configurations put in ${trio.terms} terms`,
          `lease ${seconds(leaseMs)}, another one's put after it: ${seconds(median)} (median), ${seconds(longest)} (longest)`,
        ].join('; '),
      });
    },
  );

  it.skipIf(kind.missing).each(alone.map((row) => [row.id, row] as const))(
    'export with a wrong clock: %s',
    hours,
    async (_id, { inject: { exporters }, expected: { export: expected } }) => {
      const commands = await Promise.all(exporters.map(commandOf));
      const trio = await Trio.start({ bucket: await kind.bucket(), target: kind.endpoint, commands, leaseMs });
      await trio.publishAndArrive();
      const { program, listen } = await trio.leader();
      const aheadMs = exporters.includes('an hour ahead') ? hourMs : -hourMs;
      expect(Math.abs(trio.clockAheadMs - aheadMs)).toBeLessThan(hourMs / 2);
      expect(expected.stored).toBe('the newest');
      await trio.publishAndArrive();
      expect(await metricsOf(listen, expected.metrics, metricsWithinMs)).toEqual(expected.metrics);
      expectNothingTold(program.log);
      expect((await program.stop()).code).toBe(expected.exitCode);
      expectSound(program.log);
      await trio.check();
    },
  );

  it.skipIf(kind.missing)('follow a later version of this program, and count on from its term', hours, async () => {
    const bucket = await kind.bucket();
    const lease = {
      format: 2,
      term: 7,
      host: 'elsewhere',
      lease_seconds: 3,
      released: false,
      confirmed_at: null,
      more: { than: 'is known' },
    };
    await bucket.write('3.9.3/kong-resilience.json', JSON.stringify(lease));
    const trio = await Trio.start({ bucket, target: kind.endpoint, commands: [undefined], leaseMs });
    const [one] = trio.members;
    await one?.program.logged('that it follows', ({ leader }) => leader === 'elsewhere');
    await trio.publishAndArrive();
    expect(await one?.program.logged('that it leads', ({ term }) => term !== undefined)).toMatchObject({ term: 8 });
    await trio.end();
  });
});
