import { type Figure, type Results } from '../results';
import { summarize } from '../statistics';
import { barChart, type Group } from './chart';
import type { Section } from './section';
import { markdownTable, spread } from './tables';

export function exporterSection(results: Results): Section | undefined {
  const all = results.figures.filter(({ suite }) => suite === 'exporter');
  if (all.length === 0) return undefined;
  const group = (title: string, figures: readonly Figure[]): Group => ({
    title,
    bars: figures.map(({ by, samples }) => ({ label: by, ours: true, ...summarize(samples) })),
  });
  const of = (name: string): Figure[] => all.filter((figure) => figure.of[0] === name);
  const [idle, many, versions] = [all.filter(({ by }) => by === 'idle'), of('one after the other'), of('by versions')];
  return {
    text: [
      '## A long-lived exporter',
      'Resident memory of one process as the system tells it, and the processor time that it uses while nothing happens: it keeps its lease, pings its control plane and looks at its timers.',
      '![Memory of an exporter](bench/exporter.svg)',
      markdownTable(
        ['', 'measured'],
        [...idle, ...many, ...versions].map((figure) => [
          figure.quantity === 'load' ? `${figure.by}: share of a core` : `${figure.by}: memory`,
          spread(figure),
        ]),
      ),
    ].join('\n\n'),
    pictures: {
      exporter: barChart('Memory of an exporter', 'MiB', [
        group('while it exports', many),
        group('for several versions', versions),
      ]),
    },
  };
}
