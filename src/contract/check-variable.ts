import type { Problem } from './node-environment';
import { ProblemList } from './problems';
import { checkOne, reportName } from './read-values';
import { judgeName } from './variable-names';
import { variables } from './environment-variables';

/**
 * Checks one variable by itself, for who writes an environment rather than starts with it: the name, and the value by
 * the schema that `readEnvironment` reads it with, or the grammar of references where it is one. It reads no file and needs no role, so what only the whole
 * environment shows (contradictions, what is missing, certificates) is left to `readEnvironment`.
 *
 * @param name of any variable; those of other programs are never a problem
 * @param value trimmed as Kong does; an empty one counts as not set
 * @returns what is wrong, warnings too (`problemCodes` has the severity). No value of a secret variable stands in a text
 */
export function checkVariable(name: string, value: string): readonly Problem[] {
  const problems = new ProblemList();
  const verdict = judgeName(name);
  const text = value.trim();
  if (verdict.kind === 'known') {
    if (text !== '' && variables[verdict.name].read) checkOne(verdict.name, text, problems);
  } else {
    reportName(name, verdict, problems);
  }
  return [...problems.errors, ...problems.warnings];
}
