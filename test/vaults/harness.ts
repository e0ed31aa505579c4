import { onTestFinished } from 'vitest';
import { parseVaultReference, type VariableReference, type VaultSettings } from '../../src/contract';
import { ResilienceError } from '../../src/errors';
import type { Log } from '../../src/runtime';
import { resolveReferences, type ResolveOptions } from '../../src/vaults';

/** References by the variables that hold them. */
export function references(block: Readonly<Record<string, string>>): readonly VariableReference[] {
  return Object.entries(block).map(([variable, text]) => {
    const result = parseVaultReference(text);
    if (!result.ok) throw new Error(`${text}: ${result.why}`);
    return { variable, reference: result.reference };
  });
}

/** All that was logged, as JSON. */
export const logged: string[] = [];
const note = (fields: object, message: string): void => void logged.push(JSON.stringify({ ...fields, message }));
const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };

/** What references mean, by variable, or the error that they end with. */
export async function resolved(
  block: Readonly<Record<string, string>>,
  vaults: Partial<VaultSettings> = {},
  options: Partial<ResolveOptions> = {},
): Promise<Record<string, string | undefined>> {
  const values = await resolveReferences({
    references: references(block),
    vaults: { env: {}, aws: {}, gcp: {}, ...vaults },
    env: {},
    limitMs: 60_000,
    log,
    signal: new AbortController().signal,
    ...options,
  });
  return Object.fromEntries(Object.entries(block).map(([name, text]) => [name, values.get(text)]));
}

/** The error that a promise ends with: code, reason, fix. */
export async function failureOf(promise: Promise<unknown>): Promise<{ code: string; reason: string; fix: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ResilienceError) return error.toJSON();
    throw error;
  }
  throw new Error('it did not fail');
}

/** Sets variables of this process for a test: what SDKs read for themselves. */
export function processEnvironment(values: Readonly<Record<string, string | undefined>>): void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(values)) set(name, value);
  onTestFinished(() => before.forEach(([name, value]) => set(name, value)));
}
