import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { TerraformStack, type ITerraformDependable } from 'cdktf';
import type { IConstruct } from 'constructs';
import { pathInStack } from '../name-by-path';
import type { PolicyStatement } from '../policy';
import type { IAwsPrincipal } from '../principal';

/** Adds a policy of a construct to a role. @returns what must be there before the role is used */
export function addPolicy(
  role: IAwsPrincipal,
  verb: string,
  construct: IConstruct,
  statements: readonly PolicyStatement[],
): ITerraformDependable[] {
  const id = `${verb}-${pathInStack(construct)}`;
  role.addPolicyStatements(id, () => statements);
  return policiesOf(role, construct).filter(({ node }) => node.id === id);
}

/**
 * The policies that this library has added to a role so far: what a construct runs as that role waits for them. It cannot wait
 * for those of another stack.
 */
export function policiesOf(role: IAwsPrincipal, construct: IConstruct): IamRolePolicy[] {
  const stack = TerraformStack.of(construct);
  return role.node.children.filter(
    (child): child is IamRolePolicy => child instanceof IamRolePolicy && TerraformStack.of(child) === stack,
  );
}
