/**
 * What can be wrong with what a user declares: errors, all of one construct together, and annotations for doubts that
 * only the environment can settle. Every one has a stable code.
 *
 * A folder declares its own in its `problems.ts`; the catalogue collects them, and docs/constructs/problems.md is checked
 * against it both ways.
 */
import { Annotations, Aspects } from 'cdktf';
import type { IConstruct } from 'constructs';

export { expressionOf, isKnown, resolveTokens } from './tokens';

/** One kind of problem. */
export interface ProblemDefinition {
  /** `KR_TF_…` for errors and doubts of a construct, `KR_RULE_…` for the rules. Stable: stacks acknowledge them by it. */
  readonly code: string;
  /** One sentence for the table in the documentation. */
  readonly meaning: string;
}

const catalogue = new Map<string, ProblemDefinition>();

/** Every problem that the loaded folders declare, by code. */
export function problemCatalogue(): readonly ProblemDefinition[] {
  return [...catalogue.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** What one construct is told, before it is known whether there is more. */
export interface Problem {
  readonly code: string;
  /** The prop, its value where it is not secret, what is allowed, and the fix. */
  readonly text: string;
}

/**
 * Declares one kind of problem.
 *
 * @param code stable; part of the public contract
 * @param meaning one sentence for the table
 * @param build makes the text from what is known where it arises
 */
export function defineProblem<A extends readonly unknown[]>(
  code: `KR_TF_${string}` | `KR_RULE_${string}`,
  meaning: string,
  build: (...args: A) => string,
): (...args: A) => Problem {
  if (catalogue.has(code)) throw new TypeError(`the problem code ${code} is declared twice`);
  catalogue.set(code, { code, meaning });
  return (...args) => ({ code, text: build(...args) });
}

/** What is wrong with one construct: a headline with its path, then one line for each problem. */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError';
  constructor(
    /** Path of the construct in the tree. */
    readonly path: string,
    readonly problems: readonly Problem[],
  ) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super([`${path}: ${count}`, ...problems.map(({ code, text }) => `  ${code} ${text}`)].join('\n'));
  }
}

/** Throws all problems of a construct together; does nothing without any. */
export function throwProblems(construct: IConstruct, problems: readonly Problem[]): void {
  if (problems.length > 0) throw new DeclarationError(construct.node.path, problems);
}

/** Tells a doubt at the construct: a warning that `cdktf synth` prints with its path and code. */
export function warn(construct: IConstruct, problem: Problem): void {
  Annotations.of(construct).addWarning(`${problem.code} ${problem.text}`);
}

/** Tells what a user should know at the construct, without a doubt about it. */
export function inform(construct: IConstruct, problem: Problem): void {
  Annotations.of(construct).addInfo(`${problem.code} ${problem.text}`);
}

/** At synth, when everything is declared: what only the whole stack can tell about a construct. Once, however often it is synthesized. */
export function whenDeclared(construct: IConstruct, tell: () => void): void {
  let told = false;
  Aspects.of(construct).add({
    visit: (node) => {
      if (node !== construct || told) return;
      told = true;
      tell();
    },
  });
}
