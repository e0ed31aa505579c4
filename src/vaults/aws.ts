import type { VaultSettings } from '../contract';
import type { ResilienceError } from '../errors';
import { causeOf } from '../errors';
import { awsCredentialPlaces, awsStatusOf, credentialFailure, isTransportError } from '../runtime';
import { GetSecretValueCommand, SecretsManagerClient, type SecretsManagerClientConfig } from './aws-secrets-sdk';
import { vaultAbsent, vaultContent, vaultDenied, vaultRefused, vaultUnreachable, withoutCredentials } from './errors';
import { textOf, type Place, type Vault } from './vault';

const noLog = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };
function silent(): void {
  // The SDK would log inputs and outputs.
}

/** AWS Secrets Manager, by the SDK's chain of credentials. */
export class AwsVault implements Vault {
  /** By region and endpoint; each keeps its credentials. */
  readonly #clients = new Map<string, SecretsManagerClient>();

  constructor(private readonly settings: VaultSettings['aws']) {}

  async read({ secret, version, options }: Place, signal: AbortSignal): Promise<string> {
    const [, , , arnRegion] = secret.startsWith('arn:') ? secret.split(':') : [];
    const client = this.#clientFor(
      arnRegion ?? options['region'] ?? this.settings.region,
      options['endpoint_url'] ?? this.settings.endpoint?.href,
    );
    const where = await placeOf(client);
    // A failure of the chain is told as what it is.
    await client.config.credentials().catch((error: unknown) => {
      throw credentialError(error, where);
    });
    const input = { SecretId: secret, VersionStage: version === 2 ? 'AWSPREVIOUS' : 'AWSCURRENT' };
    const { SecretString, SecretBinary } = await client
      .send(new GetSecretValueCommand(input), { abortSignal: signal })
      .catch((error: unknown) => {
        throw awsError(error, where, `secret ${secret} with the label ${input.VersionStage}`);
      });
    const text = SecretString ?? (SecretBinary === undefined ? undefined : textOf(SecretBinary));
    if (text !== undefined) return text;
    throw SecretBinary === undefined
      ? vaultUnreachable(where, 'the answer is not one of AWS Secrets Manager')
      : vaultContent('is binary, and no text');
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #clientFor(region: string | undefined, endpoint: string | undefined): SecretsManagerClient {
    const key = JSON.stringify([region, endpoint]);
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const config: SecretsManagerClientConfig = {
      logger: noLog,
      // One try: whoever asks retries.
      maxAttempts: 1,
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    };
    const client = new SecretsManagerClient(config);
    this.#clients.set(key, client);
    return client;
  }
}

/** For messages. @throws KR_VAULT_REFUSED without a region */
async function placeOf(client: SecretsManagerClient): Promise<string> {
  try {
    return `AWS Secrets Manager in ${await client.config.region()}`;
  } catch {
    throw vaultRefused('AWS Secrets Manager', 'its region is not known; set KONG_VAULT_AWS_REGION or AWS_REGION');
  }
}

/** Error codes that mean something else than their status, which is 400 for nearly all of them. */
const errorByCode: Readonly<Record<string, 'absent' | 'denied' | 'unreachable'>> = {
  ResourceNotFoundException: 'absent',
  // What it is that cannot be done with the secret is in the text: it is about to be deleted, or has no such version.
  InvalidRequestException: 'absent',
  AccessDeniedException: 'denied',
  DecryptionFailure: 'denied',
  ExpiredTokenException: 'denied',
  IncompleteSignature: 'denied',
  IncompleteSignatureException: 'denied',
  InvalidClientTokenId: 'denied',
  InvalidSignatureException: 'denied',
  MissingAuthenticationToken: 'denied',
  MissingAuthenticationTokenException: 'denied',
  NotAuthorized: 'denied',
  OptInRequired: 'denied',
  SignatureDoesNotMatch: 'denied',
  UnrecognizedClientException: 'denied',
  InternalFailure: 'unreachable',
  InternalServiceError: 'unreachable',
  RequestExpired: 'denied',
  ServiceUnavailable: 'unreachable',
  ThrottlingException: 'unreachable',
};

function awsError(error: unknown, where: string, what: string): ResilienceError {
  const { name = '' } = error as { name?: string };
  const status = awsStatusOf(error);
  if (status === undefined) {
    return isTransportError(error) ? vaultUnreachable(where, causeOf(error)) : vaultRefused(where, reasonOf(error));
  }
  const verdict = Object.hasOwn(errorByCode, name) ? errorByCode[name] : undefined;
  const why = `HTTP ${status} ${name}: ${reasonOf(error)}`;
  // An answer that cannot be read may hold anything, and a parser quotes what it could not read.
  const isAnswer =
    status >= 400 && /^[A-Za-z]+$/.test(name) && !/^(Error|SyntaxError|TypeError|Unknown|UnknownError)$/.test(name);
  if (!isAnswer) {
    const reason = `HTTP ${status}, and not as AWS Secrets Manager answers`;
    if (status === 401 || status === 403) return vaultDenied(where, reason);
    return status >= 300 && status < 500 && status !== 429
      ? vaultRefused(where, `${reason}; check KONG_VAULT_AWS_ENDPOINT_URL`)
      : vaultUnreachable(where, reason);
  }
  switch (verdict) {
    case 'absent':
      return vaultAbsent(where, `${what} (${why})`);
    case 'denied':
      return vaultDenied(where, why);
    case 'unreachable':
      return vaultUnreachable(where, why);
    case undefined:
      if (status === 401 || status === 403) return vaultDenied(where, why);
      return status >= 500 || status === 429 ? vaultUnreachable(where, why) : vaultRefused(where, why);
  }
}

/** Errors before any request: the chain found nothing, or what it asked said no. */
function credentialError(error: unknown, where: string): ResilienceError {
  const why = `getting credentials: ${reasonOf(error)}`;
  if (isTransportError(error)) return vaultUnreachable(where, why);
  if (awsStatusOf(error) !== undefined) return vaultDenied(where, why);
  return withoutCredentials(where, awsCredentialPlaces(), credentialFailure(error));
}

function reasonOf(error: unknown): string {
  return (causeOf(error).split('\n')[0] ?? '').replace(/\.$/, '').slice(0, 300);
}
