import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { throwProblems, type Problem } from '../problems';
import { noReference, secretKind } from './problems';
import type { VaultReferences } from './references';
import { sourceOf, type EnvValue, type EnvValueSource } from './value';

/** What a renderer is given: variables by name, sorted, and the construct at which it reports. */
export interface Rendering {
  readonly construct: IConstruct;
  readonly variables: ReadonlyMap<string, EnvValue>;
  /** Who takes the form, and resolves references in it. */
  readonly references: VaultReferences;
}

/** Turns each variable into an entry of a form; all problems are thrown together at the end. */
export function renderEach<T>(
  { construct, variables }: Rendering,
  entryOf: (name: string, source: EnvValueSource, problems: Problem[]) => T | undefined,
): readonly T[] {
  const problems: Problem[] = [];
  const entries: T[] = [];
  for (const [name, value] of variables) {
    const entry = entryOf(name, sourceOf(value), problems);
    if (entry !== undefined) entries.push(entry);
  }
  throwProblems(construct, problems);
  return entries;
}

const kinds: Readonly<Record<EnvValueSource['kind'], string>> = {
  text: 'a plain text',
  'secret-text': "a secret's own text",
  'aws-secret': 'a secret of AWS Secrets Manager',
  'google-secret': 'a secret of Google Secret Manager',
  'kubernetes-secret': 'a secret of Kubernetes',
};

/** Of what kind a value is, as a message says it. */
export function kindOf({ kind }: EnvValueSource): string {
  return kinds[kind];
}

/** The problem with a secret that is kept elsewhere. */
export function wrongKind(name: string, source: EnvValueSource, platform: string, fix: string): Problem {
  return secretKind(name, kindOf(source), platform, fix);
}

/** A part of the place of a secret, and how it may be written. */
export interface ReferencePart {
  readonly part: string;
  readonly given: string | undefined;
  readonly pattern: RegExp;
  readonly allowed: string;
}

/** The ARN of a secret of AWS. */
export function secretArn(given: string): ReferencePart {
  return {
    part: 'arn',
    given,
    // A policy that names it matches only the whole one.
    pattern: /^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^:]+-[A-Za-z0-9]{6}$/,
    allowed:
      'the whole ARN of a secret with the six characters that AWS put behind its name, arn:…:secretsmanager:<region>:<account>:secret:<name>-<six characters>',
  };
}

/** What is wrong with the place of a secret; what Terraform alone knows is not looked at. */
export function referenceProblems(name: string, parts: readonly ReferencePart[]): readonly Problem[] {
  return parts.flatMap(({ part, given, pattern, allowed }) =>
    given === undefined || Token.isUnresolved(given) || pattern.test(given)
      ? []
      : [noReference(name, part, given, allowed)],
  );
}
