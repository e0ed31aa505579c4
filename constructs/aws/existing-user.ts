import { DataAwsIamUser } from '@cdktf/provider-aws/lib/data-aws-iam-user';
import { IamUserPolicy } from '@cdktf/provider-aws/lib/iam-user-policy';
import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { throwProblems } from '../problems';
import type { ExistingPrincipalOptions } from './existing-role';
import { lazyPolicyDocument, type PolicyStatement } from './policy';
import { policyNameOf } from './policy-name';
import type { IAwsPrincipal } from './principal';
import { checkIamName } from './role-checks';

export interface ExistingUserOptions extends ExistingPrincipalOptions {
  /**
   * Its access key: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
   *
   * @default none: the nodes have them from elsewhere
   */
  readonly credentials?: EnvValues;
}

/** A user of this account that exists: a grant adds an inline policy of its own to it, and touches no other. */
export class ExistingUser extends Construct implements IAwsPrincipal {
  /** By its name; its ARN is read from IAM (`iam:GetUser`). @throws DeclarationError when IAM allows no such name */
  static fromUserName(scope: Construct, id: string, userName: string, options: ExistingUserOptions = {}): ExistingUser {
    return new ExistingUser(scope, id, userName, options);
  }

  readonly arn: string;
  readonly credentials: EnvValues;
  readonly principalAccount = undefined;
  readonly #provider: TerraformProvider | undefined;

  private constructor(
    scope: Construct,
    id: string,
    /** Name of the user. */
    readonly userName: string,
    { provider, credentials = {} }: ExistingUserOptions = {},
  ) {
    super(scope, id);
    throwProblems(this, checkIamName('userName', userName, 64));
    this.#provider = provider;
    this.credentials = credentials;
    this.arn = new DataAwsIamUser(this, 'User', { provider, userName }).arn;
  }

  addPolicyStatements(id: string, statements: () => readonly PolicyStatement[]): void {
    new IamUserPolicy(this, id, {
      provider: this.#provider,
      user: this.userName,
      name: policyNameOf(this, id),
      policy: lazyPolicyDocument(statements),
    });
  }
}
