import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageOf } from '../../bench/page/page';
import { page, picturesFolder } from '../../bench/paths';
import { type Figure, readResults, type Results } from '../../bench/results';

const published = readResults(join(picturesFolder, 'results.json'));

describe('the page', () => {
  it('is what npm run bench -- --page makes of the published result, its pictures too', () => {
    const { text, pictures } = pageOf(published);
    expect(readFileSync(page, 'utf8')).toBe(text);
    const names = readdirSync(picturesFolder).filter((name) => name.endsWith('.svg'));
    expect(names.sort()).toEqual(
      Object.keys(pictures)
        .map((name) => `${name}.svg`)
        .sort(),
    );
    for (const [name, picture] of Object.entries(pictures)) {
      expect(readFileSync(join(picturesFolder, `${name}.svg`), 'utf8')).toBe(picture);
    }
  });

  const of = (figures: readonly Figure[], more: Partial<Results> = {}): string =>
    pageOf({ ...published, figures, ...more }).text;

  it('says by which form it was made, what was not installed and what failed', () => {
    const text = of([], { form: 'long', rounds: 15, tookSeconds: 1800, missing: ['mc cp', 'MinIO'], failed: ['rto'] });
    expect(text).toContain('the long form of `npm run bench`, 15 rounds, 30 minutes.');
    expect(text).toContain('- Not installed, so not measured: mc cp, MinIO.\n- Failed, so not measured: rto.');
    expect(of([])).not.toContain('Failed');
  });

  it('leaves out what was not measured', () => {
    const headings = of([]).match(/^## .*$/gm);
    expect(headings).toEqual(['## Budgets']);
  });

  it('has what the long form adds: the delay of 60 s, and the memory after 1,000 configurations', () => {
    const delayed: Figure = {
      ...{
        suite: 'rpo',
        of: ['1 MiB', 'delay of 60 s'],
        by: 'RPO',
        quantity: 'wall',
        samples: [60_010, 60_020, 60_030],
      },
    };
    const memory: Figure = {
      ...{
        suite: 'exporter',
        of: ['one after the other'],
        by: 'after 1000 of 16 MB',
        quantity: 'memory',
        samples: [180],
      },
    };
    const text = of([delayed, memory], { form: 'long' });
    expect(text).toMatch(/^\| 1 MiB, delay of 60 s +\| 60020 ms \(60015–60025\) +\|/m);
    expect(text).toMatch(/^\| after 1000 of 16 MB: memory +\| 180 MiB +\|/m);
  });
});
