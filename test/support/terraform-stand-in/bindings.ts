import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { isSensitive } from './sensitive';
import type {
  AttributeSchema,
  BlockSchema,
  NestedBlockSchema,
  ProviderSchema,
  TerraformType,
  WantedTypes,
} from './schema';

/** The providers whose npm bindings are installed. */
export type BoundProvider = 'aws' | 'google';

const installed = createRequire(__filename);

const folderOf = (provider: BoundProvider): string =>
  join(dirname(installed.resolve(`@cdktf/provider-${provider}/package.json`)), 'lib');

/** The version of the real provider that the bindings were generated from. */
export function providerVersion(provider: BoundProvider): string {
  const text = readFileSync(join(folderOf(provider), 'provider', 'index.js'), 'utf8');
  const version = /providerVersion: '([\d.]+)'/.exec(text)?.[1];
  if (version === undefined) throw new Error(`the bindings of ${provider} do not say their provider's version`);
  return version;
}

/**
 * The schemas of a provider, read from its npm bindings: of the wanted types alone, since reading all takes minutes.
 * A type that the bindings lack is left out, so that Terraform itself says that the provider does not support it.
 */
export function schemaOfBindings(provider: BoundProvider, wanted: WantedTypes): ProviderSchema {
  const read = (types: Iterable<string>, prefix: string): Record<string, BlockSchema> => {
    const blocks: Record<string, BlockSchema> = {};
    for (const type of types) {
      const folder = join(folderOf(provider), prefix + type.slice(provider.length + 1).replaceAll('_', '-'));
      if (existsSync(folder)) blocks[type] = new Binding(folder).block(type);
    }
    return blocks;
  };
  return {
    provider: new Binding(join(folderOf(provider), 'provider')).block(provider),
    resources: read(wanted.resources, ''),
    data_sources: read(wanted.dataSources, `data-${provider}-`),
  };
}

/** What the generated code says of one attribute or block that can be written. */
interface Input {
  readonly property: string;
  readonly isBlock: boolean;
  readonly kind: string;
  readonly storage: string;
  /** For a list of structures: whether it is written as blocks, and not as a value. */
  readonly asBlocks: boolean;
}

/** What the generated code says of one attribute that can be read. */
interface Output {
  readonly computed: boolean;
  readonly type: TerraformType | undefined;
  readonly single: boolean;
}

/**
 * One folder of the bindings. The compiled file carries its TypeScript source in its source map, and that source alone
 * says of each attribute whether it is computed; types and blocks come from what it writes as HCL.
 */
class Binding {
  private readonly classes = new Map<string, ts.ClassDeclaration>();
  private readonly interfaces = new Map<string, ts.InterfaceDeclaration>();
  private readonly functions = new Map<string, ts.FunctionDeclaration>();

