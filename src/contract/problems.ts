import type { Problem, VariableReference } from './node-environment';
import { severityOf } from './problem-codes';
import type { ProblemCodeName } from './problem-codes';
import { show } from './show';

/** Gathers what is wrong with one environment, errors and warnings apart. */
export class ProblemList {
  readonly errors: Problem[] = [];
  readonly warnings: Problem[] = [];
  /** References whose secrets are not there yet: what their variables hold is not known. */
  readonly unresolved: VariableReference[] = [];
  /** Variables that hold what a secret gave, which no message quotes, whatever the variable. */
  readonly fromVault = new Set<string>();

  add(code: ProblemCodeName, variable: string, text: string): void {
    const problem = { code, variable, text };
    if (severityOf(code) === 'warning') this.warnings.push(problem);
    else this.errors.push(problem);
  }

  /** Whether it is known why a variable has no value: it is reported, or it waits for a secret. */
  concerns(name: string): boolean {
    return [...this.errors, ...this.unresolved].some(({ variable }) => variable === name);
  }

  /** The value of a variable as a message may show it. */
  shown(name: string, value: string): string {
    return this.fromVault.has(name) ? 'what its reference holds' : show(value);
  }
}

/** The report: a headline, then one line for each problem. No value of a secret or unknown variable stands in it. */
export function formatProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`${count} in the environment:`, ...problems.map(({ code, text }) => `  ${code} ${text}`)].join('\n');
}
