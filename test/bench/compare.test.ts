import { describe, expect, it } from 'vitest';
import { changes, unlike } from '../../bench/compare';
import type { Results } from '../../bench/results';

function results(samples: readonly number[], more: Partial<Results> = {}): Results {
  const figure = { suite: 'import', of: ['MinIO', '10 KB'], by: 'kong-resilience', quantity: 'wall' as const, samples };
  return {
    ...{ format: 1, date: '2026-01-01', form: 'default', rounds: samples.length, tookSeconds: 1 },
    ...{
      machine: { cores: '2', load: '0.1' },
      versions: { node: 'v20.19.0', 'kong-resilience': '0.1.0' },
      missing: [],
      failed: [],
    },
    figures: [figure],
    ...more,
  };
}

describe('a comparison', () => {
  it('tells a figure whose middle halves do not touch', () => {
    expect(changes(results([100, 102, 104]), results([120, 122, 124]))).toEqual([
      { name: 'import / MinIO / 10 KB / kong-resilience / wall', unit: 'ms', before: 102, after: 122 },
    ]);
    expect(changes(results([120, 122, 124]), results([100, 102, 104]))).toHaveLength(1);
  });

  it('tells nothing that the noise of either run explains', () => {
    expect(changes(results([100, 120, 140]), results([115, 130, 150]))).toEqual([]);
    expect(changes(results([100, 100, 100]), results([90, 130, 200]))).toHaveLength(1);
    expect(changes(results([100, 110, 130]), results([118, 118, 118]))).toEqual([]);
    expect(changes(results([100, 110, 130]), results([100, 102, 112]))).toEqual([]);
  });

  it('tells nothing below a twentieth, however quiet the runs were', () => {
    expect(changes(results([100, 100, 100]), results([104, 104, 104]))).toEqual([]);
    expect(changes(results([100, 100, 100]), results([105, 105, 105]))).toHaveLength(1);
  });

  it('tells of what was taken once, whose noise nobody knows, only a quarter; of a size, which has none, a twentieth', () => {
    expect(changes(results([100]), results([124]))).toEqual([]);
    expect(changes(results([100]), results([125]))).toHaveLength(1);
    const size = (kilobytes: number): Results => {
      const { figures, ...rest } = results([kilobytes]);
      return { ...rest, figures: figures.map((figure) => ({ ...figure, quantity: 'size' })) };
    };
    expect(changes(size(100), size(104))).toEqual([]);
    expect(changes(size(100), size(105))).toHaveLength(1);
  });

  it('tells nothing of what only one of them has', () => {
    expect(changes(results([100], { figures: [] }), results([200]))).toEqual([]);
    expect(changes(results([100]), results([200], { figures: [] }))).toEqual([]);
  });

  it('says in what the runs are not alike, but for the program itself and the load', () => {
    const other = results([1], {
      machine: { cores: '8', load: '3' },
      versions: { node: 'v20.19.0', 'kong-resilience': '0.2.0', rclone: '1.2' },
    });
    expect(unlike(results([1]), other)).toEqual(['cores: 2 before, 8 now', 'rclone: none before, 1.2 now']);
    expect(unlike(results([1]), results([1]))).toEqual([]);
  });
});
