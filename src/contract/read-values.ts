import * as z from 'zod/mini';
import { variableNames, variables } from './environment-variables';
import type { VariableName, VariableValues } from './environment-variables';
import { systemReason } from './files';
import type { ReadFile } from './files';
import type { ProblemCodeName } from './problem-codes';
import type { ProblemList } from './problems';
import { printable, show } from './show';
import type { ValueType } from './value-types';
import { judgeName } from './variable-names';
import type { NameVerdict } from './variable-names';

/** The texts of the known variables that are set: trimmed as Kong trims, empty ones left out. */
export type RawValues = ReadonlyMap<VariableName, string>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Takes the known variables out of an environment, those of `KONG_<OPTION>_FILE` too, and reports names that are wrong. */
export function takeKnown(
  env: Environment,
  readFile: ReadFile,
  mayRead: (name: VariableName) => boolean,
  problems: ProblemList,
): RawValues {
  const raw = new Map<VariableName, string>();
  const files = new Map<VariableName, string>();
  for (const name of Object.keys(env).sort()) {
    const value = env[name]?.trim() ?? '';
    if (value === '') continue;
    const verdict = judgeName(name);
    switch (verdict.kind) {
      case 'known':
        raw.set(verdict.name, value);
        break;
      case 'file':
        files.set(verdict.name, value);
        break;
      case 'misspelt':
      case 'unknown':
      case 'ignored':
      case 'foreign':
        reportName(name, verdict, problems);
        break;
    }
  }
  for (const [name, path] of files) takeFile(name, path, raw, readFile, mayRead, problems);
  return raw;
}

/** Reports a name that is wrong, or has no effect; others are left alone. */
export function reportName(name: string, verdict: NameVerdict, problems: ProblemList): void {
  switch (verdict.kind) {
    case 'misspelt':
      problems.add('KR_ENV_UNKNOWN', name, `${printable(name)} is not known. Did you mean ${verdict.meant}?`);
      break;
    case 'unknown':
      problems.add(
        'KR_ENV_UNKNOWN',
        name,
        `${printable(name)} is not known. docs/environment.md lists every KONG_RESILIENCE_ variable.`,
      );
      break;
    case 'ignored':
      problems.add(
        'KR_ENV_UNUSED',
        name,
        `${printable(name)} is not known to this version of kong-resilience and has no effect.`,
      );
      break;
    case 'known':
    case 'file':
    case 'foreign':
      break;
  }
}

function takeFile(
  name: VariableName,
  path: string,
  raw: Map<VariableName, string>,
  readFile: ReadFile,
  mayRead: (name: VariableName) => boolean,
  problems: ProblemList,
): void {
  const variable = `${name}_FILE`;
  if (raw.has(name)) {
    problems.add(
      'KR_ENV_FILE',
      variable,
      `${variable} and ${name} are both set, and Kong's images take only one. Unset one of them.`,
    );
    return;
  }
  if (!variables[name].read || !mayRead(name)) return;
  try {
    const content = readFile(path).trim();
    if (content !== '') raw.set(name, content);
  } catch (error) {
    problems.add(
      'KR_ENV_FILE',
      variable,
      `${variable} is ${show(path)}: the file cannot be read (${systemReason(error)}).`,
    );
  }
}

/** Reads each variable by its own schema. One that is wrong is reported and has its default, so that the other checks can go on. */
export function readValues(raw: RawValues, problems: ProblemList): VariableValues {
  const values: Partial<Record<VariableName, unknown>> = {};
  for (const name of variableNames) {
    const {
      type,
      read,
      default: fallback,
    }: { type: ValueType<unknown>; read: boolean; default?: string | undefined } = variables[name];
    const text = raw.get(name);
    if (fallback !== undefined) values[name] = z.parse(type.schema, fallback);
    if (text === undefined || !read) continue;
    // Only without our own is Kong's version asked: it may be `latest` while the true version stands in ours.
    if (name === 'KONG_VERSION' && raw.has('KONG_RESILIENCE_GATEWAY_VERSION')) continue;
    const result = readOne(name, text, problems);
    if (result.ok) values[name] = result.value;
  }
  return values as VariableValues;
}

/** Quotes that an env file or YAML should have taken away. A text that holds them inside too, as in `"a","b"`, is none. */
const quoted = /^(["'])(?:(?!\1).)*\1$/s;

/** A JSON text in quotes is JSON too, so that only what is meant as an object is taken for quoted. */
const quotedObject = /^(["'])\{.*\}\1$/s;

const jsonVariables: ReadonlySet<VariableName> = new Set<VariableName>([
  'KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG',
  'GCP_SERVICE_ACCOUNT',
]);

/** Reads one text by its schema, and reports what is wrong with it. */
export function readOne(
  name: VariableName,
  text: string,
  problems: ProblemList,
): { ok: true; value: unknown } | { ok: false } {
  const { type }: { type: ValueType<unknown> } = variables[name];
  if (/\{vault:\/\/[^}]*\}/.test(text)) {
    problems.add(
      'KR_ENV_VAULT',
      name,
      `${name} holds a {vault://…} reference, and references are not resolved yet. Give the value itself, or a file that holds it.`,
    );
    return { ok: false };
  }
  if (/^<[^<>]+>$/.test(text)) {
    problems.add(
      'KR_ENV_PLACEHOLDER',
      name,
      `${subjectOf(name, text)}this is the placeholder of an example. Put the real value in its place.`,
    );
    return { ok: false };
  }
  if ((jsonVariables.has(name) ? quotedObject : quoted).test(text)) {
    problems.add(
      'KR_ENV_QUOTES',
      name,
      `${subjectOf(name, text)}it stands in quotes, which would be a part of the value. Remove the quotes.`,
    );
    return { ok: false };
  }
  const result = z.safeParse(type.schema, text);
  if (result.success) return { ok: true, value: result.data };
  for (const issue of result.error.issues) {
    problems.add(codeOf(issue), name, `${subjectOf(name, text)}${issue.message}`);
  }
  return { ok: false };
}

/** How a message about a value begins. Of the S3 settings it tells the one that is wrong, not the whole text. */
function subjectOf(name: VariableName, text: string): string {
  const quoted = !variables[name].secret && name !== 'KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG';
  return quoted ? `${name} is ${show(text)}: ` : `${name}: `;
}

/** Every issue comes from `refuse` of a value type, which takes no other code. */
function codeOf(issue: z.core.$ZodIssue): ProblemCodeName {
  const params: { code?: ProblemCodeName } | undefined = issue.code === 'custom' ? issue.params : undefined;
  if (params?.code === undefined) throw new TypeError(`a value type reported without a code: ${issue.message}`);
  return params.code;
}
