import {
  SecretManagerSecret,
  type SecretManagerSecretReplication,
} from '@cdktf/provider-google/lib/secret-manager-secret';
import { SecretManagerSecretIamMember } from '@cdktf/provider-google/lib/secret-manager-secret-iam-member';
import { SecretManagerSecretVersion } from '@cdktf/provider-google/lib/secret-manager-secret-version';
import { ServiceAccountKey } from '@cdktf/provider-google/lib/service-account-key';
import { Fn, TerraformIterator } from 'cdktf';
import { Construct } from 'constructs';
import { EnvValue, type EnvValues } from '../environment';
import { isKnown, throwProblems, type Problem } from '../problems';
import { listProblems } from '../topology/lists';
import { childIdFor, emailProblems, generatedAccountId, labelProblems } from './names';
import type { IGooglePrincipal, IGoogleServiceAccount } from './principal';
import { noSecretLocations, plainKey, wrongSecretId } from './problems';
import { declareServiceAccount, serviceAccountProblems, type ServiceAccountProps } from './service-account';

/** A new service account with a key in Secret Manager. */
export interface ServiceAccountWithKeyProps extends ServiceAccountProps {
  /** Id of the secret that holds the key: 1 to 255 letters, digits, hyphens and underscores. @default the account's id and `-key` */
  readonly secretId?: string;
  /** Regions that hold the secret, for organisations that name them. @default automatic replication */
  readonly secretLocations?: readonly string[];
  /** Labels of the secret. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Any texts; changing one makes a new key, and a new version of the secret, before the old ones are destroyed. @default none */
  readonly keepers?: Readonly<Record<string, string>>;
}

/**
 * A service account with a key, for nodes outside Google Cloud: the last resort, since a key lives until somebody deletes
 * it, and organisations made since 2024 refuse keys by default (`iam.disableServiceAccountKeyCreation`).
 *
 * **The key ends up in Terraform's state, in the clear, twice**: in `google_service_account_key` (`private_key`) and in
 * `google_secret_manager_secret_version` (`secret_data`). Whoever may read the state is this account. Where that must not
 * be, make the key by other means and name it with {@link ServiceAccountWithKey.fromKey}.
 */
export class ServiceAccountWithKey extends Construct implements IGoogleServiceAccount {
  /**
   * An existing service account, with a key that exists already.
   *
   * @param key where the key's JSON text is, such as `EnvValue.fromGoogleSecret('exporter-key')`
   * @throws DeclarationError when it is not the address of a service account, or the key is a plain text
   */
  static fromKey(scope: Construct, id: string, email: string, key: EnvValue): IGoogleServiceAccount {
    return new ExistingKey(scope, id, email, key);
  }

  readonly email: string;
  readonly member: string;
  /** GCP_SERVICE_ACCOUNT, from this version of the secret: a node is deployed anew when the key changes. */
  readonly credentials: EnvValues;
  /** `projects/<project>/secrets/<id>` of the secret that holds the key. */
  readonly secretName: string;

  private readonly readers = new WeakSet<IGooglePrincipal>();

  /** @throws DeclarationError when an id or a label is not legal */
  constructor(scope: Construct, id: string, props: ServiceAccountWithKeyProps = {}) {
    super(scope, id);
    throwProblems(this, [...serviceAccountProblems(props), ...secretProblems(props), ...labelProblems(props.labels)]);
    const account = declareServiceAccount(this, props);
    const key = new ServiceAccountKey(this, 'Key', {
      serviceAccountId: account.name,
      keepers: props.keepers,
      lifecycle: { createBeforeDestroy: true },
    });
    const secret = new SecretManagerSecret(this, 'Secret', {
      secretId: props.secretId ?? `${props.accountId ?? generatedAccountId(this)}-key`,
      project: props.project,
      labels: props.labels,
      replication: replicationOf(props.secretLocations),
    });
    const version = new SecretManagerSecretVersion(this, 'SecretVersion', {
      secret: secret.id,
      secretData: Fn.base64decode(key.privateKey),
      lifecycle: { createBeforeDestroy: true },
    });
    this.email = account.email;
    this.member = account.member;
    this.secretName = secret.id;
    this.credentials = { GCP_SERVICE_ACCOUNT: EnvValue.fromGoogleSecret(this.secretName, version.version) };
  }

  /**
   * Lets whoever starts the node read the key: on Cloud Run the account of the service, elsewhere the one of what syncs
   * secrets. The account with the key itself needs no such right. Granting twice is harmless.
   */
  grantCredentials(reader: IGooglePrincipal): void {
    if (this.readers.has(reader)) return;
    this.readers.add(reader);
    new SecretManagerSecretIamMember(this, childIdFor(this, 'Credentials', reader), {
      secretId: this.secretName,
      role: 'roles/secretmanager.secretAccessor',
      member: reader.member,
    });
  }
}

class ExistingKey extends Construct implements IGoogleServiceAccount {
  readonly member: string;
  readonly credentials: EnvValues;

  constructor(
    scope: Construct,
    id: string,
    readonly email: string,
    key: EnvValue,
  ) {
    super(scope, id);
    throwProblems(this, [...emailProblems(email), ...(key.isSecret ? [] : [plainKey()])]);
    this.member = `serviceAccount:${email}`;
    this.credentials = { GCP_SERVICE_ACCOUNT: key };
  }
}

function replicationOf(locations: readonly string[] | undefined): SecretManagerSecretReplication {
  if (locations === undefined) return { auto: {} };
  if (isKnown(locations)) return { userManaged: { replicas: locations.map((location) => ({ location })) } };
  const each = TerraformIterator.fromList([...locations]);
  return { userManaged: { replicas: each.dynamic({ location: each.value as string }) } };
}

function secretProblems({ secretId, secretLocations }: ServiceAccountWithKeyProps): Problem[] {
  return [
    ...(isKnown(secretId) && !/^[A-Za-z0-9_-]{1,255}$/.test(secretId) ? [wrongSecretId(secretId)] : []),
    ...(secretLocations === undefined ? [] : listProblems('secretLocations', secretLocations, '["europe-west1"]')),
    ...(isKnown(secretLocations) && secretLocations.length === 0 ? [noSecretLocations()] : []),
  ];
}
