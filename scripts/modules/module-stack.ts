/** What a module declares: variables, outputs, and resources by constructs of this package. */
import {
  App,
  type IResolvable,
  type ITerraformDependable,
  ref,
  type TerraformCount,
  TerraformDataSource,
  TerraformElement,
  TerraformResource,
  TerraformStack,
  TerraformVariable,
  Token,
} from 'cdktf';
import type { Node } from 'constructs';
import { argumentsOf, block, bodyOf, expression, Expression, GATEWAY_ENVIRONMENT, resolved } from './hcl';

/** A rule that Terraform checks of a variable. */
export interface Validation {
  /** An expression of Terraform that must be true. */
  readonly condition: string;
  readonly error: string;
}

export interface VariableSpec {
  readonly type: string;
  readonly description: string;
  /** `null` for a variable that may be left out. Absent: it must be given. */
  readonly default?: unknown;
  readonly sensitive?: boolean;
  readonly validation?: readonly Validation[];
}

export interface OutputSpec {
  readonly description: string;
  readonly value: unknown;
  readonly sensitive?: boolean;
  readonly precondition?: Validation;
  /** What must be there before anybody uses it. */
  readonly dependsOn?: readonly ITerraformDependable[];
}

export interface Provider {
  readonly source: string;
  /** A range, as `required_providers` has it. */
  readonly version: string;
}

/** A variable that names where a secret is, and how such a place is written. */
export interface PlaceSpec extends Validation {
  readonly description: string;
  /** `null` for one that may be left out. Absent: it must be given. */
  readonly default?: string | null;
}

/** A plain Terraform module, made of constructs. */
export interface ModuleDefinition {
  /** Folder below `modules/`: `aws`, or `aws/modules/irsa` for a variant. */
  readonly path: string;
  readonly title: string;
  /** What it declares, in a few words after the title. */
  readonly variant: string;
  /** What it declares: paragraphs of Markdown. */
  readonly description: string;
  /** What its user has to do with the outputs, in Markdown. @default nothing */
  readonly notes?: string;
  readonly providers: Readonly<Record<string, Provider>>;
  /** The module block of the example, its arguments alone. */
  readonly example: string;
  /** Blocks of the example beside the module: its provider, and variables of its own. */
  readonly exampleSetup: string;
  /** Blocks of the example in which the outputs of the module are used. @default none */
  readonly exampleUse?: string;
  /** The storage URL that the example gives, for the test that comes with the module; a pattern. */
  readonly storageUrl: string;
  declare(stack: ModuleStack): void;
}

/** Each member of a list of versions takes the place of this one, which is full and may be Enterprise's. */
export const EACH_VERSION = '999.999.999.999';

/** An expression of Terraform, in the place of a value that CDKTF wants to know. */
class Raw implements IResolvable {
  readonly creationStack: string[] = [];

  constructor(private readonly expression: string) {}

  resolve(): string {
    return this.expression;
  }

  toString(): string {
    return Token.asString(this);
  }
}

/** What an expression gives, as a value of any kind. */
export function known<T>(expression: string): T {
  return Token.asAny(new Raw(expression)) as unknown as T;
}

/** A text of Terraform's own: what stands in `${…}` of it are expressions. */
export const rawText = (expression: string): string => Token.asString(new Raw(expression));

/**
 * What a store says for one version, for every member of `gateway_versions`: a list in which the version stands becomes one
 * of each version. Names are as Terraform writes them, and a block that can be there once is no list.
 */
export function ofEachVersion(stack: ModuleStack, value: unknown): unknown {
  const text = expression(versioned(resolved(stack, value)));
  return rawText(`\${${text}}`);
}

function versioned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) {
    const members = Object.entries(value).map(([name, member]) => {
      const [only] = Array.isArray(member) ? (member as unknown[]) : [];
      return [snakeCase(name), versioned(typeof only === 'object' ? only : member)] as const;
    });
    return Object.fromEntries(members);
  }
  const members = (value as unknown[]).map(versioned);
  if (!JSON.stringify(members).includes(EACH_VERSION)) return members;
  const each = expression(members).replaceAll(EACH_VERSION, '${version}');
  return new Expression(`flatten([for version in var.gateway_versions : ${each}])`);
}

/** Members under the names that Terraform has for them. */
export function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [snakeCase(name), snakeCased(member)]));
}

/** A number that an expression gives. */
export const rawNumber = (expression: string): number => Token.asNumber(new Raw(expression));

