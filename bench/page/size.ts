import type { Results } from '../results';
import type { Section } from './section';
import { markdownTable, spread } from './tables';

export function sizeSection(results: Results): Section | undefined {
  const sizes = results.figures.filter(({ suite }) => suite === 'size');
  const starts = results.figures.filter(({ suite, quantity }) => suite === 'start' && quantity !== 'cpu');
  if (sizes.length === 0) return undefined;
  return {
    text: [
      '## Size and start',
      markdownTable(
        ['', 'size'],
        sizes.map((figure) => [figure.by, spread(figure)]),
      ),
      markdownTable(
        ['a start that does nothing', 'measured'],
        starts.map((figure) => [
          `${figure.by}: ${figure.quantity === 'wall' ? 'time' : 'greatest memory'}`,
          spread(figure),
        ]),
      ),
    ].join('\n\n'),
  };
}
