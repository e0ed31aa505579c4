import { TerraformDataSource, TerraformElement, TerraformOutput, TerraformResource, TerraformStack } from 'cdktf';
import type { IConstruct } from 'constructs';
import { resolveTokens } from '../../problems';
import { isRecord, type Attributes } from './attributes';
import { endOfExpression, parseJsonencode } from './json';
import { attributeOfElement, nameInArn } from './computed';
import type { Element } from './element';
import { Placeholders } from './text';

interface Declared extends Omit<Element, 'attributes'> {
  readonly construct: TerraformResource | TerraformDataSource;
  readonly id: string;
  readonly stack: TerraformStack;
}

/**
 * All resources and data sources of an app, of whoever wrote them and with whatever provider: their types and the
 * attributes that Terraform will read. A reference to a bucket, role or the like is replaced by its name, also from one stack
 * to another; every other expression becomes a placeholder.
 */
export class App {
  readonly placeholders = new Placeholders();
  readonly #elements: readonly Declared[];
  readonly #byAddress = new Map<string, Declared>();
  /** Outputs and remote states. */
  readonly #others = new Map<string, { readonly construct: TerraformElement; readonly stack: TerraformStack }>();
  readonly #read = new Map<Declared, Element>();
  readonly #pending = new Set<string>();
  readonly constructs: readonly IConstruct[];

  constructor(root: IConstruct) {
    this.constructs = root.node.findAll();
    this.#elements = this.constructs.flatMap((construct): Declared[] => {
      if (!TerraformElement.isTerraformElement(construct)) return [];
      const stack = TerraformStack.of(construct);
      const id = construct.friendlyUniqueId;
      const place = { id, stack };
      if (TerraformResource.isTerraformResource(construct))
        return [{ construct, kind: 'resource', type: construct.terraformResourceType, ...place }];
      if (TerraformDataSource.isTerraformDataSource(construct))
        return [{ construct, kind: 'data', type: construct.terraformResourceType, ...place }];
      this.#others.set(`${stack.node.path}|${id}`, { construct, stack });
      return [];
    });
    for (const element of this.#elements) this.#byAddress.set(addressOf(element.stack, element), element);
  }

  /** Those of some types. */
  all(kind: Element['kind'], ...types: readonly string[]): readonly Element[] {
    return this.#elements
      .filter((element) => element.kind === kind && types.includes(element.type))
      .map((element) => this.#element(element));
  }

  /** Those whose type begins so. */
  startingWith(start: string): readonly Element[] {
    return this.#elements
      .filter(({ kind, type }) => kind === 'resource' && type.startsWith(start))
      .map((element) => this.#element(element));
  }

  /** A text of a construct's, with its tokens resolved. */
  textAt(construct: IConstruct, text: string): string {
    const stack = TerraformStack.of(construct);
    const value = this.#value(resolveTokens(stack, text), stack);
    return typeof value === 'string' ? value : '';
  }

  #element(declared: Declared): Element {
    const known = this.#read.get(declared);
    if (known !== undefined) return known;
    const { construct, kind, type, id, stack } = declared;
    const blocks = resolveTokens(stack, construct.toTerraform() as unknown);
    const member = [kind, type, id].reduce<unknown>(
      (value, name) => (isRecord(value) ? value[name] : undefined),
      blocks,
    );
    const attributes = isRecord(member) ? (this.#value(member, stack) as Attributes) : {};
    const element = { construct, kind, type, attributes };
    this.#read.set(declared, element);
    return element;
  }

  #value(value: unknown, stack: TerraformStack): unknown {
    if (typeof value === 'string') return this.#text(value, stack);
    if (Array.isArray(value)) return value.map((item) => this.#value(item, stack));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#value(member, stack)]));
  }

  #text(text: string, stack: TerraformStack): string {
    let read = '';
    for (let at = 0; at < text.length;) {
      if (text.startsWith('$${', at)) {
        read += '${';
        at += 3;
      } else if (text.startsWith('${', at)) {
        const end = endOfExpression(text, at + 2);
        read += this.#expression(text.slice(at + 2, end), stack);
        at = end + 1;
      } else {
        read += text[at];
        at += 1;
      }
    }
    return read;
  }

  #expression(expression: string, stack: TerraformStack): string {
    const encoded = parseJsonencode(
      expression,
      (inner) => this.#expression(inner, stack),
      (inner) => this.#text(inner, stack),
    );
    if (encoded !== undefined) return JSON.stringify(encoded.value);
    // What the renderers of environments make of a reference within JSON.
    const escaped = /^trimsuffix\(trimprefix\(jsonencode\((.*)\), "\\""\), "\\""\)$/s.exec(expression)?.[1];
    if (escaped !== undefined) return JSON.stringify(this.#expression(escaped, stack)).slice(1, -1);
    // The name in an ARN, as `ExistingRole.fromRoleArn` takes it.
    const arn = /^element\(reverse\(split\("\/", (.*)\)\), 0\)$/s.exec(expression)?.[1];
    if (arn !== undefined) return nameInArn(this.#expression(arn, stack));
    const key = `${stack.node.path}|${expression}`;
    // A resource that refers to itself, by whatever way round, has no end.
    const found = this.#pending.has(key) ? undefined : this.#guarded(key, () => this.#reference(expression, stack));
    return found ?? this.placeholders.hole(key, expression);
  }

  #guarded<T>(key: string, read: () => T): T {
    this.#pending.add(key);
    try {
      return read();
    } finally {
      this.#pending.delete(key);
    }
  }

  #reference(expression: string, stack: TerraformStack): string | undefined {
    const output = /^data\.terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)$/.exec(expression);
    if (output !== null) return this.#otherStack(stack, output[1] ?? '', output[2] ?? '');
    const match = /^(data\.)?(\w+)\.([\w-]+)(?:\[[^\]]*\])?\.(\w+)(?:\[0\])?$/.exec(expression);
    const [, data, type = '', id = '', attribute = ''] = match ?? [];
    const kind = data === undefined ? 'resource' : 'data';
    const declared = this.#byAddress.get(addressOf(stack, { kind, type, id }));
    if (declared === undefined) return undefined;
    return attributeOfElement(
      this.#element(declared),
      attribute,
      this.placeholders,
      `${stack.node.path}|${expression}`,
    );
  }

  /** A reference to another stack of the app: CDKTF writes an output there, and reads that stack's state here. */
  #otherStack(stack: TerraformStack, remoteState: string, output: string): string | undefined {
    const marker = 'cross-stack-reference-input-';
    const id = this.#others.get(`${stack.node.path}|${remoteState}`)?.construct.node.id;
    const found =
      id?.startsWith(marker) === true ? this.#others.get(`${id.slice(marker.length)}|${output}`) : undefined;
    if (found === undefined || !TerraformOutput.isTerraformOutput(found.construct)) return undefined;
    const resolved = resolveTokens(found.stack, found.construct.value);
    return typeof resolved === 'string' ? this.#text(resolved, found.stack) : undefined;
  }
}

function addressOf(stack: TerraformStack, { kind, type, id }: Pick<Declared, 'kind' | 'type' | 'id'>): string {
  return `${stack.node.path}|${kind}.${type}.${id}`;
}
