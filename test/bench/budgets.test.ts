import { describe, expect, it } from 'vitest';
import { type Budget, budgetsOf, describeVerdict, fails, judge } from '../../bench/budgets';
import type { Figure, FigureName, Quantity } from '../../bench/results';

function figure(by: string, samples: readonly number[], name: Partial<FigureName> = {}): Figure {
  return { suite: 'import', of: ['MinIO', '10 KB'], by, quantity: 'wall', ...name, samples };
}

const budget = (kind: Budget['kind'], limit: number): Budget => ({
  promise: 'a promise',
  kind,
  figure: figure('ours', []),
  ...(kind === 'bound' ? {} : { base: figure('theirs', []) }),
  limit,
});

describe('a budget that is a ratio', () => {
  const theirs = figure('theirs', [100, 100, 100, 100]);
  const against = (...ours: number[]) => judge(budget('ratio', 0.4), [figure('ours', ours), theirs]);

  it('is kept up to its limit, and by the rounds in the middle', () => {
    expect(against(40, 40, 40, 40)).toMatchObject({ state: 'kept', value: 0.4 });
    expect(against(10, 39, 39, 900)).toMatchObject({ state: 'kept', value: 0.39 });
  });

  it('is unclear where a quarter of the rounds keeps it', () => {
    expect(against(40, 40, 50, 50).state).toBe('unclear');
    expect(against(10, 39, 50, 50).state).toBe('unclear');
  });

  it('is missed where hardly a round keeps it', () => {
    expect(against(39, 50, 50, 50).state).toBe('missed');
    expect(against(41, 41, 41, 41).state).toBe('missed');
  });

  it('is judged by the ratio of each round, in which the machine was the same', () => {
    const busy = figure('theirs', [100, 1000, 100, 1000]);
    expect(judge(budget('ratio', 0.4), [figure('ours', [39, 390, 39, 390]), busy])).toMatchObject({ value: 0.39 });
  });

  it('is not measured where one of the two is not', () => {
    expect(judge(budget('ratio', 0.4), [theirs]).state).toBe('not measured');
    expect(judge(budget('ratio', 0.4), [figure('ours', [1])]).state).toBe('not measured');
  });
});

it('takes what comes on top of another figure in its unit', () => {
  const figures = [figure('ours', [150, 160, 170]), figure('theirs', [50, 50, 50])];
  expect(judge(budget('more', 110), figures)).toMatchObject({ state: 'kept', value: 110 });
  expect(judge(budget('more', 99), figures).state).toBe('missed');
});

it('takes a bound by itself', () => {
  expect(judge(budget('bound', 120), [figure('ours', [119, 120, 121])])).toMatchObject({ state: 'kept', value: 120 });
  expect(judge(budget('bound', 120), [figure('ours', [121])]).state).toBe('missed');
});

it('is told with the unit of what was measured', () => {
  expect(describeVerdict({ budget: budget('ratio', 0.4), state: 'kept', value: 0.3 })).toBe(
    'kept: a promise (× 0.30 of 0.4)',
  );
  const memory = { ...budget('bound', 120), figure: figure('ours', [], { quantity: 'memory' }) };
  expect(describeVerdict({ budget: memory, state: 'missed', value: 130 })).toBe(
    'missed: a promise (130.00 of 120 MiB)',
  );
  expect(describeVerdict({ budget: { ...budget('more', 100), aim: true }, state: 'not measured' })).toBe(
    'aim, not measured: a promise (import / MinIO / 10 KB / ours / wall)',
  );
});

describe('a run', () => {
  const missed = (of: Budget) => fails({ budget: of, state: 'missed', value: 9 });

  it('fails for a ratio that is missed, and for no absolute figure and no aim', () => {
    expect(missed(budget('ratio', 1))).toBe(true);
    expect(missed(budget('more', 1))).toBe(false);
    expect(missed(budget('bound', 1))).toBe(false);
    expect(missed({ ...budget('ratio', 1), aim: true })).toBe(false);
  });

  it.each(['kept', 'unclear', 'not measured'] as const)('does not fail for a ratio that is %s', (state) => {
    expect(fails({ budget: budget('ratio', 1), state })).toBe(false);
  });
});

describe('what was promised', () => {
  const promised = (name: Partial<FigureName>, by = 'kong-resilience') =>
    budgetsOf([figure(by, [1], name)]).map(({ kind, limit, base, aim }) => ({
      kind,
      limit,
      ...(base === undefined ? {} : { base: [...base.of, base.by].join(' ') }),
      ...(aim === undefined ? {} : { aim }),
    }));
  const of = (...parts: string[]): Partial<FigureName> => ({ of: parts });
  const quantity = (name: Quantity): Partial<FigureName> => ({ quantity: name });

  it('is of an import of 10 KB: 0.4 of the aws CLI, and as fast as rclone', () => {
    expect(promised(of('MinIO', '10 KB'))).toEqual([
      { kind: 'ratio', limit: 0.4, base: 'MinIO 10 KB aws s3 cp' },
      { kind: 'ratio', limit: 1, base: 'MinIO 10 KB rclone', aim: true },
    ]);
  });

  it('is nothing against the aws CLI on Google Cloud', () => {
    expect(promised(of('fake-gcs-server', '10 KB'))).toEqual([
      { kind: 'ratio', limit: 1, base: 'fake-gcs-server 10 KB rclone', aim: true },
    ]);
  });

  it('is of an import of 64 MB: 1.2 of a bare SDK, and 120 MiB', () => {
    expect(promised(of('MinIO', '64 MB'))).toEqual([{ kind: 'ratio', limit: 1.2, base: 'MinIO 64 MB bare SDK' }]);
    expect(promised({ ...of('MinIO', '64 MB'), ...quantity('memory') })).toEqual([{ kind: 'bound', limit: 120 }]);
  });

  it('is nothing of the sizes between, of processor time, and of others', () => {
    expect(promised(of('MinIO', '16 MB'))).toEqual([]);
    expect(promised(quantity('cpu'))).toEqual([]);
    expect(promised({}, 'rclone')).toEqual([]);
    expect(promised({ suite: 'export' })).toEqual([]);
  });

  it('is of a frame: 100 ms more than the bare put', () => {
    const frame = { suite: 'rpo', of: ['1 MiB', '1 version'] };
    expect(promised(frame, 'last byte to acknowledged put')).toEqual([
      { kind: 'more', limit: 100, base: '1 MiB 1 version bare put' },
    ]);
  });

  it('is of an idle exporter: 90 MiB and 0.5 % of a core', () => {
    const idle = { suite: 'exporter', of: ['x'] };
    expect(promised({ ...idle, quantity: 'memory' }, 'idle')).toEqual([{ kind: 'bound', limit: 90 }]);
    expect(promised({ ...idle, quantity: 'load' }, 'idle')).toEqual([{ kind: 'bound', limit: 0.5 }]);
  });

  it('is of a synthesis: a second, and a multiple of an empty stack', () => {
    expect(promised({ suite: 'synth', of: ['aws'] }, 'node')).toEqual([
      { kind: 'bound', limit: 1000 },
      { kind: 'ratio', limit: 3.5, base: 'empty stack node' },
    ]);
    expect(promised({ suite: 'synth', of: ['empty stack'] }, 'node')).toEqual([]);
  });
});
