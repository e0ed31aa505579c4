import { Fn, TerraformOutput } from 'cdktf';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { isKnown, throwProblems } from '../problems';
import { lazyPolicyDocument, type PolicyStatement } from './policy';
import type { IAwsPrincipal } from './principal';
import { checkRoleArn } from './role-checks';

export interface CrossAccountRoleProps {
  /** ARN of the role in the other account. It must exist: S3 refuses a policy that names an unknown role. */
  readonly roleArn: string;
}

/**
 * A role in another account. Granted a store, the bucket's policy and the key's let it in, and `requiredPolicy` is what
 * that account has to attach to its role: both sides must allow it. A bucket encrypted with keys that AWS manages for the
 * account (`aws/s3`) cannot be shared.
 *
 * @throws DeclarationError when the ARN is not a role's
 */
export class CrossAccountRole extends Construct implements IAwsPrincipal {
  readonly arn: string;
  readonly principalAccount: string;
  /** None: the other account's platform attaches the role. */
  readonly credentials: EnvValues = {};
  /**
   * The policy that the other account has to attach to the role, as JSON: the statements of every grant. The output
   * `RequiredPolicy` of this construct has it as well.
   */
  readonly requiredPolicy: string;
  readonly #policies = new Map<string, () => readonly PolicyStatement[]>();

  constructor(scope: Construct, id: string, props: CrossAccountRoleProps) {
    super(scope, id);
    const { roleArn } = props;
    throwProblems(this, checkRoleArn('roleArn', roleArn));
    this.arn = roleArn;
    this.principalAccount = isKnown(roleArn)
      ? (roleArn.split(':')[4] ?? '')
      : (Fn.element(Fn.split(':', roleArn), 4) as string);
    this.requiredPolicy = lazyPolicyDocument(() => this.requiredStatements);
    new TerraformOutput(this, 'RequiredPolicy', {
      value: this.requiredPolicy,
      description: `Attach this policy to ${roleArn} in its own account`,
    });
  }

  /** The statements that the other account has to add, of the grants so far. Their `Sid`s are left out: they would not be the only ones. */
  get requiredStatements(): readonly PolicyStatement[] {
    return [...this.#policies.values()].flatMap((statements) =>
      statements().map(({ Sid: _, ...statement }) => statement),
    );
  }

  addPolicyStatements(id: string, statements: () => readonly PolicyStatement[]): void {
    this.#policies.set(id, statements);
  }
}