/** The files of a module. */
export class ModuleStack extends TerraformStack {
  readonly variables = new Map<string, VariableSpec>();
  readonly outputs = new Map<string, OutputSpec>();
  readonly #places = new Map<string, PlaceSpec>();
  readonly #locals = new Map<string, string>();

  constructor() {
    super(new App({ skipValidation: true }), 'kong-resilience');
  }

  /** Names by where things stand among the constructs, as people write them, instead of CDKTF's with digits of a hash. */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const name = nameOf(element instanceof TerraformElement ? element.node : element);
    // A grant is named by what it lets somebody read, in the place of a hash of that.
    const secret = (element as { secretIdInput?: string }).secretIdInput;
    const [, read] = secret === undefined ? [] : (/^\$\{local\.(\w+)\}$/.exec(String(resolved(this, secret))) ?? []);
    return read === undefined ? name : name.replace(/secret_[0-9a-f]{8}$/, read);
  }

  /** A variable whose value is a text. */
  text(name: string, spec: Omit<VariableSpec, 'type'>): string {
    return this.variable(name, { type: 'string', ...spec }).stringValue;
  }

  /** A variable whose value is a list of texts. */
  texts(name: string, spec: Omit<VariableSpec, 'type'>): string[] {
    return this.variable(name, { type: 'list(string)', ...spec }).listValue;
  }

  /** A variable whose value is a number. */
  number(name: string, spec: Omit<VariableSpec, 'type'>): number {
    return this.variable(name, { type: 'number', ...spec }).numberValue;
  }

  /**
   * A variable that names where a secret is. Somebody may give the secret itself, and the validation of a variable shows
   * what it refuses, even of a sensitive one: so a local drops what is no place, and `storage_url` tells it.
   */
  place(name: string, spec: PlaceSpec): string {
    const { description, default: value } = spec;
    this.variable(name, { type: 'string', description, default: value });
    this.#places.set(name, spec);
    return Token.asString(ref(`local.${name}`, this));
  }

  /** A local value. @returns what refers to it */
  local<T = string>(name: string, text: string): T {
    this.#locals.set(name, text);
    return Token.asString(ref(`local.${name}`, this)) as unknown as T;
  }

  variable(name: string, spec: VariableSpec): TerraformVariable {
    this.variables.set(name, spec);
    return new TerraformVariable(this, name, { type: spec.type });
  }

  output(name: string, spec: OutputSpec): void {
    this.outputs.set(name, spec);
  }

  /** Resources and data sources, named by where they stand among the constructs. */
  main(): string {
    const elements = this.node.findAll().filter(isDeclared);
    const declared = elements.map((element) => {
      const meta = element as TerraformResource;
      const dependsOn = (meta.dependsOn ?? []).map((fqn) => this.addressOf({ fqn }));
      const lifecycle = resolved(this, (meta as { lifecycle?: unknown }).lifecycle) as
        Record<string, unknown> | undefined;
      const body = [
        ...(meta.count === undefined ? [] : [`count = ${expression(resolved(this, countOf(meta.count)))}`]),
        ...bodyOf(this, argumentsOf(element)),
        ...(dependsOn.length === 0 ? [] : [`depends_on = ${expression(dependsOn)}`]),
        ...lifecycleOf(lifecycle),
      ];
      const kind = element instanceof TerraformDataSource ? 'data' : 'resource';
      return forEachVersion(block(kind, [meta.terraformResourceType, element.friendlyUniqueId], body));
    });
    const counted = elements.filter((element) => (element as TerraformResource).count !== undefined);
    const text = counted.reduce(
      // One of a count refers to another of the same count.
      (done, { terraformResourceType: type, friendlyUniqueId: name }) =>
        done.replaceAll(new RegExp(`\\b${type}\\.${name}\\.`, 'g'), `${type}.${name}[0].`),
      declared.join('\n'),
    );
    return [...this.localsText(text), text].join('\n');
  }

  private localsText(resources: string): string[] {
    const places = [...this.#places].map(([name, { condition, default: value }]) => {
      const place = `${condition} ? var.${name} : ""`;
      return `${name} = ${value === null ? `var.${name} == null ? null : (${place})` : place}`;
    });
    const others = [...this.#locals].map(([name, text]) => `${name} = ${text}`);
    const used = `${resources}${this.outputsText()}`.includes(GATEWAY_ENVIRONMENT);
    const gateway = used
      ? [
          "# KONG_RESILIENCE_… is the agent's alone.",
          'gateway_environment = { for name, value in var.environment : name => value if !startswith(name, "KONG_RESILIENCE_") }',
        ]
      : [];
    const locals = [...places, ...others, ...gateway];
    return locals.length === 0 ? [] : [block('locals', [], locals)];
  }

  outputsText(): string {
    return [...this.outputs]
      .map(([name, { description, value, sensitive, precondition, dependsOn = [] }]) =>
        block(
          'output',
          [name],
          [
            `description = ${JSON.stringify(description)}`,
            `value = ${expression(resolved(this, value))}`,
            ...(sensitive === true ? ['sensitive = true'] : []),
            ...(dependsOn.length === 0
              ? []
              : [`depends_on = ${expression(dependsOn.map((one) => this.addressOf(one)))}`]),
            ...(precondition === undefined ? [] : [checkOf('precondition', precondition)]),
            ...(name === 'storage_url' ? this.placeChecks() : []),
          ],
        ),
      )
      .join('\n');
  }

  private addressOf({ fqn }: ITerraformDependable): Expression {
    return new Expression(addressIn(String(resolved(this, fqn))));
  }

  private placeChecks(): string[] {
    return [...this.#places].map(([name, { error }]) =>
      checkOf('precondition', { condition: `local.${name} != ""`, error }),
    );
  }

  variablesText(): string {
    return [...this.variables]
      .map(([name, spec]) =>
        block(
          'variable',
          [name],
          [
            `description = ${JSON.stringify(spec.description)}`,
            `type = ${spec.type}`,
            ...(spec.default === undefined ? [] : [`default = ${expression(spec.default)}`]),
            // Given as null it would be without its default.
            ...(spec.default === null ? [] : ['nullable = false']),
            ...(spec.sensitive === true ? ['sensitive = true'] : []),
            ...(spec.validation ?? []).map((validation) => checkOf('validation', validation)),
          ],
        ),
      )
      .join('\n');
  }
}

