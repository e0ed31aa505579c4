import type { IConstruct } from 'constructs';
import { defineProblem } from '../problems';
import type { View } from './reading/view';

/** How a finding is told: an error stops the synthesis. */
export type Level = 'error' | 'warning' | 'info';

/** What a rule found at a construct. */
export interface Finding {
  readonly construct: IConstruct;
  readonly code: string;
  readonly level: Level;
  readonly text: string;
}

/** A rule over a whole app. */
export interface Rule {
  readonly code: string;
  readonly level: Level;
  readonly check: (view: View) => readonly Finding[];
}

/** How a rule tells what it finds. */
export interface Told {
  /** It is so. */
  readonly found: (construct: IConstruct, text: string) => Finding;
  /** It may be so, and only Terraform knows; that is no pass. `text` follows upon "could not be checked: ". */
  readonly unknown: (construct: IConstruct, text: string) => Finding;
}

/**
 * Declares a rule.
 *
 * @param code stable; part of the public contract
 * @param meaning one sentence for the table in the documentation
 */
export function defineRule(
  code: `KR_RULE_${string}`,
  level: Level,
  meaning: string,
  check: (view: View, tell: Told) => readonly Finding[],
): Rule {
  const problem = defineProblem(code, meaning, (text: string) => text);
  const tell: Told = {
    found: (construct, text) => ({ construct, level, ...problem(text) }),
    unknown: (construct, text) => ({ construct, level: 'info', ...problem(`could not be checked: ${text}`) }),
  };
  return { code, level, check: (view) => check(view, tell) };
}
