import { DataAwsIamRole } from '@cdktf/provider-aws/lib/data-aws-iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { Fn, type TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { isKnown, throwProblems } from '../problems';
import { lazyPolicyDocument, type PolicyStatement } from './policy';
import { policyNameOf } from './policy-name';
import type { IAwsPrincipal } from './principal';
import { checkIamName, checkRoleArn } from './role-checks';

/** How an existing role or user is reached. */
export interface ExistingPrincipalOptions {
  /**
   * Provider of its account.
   *
   * @default the stack's AWS provider
   */
  readonly provider?: TerraformProvider;
}

/**
 * A role of this account that exists: a grant adds an inline policy of its own to it, and touches no other. For a role of
 * another account there is `CrossAccountRole`.
 */
export class ExistingRole extends Construct implements IAwsPrincipal {
  /** By its name; its ARN is read from IAM (`iam:GetRole`). @throws DeclarationError when IAM allows no such name */
  static fromRoleName(
    scope: Construct,
    id: string,
    roleName: string,
    options: ExistingPrincipalOptions = {},
  ): ExistingRole {
    return new ExistingRole(scope, id, roleName, options);
  }

  /** By its ARN, which nothing is asked about. @throws DeclarationError when the ARN is not a role's */
  static fromRoleArn(
    scope: Construct,
    id: string,
    roleArn: string,
    options: ExistingPrincipalOptions = {},
  ): ExistingRole {
    // The name is what follows the path.
    const name = isKnown(roleArn)
      ? (`${roleArn}`.split('/').at(-1) ?? '')
      : (Fn.element(Fn.reverse(Fn.split('/', roleArn)), 0) as string);
    return new ExistingRole(scope, id, name, options, roleArn);
  }

  /** None: the platform attaches the role. */
  readonly credentials: EnvValues = {};
  readonly principalAccount = undefined;
  readonly arn: string;
  readonly #provider: TerraformProvider | undefined;

  private constructor(
    scope: Construct,
    id: string,
    /** Name of the role. */
    readonly roleName: string,
    // Private to the compiler alone: what runs TypeScript without checking it calls it with less.
    { provider }: ExistingPrincipalOptions = {},
    arn?: string,
  ) {
    super(scope, id);
    throwProblems(this, arn === undefined ? checkIamName('roleName', roleName, 64) : checkRoleArn('roleArn', arn));
    this.#provider = provider;
    this.arn = arn ?? new DataAwsIamRole(this, 'Role', { provider, name: roleName }).arn;
  }

  addPolicyStatements(id: string, statements: () => readonly PolicyStatement[]): void {
    new IamRolePolicy(this, id, {
      provider: this.#provider,
      role: this.roleName,
      name: policyNameOf(this, id),
      policy: lazyPolicyDocument(statements),
    });
  }
}
