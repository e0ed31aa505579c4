import type { ITerraformDependable } from 'cdktf';
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
  const policy = role.node.tryFindChild(id);
  return policy === undefined ? [] : [policy as unknown as ITerraformDependable];
}
