import { find, type Quantity, type Results } from '../results';
import type { Section } from './section';
import { markdownTable, spread, subjectsOf } from './tables';

export function synthSection(results: Results): Section | undefined {
  const subjects = subjectsOf(results, 'synth');
  if (subjects.length === 0) return undefined;
  const told = (of: readonly string[], quantity: Quantity): string => {
    const figure = find(results.figures, { suite: 'synth', of, by: 'node', quantity });
    return figure === undefined ? '' : spread(figure);
  };
  return {
    text: [
      '## Synthesis',
      'Each of the [examples](../examples), compiled, in a whole cold process; and CDKTF with a provider and an empty stack.',
      markdownTable(
        ['', 'time', 'processor time', 'greatest memory'],
        subjects.map((of) => [of.join(), told(of, 'wall'), told(of, 'cpu'), told(of, 'memory')]),
      ),
    ].join('\n\n'),
  };
}
