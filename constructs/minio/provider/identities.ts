import type { IResolvable, TerraformMetaArguments } from 'cdktf';
import type { Construct } from 'constructs';
import { throwProblems } from '../../problems';
import { writtenSecrets } from '../problems';
import { MinioResource } from './resource';

/** Arguments of `minio_iam_user`. */
export interface MinioIamUserConfig extends TerraformMetaArguments {
  readonly name: string;
  /** Secret key, which then is in the state. @default one that the provider makes, in the state as well */
  readonly secret?: string;
  /** Secret key that does not reach the state (Terraform 1.11). Beside it `secretWoVersion`. */
  readonly secretWo?: string;
  /** Change it to send `secretWo` again. */
  readonly secretWoVersion?: number;
  /** Whether a new secret is made. @default false */
  readonly updateSecret?: boolean | IResolvable;
  /** @default false */
  readonly disableUser?: boolean | IResolvable;
  /** @default false */
  readonly forceDestroy?: boolean | IResolvable;
  readonly tags?: Readonly<Record<string, string>>;
}

/** `minio_iam_user`. @throws DeclarationError when its secret is a plain text */
export class MinioIamUser extends MinioResource {
  static readonly tfResourceType = 'minio_iam_user';

  constructor(scope: Construct, id: string, config: MinioIamUserConfig) {
    super(scope, id, MinioIamUser.tfResourceType, config);
    const { secret, secretWo } = config;
    throwProblems(this, writtenSecrets({ secret, secretWo }));
  }

  /** The access key too. */
  get name(): string {
    return this.getStringAttribute('name');
  }

  /** The secret key: a secret. Empty when it was given as `secretWo`. */
  get secret(): string {
    return this.getStringAttribute('secret');
  }

  get status(): string {
    return this.getStringAttribute('status');
  }
}

/** Arguments of `minio_iam_policy`. */
export interface MinioIamPolicyConfig extends TerraformMetaArguments {
  /** JSON. */
  readonly policy: string;
  /** A policy of that name is replaced. @default a name of the provider's */
  readonly name?: string;
  /** Start of a name that the provider completes; not beside `name`. */
  readonly namePrefix?: string;
}

/** `minio_iam_policy`. */
export class MinioIamPolicy extends MinioResource {
  static readonly tfResourceType = 'minio_iam_policy';

  constructor(scope: Construct, id: string, config: MinioIamPolicyConfig) {
    super(scope, id, MinioIamPolicy.tfResourceType, config);
  }

  get name(): string {
    return this.getStringAttribute('name');
  }
}

/** Arguments of `minio_iam_user_policy_attachment`. */
export interface MinioIamUserPolicyAttachmentConfig extends TerraformMetaArguments {
  readonly userName: string;
  readonly policyName: string;
}

/** `minio_iam_user_policy_attachment`: adds one policy to those of a user. */
export class MinioIamUserPolicyAttachment extends MinioResource {
  static readonly tfResourceType = 'minio_iam_user_policy_attachment';

  constructor(scope: Construct, id: string, config: MinioIamUserPolicyAttachmentConfig) {
    super(scope, id, MinioIamUserPolicyAttachment.tfResourceType, config);
  }
}

/** Arguments of `minio_iam_service_account`. */
export interface MinioIamServiceAccountConfig extends TerraformMetaArguments {
  /** User that it belongs to, and whose rights bound its own. */
  readonly targetUser: string;
  /** JSON. @default all that the user may */
  readonly policy?: string;
  /** At most 32 bytes. */
  readonly name?: string;
  /** At most 256 bytes. */
  readonly description?: string;
  /** RFC 3339, from 15 minutes to 365 days ahead. @default never */
  readonly expiration?: string;
  /** @default false */
  readonly disableUser?: boolean | IResolvable;
  /** Whether a new secret is made. @default false */
  readonly updateSecret?: boolean | IResolvable;
  /** Secret key that does not reach the state (Terraform 1.11). Beside it `secretKeyWoVersion`. */
  readonly secretKeyWo?: string;
  /** Change it to send `secretKeyWo` again. */
  readonly secretKeyWoVersion?: number;
}

/** `minio_iam_service_account`. @throws DeclarationError when its secret is a plain text */
export class MinioIamServiceAccount extends MinioResource {
  static readonly tfResourceType = 'minio_iam_service_account';

  constructor(scope: Construct, id: string, config: MinioIamServiceAccountConfig) {
    super(scope, id, MinioIamServiceAccount.tfResourceType, config);
    throwProblems(this, writtenSecrets({ secretKeyWo: config.secretKeyWo }));
  }

  get accessKey(): string {
    return this.getStringAttribute('access_key');
  }

  /** A secret. Empty when it was given as `secretKeyWo`. */
  get secretKey(): string {
    return this.getStringAttribute('secret_key');
  }

  get status(): string {
    return this.getStringAttribute('status');
  }
}
