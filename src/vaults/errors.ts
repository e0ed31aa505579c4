import { defineError, type ResilienceError } from '../errors';
import { noCredentials } from '../runtime';

/*
 * A reason follows after `VARIABLE is {vault://…}: `. None holds a part of a secret: what a vault answers with success is
 * never quoted, and an error of a library is taken in only where it is about the way there or about who asks.
 */

export const vaultAbsent = defineError(
  'KR_VAULT_ABSENT',
  'A reference names a secret, or a version of one, that its vault does not have.',
  (where: string, what: string) => ({
    reason: `${where} has no ${what}.`,
    fix: 'Check the name, the version, and the region or project in which it is looked for; a part behind the last slash is the key, not the name.',
  }),
);

export const vaultDenied = defineError(
  'KR_VAULT_DENIED',
  'The vault of a reference refuses the caller, or there are no credentials to ask it with.',
  (
    where: string,
    why: string,
    fix: string = 'Give its identity secretsmanager:GetSecretValue (and kms:Decrypt for a key of your own), or roles/secretmanager.secretAccessor, on this secret.',
  ) => ({
    reason: `${where} does not let this node read it: ${why}.`,
    fix,
  }),
);

/** As `vaultDenied`, before anything was asked. */
export function withoutCredentials(where: string, places: string, cause: Error | undefined): ResilienceError {
  return vaultDenied(
    where,
    noCredentials(places, cause),
    'Attach a role or service account to what this program runs in, with the right to read this secret, or mend what is set.',
  );
}

export const vaultUnreachable = defineError(
  'KR_VAULT_UNREACHABLE',
  'The vault of a reference did not answer in time, or not as a vault does.',
  (where: string, why: string) => ({
    reason: `${where} was not read: ${why}.`,
    fix: 'Check the network, a private endpoint (KONG_VAULT_AWS_ENDPOINT_URL, KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT) and the region; it is retried where time is left.',
  }),
);

export const vaultRefused = defineError(
  'KR_VAULT_REFUSED',
  'The vault of a reference will never take the request as it is, or it is not known where it is.',
  (where: string, why: string) => ({
    reason: `${where} did not take the request: ${why}.`,
    fix: 'Check the reference and the KONG_VAULT_… variables in docs/environment.md.',
  }),
);

export const vaultContent = defineError(
  'KR_VAULT_CONTENT',
  'The secret of a reference is there and is not what the reference says: no JSON, without this member, no text, or empty.',
  (what: string) => ({
    reason: `its secret ${what}.`,
    fix: 'With a key, {vault://<vault>/<secret>/<key>}, the secret is a JSON object of texts; without one its whole text is taken. A name with slashes and without a key ends with a slash.',
  }),
);

export const vaultStopped = defineError(
  'KR_VAULT_STOPPED',
  'The program was asked to stop before the secrets were read that its environment refers to.',
  () => ({
    reason: 'A signal stopped the program before the secrets were read that its environment refers to.',
    fix: 'Start it again.',
  }),
);
