import { program } from '../budgets';
import { type Figure, find, type Quantity, type Results, units } from '../results';
import { median, perRound, summarize } from '../statistics';
import { number } from './chart';

/** A table of Markdown, as prettier writes it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const written = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [written(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(written)].join(
    '\n',
  );
}

/** The median, and between which values the middle half of the samples is. */
export function spread({ samples, quantity }: Figure): string {
  const { q1, median: middle, q3 } = summarize(samples);
  const text = `${number(middle)} ${units[quantity]}`;
  return samples.length === 1 || number(q1) === number(q3) ? text : `${text} (${number(q1)}–${number(q3)})`;
}

/** All figures of a suite, and of one thing that it measured, by who did it. */
export function rowsOf(results: Results, suite: string, of: readonly string[]): readonly string[] {
  const same = results.figures.filter((figure) => figure.suite === suite && figure.of.join() === of.join());
  return [...new Set(same.map(({ by }) => by))];
}

/** What a suite measured, each once. */
export function subjectsOf(results: Results, suite: string): readonly (readonly string[])[] {
  const all = results.figures.filter((figure) => figure.suite === suite).map(({ of }) => of);
  return [...new Map(all.map((of) => [of.join(), of])).values()];
}

/** One thing done by several: time, processor time, memory of each, and its time against ours. */
export function peersTable(results: Results, suite: string, of: readonly string[]): string {
  const figure = (by: string, quantity: Quantity): Figure | undefined =>
    find(results.figures, { suite, of, by, quantity });
  const ours = figure(program, 'wall');
  const rows = rowsOf(results, suite, of).map((by) => {
    const wall = figure(by, 'wall');
    const ratio =
      wall === undefined || ours === undefined
        ? ''
        : median(perRound(ours.samples, wall.samples, (a, b) => a / b)).toFixed(2);
    const told = (['wall', 'cpu', 'memory'] as const).map((quantity) => {
      const found = figure(by, quantity);
      return found === undefined ? '' : spread(found);
    });
    return [by, ...told, by === program ? '' : ratio];
  });
  return markdownTable(['', 'time', 'processor time', 'greatest memory', `${program} takes × as long`], rows);
}