  constructor(private readonly folder: string) {
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.js')) continue;
      for (const statement of sourceOf(join(folder, file)).statements) {
        const name = (statement as ts.DeclarationStatement).name?.text;
        if (name === undefined) continue;
        if (ts.isClassDeclaration(statement)) this.classes.set(name, statement);
        if (ts.isInterfaceDeclaration(statement)) this.interfaces.set(name, statement);
        if (ts.isFunctionDeclaration(statement)) this.functions.set(name, statement);
      }
    }
  }

  /** The schema of a resource, a data source or a provider. */
  block(type: string): BlockSchema {
    const main = [...this.classes.values()].find((declaration) =>
      declaration.members.some(
        (member) =>
          ts.isPropertyDeclaration(member) &&
          nameOf(member) === 'tfResourceType' &&
          textOf(member.initializer) === type,
      ),
    );
    if (main?.name === undefined) throw new Error(`${this.folder} does not declare ${type}`);
    const synthesis = main.members.find((member) => nameOf(member) === 'synthesizeHclAttributes');
    return this.schema(`${main.name.text}Config`, main, synthesis, type);
  }

  private schema(
    config: string,
    output: ts.Node | undefined,
    synthesis: ts.Node | undefined,
    type: string,
  ): BlockSchema {
    const inputs = this.inputs(synthesis);
    const outputs = this.outputs(output);
    const required = this.required(config);
    const attributes: Record<string, AttributeSchema> = {};
    const blocks: Record<string, NestedBlockSchema> = {};
    for (const name of new Set([...inputs.keys(), ...outputs.keys()])) {
      const input = inputs.get(name);
      const read = outputs.get(name);
      const struct = input?.isBlock === true ? input.storage.replace(/List$/, '') : undefined;
      const isRequired = input !== undefined && required.has(input.property);
      if (input !== undefined && struct !== undefined && input.asBlocks) {
        const nesting = input.kind === 'struct' ? 'single' : input.kind === 'set' ? 'set' : 'list';
        blocks[name] = {
          nesting,
          ...(nesting !== 'single' && isRequired && { min_items: 1 }),
          ...(nesting !== 'single' && read?.single === true && { max_items: 1 }),
          ...this.struct(struct, type),
        };
        continue;
      }
      // Terraform's own argument of every provider.
      if (name === 'alias' && this.folder.endsWith('provider')) continue;
      const own = input === undefined ? read?.type : this.typeOfInput(input, struct);
      if (own === undefined) throw new Error(`${this.folder}: the type of ${name} is not known`);
      attributes[name] = {
        type: own,
        ...(isRequired ? { required: true } : input !== undefined && { optional: true }),
        ...(read?.computed === true && { computed: true }),
        ...(isSensitive(type, name) && { sensitive: true }),
        ...(name.endsWith('_wo') && { write_only: true }),
      };
    }
    return { attributes, blocks };
  }

  private struct(name: string, type: string): BlockSchema {
    const output = this.classes.get(`${name}OutputReference`);
    const synthesis = this.functions.get(`${name.charAt(0).toLowerCase()}${name.slice(1)}ToHclTerraform`);
    if (output === undefined && synthesis === undefined)
      throw new Error(`${this.folder}: what ${name} holds is not known`);
    return this.schema(name, output, synthesis, type);
  }

  /** The names of the properties that an interface requires. */
  private required(config: string): Set<string> {
    const members = this.interfaces.get(config)?.members ?? [];
    return new Set(members.filter((member) => member.questionToken === undefined).map((member) => nameOf(member)));
  }

  private inputs(synthesis: ts.Node | undefined): Map<string, Input> {
    const inputs = new Map<string, Input>();
    const literal = find(synthesis, (node) =>
      ts.isVariableDeclaration(node) && nameOf(node) === 'attrs' ? node.initializer : undefined,
    );
    if (literal === undefined || !ts.isObjectLiteralExpression(literal)) return inputs;
    for (const entry of assignments(literal)) {
      const fields = new Map(assignments(entry.initializer).map((field) => [nameOf(field), field.initializer]));
      const value = fields.get('value');
      const mapper = find(value, (node) =>
        ts.isCallExpression(node) && node.expression.getText().endsWith('listMapperHcl') ? node : undefined,
      );
      inputs.set(nameOf(entry), {
        property: propertyIn(value),
        isBlock: fields.get('isBlock')?.getText() === 'true',
        kind: textOf(fields.get('type')),
        storage: textOf(fields.get('storageClassType')),
        asBlocks: mapper === undefined || mapper.arguments[1]?.getText() === 'true',
      });
    }
    return inputs;
  }

  private typeOfInput(input: Input, struct: string | undefined): TerraformType {
    if (struct !== undefined) return [input.kind === 'set' ? 'set' : 'list', this.objectOf(struct)];
    return typeOfStorage(input.storage, input.kind);
  }

  private outputs(declaration: ts.Node | undefined): Map<string, Output> {
    const outputs = new Map<string, Output>();
    if (declaration === undefined || !ts.isClassDeclaration(declaration)) return outputs;
    for (const member of declaration.members) {
      const flags = /\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\s*$/.exec(
        member.getFullText().slice(0, member.getStart() - member.getFullStart()),
      );
      if (flags?.[1] === undefined) continue;
      const made = find(member, (node) => (ts.isNewExpression(node) ? node : undefined));
      const getter = ts.isGetAccessor(member) ? member : undefined;
      const isOnlyRead = flags[2] === 'true' && flags[3] === 'false' && flags[4] === 'false';
      outputs.set(flags[1], {
        computed: flags[2] === 'true',
        single: made?.expression.getText().endsWith('OutputReference') === true,
        type: isOnlyRead ? this.typeOfOutput(made, getter) : undefined,
      });
    }
    return outputs;
  }

  private typeOfOutput(
    made: ts.NewExpression | undefined,
    getter: ts.GetAccessorDeclaration | undefined,
  ): TerraformType {
    if (made !== undefined) {
      const name = made.expression.getText();
      const collection = made.arguments?.[2]?.getText() === 'true' ? 'set' : 'list';
      if (name === 'cdktf.StringMapList') return [collection, ['map', 'string']];
      if (name === 'cdktf.StringMap') return ['map', 'string'];
      if (name === 'cdktf.BooleanMap') return ['map', 'bool'];
      if (name === 'cdktf.NumberMap') return ['map', 'number'];
      if (name.endsWith('List')) return [collection, this.objectOf(name.slice(0, -'List'.length))];
      return this.objectOf(name.slice(0, -'OutputReference'.length));
    }
    const text = getter?.body?.getText() ?? '';
    const collection = text.includes('Fn.tolist') ? 'set' : 'list';
    const method = /this\.(\w+)\(/.exec(text)?.[1] ?? '';
    switch (method) {
      case 'getStringAttribute':
        return 'string';
      case 'getNumberAttribute':
        return 'number';
      case 'getBooleanAttribute':
        return 'bool';
      case 'getListAttribute':
        return [collection, 'string'];
      case 'getNumberListAttribute':
        return [collection, 'number'];
      case 'getStringMapAttribute':
        return ['map', 'string'];
      case 'getNumberMapAttribute':
        return ['map', 'number'];
      case 'getBooleanMapAttribute':
        return ['map', 'bool'];
      case 'interpolationForAttribute':
        return 'dynamic';
      default:
        throw new Error(`${this.folder}: what ${text} reads is not known`);
    }
  }

  /** A structure that is a value. */
  private objectOf(name: string): TerraformType {
    return typeOfBlock(this.struct(name, ''));
  }
}

