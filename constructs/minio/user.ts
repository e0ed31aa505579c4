import { Token } from 'cdktf';
import { Construct } from 'constructs';
import { EnvValue, type EnvValues } from '../environment';
import { type Problem, throwProblems } from '../problems';
import { PolicyDocument, denyAll, type MinioPolicyStatement } from './policy';
import type { IMinioUser } from './principal';
import { badUserName, plainSecret, writtenSecrets } from './problems';
import { MinioIamPolicy, MinioIamUser, MinioIamUserPolicyAttachment } from './provider';

export interface MinioUserProps {
  /**
   * Name of the user, which is its access key. MinIO gives a user that has the name already a new secret: take one that is
   * not in use.
   *
   * @default the path of the construct, as in "my-stack-Exporter"
   */
  readonly userName?: string;
  /**
   * Its secret key, of 8 characters or more, as a token of a secret store. It is in Terraform's state.
   *
   * @default one that the provider makes, which is in the state as well
   */
  readonly secretKey?: string;
}

/** A user that exists already. */
export interface ExistingMinioUserProps {
  /**
   * Its secret key, as a secret of the node's platform.
   *
   * @default none: the node gets no credentials from here
   */
  readonly secretAccessKey?: EnvValue;
}

/** A user gets its policy with the first right. */
abstract class MinioUserBase extends Construct implements IMinioUser {
  abstract readonly userName: string;
  abstract readonly credentials: EnvValues;
  #policy: PolicyDocument | undefined;

  get user(): IMinioUser {
    return this;
  }

  addToMinioPolicy(statement: MinioPolicyStatement): void {
    this.#policy ??= this.attachPolicy();
    this.#policy.add(statement);
  }

  private attachPolicy(): PolicyDocument {
    const document = new PolicyDocument([denyAll]);
    // A name of ours could be that of a policy of someone else's, and would replace it.
    const { name } = new MinioIamPolicy(this, 'Policy', { namePrefix: 'kong-resilience-', policy: document.text });
    new MinioIamUserPolicyAttachment(this, 'PolicyAttachment', { userName: this.userName, policyName: name });
    return document;
  }
}

class ExistingMinioUser extends MinioUserBase {
  readonly credentials: EnvValues;

  constructor(
    scope: Construct,
    id: string,
    readonly userName: string,
    { secretAccessKey }: ExistingMinioUserProps,
  ) {
    super(scope, id);
    throwProblems(this, [
      ...userNameProblems(userName),
      ...(secretAccessKey?.isSecret === false ? [plainSecret()] : []),
    ]);
    this.credentials =
      secretAccessKey === undefined
        ? {}
        : { AWS_ACCESS_KEY_ID: EnvValue.fromText(userName), AWS_SECRET_ACCESS_KEY: secretAccessKey };
  }
}

/**
 * A user of MinIO with a policy of its own, which holds what stores grant it. Its secret key is in Terraform's state, in
 * the clear: keep the state as you keep the key. To keep it out, declare a `MinioIamUser` with `secretWo`, and take
 * `MinioUser.fromUserName`.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class MinioUser extends MinioUserBase {
  /**
   * A user that exists already, which may not be MinIO's root user. What it is granted is one more policy, attached to it;
   * its own stay.
   */
  static fromUserName(scope: Construct, id: string, userName: string, props: ExistingMinioUserProps = {}): IMinioUser {
    return new ExistingMinioUser(scope, id, userName, props);
  }

  readonly userName: string;
  readonly credentials: EnvValues;

  constructor(scope: Construct, id: string, props: MinioUserProps = {}) {
    super(scope, id);
    const { userName = defaultName(this), secretKey } = props;
    throwProblems(this, [...userNameProblems(userName), ...writtenSecrets({ secretKey })]);
    const user = new MinioIamUser(this, 'Resource', { name: userName, secret: secretKey });
    this.userName = user.name;
    this.credentials = {
      AWS_ACCESS_KEY_ID: EnvValue.fromText(userName),
      AWS_SECRET_ACCESS_KEY: EnvValue.fromSecretText(user.secret),
    };
  }
}

/** The provider's pattern, with MinIO's least length of an access key. */
function userNameProblems(userName: string): Problem[] {
  return Token.isUnresolved(userName) || /^[0-9A-Za-z=,.@_+-]{3,64}$/.test(userName) ? [] : [badUserName(userName)];
}

/** The path, so that two stacks do not share a user; with a hash where it is cut short. */
function defaultName({ node }: Construct): string {
  const name = node.path.replaceAll(/[^0-9A-Za-z=,.@_+-]/g, '-');
  return name.length <= 64 ? name : `${name.slice(0, 55)}-${node.addr.slice(-8)}`;
}
