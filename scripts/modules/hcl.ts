/** Writes what CDKTF declares as Terraform's own language. CDKTF's own writer quotes policies wrongly and loses `nullable`. */
import { DefaultTokenResolver, StringConcat, type TerraformElement, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';

/** A value in CDKTF's form for HCL: what it is, and whether it is a nested block. */
interface Attribute {
  readonly value: unknown;
  readonly isBlock?: boolean;
}

/** The declarations of a resource, a data source or an output, in the order of CDKTF. */
export interface Declared {
  readonly kind: 'resource' | 'data' | 'output';
  readonly labels: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A text that is already an expression. */
export class Expression {
  constructor(readonly text: string) {}
}

/** What stands in the tokens of a value. */
export function resolved(scope: IConstruct, value: unknown): unknown {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return Tokenization.resolve(value, { scope, resolver, preparing: false });
}

interface Synthesizes {
  synthesizeHclAttributes(): Readonly<Record<string, Attribute>>;
}

/** The arguments of a resource or a data source, nested blocks told apart from attributes. */
export function argumentsOf(element: TerraformElement): Readonly<Record<string, unknown>> {
  return (element as unknown as Synthesizes).synthesizeHclAttributes();
}

/** A block with its labels. */
export function block(kind: string, labels: readonly string[], body: readonly string[]): string {
  const head = [kind, ...labels.map((label) => JSON.stringify(label))].join(' ');
  return body.length === 0 ? `${head} {}\n` : `${head} {\n${indented(body.join('\n'))}\n}\n`;
}

/** Lines of the body of a block: attributes, then nested blocks. */
export function bodyOf(scope: IConstruct, attributes: Readonly<Record<string, unknown>>): string[] {
  const plain: string[] = [];
  const nested: string[] = [];
  for (const [name, raw] of Object.entries(attributes)) {
    const { value, isBlock = false } = isAttribute(raw) ? raw : { value: raw };
    const known = isBlock ? value : resolved(scope, stripped(value));
    if (known === undefined || known === null) continue;
    if (!isBlock) plain.push(`${name} = ${expression(known, jsonAttributes.has(name))}`);
    else nested.push(...blocksOf(scope, name, known));
  }
  return [...plain, ...nested];
}

/** Attributes whose text is JSON, which `jsonencode` shows better. */
const jsonAttributes = new Set(['policy', 'assume_role_policy', 'container_definitions', 'key_policy']);

function blocksOf(scope: IConstruct, name: string, value: unknown): string[] {
  const all = (Array.isArray(value) ? (value as unknown[]) : [value]).filter(
    (one): one is Record<string, unknown> => typeof one === 'object' && one !== null,
  );
  const texts = environmentIn(scope, all);
  const rest = texts === undefined ? all : all.filter((one) => 'value_source' in one);
  const blocks = rest.map((members) => {
    const body = bodyOf(scope, members);
    const condition =
      optionalBlocks[name] ?? (isOptional(textIn(scope, members, 'name')) ? each(body.join()) : undefined);
    return condition === undefined ? block(name, [], body).trimEnd() : dynamic(name, condition, body);
  });
  if (texts === undefined) return blocks;
  return [...blocks, dynamic(name, map(texts), [`name = ${name}.key`, `value = ${name}.value`])];
}

/** The texts of an environment that is written as blocks, if a module's user may add to it. */
function environmentIn(
  scope: IConstruct,
  all: readonly Readonly<Record<string, unknown>>[],
): Readonly<Record<string, unknown>> | undefined {
  const texts = all
    .filter((one) => !('value_source' in one))
    .map((one) => [textIn(scope, one, 'name'), resolved(scope, stripped(one['value']))] as const);
  return texts.some(([name]) => name === ADDED) ? Object.fromEntries(texts) : undefined;
}

function textIn(scope: IConstruct, members: Readonly<Record<string, unknown>>, name: string): string {
  const text = resolved(scope, stripped(members[name]));
  return typeof text === 'string' ? text : '';
}

const dynamic = (name: string, forEach: string, body: readonly string[]): string =>
  block('dynamic', [name], [`for_each = ${forEach}`, block('content', [], body).trimEnd()]).trimEnd();

/** Nested blocks that are there only when a variable of the module says so. */
const optionalBlocks: Readonly<Record<string, string>> = {
  vpc_access: 'var.network[*]',
};

/**
 * Variables of a node and statements of a policy that are there only when a module's user gives what they are made of: a
 * variable, named in them, that is null without.
 */
const isOptional = (name: string): boolean =>
  /^(KONG_)?CLUSTER_(CA_CERT|SERVER_NAME)$|^KONGSECRETSKEY$/.test(name.toUpperCase());
const nullable = /\b(?:local|var)\.(?:cluster_ca_\w+|cluster_server_name|secrets_kms_key_arn)\b/;

/** A list of what an optional text is made of: of one, or of none. */
function each(text: string): string {
  const [variable] = nullable.exec(text) ?? [];
  if (variable === undefined) throw new Error(`it is optional, and names no variable that may be null: ${text}`);
  return `${variable}[*]`;
}

function isAttribute(raw: unknown): raw is Attribute {
  return typeof raw === 'object' && raw !== null && 'value' in raw && ('isBlock' in raw || 'storageClassType' in raw);
}

/** An object attribute comes as a tree of attributes too; only its values are wanted. */
function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  if (isAttribute(value)) return stripped(value.value);
  if (typeof value !== 'object' || value === null || value instanceof Expression) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, stripped(member)]));
}

