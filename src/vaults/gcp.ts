import type { VaultSettings } from '../contract';
import { causeOf, type ResilienceError } from '../errors';
import { credentialFailure, googleCredentialPlaces, isTransportError } from '../runtime';
import { vaultAbsent, vaultContent, vaultDenied, vaultRefused, vaultUnreachable, withoutCredentials } from './errors';
import { GoogleAuth } from './google-auth-sdk';
import { textOf, type Place, type Vault } from './vault';

/** Google Secret Manager over REST, by application default credentials or the key in GCP_SERVICE_ACCOUNT. */
export class GcpVault implements Vault {
  readonly #auth: GoogleAuth;
  readonly #endpoint: string;

  constructor(private readonly settings: VaultSettings['gcp']) {
    const account = settings.serviceAccount?.reveal();
    this.#auth = new GoogleAuth({
      scopes: 'https://www.googleapis.com/auth/cloud-platform',
      ...(account === undefined ? {} : { credentials: account }),
    });
    this.#endpoint = (settings.endpoint?.href ?? 'https://secretmanager.googleapis.com/').replace(/\/$/, '');
  }

  async read({ secret, version, options }: Place, signal: AbortSignal): Promise<string> {
    // First of all: without an identity its project is not known either.
    const headers = await this.#auth.getRequestHeaders().catch((error: unknown) => {
      throw credentialError(error, this.settings.serviceAccount !== undefined);
    });
    const project = options['project_id'] ?? this.settings.project ?? (await this.#attachedProject());
    const where = `Google Secret Manager in ${project}`;
    const name = `projects/${encodeURIComponent(project)}/secrets/${encodeURIComponent(secret)}/versions/${version ?? 'latest'}`;
    let answer: { status: number; body: unknown };
    try {
      const response = await fetch(`${this.#endpoint}/v1/${name}:access`, { headers, signal, redirect: 'manual' });
      answer = { status: response.status, body: parse(await response.text()) };
    } catch (error) {
      throw vaultUnreachable(where, causeOf(error));
    }
    return payloadOf(answer, where, `secret ${secret} with a version ${version ?? 'latest'} that may be read`);
  }

  close(): void {
    // Its connections end with the process.
  }

  async #attachedProject(): Promise<string> {
    try {
      return await this.#auth.getProjectId();
    } catch {
      throw vaultRefused(
        'Google Secret Manager',
        'its project is not known; set KONG_VAULT_GCP_PROJECT_ID, or ?project_id=… in the reference',
      );
    }
  }
}

interface Answer {
  readonly payload?: { readonly data?: unknown };
  readonly error?: { readonly code?: number; readonly message?: string; readonly status?: string };
}

function payloadOf({ status, body }: { status: number; body: unknown }, where: string, what: string): string {
  const { payload, error } = (typeof body === 'object' && body !== null ? body : {}) as Answer;
  const isGoogles = error?.code === status;
  if (status === 200) {
    const { data } = payload ?? {};
    if (typeof data !== 'string') throw vaultUnreachable(where, 'the answer is not one of Google Secret Manager');
    const text = textOf(Buffer.from(data, 'base64'));
    if (text === undefined) throw vaultContent('is binary, and no text');
    return text;
  }
  if (!isGoogles) {
    const reason = `HTTP ${status}, and not as Google Secret Manager answers`;
    throw status < 500 && status !== 429
      ? vaultRefused(where, `${reason}; check KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT`)
      : vaultUnreachable(where, reason);
  }
  const message = (error.message ?? '').split('\n')[0]?.replace(/\.$/, '').slice(0, 300) ?? '';
  const why = `HTTP ${status}${message === '' ? '' : ` ${message}`}`;
  if (status === 401 || status === 403) throw vaultDenied(where, why);
  // A version that is disabled or destroyed.
  if (status === 404 || error.status === 'FAILED_PRECONDITION') throw vaultAbsent(where, `${what} (${why})`);
  throw status >= 500 || status === 429 || status === 408 ? vaultUnreachable(where, why) : vaultRefused(where, why);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The chain found nothing, or what it asked said no. */
function credentialError(error: unknown, ownKey: boolean): ResilienceError {
  const where = 'Google Secret Manager';
  const status = (error as { response?: { status?: number } }).response?.status;
  const why = `getting credentials: ${(causeOf(error).split('\n')[0] ?? '').replace(/\.$/, '').slice(0, 300)}`;
  const lost = status === undefined ? isTransportError(error) : status >= 500 || status === 429;
  if (lost) return vaultUnreachable(where, why);
  if (status !== undefined || ownKey) return vaultDenied(where, why);
  return withoutCredentials(where, googleCredentialPlaces(), credentialFailure(error));
}
