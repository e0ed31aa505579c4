import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResilienceError } from '../src/errors';
import { needs } from '../test/gateway/tools';
import { logInjection, slowRequests, traversal } from './hostile/boundaries';
import { cacheParsers } from './hostile/cache';
import { contractParsers } from './hostile/contract';
import { documentParsers } from './hostile/documents';
import { frameParsers } from './hostile/frames';
import { snapshotParsers } from './hostile/snapshot';
import { statusParsers } from './hostile/status-requests';
import { writeFigure } from './support/figures';
import { Hostile } from './support/hostile';
import { Broken, type Parser } from './support/parser';
import { random } from './support/random';
import { recordFolder, times } from './support/settings';
import { Watchdog } from './support/watchdog';

const suite = 'hostile-input';
const limit = { timeout: 4 * 3_600_000 };
/** No case may take so long: a hundred times what the slowest one needs on a machine that does other work. */
const hangMs = 30_000;

/** What must not have changed after all. */
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype] as object[];
const shape = (): string => JSON.stringify(prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String)));

/** Feeds a case, or a batch. @returns how many were taken */
async function feed(parser: Parser, number: number): Promise<number> {
  try {
    const fed = parser.feed(new Hostile(random(`${parser.name} ${number}`)));
    return Number(typeof fed === 'boolean' ? fed : await fed);
  } catch (error) {
    if (error instanceof ResilienceError && /^KR_[A-Z_]+$/.test(error.code)) return 0;
    const reason = error instanceof Broken ? error.message : error instanceof Error ? error.stack : String(error);
    throw new Error(`${parser.name}, case ${number}: ${reason}`, { cause: error });
  }
}

const parsers: readonly Parser[] = [
  ...contractParsers,
  ...snapshotParsers,
  ...frameParsers,
  ...documentParsers,
  ...cacheParsers,
  ...statusParsers,
];

describe('hostile input', () => {
  const before = shape();
  let watchdog: Watchdog;
  beforeAll(() => {
    watchdog = new Watchdog(hangMs);
  });
  afterAll(() => watchdog.close());

  const fire = (parser: Parser): void => {
    const { skip, note: missing } = needs(...(parser.programs ?? []));
    describe.skipIf(skip)(`to the parser of: ${parser.name}${missing}`, () => {
      beforeAll(() => parser.start?.());
      afterAll(() => parser.stop?.());

      it('crashes nothing, hangs nothing, and is taken only where it is valid', limit, async () => {
        const { share = 1, batch = 1 } = parser;
        const count = Math.ceil(times({ ci: 20_000, short: 100_000, long: 2_000_000 }) * share);
        watchdog.begin(parser.name);

        let taken = 0;
        let slowestMs = 0;
        for (let number = 0; number < count; number += batch) {
          watchdog.tick(number);
          const started = performance.now();
          taken += await feed(parser, number);
          slowestMs = Math.max(slowestMs, performance.now() - started);
        }
        watchdog.begin('');
        // Else it was not the parser that was tried, but its first line.
        expect(taken, 'cases that were taken').toBeGreaterThan(count / 1000);
        expect(taken, 'cases that were taken').toBeLessThan(count);
        const note = `${taken} taken, the slowest in ${Math.ceil(slowestMs)} ms${parser.note === undefined ? '' : `; ${parser.note}`}`;
        writeFigure(recordFolder, { suite, what: parser.name, count, note });
        expect(shape(), 'what every object inherits').toBe(before);
      });
    });
  };
  for (const parser of parsers) fire(parser);

  traversal();
  logInjection();
  slowRequests();
});