/** A value as an expression. @param json whether a text of JSON is written with `jsonencode` */
export function expression(value: unknown, json = false): string {
  if (value instanceof Expression) return value.text;
  if (typeof value === 'string') return json ? encoded(value) : quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return list(value as unknown[]);
  if (typeof value === 'object' && value !== null) return map(value as Record<string, unknown>);
  return 'null';
}

/** The members that a module's user adds to an environment take the place of this one (module-stack.ts). */
export const ADDED = 'KONG_X_ADDED_BY_MODULE';
/** Without what is the agent's alone (module-stack.ts). */
export const GATEWAY_ENVIRONMENT = 'local.gateway_environment';

/** What a module's user adds to an environment, by the names in it: only the agent's names its version. */
const addedTo = (names: readonly string[]): string =>
  names.some((name) => /^(KONG_)?RESILIENCE_GATEWAY_VERSION$/i.test(name)) ? 'var.environment' : GATEWAY_ENVIRONMENT;

function list(values: readonly unknown[]): string {
  if (values.length === 0) return '[]';
  const rest = values.filter((value) => nameIn(value) !== ADDED);
  const always = rest.filter((value) => !isOptional(nameIn(value)));
  const given = rest.filter((value) => isOptional(nameIn(value))).map((value) => expression(value));
  const items = `[\n${always.map((value) => `${indented(expression(value))},`).join('\n')}\n]`;
  const all = together(
    'concat',
    items,
    given.map((item) => `[for _ in ${each(item)} : ${item}]`),
  );
  if (rest.length === values.length) return all;
  const added = addedTo(rest.map(nameIn));
  return `concat([for variable in ${all} : variable if !contains(keys(${added}), variable.name)], [for name, value in ${added} : { name = name, value = value }])`;
}

/** What a member of a list is told by: the name of a variable, or the Sid of a statement. */
function nameIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { name, Sid } = value as { name?: unknown; Sid?: unknown };
  return typeof name === 'string' ? name : typeof Sid === 'string' ? Sid : '';
}

function together(how: string, first: string, others: readonly string[]): string {
  const all = [first, ...others].filter((text) => others.length === 0 || text !== '{}');
  return all.length === 1 ? (all[0] ?? '') : `${how}(${all.join(', ')})`;
}

function map(members: Readonly<Record<string, unknown>>): string {
  if ('env' in members && 'customEnv' in members) return helmValues(members as unknown as HelmValues);
  return mapWith(members, ADDED in members ? [addedTo(Object.keys(members))] : []);
}

interface HelmValues {
  readonly env: Readonly<Record<string, unknown>>;
  readonly customEnv: Readonly<Record<string, unknown>>;
}

