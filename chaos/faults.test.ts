import { readFileSync } from 'node:fs';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { named } from './faults/issue';
import { faultsPage, parts } from './faults/page';

describe('the table of faults', () => {
  const rows = parts.flatMap((part) => part.rows);

  it('is what docs/faults.md shows (npx tsx chaos/faults/write-page.ts writes it)', async () => {
    expect(readFileSync('docs/faults.md', 'utf8')).toBe(await format(faultsPage(), { parser: 'markdown' }));
  });

  it('has a name of its own for each row, in kebab case, and says what is expected of each', () => {
    const ids = rows.map(({ id }) => id);
    expect(ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(rows.filter(({ expected }) => Object.keys(expected).length === 0)).toEqual([]);
  });

  it('has a row for each fault that was named, and each row shows one of them', () => {
    const ids = rows.map(({ id }) => id).sort();
    expect(Object.values(named).flat().sort()).toEqual(ids);
    expect(Object.entries(named).filter(([, shown]) => shown.length === 0)).toEqual([]);
  });

  it('names codes, events and metrics that the documents have', () => {
    const errors = readFileSync('docs/errors.md', 'utf8');
    const metrics = readFileSync('docs/metrics.md', 'utf8');
    const outcomes = rows
      .flatMap(({ expected }) => [expected.export, expected.import])
      .filter((one) => one !== undefined);
    const codes = outcomes.flatMap(({ log }) => log?.code ?? []);
    const starts = rows.flatMap(({ expected: { hostile } }) =>
      typeof hostile?.answer === 'object' ? hostile.answer : [],
    );
    const events = outcomes.flatMap(({ log }) => log?.event ?? []);
    const names = outcomes.flatMap((outcome) => Object.keys(outcome.metrics));
    expect(codes.filter((code) => !errors.includes(`\`${code}\``))).toEqual([]);
    expect(starts.filter((start) => start.startsWith('KR_') && !errors.includes(`\`${start}`))).toEqual([]);
    expect([...events, ...names].filter((name) => !metrics.includes(`\`${name}\``))).toEqual([]);
  });
});
