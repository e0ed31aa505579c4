import { find, type Figure, type FigureName, nameOf, units } from './results';
import { perRound, summarize } from './statistics';

/**
 * What was promised of a figure: to be at most `limit` times another one (`ratio`), at most `limit` more (`more`), or at
 * most `limit` (`bound`). Only a ratio holds on every machine, so only a ratio fails a run.
 */
export interface Budget {
  readonly promise: string;
  readonly kind: 'ratio' | 'more' | 'bound';
  readonly figure: FigureName;
  /** Of `ratio` and `more`. */
  readonly base?: FigureName;
  readonly limit: number;
  /** Wished for, and not promised. */
  readonly aim?: true;
}

/** `unclear`: the median is above the limit, and at least a quarter of the rounds is not. */
export type State = 'kept' | 'unclear' | 'missed' | 'not measured';

export interface Verdict {
  readonly budget: Budget;
  readonly state: State;
  readonly value?: number;
}

/** Judges by the rounds: what noise explains is not a miss. */
export function judge(budget: Budget, figures: readonly Figure[]): Verdict {
  const figure = find(figures, budget.figure);
  const base = budget.base === undefined ? undefined : find(figures, budget.base);
  if (figure === undefined || (budget.kind !== 'bound' && base === undefined)) return { budget, state: 'not measured' };
  const values =
    budget.kind === 'bound'
      ? figure.samples
      : perRound(figure.samples, base?.samples ?? [], (a, b) => (budget.kind === 'ratio' ? a / b : a - b));
  const { q1, median } = summarize(values);
  const state = median <= budget.limit ? 'kept' : q1 <= budget.limit ? 'unclear' : 'missed';
  return { budget, state, value: median };
}

/** Whether this run has to fail: for a ratio that was promised, and missed beyond the noise. */
export function fails({ budget, state }: Verdict): boolean {
  return budget.kind === 'ratio' && budget.aim !== true && state === 'missed';
}

export const program = 'kong-resilience';

/** All that was promised of what was measured. */
export function budgetsOf(figures: readonly Figure[]): readonly Budget[] {
  return [...new Map(figures.flatMap(budgetsOfOne).map((budget) => [budget.promise, budget])).values()];
}

function budgetsOfOne(figure: Figure): Budget[] {
  const { suite, of, by, quantity } = figure;
  const [where = '', size = ''] = of;
  const against = (other: string): FigureName => ({ suite, of, by: other, quantity });
  switch (suite) {
    case 'import':
      if (by !== program) return [];
      if (quantity === 'memory' && size.startsWith('64 MB')) {
        return [{ promise: `${where}: import of ${size} within 120 MiB`, kind: 'bound', figure, limit: 120 }];
      }
      if (quantity !== 'wall') return [];
      return [
        ...(size === '10 KB' && where !== 'fake-gcs-server'
          ? [ratio(`${where}: import of 10 KB in 0.4 of the time of aws s3 cp`, figure, against('aws s3 cp'), 0.4)]
          : []),
        ...(size.startsWith('64 MB')
          ? [ratio(`${where}: import of ${size} in 1.2 of the time of a bare SDK`, figure, against('bare SDK'), 1.2)]
          : []),
        ...(size === '10 KB'
          ? [
              {
                ...ratio(`${where}: import of 10 KB as fast as rclone`, figure, against('rclone'), 1),
                aim: true as const,
              },
            ]
          : []),
      ];
    case 'rpo':
      if (by !== 'last byte to acknowledged put') return [];
      return [
        {
          promise: `A frame of ${where}, ${size}: at most 100 ms more than the bare put`,
          kind: 'more',
          figure,
          base: against('bare put'),
          limit: 100,
        },
      ];
    case 'exporter':
      if (by !== 'idle') return [];
      if (quantity === 'memory') {
        return [{ promise: 'An idle exporter within 90 MiB', kind: 'bound', figure, limit: 90 }];
      }
      return [{ promise: 'An idle exporter below 0.5 % of a core', kind: 'bound', figure, limit: 0.5 }];
    case 'synth':
      if (quantity !== 'wall' || where === bareApp) return [];
      return [
        { promise: `Synthesis of examples/${where} within 1 s`, kind: 'bound', figure, limit: 1000 },
        ratio(
          `Synthesis of examples/${where} in ${synthRatio} of the time of an empty stack`,
          figure,
          { suite, of: [bareApp], by, quantity },
          synthRatio,
        ),
      ];
    default:
      return [];
  }
}

/** What the constructs are measured against: CDKTF and a provider alone. */
export const bareApp = 'empty stack';
/** An example declares some dozens of resources, each of which costs CDKTF the same without our constructs. */
const synthRatio = 3.5;

function ratio(promise: string, figure: FigureName, base: FigureName, limit: number): Budget {
  return { promise, kind: 'ratio', figure, base, limit };
}

/** For people, one line each. */
export function describeVerdict({ budget, state, value }: Verdict): string {
  const { promise, limit, aim } = budget;
  const seen = value === undefined ? nameOf(budget.figure) : inUnit(budget, `${value.toFixed(2)} of ${limit}`);
  return `${aim === true ? 'aim, ' : ''}${state}: ${promise} (${seen})`;
}

/** A ratio as a factor, anything else in the unit of its figure. */
export function inUnit({ kind, figure }: Budget, value: string): string {
  return kind === 'ratio' ? `× ${value}` : `${value} ${units[figure.quantity]}`;
}
