import { budgetsOf, inUnit, judge, type Verdict } from '../budgets';
import type { Results } from '../results';
import { number } from './chart';
import type { Section } from './section';
import { markdownTable } from './tables';

/** What was promised, and what became of it; misses too. */
export function verdictSection({ figures }: Results): Section {
  const verdicts = budgetsOf(figures).map((budget) => judge(budget, figures));
  const [promised, wished] = [
    verdicts.filter(({ budget }) => !budget.aim),
    verdicts.filter(({ budget }) => budget.aim),
  ];
  return {
    text: [
      '## Budgets',
      'A ratio that is missed beyond the noise fails the run. `unclear`: the median is above the limit, but a quarter of the rounds or more is not. Frames above some 8 MB are known to miss theirs on loopback, where a frame takes no time to arrive ([why](speed.md#from-a-frame-to-the-store)).',
      table(promised),
      'Aimed at:',
      table(wished),
    ].join('\n\n'),
  };
}

function table(verdicts: readonly Verdict[]): string {
  return markdownTable(
    ['', 'limit', 'measured', ''],
    verdicts.map(({ budget, value, state }) => [
      budget.promise,
      inUnit(budget, String(budget.limit)),
      value === undefined ? '' : inUnit(budget, number(value)),
      state,
    ]),
  );
}
