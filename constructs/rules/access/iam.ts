/** Policies of IAM: which requests they allow, as far as the stack tells. */
import { allOf, anyOf, type Answer } from '../reading/answer';
import { isRecord, textsOf, type Attributes } from '../reading/attributes';
import { parseJson } from '../reading/json';
import { matches } from '../reading/text';

/** One statement. */
export type Statement = Attributes;

/** Statements of a policy's text; undefined where it cannot be read here. */
export function statementsOf(policy: string): readonly Statement[] | undefined {
  const document = parseJson(policy);
  if (!isRecord(document)) return undefined;
  const given = document['Statement'];
  const statements: unknown[] = Array.isArray(given) ? given : [given];
  return statements.every(isRecord) ? statements : undefined;
}

/** Whether a statement is for a request, its conditions aside. */
export function covers(statement: Statement, action: string, bucket: string, key: string): Answer {
  return allOf([
    listCovers(statement, 'Action', (pattern) => matches(action.toLowerCase(), pattern.toLowerCase())),
    // Partitions differ; a bucket's ARN does not otherwise.
    listCovers(statement, 'Resource', (pattern) =>
      matches(`${bucket}/${key}`, pattern.replace(/^arn:[^:]*:s3:::/, '')),
    ),
  ]);
}

function listCovers(statement: Statement, name: string, covered: (pattern: string) => Answer): Answer {
  const not = `Not${name}`;
  if (statement[not] !== undefined) return not3(anyOf(textsOf(statement, not).map(covered)));
  return anyOf(textsOf(statement, name).map(covered));
}

function not3(answer: Answer): Answer {
  return answer === 'unknown' ? 'unknown' : answer === 'yes' ? 'no' : 'yes';
}

export function isAllow({ Effect }: Statement): boolean {
  return Effect === 'Allow';
}

/** A denial that holds whatever the request is like. */
export function isPlainDeny({ Effect, Condition }: Statement): boolean {
  return Effect === 'Deny' && Condition === undefined;
}
