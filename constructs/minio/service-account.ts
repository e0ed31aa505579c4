import { Construct } from 'constructs';
import { EnvValue, type EnvValues } from '../environment';
import { isKnown, type Problem, throwProblems } from '../problems';
import { PolicyDocument, denyAll, type MinioPolicyStatement } from './policy';
import type { IMinioPrincipal, IMinioUser } from './principal';
import { longText } from './problems';
import { MinioIamServiceAccount } from './provider';

export interface MinioServiceAccountProps {
  /** User that it belongs to. It is granted what the account is: MinIO allows what both policies allow. */
  readonly user: IMinioUser;
  /**
   * Name of the account, of 1 to 32 bytes.
   *
   * @default none
   */
  readonly accountName?: string;
  /**
   * What it is for, of 1 to 256 bytes.
   *
   * @default none
   */
  readonly description?: string;
}

/**
 * A service account of MinIO: keys of their own for one user, with a policy of their own, so that several nodes share a
 * user and not the rights. The server makes the keys, and they never expire; the secret is in Terraform's state, in the
 * clear. One that was granted nothing may do nothing.
 *
 * Keys of an account that exists already are `ExistingKeys`: the policy of such an account is another's.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class MinioServiceAccount extends Construct implements IMinioPrincipal {
  readonly user: IMinioUser;
  readonly credentials: EnvValues;
  // To MinIO an empty policy means all that the user may.
  readonly #policy = new PolicyDocument([denyAll]);

  constructor(scope: Construct, id: string, props: MinioServiceAccountProps) {
    super(scope, id);
    const { user, accountName, description } = props;
    throwProblems(this, [
      ...lengthProblems('accountName', accountName, 32),
      ...lengthProblems('description', description, 256),
    ]);
    this.user = user;
    const account = new MinioIamServiceAccount(this, 'Resource', {
      targetUser: user.userName,
      name: accountName,
      description,
      policy: this.#policy.text,
    });
    this.credentials = {
      AWS_ACCESS_KEY_ID: EnvValue.fromText(account.accessKey),
      AWS_SECRET_ACCESS_KEY: EnvValue.fromSecretText(account.secretKey),
    };
  }

  addToMinioPolicy(statement: MinioPolicyStatement): void {
    this.#policy.add(statement);
    this.user.addToMinioPolicy(statement);
  }
}

function lengthProblems(prop: string, value: string | undefined, max: number): Problem[] {
  if (!isKnown(value)) return [];
  const bytes = Buffer.byteLength(value);
  return bytes >= 1 && bytes <= max ? [] : [longText(prop, value, max)];
}
