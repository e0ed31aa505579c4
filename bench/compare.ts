import { type Figure, find, nameOf, type Results, units } from './results';
import { summarize } from './statistics';

/** A figure that differs from the earlier one by more than the noise of both. */
export interface Change {
  readonly name: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
}

/** Below this nothing is said, however quiet both runs were: another run of the same build differs as much. */
const leastChange = 0.05;
/** What was taken once does not tell its noise: memory and load of one exporter differ by as much between runs of one build. */
const leastChangeOfOne = 0.25;

function leastOf({ quantity, samples }: Figure): number {
  return samples.length === 1 && quantity !== 'size' ? leastChangeOfOne : leastChange;
}

/** What changed: the middle halves of the samples do not touch, and the medians are at least a twentieth apart; a quarter where there is but one sample. */
export function changes(before: Results, after: Results): readonly Change[] {
  return after.figures.flatMap((figure) => {
    const old = find(before.figures, figure);
    if (old === undefined) return [];
    const [was, is] = [summarize(old.samples), summarize(figure.samples)];
    const apart = is.q1 > was.q3 || is.q3 < was.q1;
    const enough = Math.abs(is.median - was.median) >= leastOf(figure) * was.median;
    if (!apart || !enough) return [];
    return [{ name: nameOf(figure), unit: units[figure.quantity], before: was.median, after: is.median }];
  });
}

/** In what the two runs are not alike: then times differ for that reason too. */
export function unlike(before: Results, after: Results): readonly string[] {
  const both = (results: Results): Record<string, string> => ({
    ...results.machine,
    ...Object.fromEntries(Object.entries(results.versions).filter(([name]) => name !== 'kong-resilience')),
  });
  const [was, is] = [both(before), both(after)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => name !== 'load' && was[name] !== is[name])
    .map((name) => `${name}: ${was[name] ?? 'none'} before, ${is[name] ?? 'none'} now`);
}
