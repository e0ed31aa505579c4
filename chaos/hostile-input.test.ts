import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResilienceError } from '../src/errors';
import { needs } from '../test/gateway/tools';
import type { HostileOutcome } from './faults/fault';
import { nameFaults, parserFaults } from './faults/hostile-input';
import { cacheParsers } from './hostile/cache';
import { contractParsers } from './hostile/contract';
import { documentParsers } from './hostile/documents';
import { frameParsers } from './hostile/frames';
import { hostileKeys, hostileNames } from './hostile/names';
import { traversal } from './hostile/paths';
import { hostileRequests } from './hostile/requests';
import { snapshotParsers } from './hostile/snapshot';
import { statusParsers } from './hostile/status-requests';
import { writeFigure } from './support/figures';
import { Hostile } from './support/hostile';
import { inherited, isInherited } from './support/inherited';
import { Broken, type Parser, promisesHeld } from './support/parser';
import { random } from './support/random';
import { recordFolder, times } from './support/settings';
import { Watchdog } from './support/watchdog';

const suite = 'hostile-input';
const limit = { timeout: 4 * 3_600_000 };
/** No case may take so long: a hundred times what the slowest one needs on a machine that does other work. */
const hangMs = 30_000;

/** Feeds a case, or a batch. @returns how many were taken */
async function feed(parser: Parser, number: number, answer: HostileOutcome['answer']): Promise<number> {
  try {
    const fed = parser.feed(new Hostile(random(`${parser.name} ${number}`)));
    const taken = Number(typeof fed === 'boolean' ? fed : await fed);
    if (taken === 0 && answer !== 'a plain refusal') throw new Broken('it is refused without an error');
    return taken;
  } catch (error) {
    const codes = typeof answer === 'string' ? [] : answer;
    if (error instanceof ResilienceError && codes.some((start) => error.code.startsWith(start))) return 0;
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
  const before = inherited();
  let watchdog: Watchdog;
  beforeAll(() => {
    watchdog = new Watchdog(hangMs);
  });
  afterAll(() => watchdog.close());

  it('is fed to each parser that has a row, and to no other one', () => {
    expect(parsers.map(({ name }) => name).sort()).toEqual(parserFaults.map(({ inject }) => inject.parser).sort());
  });

  const fire = ({ id, inject, expected: { hostile } }: (typeof parserFaults)[number]): void => {
    const parser = parsers.find(({ name }) => name === inject.parser);
    if (parser === undefined) return;
    const { skip, note: missing } = needs(...(parser.programs ?? []));
    describe.skipIf(skip)(`${id}, to the parser of: ${parser.name}${missing}`, () => {
      beforeAll(() => parser.start?.());
      afterAll(() => parser.stop?.());

      it('crashes nothing, hangs nothing, and is taken only where it is valid', limit, async () => {
        const { share = 1, batch = 1 } = parser;
        const count = Math.ceil(times({ ci: 20_000, short: 100_000, long: 2_000_000 }) * share);
        watchdog.begin(parser.name);
        promisesHeld();

        let taken = 0;
        let slowestMs = 0;
        try {
          for (let number = 0; number < count; number += batch) {
            watchdog.tick(number);
            const started = performance.now();
            taken += await feed(parser, number, hostile.answer);
            slowestMs = Math.max(slowestMs, performance.now() - started);
          }
        } finally {
          watchdog.begin('');
        }
        // Else it was not the parser that was tried, but its first line.
        expect(taken, 'cases that were taken').toBeGreaterThan(count / 1000);
        expect(taken, 'cases that were taken').toBeLessThan(count);
        const note = `${taken} taken, the slowest in ${Math.ceil(slowestMs)} ms${parser.note === undefined ? '' : `; ${parser.note}`}`;
        writeFigure(recordFolder, { suite, what: parser.name, count, note });
        expect(promisesHeld()).toEqual([...hostile.held].sort());
        expect(isInherited(before), 'what every object inherits is what it was').toBe(true);
      });
    });
  };
  for (const row of parserFaults) fire(row);

  traversal();
  for (const row of nameFaults) hostileNames(row);
  hostileKeys();
  hostileRequests();
});
