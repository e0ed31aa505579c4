import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from '../../bench/options';

const published = resolve('docs/bench/results.json');
const unpublished = join(tmpdir(), 'kong-resilience-bench.json');

describe('what a run is asked for', () => {
  it.each([
    { args: [], form: 'default', rounds: 5, results: published, write: true },
    { args: ['--long'], form: 'long', rounds: 15, results: published, write: true },
    { args: ['--short'], form: 'short', rounds: 5, results: unpublished, write: false },
    { args: ['--long', '--only', 'rpo'], form: 'long', rounds: 15, results: unpublished, write: false },
    { args: ['--short', '--output', 'x.json'], form: 'short', rounds: 5, results: resolve('x.json'), write: false },
    { args: ['--page', '--output', 'x.json'], form: 'default', rounds: 5, results: resolve('x.json'), write: true },
  ])('is with $args the $form form, and published only if it is all of it', ({ args, ...expected }) => {
    expect(readOptions(args)).toMatchObject(expected);
  });

  it.each([
    [['--only', 'rop'], '--only is rop: the default form has transfer, rpo, rto, exporter, synth or size'],
    [['--short', '--only', 'rpo'], '--only is rpo: the short form has transfer, synth or size'],
    [['--short', '--long'], '--short and --long exclude each other'],
    [['--rounds', '2'], '--rounds is 2: it must be a whole number of at least 3'],
    [['--rounds', 'many'], '--rounds is many: it must be a whole number of at least 3'],
  ])('is refused as %j, since nothing or too little would be measured', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(`${message}\nnpm run bench [-- options]`);
  });
});
