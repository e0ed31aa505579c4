import { DefaultTokenResolver, StringConcat, Token, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';

/** Whether a value is known now; a token is known to Terraform alone, and cannot be checked here. */
export function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value);
}

/** A value as it stands in the JSON of a stack: its tokens are Terraform's expressions there. */
export function resolveTokens(scope: IConstruct, value: unknown): unknown {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return Tokenization.resolve(value, { scope, resolver, preparing: false });
}

/**
 * A text as it stands in the JSON of a stack, by which two are compared: each reading of an attribute makes a token of its
 * own, whose text also depends on what was declared before it, and the expression behind it is the same.
 */
export function expressionOf(scope: IConstruct, text: string): string {
  return String(resolveTokens(scope, text));
}