const checkOf = (kind: string, { condition, error }: Validation): string =>
  block(kind, [], [`condition = ${condition}`, `error_message = ${JSON.stringify(error)}`]).trimEnd();

function isDeclared(construct: unknown): construct is TerraformResource | TerraformDataSource {
  return construct instanceof TerraformResource || construct instanceof TerraformDataSource;
}

/** `kong-resilience/Store/Encryption` is `store_encryption`; a primary child has the name of its parent. */
function nameOf({ path: whole }: Node): string {
  const [, ...path] = whole.split('/');
  return snakeCase(path.filter((word) => word !== 'Resource').join('_'));
}

const snakeCase = (words: string): string =>
  words
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();

/** An address may come as an expression. */
const addressIn = (text: string): string => text.replace(/^\$\{(.*)\}$/, '$1');

const countOf = (count: number | TerraformCount): unknown => (typeof count === 'number' ? count : count.toTerraform());

function lifecycleOf(lifecycle: Readonly<Record<string, unknown>> | undefined): string[] {
  const names: Record<string, string> = {
    preventDestroy: 'prevent_destroy',
    createBeforeDestroy: 'create_before_destroy',
  };
  const lines = Object.entries(lifecycle ?? {})
    // Off is as if it were not there.
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => {
      const known = names[name];
      if (known === undefined) throw new Error(`lifecycle.${name} is not known to the generator`);
      return `${known} = ${expression(value)}`;
    });
  return lines.length === 0 ? [] : [block('lifecycle', [], lines).trimEnd()];
}

/** A nested block that names the version stands for one of each version. */
function forEachVersion(text: string): string {
  const lines = text.split('\n');
  const done: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const open = /^ {2}(\w+) \{$/.exec(line);
    const end = open === null ? at : lines.indexOf('  }', at);
    const body = lines.slice(at, end + 1).join('\n');
    if (open === null || !body.includes(EACH_VERSION)) {
      done.push(line);
      continue;
    }
    const name = open[1] ?? '';
    const content = lines.slice(at + 1, end).map((inner) => `  ${inner}`.replaceAll(EACH_VERSION, `\${${name}.value}`));
    done.push(
      `  dynamic ${JSON.stringify(name)} {`,
      '    for_each = toset(var.gateway_versions)',
      '    content {',
      ...content,
      '    }',
      '  }',
    );
    at = end;
  }
  const whole = done.join('\n');
  if (whole.includes(EACH_VERSION)) throw new Error(`a version stands where none can be put in its place:\n${whole}`);
  return whole;
}
