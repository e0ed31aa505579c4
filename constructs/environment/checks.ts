import { Token } from 'cdktf';
import { checkVariable, environmentVariables, problemCodes } from '../../src/contract';
import type { Problem } from '../problems';
import { isSecretVariable } from './layers';
import { fileTwice, noName, noText, plainSecret, unresolvedReference } from './problems';
import { grammarProblem, resolutionOf, vaultIn, type VaultReferences } from './references';
import { sourceOf, type EnvValue } from './value';

/** What is wrong with the variables of a block, as far as that is known at synth. */
export interface Findings {
  readonly errors: readonly Problem[];
  readonly doubts: readonly Problem[];
}

/** @param references who takes the block, and resolves which references */
export function check(variables: ReadonlyMap<string, EnvValue>, references: VaultReferences): Findings {
  const { isAgent, refusal } = resolutionOf(references);
  const errors: Problem[] = [];
  const doubts: Problem[] = [];
  for (const [name, value] of variables) {
    const source = sourceOf(value);
    const known = 'text' in source && !Token.isUnresolved(source.text) ? source.text : undefined;
    if (known !== undefined && /\0|\p{Cs}/u.test(known)) errors.push(noText(name));
    if (name.startsWith('KONG_') && variables.has(`${name}_FILE`)) errors.push(fileTwice(name));
    const vault = known === undefined ? undefined : vaultIn(known);
    if (vault !== undefined && known !== undefined && (!isAgent || isLeftToLibraries(name))) {
      const why = refusal(name, vault) ?? (isAgent ? undefined : grammarProblem(known));
      if (why !== undefined) errors.push(unresolvedReference(name, why));
    }
    if (source.kind === 'text' && known !== undefined && vault === undefined && showsSecret(name, known)) {
      errors.push(plainSecret(name, harmless[name] ?? ''));
    }
    if (source.kind === 'text' && known === undefined && isNeverShown(name) && !source.text.startsWith('{vault://')) {
      errors.push(plainSecret(name, ''));
    }
    // A message may quote the value of a variable that is not always secret.
    const quotable = source.kind === 'text' || isSecretVariable(name);
    const checked = known !== undefined && quotable && (isAgent || !known.includes('{vault://'));
    const told = checkVariable(name, checked ? known : '');
    for (const { code, text } of told) (isWarning(code) ? doubts : errors).push({ code, text });
    const misspelt = told.some(({ code }) => code === 'KR_ENV_UNKNOWN');
    if (!misspelt && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) errors.push(noName(name));
  }
  return { errors, doubts };
}

/** What the agent knows and does not read; of what it reads the contract's own check tells. */
function isLeftToLibraries(name: string): boolean {
  return environmentVariables.some((variable) => variable.name === name && !variable.read);
}

/** What of a secret variable may be shown. */
const harmless: Readonly<Record<string, string>> = {
  KONG_CLUSTER_CERT_KEY: ' An absolute path of the key is no secret.',
  KONG_PROXY_SERVER: ' A proxy without user and password is no secret.',
};

/** Whether a text, as the value of a variable, is a secret that must not be shown. */
export function showsSecret(name: string, text: string): boolean {
  const value = text.trim();
  if (value === '') return false;
  // Where Kong takes PEM, it takes base64 of it too.
  const pem = value.startsWith('LS0tLS1') ? Buffer.from(value, 'base64').toString('latin1') : value;
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return true;
  if (name === 'KONG_CLUSTER_CERT_KEY') return !/^\/[^\n]*$/.test(value);
  if (name === 'KONG_PROXY_SERVER') return value.includes('@');
  return isNeverShown(name);
}

/** Whether nothing of a variable may be shown, whatever it is: not even what Terraform alone knows. */
function isNeverShown(name: string): boolean {
  // Options of the gateway that the contract does not know: Kong's own names of what is secret.
  if (/^KONG_(\w+_)?(PASSWORD|TOKEN|SECRET|LICENSE_DATA)$/.test(name)) return true;
  // The third names a key, as a user name does, and stands in every request and log of AWS.
  return isSecretVariable(name) && !/^(KONG_CLUSTER_CERT_KEY|KONG_PROXY_SERVER|AWS_ACCESS_KEY_ID)$/.test(name);
}

function isWarning(code: string): boolean {
  return problemCodes.some((problem) => problem.code === code && problem.severity === 'warning');
}
