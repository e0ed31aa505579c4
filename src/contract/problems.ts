import type { Problem } from './node-environment';
import { severityOf } from './problem-codes';
import type { ProblemCodeName } from './problem-codes';

/** Gathers what is wrong with one environment, errors and warnings apart. */
export class ProblemList {
  readonly errors: Problem[] = [];
  readonly warnings: Problem[] = [];

  add(code: ProblemCodeName, variable: string, text: string): void {
    const problem = { code, variable, text };
    if (severityOf(code) === 'warning') this.warnings.push(problem);
    else this.errors.push(problem);
  }
}

/** The report: a headline, then one line for each problem. No value of a secret or unknown variable stands in it. */
export function formatProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`${count} in the environment:`, ...problems.map(({ code, text }) => `  ${code} ${text}`)].join('\n');
}