/** Kong's chart: names in lower case without the prefix; what is not Kong's own goes into `customEnv`. `$` is doubled. */
function helmValues({ env, customEnv }: HelmValues): string {
  const added = addedTo(Object.keys(env));
  const value = 'replace(value, "$", "$$")';
  return `{\n${indented(
    [
      `env = ${mapWith(env, [
        `{ for name, value in ${added} : lower(trimprefix(name, "KONG_")) => ${value} if startswith(name, "KONG_") }`,
      ])}`,
      `customEnv = ${mapWith(customEnv, [
        `{ for name, value in ${added} : name => ${value} if !startswith(name, "KONG_") }`,
      ])}`,
    ].join('\n'),
  )}\n}`;
}

/** A map, and what is merged into it. */
function mapWith(members: Readonly<Record<string, unknown>>, more: readonly string[]): string {
  const entries = Object.entries(members)
    .filter(([name, member]) => member !== undefined && member !== null && !isAdded(name))
    .map(([name, member]) => [name, expression(member)] as const);
  const lines = entries.filter(([name]) => !isOptional(name)).map(([name, text]) => `${key(name)} = ${text}`);
  const items = lines.length === 0 ? '{}' : `{\n${indented(lines.join('\n'))}\n}`;
  const given = entries
    .filter(([name]) => isOptional(name))
    .map(([name, text]) => `{ for _ in ${each(text)} : ${JSON.stringify(name)} => ${text} }`);
  return together('merge', items, [...given, ...more]);
}

const isAdded = (name: string): boolean => [ADDED, ADDED.replace(/^KONG_/, '').toLowerCase()].includes(name);

const key = (name: string): string => (/^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name));

/** JSON in which texts have expressions; what cannot be read as JSON stays a text. */
function encoded(text: string): string {
  const expressions: string[] = [];
  const marked = partsOf(text).map((part) => {
    if (!part.expression) return part.text;
    expressions.push(part.text.replace(insideJson, '$1'));
    return `${mark}${expressions.length - 1}${mark}`;
  });
  let value: unknown;
  try {
    value = JSON.parse(marked.join(''));
  } catch {
    return quoted(text);
  }
  return `jsonencode(${expression(unmarked(value, expressions))})`;
}

/** No text of JSON has this character as it is. */
const mark = '\uE000';

/** What CDKTF's side wraps an expression in, so that it can stand within the quotes of JSON; `jsonencode` does it itself. */
const insideJson = /^trimsuffix\(trimprefix\(jsonencode\((.*)\), "\\""\), "\\""\)$/s;

function unmarked(value: unknown, expressions: readonly string[]): unknown {
  if (typeof value === 'string') {
    return value.replace(
      new RegExp(`${mark}(\\d+)${mark}`, 'g'),
      (_, index: string) => `\${${expressions[Number(index)]}}`,
    );
  }
  if (Array.isArray(value)) return value.map((one) => unmarked(one, expressions));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, unmarked(member, expressions)]));
}

/** A text, of which `${…}` is an expression; a text that is nothing else is that expression. */
function quoted(text: string): string {
  if (text.includes('[object ')) throw new Error(`a token was lost: ${text}`);
  const parts = partsOf(text);
  const [only] = parts;
  if (parts.length === 1 && only?.expression === true) return only.text;
  return `"${parts.map((part) => (part.expression ? `\${${part.text}}` : escaped(part.text))).join('')}"`;
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}

interface Part {
  readonly text: string;
  readonly expression: boolean;
}

/** Takes `${…}` out of a text, braces and quotes within it counted; `$${` is no expression. */
function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('$${', at)) {
      plain += '$${';
      at += 2;
    } else if (text.startsWith('${', at)) {
      const end = endOf(text, at + 2);
      if (plain !== '') parts.push({ text: plain, expression: false });
      plain = '';
      parts.push({ text: text.slice(at + 2, end), expression: true });
      at = end;
    } else {
      plain += text[at] ?? '';
    }
  }
  if (plain !== '' || parts.length === 0) parts.push({ text: plain, expression: false });
  return parts;
}

/** Where the brace that closes an expression is. */
function endOf(text: string, from: number): number {
  let depth = 0;
  let inText = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (inText && character === '\\') at++;
    else if (character === '"') inText = !inText;
    else if (!inText && character === '{') depth++;
    else if (!inText && character === '}' && depth-- === 0) return at;
  }
  throw new Error(`an expression does not end: ${text}`);
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');
