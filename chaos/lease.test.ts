import { describe, expect, it } from 'vitest';
import { runSchedules } from '../test/exporter/lease-schedules';
import { writeFigure } from './support/figures';
import { recordFolder, seed, times } from './support/settings';

describe('two and three exporters in memory, paused, partitioned, killed, with wrong clocks and of other versions', () => {
  it(
    'never put an older configuration over a newer one, write in one term each, and take over within the lease time',
    { timeout: 3_600_000 },
    async () => {
      const schedules = times({ short: 10_000, long: 200_000 });
      const tally = await runSchedules(schedules, seed);
      expect(tally.schedules).toBe(schedules);
      // They exercise something.
      expect(tally.writes).toBeGreaterThan(2 * schedules);
      expect(tally.terms).toBeGreaterThan(2 * schedules);
      expect(tally.mixed).toBeGreaterThan(schedules / 4);
      writeFigure(recordFolder, {
        suite: 'lease',
        what: 'schedules of two and three exporters, in memory',
        count: tally.schedules,
        note: `${tally.writes} writes in ${tally.terms} terms; ${tally.mixed} with another version of the program`,
      });
    },
  );
});
