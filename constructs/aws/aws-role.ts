import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { throwProblems, type Problem } from '../problems';
import { lazyPolicyDocument, policyDocument, type PolicyStatement } from './policy';
import type { IAwsPrincipal } from './principal';
import { policyName } from './policy-name';
import { checkRoleProps } from './role-checks';

/** What every role of this library takes. */
export interface AwsRoleProps {
  /**
   * Name of the role.
   *
   * @default a unique name made by Terraform, which starts with `namePrefix`
   */
  readonly name?: string;
  /**
   * What its name starts with: up to 38 characters.
   *
   * @default "kong-"
   */
  readonly namePrefix?: string;
  /**
   * Path of the role, such as `/kong/`.
   *
   * @default "/"
   */
  readonly path?: string;
  /**
   * ARN of a managed policy that bounds what the role may do.
   *
   * @default none
   */
  readonly permissionsBoundary?: string;
  /**
   * Tags of what is declared.
   *
   * @default none beside the provider's default tags
   */
  readonly tags?: Record<string, string>;
  /**
   * Provider with which it is declared.
   *
   * @default the stack's AWS provider
   */
  readonly provider?: TerraformProvider;
}

/** A role that is declared here; its kinds differ in who may take it on. */
export abstract class AwsRole extends Construct implements IAwsPrincipal {
  readonly arn: string;
  /** Name of the role. */
  readonly roleName: string;
  /** None: the platform attaches the role. */
  readonly credentials: EnvValues = {};
  readonly principalAccount = undefined;
  readonly #provider: TerraformProvider | undefined;

  /**
   * @param problems what is wrong with the props of its kind
   * @param trust who may take the role on; asked once everything is known to be right
   */
  protected constructor(
    scope: Construct,
    id: string,
    props: AwsRoleProps,
    problems: readonly Problem[],
    trust: (self: Construct) => PolicyStatement,
  ) {
    super(scope, id);
    throwProblems(this, [...checkRoleProps(props), ...problems]);
    this.#provider = props.provider;
    const role = new IamRole(this, 'Resource', {
      provider: props.provider,
      name: props.name,
      namePrefix: props.name === undefined ? (props.namePrefix ?? 'kong-') : undefined,
      path: props.path,
      permissionsBoundary: props.permissionsBoundary,
      assumeRolePolicy: policyDocument([trust(this)]),
      tags: props.tags,
    });
    this.arn = role.arn;
    this.roleName = role.name;
  }

  addPolicyStatements(id: string, statements: () => readonly PolicyStatement[]): void {
    new IamRolePolicy(this, id, {
      provider: this.#provider,
      role: this.roleName,
      name: policyName(id),
      policy: lazyPolicyDocument(statements),
    });
  }
}