/** What is a block elsewhere is a value inside a value. */
function typeOfBlock({ attributes = {}, blocks = {} }: BlockSchema): TerraformType {
  const values = Object.entries(attributes).map(([name, { type }]) => [name, type] as const);
  const nested = Object.entries(blocks).map(([name, block]): [string, TerraformType] => [
    name,
    block.nesting === 'single' ? typeOfBlock(block) : [block.nesting, typeOfBlock(block)],
  ]);
  return ['object', Object.fromEntries([...values, ...nested])];
}

/** `stringListList` with the outer kind `set` is a set of lists of strings. */
function typeOfStorage(storage: string, kind: string): TerraformType {
  const plain: Readonly<Record<string, TerraformType>> = {
    string: 'string',
    number: 'number',
    boolean: 'bool',
    any: 'dynamic',
  };
  const own = plain[storage];
  if (own !== undefined) return own;
  const inner = storage.replace(/(List|Map)$/, '');
  if (inner === storage) throw new Error(`the storage class ${storage} is not known`);
  const innerType = typeOfStorage(inner, inner.endsWith('Map') ? 'map' : 'list');
  return [storage.endsWith('Map') ? 'map' : kind === 'set' ? 'set' : 'list', innerType];
}

function sourceOf(path: string): ts.SourceFile {
  const map = /sourceMappingURL=data:application\/json;base64,([\w+/=]+)/.exec(readFileSync(path, 'utf8'))?.[1];
  if (map === undefined) throw new Error(`${path} does not carry its source`);
  const { sourcesContent } = JSON.parse(Buffer.from(map, 'base64').toString('utf8')) as { sourcesContent: string[] };
  return ts.createSourceFile(path, sourcesContent.join('\n'), ts.ScriptTarget.ES2022, true);
}

/** `this._bucket` and `struct!.bucket` are of the property bucket. */
function propertyIn(value: ts.Node | undefined): string {
  const access = find(value, (node) =>
    ts.isPropertyAccessExpression(node) && ['this', 'struct!'].includes(node.expression.getText()) ? node : undefined,
  );
  if (access === undefined) throw new Error(`no property in ${value?.getText()}`);
  return access.name.text.replace(/^_/, '');
}

function assignments(node: ts.Node): ts.PropertyAssignment[] {
  return ts.isObjectLiteralExpression(node) ? node.properties.filter(ts.isPropertyAssignment) : [];
}

const nameOf = (node: { readonly name?: ts.Node | undefined }): string => {
  const { name } = node;
  if (name === undefined) return '';
  return ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : name.getText();
};

const textOf = (node: ts.Node | undefined): string => (node !== undefined && ts.isStringLiteral(node) ? node.text : '');

/** The first answer that is not undefined, outermost node first. */
function find<T>(node: ts.Node | undefined, ask: (node: ts.Node) => T | undefined): T | undefined {
  if (node === undefined) return undefined;
  return ask(node) ?? ts.forEachChild(node, (child) => find(child, ask));
}
