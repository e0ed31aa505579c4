import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { DefaultTokenResolver, StringConcat, Testing, TerraformStack, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';
import type { AppliedState } from './terraform';

/** Resources by address, as Terraform would read them. */
export interface GoogleStack {
  /** `google_storage_bucket.Store_ABC` to its arguments. */
  readonly resources: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly data: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Paths of all constructs below the stack. */
  readonly paths: readonly string[];
  /** Warnings and information of all constructs, by path. */
  readonly annotations: readonly string[];
}

/** Declares something in a stack named `app` and synthesizes it, with the validations. */
export function googleStack(declare: (stack: TerraformStack) => void): GoogleStack {
  const stack = new TerraformStack(Testing.app(), 'app');
  const provider = new GoogleProvider(stack, 'Google', {});
  declare(stack);
  const json = JSON.parse(Testing.synth(stack, true)) as Partial<Record<'resource' | 'data', Blocks>>;
  return {
    resources: flattened(json.resource),
    data: flattened(json.data),
    paths: stack.node
      .findAll()
      .filter((construct) => construct !== stack && construct !== provider)
      .map((construct) => construct.node.path),
    annotations: stack.node
      .findAll()
      .flatMap(({ node }) =>
        node.metadata
          .filter(({ type }) => type.startsWith('@cdktf/'))
          .map(({ type, data }) => `${node.path} ${type.slice('@cdktf/'.length)}: ${String(data)}`),
      ),
  };
}

type Blocks = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

function flattened(blocks: Blocks | undefined): GoogleStack['resources'] {
  return Object.fromEntries(
    Object.entries(blocks ?? {}).flatMap(([type, named]) =>
      Object.entries(named).map(([name, { '//': _metadata, ...args }]) => [`${type}.${name}`, args]),
    ),
  );
}

/** The same after an apply, where every reference is a value, and a block that can be there once is a list. */
export function appliedGoogleStack({ resources }: AppliedState): Pick<GoogleStack, 'resources'> {
  return {
    resources: Object.fromEntries(
      resources.map(({ address, values }) => {
        const [condition] = (values['condition'] ?? []) as readonly unknown[];
        return [address, { ...values, condition }];
      }),
    ),
  };
}

/** What a value that holds tokens is in the text that Terraform reads. */
export function resolved(scope: IConstruct, value: unknown): unknown {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return Tokenization.resolve(value, { scope, resolver, preparing: false });
}

/** The arguments of all resources of one type. */
export function ofType(stack: GoogleStack, type: string): Readonly<Record<string, unknown>>[] {
  return Object.entries(stack.resources)
    .filter(([address]) => address.startsWith(`${type}.`))
    .map(([, args]) => args);
}

/** The arguments of the only resource of a type. */
export function only(stack: GoogleStack, type: string): Readonly<Record<string, unknown>> {
  const found = ofType(stack, type);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} of ${type}`);
  return found[0];
}
