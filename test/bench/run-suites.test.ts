import { describe, expect, it } from 'vitest';
import type { Bench, Suite } from '../../bench/bench';
import type { Figure } from '../../bench/results';
import { type Measured, runSuites } from '../../bench/run-suites';

const figure = (suite: string): Figure => ({ suite, of: [], by: 'x', quantity: 'wall', samples: [1] });
const suite = (name: string, run: Suite['run'] = () => Promise.resolve([figure(name)])): Suite => ({
  ...{ name, title: `The title of ${name}`, forms: ['default'], run },
});

describe('suites of which one fails', () => {
  const run = async () => {
    const said: string[] = [];
    const kept: Measured[] = [];
    const failing = suite('second', () => Promise.reject(new Error('the store is gone')));
    const bench = { say: (line: string) => said.push(line) } as unknown as Bench;
    const measured = await runSuites([suite('first'), failing, suite('third')], bench, (soFar) => kept.push(soFar));
    return { said, kept, measured };
  };

  it('give the figures of all others, and the name of that one', async () => {
    expect((await run()).measured).toEqual({ figures: [figure('first'), figure('third')], failed: ['second'] });
  });

  it('tell why it failed', async () => {
    const { said } = await run();
    expect(said.map((line) => line.split('\n')[0])).toEqual([
      'The title of first',
      'The title of second',
      'FAILED: second: Error: the store is gone',
      'The title of third',
    ]);
  });

  it('keep what is measured after each, so that a run that is interrupted has it', async () => {
    expect((await run()).kept).toEqual([
      { figures: [figure('first')], failed: ['second', 'third'] },
      { figures: [figure('first')], failed: ['second', 'third'] },
      { figures: [figure('first'), figure('third')], failed: ['second'] },
    ]);
  });
});
