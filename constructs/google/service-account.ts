import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { Construct } from 'constructs';
import { accountIdProblems, generatedAccountId } from './names';
import type { Problem } from '../problems';

/** A new service account. */
export interface ServiceAccountProps {
  /**
   * Id of the account, the part of its address before the `@`: 6 to 30 lower-case letters, digits and hyphens.
   *
   * @default made of the construct's id and a hash of its path; moving the construct makes a new account
   */
  readonly accountId?: string;
  /** What the console shows. @default the path of the construct */
  readonly displayName?: string;
  /** What the account is for. @default none */
  readonly description?: string;
  /** Id of the project in which it is made. @default the project of the provider */
  readonly project?: string;
}

export function serviceAccountProblems(props: ServiceAccountProps): Problem[] {
  return accountIdProblems(props.accountId);
}

/** The resource of a principal, as its primary child. Google allows 100 characters of a display name. */
export function declareServiceAccount(principal: Construct, props: ServiceAccountProps): ServiceAccount {
  return new ServiceAccount(principal, 'Resource', {
    accountId: props.accountId ?? generatedAccountId(principal),
    displayName: props.displayName ?? `Kong resilience: ${principal.node.path}`.slice(0, 100),
    description: props.description,
    project: props.project,
  });
}
