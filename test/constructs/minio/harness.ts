import { DefaultTokenResolver, StringConcat, TerraformStack, Testing, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';
import { DeclarationError, MinioProvider } from '../../../constructs/minio';

/** Arguments of each resource, by its id in Terraform. */
export type Resources = Readonly<Record<string, Record<string, unknown>>>;

/** A synthesized stack. */
export interface Synthesized {
  readonly resource: Readonly<Record<string, Resources>>;
  readonly provider: Readonly<Record<string, readonly Record<string, unknown>[]>>;
  readonly terraform: { readonly required_providers: Readonly<Record<string, unknown>> };
}

export function newStack(): TerraformStack {
  return new TerraformStack(Testing.app(), 'stack');
}

export function synth(stack: TerraformStack): Synthesized {
  if (stack.node.tryFindChild('Minio') === undefined) new MinioProvider(stack, 'Minio', { minioServer: 'minio:9000' });
  return { resource: {}, ...(JSON.parse(Testing.synth(stack, true)) as object) } as Synthesized;
}

/** The one resource of that type in the synthesized stack. */
export function only(stack: TerraformStack, type: string): Record<string, unknown> {
  const found = Object.values(synth(stack).resource[type] ?? {});
  if (found.length !== 1) throw new Error(`the stack has ${found.length} of ${type}`);
  return found[0] as Record<string, unknown>;
}

/** A text as it is in the synthesized stack. */
export function resolved(scope: IConstruct, text: string): string {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return Tokenization.resolve(text, { scope, resolver, preparing: false }) as string;
}

/** Paths of a construct and all below it. */
export function paths(construct: IConstruct): string[] {
  return construct.node.findAll().map(({ node }) => node.path);
}

/** What annotations tell, each once, after a synthesis. */
export function annotations(construct: IConstruct): string[] {
  return construct.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type.startsWith('@cdktf/') && type !== '@cdktf/stackTrace')
        .map(({ type, data }) => `${type.replace('@cdktf/', '')} ${String(data)}`),
    );
}

/** The message of the DeclarationError that it throws. */
export function declarationError(declare: () => unknown): string {
  try {
    declare();
  } catch (error) {
    if (error instanceof DeclarationError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}
