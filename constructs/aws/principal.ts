import type { IPrincipal } from '../topology';
import type { PolicyStatement } from './policy';

/** Who reads or writes a store on AWS: a role or a user. */
export interface IAwsPrincipal extends IPrincipal {
  /** ARN of the role or user. */
  readonly arn: string;
  /** Its account, when that is not the store's: then the bucket's and the key's policy let it in, too. Else undefined. */
  readonly principalAccount?: string;

  /**
   * Attaches a policy. A store calls it once for each thing that the principal may do there.
   *
   * @param id names the policy among those of the principal; stable
   * @param statements gives the statements when the stack is synthesized: they depend on the versions known by then
   */
  addPolicyStatements(id: string, statements: () => readonly PolicyStatement[]): void;
}

/** Whether a principal is one of AWS. */
export function isAwsPrincipal(principal: IPrincipal): principal is IAwsPrincipal {
  const { arn, addPolicyStatements } = principal as Partial<IAwsPrincipal>;
  return typeof arn === 'string' && typeof addPolicyStatements === 'function';
}
