import * as z from 'zod/mini';
import { variableNames, variables } from './environment-variables';
import type { VariableName, VariableValues } from './environment-variables';
import { systemReason } from './files';
import type { ReadFile } from './files';
import type { ProblemCodeName } from './problem-codes';
import type { ProblemList } from './problems';
import { printable, show } from './show';
import type { ValueType } from './value-types';
import { isServiceLink } from './service-links';
import { judgeName } from './variable-names';
import type { NameVerdict } from './variable-names';
import { parseVaultReference } from './vault-reference';
import type { VaultReference } from './vault-reference';

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
        if (!isServiceLink(name, env)) reportName(name, verdict, problems);
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

/** Who reads these does so before references are resolved, or is a shell that resolves none (the start script, the launcher). */
const neverReferences: ReadonlySet<VariableName> = new Set<VariableName>([
  'KONG_RESILIENCE_GATEWAY_VERSION',
  'KONG_VERSION',
  'KONG_RESILIENCE_HANDOVER_DIR',
  'KONG_RESILIENCE_HANDOVER_GROUP',
  'KONG_RESILIENCE_STATUS_LISTEN',
  'KONG_RESILIENCE_CODE_CACHE',
  'KONG_RESILIENCE_LOG_FORMAT',
  'KONG_LOG_LEVEL',
  'KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS',
  'KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT',
  'KONG_VAULT_ENV_PREFIX',
  'KONG_VAULT_AWS_REGION',
  'KONG_VAULT_AWS_ENDPOINT_URL',
  'KONG_VAULT_AWS_ASSUME_ROLE_ARN',
  'KONG_VAULT_GCP_PROJECT_ID',
]);

/** Kong takes these as lists, of which each entry may be a reference. */
const lists: ReadonlySet<VariableName> = new Set<VariableName>([
  'KONG_LUA_SSL_TRUSTED_CERTIFICATE',
  'KONG_PLUGINS',
  'KONG_CLUSTER_DP_LABELS',
]);

/**
 * Puts what secrets gave in the place of the references to them. A reference without its secret is noted as unresolved;
 * one in a variable that nothing is done with here is taken out, as it is the gateway's alone.
 */
export function resolveReferences(
  raw: RawValues,
  secrets: ReadonlyMap<string, string>,
  isUsed: (name: VariableName) => boolean,
  problems: ProblemList,
): RawValues {
  const resolved = new Map<VariableName, string>();
  for (const [name, text] of raw) {
    if (!variables[name].read || !text.includes('{vault://')) {
      resolved.set(name, text);
      continue;
    }
    if (!isUsed(name)) continue;
    const references = readReferences(name, text, problems);
    const missing = references?.filter((reference) => !secrets.has(reference.text)) ?? [];
    problems.unresolved.push(...missing.map((reference) => ({ variable: name, reference })));
    if (references !== undefined && missing.length === 0) {
      problems.fromVault.add(name);
      const entries = entriesOf(name, text).map((entry) => secrets.get(entry) ?? entry);
      resolved.set(name, entries.join(',').trim());
    } else {
      resolved.set(name, text);
    }
  }
  return resolved;
}

function entriesOf(name: VariableName, text: string): readonly string[] {
  return lists.has(name) ? text.split(',').map((entry) => entry.trim()) : [text];
}

/** The references that a value holds; undefined where one is wrong, which is reported. */
function readReferences(
  name: VariableName,
  text: string,
  problems: ProblemList,
): readonly VaultReference[] | undefined {
  if (neverReferences.has(name)) {
    const why = 'it is read where no reference is resolved. Give the value itself.';
    problems.add('KR_ENV_VAULT', name, `${subjectOf(name, text, problems)}${why}`);
    return undefined;
  }
  const references: VaultReference[] = [];
  const before = problems.errors.length;
  for (const entry of entriesOf(name, text)) {
    if (!entry.includes('{vault://')) continue;
    const result = parseVaultReference(entry);
    if (result.ok) references.push(result.reference);
    else {
      const code = result.kind === 'vault' ? 'KR_ENV_VAULT_UNSUPPORTED' : 'KR_ENV_VAULT';
      problems.add(code, name, `${subjectOf(name, entry, problems)}${result.why}`);
    }
  }
  return problems.errors.length === before ? references : undefined;
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
    // It waits for its secret, or its reference is wrong.
    if (problems.concerns(name)) continue;
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

/**
 * Checks one text by itself: its references, or else by its schema.
 *
 * @param problems gets what is wrong
 */
export function checkOne(name: VariableName, text: string, problems: ProblemList): void {
  if (text.includes('{vault://')) readReferences(name, text, problems);
  else readOne(name, text, problems);
}

/** Reads one text by its schema, and reports what is wrong with it. It holds no reference. */
function readOne(
  name: VariableName,
  text: string,
  problems: ProblemList,
): { ok: true; value: unknown } | { ok: false } {
  const { type }: { type: ValueType<unknown> } = variables[name];
  if (/^<[^<>]+>$/.test(text)) {
    problems.add(
      'KR_ENV_PLACEHOLDER',
      name,
      `${subjectOf(name, text, problems)}this is the placeholder of an example. Put the real value in its place.`,
    );
    return { ok: false };
  }
  if ((jsonVariables.has(name) ? quotedObject : quoted).test(text)) {
    problems.add(
      'KR_ENV_QUOTES',
      name,
      `${subjectOf(name, text, problems)}it stands in quotes, which would be a part of the value. Remove the quotes.`,
    );
    return { ok: false };
  }
  const result = z.safeParse(type.schema, text);
  if (result.success) return { ok: true, value: result.data };
  for (const issue of result.error.issues) {
    // A message may quote the value of a variable that is not always secret.
    const quotes = problems.fromVault.has(name) && !variables[name].secret;
    const why = quotes ? `allowed is ${type.allowed.replaceAll('`', '')}.` : issue.message;
    problems.add(codeOf(issue), name, `${subjectOf(name, text, problems)}${why}`);
  }
  return { ok: false };
}

/** How a message about a value begins. Of the S3 settings it tells the one that is wrong, not the whole text. */
function subjectOf(name: VariableName, text: string, problems: ProblemList): string {
  if (problems.fromVault.has(name)) return `${name}, by what its reference holds: `;
  const quoted = !variables[name].secret && name !== 'KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG';
  return quoted ? `${name} is ${show(text)}: ` : `${name}: `;
}

/** Every issue comes from `refuse` of a value type, which takes no other code. */
function codeOf(issue: z.core.$ZodIssue): ProblemCodeName {
  const params: { code?: ProblemCodeName } | undefined = issue.code === 'custom' ? issue.params : undefined;
  if (params?.code === undefined) throw new TypeError(`a value type reported without a code: ${issue.message}`);
  return params.code;
}
