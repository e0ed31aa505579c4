import { IamAccessKey } from '@cdktf/provider-aws/lib/iam-access-key';
import { IamUser as IamUserResource } from '@cdktf/provider-aws/lib/iam-user';
import { IamUserPolicy } from '@cdktf/provider-aws/lib/iam-user-policy';
import { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret';
import { SecretsmanagerSecretVersion } from '@cdktf/provider-aws/lib/secretsmanager-secret-version';
import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { EnvValue, type EnvValues } from '../environment';
import { throwProblems } from '../problems';
import { nameByPath } from './name-by-path';
import { lazyPolicyDocument, type PolicyStatement } from './policy';
import { policyName } from './policy-name';
import type { IAwsPrincipal } from './principal';
import { checkRoleProps } from './role-checks';

export interface IamUserProps {
  /**
   * Name of the user.
   *
   * @default made of the construct's path
   */
  readonly name?: string;
  /**
   * Path of the user, such as `/kong/`.
   *
   * @default "/"
   */
  readonly path?: string;
  /**
   * ARN of a managed policy that bounds what the user may do.
   *
   * @default none
   */
  readonly permissionsBoundary?: string;
  /**
   * Name of the secret in Secrets Manager that takes the access key.
   *
   * @default a unique name made by Terraform, which starts with "kong-"
   */
  readonly secretName?: string;
  /**
   * Region of the secret.
   *
   * @default the provider's
   */
  readonly region?: string;
  /**
   * Tags of user and secret.
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

/**
 * A user with an access key, for nodes that run where AWS attaches no role. The key is in Secrets Manager, as JSON with
 * the members AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
 *
 * The key is in Terraform's state as well, in the clear: `aws_iam_access_key` keeps it there, so a write-only secret would
 * spare only the second copy. Who reads the state is this user. Prefer a role.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class IamUser extends Construct implements IAwsPrincipal {
  readonly arn: string;
  readonly userName: string;
  /** The secret that holds the access key; an execution role of ECS needs `secretsmanager:GetSecretValue` on it. */
  readonly secretArn: string;
  /** The access key, as references to the secret. */
  readonly credentials: EnvValues;
  readonly principalAccount = undefined;
  readonly #provider: TerraformProvider | undefined;

  constructor(scope: Construct, id: string, props: IamUserProps = {}) {
    super(scope, id);
    const { provider, path, permissionsBoundary, tags, region } = props;
    throwProblems(this, checkRoleProps({ name: props.name, path, permissionsBoundary }));
    this.#provider = provider;
    const user = new IamUserResource(this, 'Resource', {
      provider,
      name: props.name ?? nameByPath(this),
      path,
      permissionsBoundary,
      tags,
    });
    const key = new IamAccessKey(this, 'AccessKey', { provider, user: user.name });
    const secret = new SecretsmanagerSecret(this, 'Secret', {
      provider,
      region,
      name: props.secretName,
      namePrefix: props.secretName === undefined ? 'kong-' : undefined,
      description: 'Access key with which a node reaches the configurations of Kong Gateway',
      tags,
    });
    new SecretsmanagerSecretVersion(this, 'SecretVersion', {
      provider,
      region,
      secretId: secret.id,
      secretString: JSON.stringify({ AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret }),
    });
    this.arn = user.arn;
    this.userName = user.name;
    this.secretArn = secret.arn;
    this.credentials = {
      AWS_ACCESS_KEY_ID: EnvValue.fromAwsSecret(this.secretArn, 'AWS_ACCESS_KEY_ID'),
      AWS_SECRET_ACCESS_KEY: EnvValue.fromAwsSecret(this.secretArn, 'AWS_SECRET_ACCESS_KEY'),
    };
  }

  addPolicyStatements(id: string, statements: () => readonly PolicyStatement[]): void {
    new IamUserPolicy(this, id, {
      provider: this.#provider,
      user: this.userName,
      name: policyName(id),
      policy: lazyPolicyDocument(statements),
    });
  }
}
