import { Lazy } from 'cdktf';

/** One statement of an IAM policy, in IAM's own words, so that it can stand in a policy of yours as it is. */
export interface PolicyStatement {
  readonly Sid?: string;
  /** `Allow` or `Deny`. */
  readonly Effect: string;
  /** Only in the policy of a resource: `{ AWS: arn }`, `{ Service: name }`. */
  readonly Principal?: Readonly<Record<string, string>>;
  readonly Action: readonly string[];
  /** Absent in the trust policy of a role. */
  readonly Resource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/**
 * The text of a policy. Terraform fills the tokens in; it is no policy-document data source, so that the policy can be
 * read in the stack. Not `jsonencode`: CDKTF escapes no quotes within it, and takes no token in the name of a member.
 */
export function policyDocument(statements: readonly PolicyStatement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** The same, of statements that are complete only when the stack is synthesized. */
export function lazyPolicyDocument(statements: () => readonly PolicyStatement[]): string {
  return Lazy.stringValue({ produce: () => policyDocument(statements()) });
}

/** A statement as it stands in the policy of a resource. Its `Sid` goes: it would not be the only one there. */
export function forPrincipal(arn: string, { Effect, Action, Resource, Condition }: PolicyStatement): PolicyStatement {
  return { Effect, Principal: { AWS: arn }, Action, Resource, ...(Condition === undefined ? {} : { Condition }) };
}
