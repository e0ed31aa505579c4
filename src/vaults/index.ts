/**
 * Reads the secrets that references of Kong's vaults name, once, when the program starts: from the environment, from AWS
 * Secrets Manager or from Google Secret Manager, as the attached identity. They stay in memory.
 */
export { resolveReferences, type ResolveOptions } from './resolve';
export { vaultStopped } from './errors';
