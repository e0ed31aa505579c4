import { TerraformProvider } from 'cdktf';
import type { IResolvable } from 'cdktf';
import type { Construct } from 'constructs';
import { throwProblems } from '../../problems';
import { writtenSecrets } from '../problems';
import { toHcl, toTerraform, type TerraformValues } from './attributes';

/** The releases of the provider that these classes are for; they follow the documentation of 3.38. */
export const minioProvider = { providerName: 'minio', providerVersion: '~> 3.38' } as const;

/** Block `assume_role`: exchanges the static keys for temporary ones. */
export interface MinioProviderAssumeRole {
  readonly roleArn?: string;
  /** @default "terraform" */
  readonly sessionName?: string;
  /** @default 3600 */
  readonly durationSeconds?: number;
  /** Policy (JSON) that narrows the session. @default none */
  readonly policy?: string;
  readonly externalId?: string;
}

/** Block `assume_role_with_web_identity`: takes a token of an OpenID provider. */
export interface MinioProviderAssumeRoleWithWebIdentity {
  /** Secret: a token. */
  readonly webIdentityToken?: string;
  readonly webIdentityTokenFile?: string;
  /** @default 3600 */
  readonly durationSeconds?: number;
}

/** Arguments of the provider block, named as the provider does. Where it says so, one may come from the environment of Terraform. */
export interface MinioProviderConfig {
  /** `host:port`, without a scheme; from MINIO_ENDPOINT when left out. */
  readonly minioServer?: string;
  /** Name of a user, or access key. @default MINIO_USER */
  readonly minioUser?: string;
  /** Its secret: a token, or left to MINIO_PASSWORD. @default MINIO_PASSWORD */
  readonly minioPassword?: string;
  /** Secret: a token. @default MINIO_SESSION_TOKEN */
  readonly minioSessionToken?: string;
  /** Region by which requests are signed. @default "us-east-1" */
  readonly minioRegion?: string;
  /** `v2` or `v4`. @default "v4" */
  readonly minioApiVersion?: string;
  /** Whether the server is reached over TLS. @default MINIO_ENABLE_HTTPS, else false */
  readonly minioSsl?: boolean | IResolvable;
  /** Whether any certificate is taken. @default MINIO_INSECURE, else false */
  readonly minioInsecure?: boolean | IResolvable;
  /** @default MINIO_CACERT_FILE */
  readonly minioCacertFile?: string;
  /** @default MINIO_CERT_FILE */
  readonly minioCertFile?: string;
  /** @default MINIO_KEY_FILE */
  readonly minioKeyFile?: string;
  /** @default MINIO_DEBUG, else false */
  readonly minioDebug?: boolean | IResolvable;
  /** @default MINIO_SKIP_BUCKET_TAGGING, else false */
  readonly skipBucketTagging?: boolean | IResolvable;
  /** @default MINIO_S3_COMPAT_MODE, else false */
  readonly s3CompatMode?: boolean | IResolvable;
  /** @default 30 */
  readonly requestTimeoutSeconds?: number;
  /** @default 6 */
  readonly maxRetries?: number;
  /** @default 1000 */
  readonly retryDelayMs?: number;
  readonly assumeRole?: MinioProviderAssumeRole;
  readonly assumeRoleWithWebIdentity?: MinioProviderAssumeRoleWithWebIdentity;
  /** For a second server in one stack. @default none */
  readonly alias?: string;
}

/**
 * The provider `aminueza/minio` for one MinIO server. Its documentation says what each argument means; these are the ones
 * of 3.38, without the deprecated `minio_access_key` and `minio_secret_key`.
 *
 * @throws DeclarationError when a secret is a plain text
 */
export class MinioProvider extends TerraformProvider {
  static readonly tfResourceType = 'minio';
  readonly #config: MinioProviderConfig;

  constructor(scope: Construct, id: string, config: MinioProviderConfig = {}) {
    super(scope, id, {
      terraformResourceType: MinioProvider.tfResourceType,
      terraformGeneratorMetadata: minioProvider,
      terraformProviderSource: 'aminueza/minio',
    });
    const { minioPassword, minioSessionToken, assumeRoleWithWebIdentity } = config;
    const { webIdentityToken } = assumeRoleWithWebIdentity ?? {};
    throwProblems(this, writtenSecrets({ minioPassword, minioSessionToken, webIdentityToken }));
    this.#config = config;
  }

  override get alias(): string | undefined {
    return this.#config.alias;
  }

  protected override synthesizeAttributes(): TerraformValues {
    return toTerraform(this.#config);
  }

  protected override synthesizeHclAttributes(): TerraformValues {
    return toHcl(this.#config);
  }
}
