import type { VaultReference } from '../contract';
import { vaultContent } from './errors';

/**
 * What a reference means of a secret's text: all of it, or a member of its JSON object. As in Kong a member is a text, at
 * the top; unlike there an empty one is an error, since an empty variable counts as not set.
 *
 * @throws KR_VAULT_CONTENT, which quotes nothing of the secret
 */
export function valueOf({ key }: VaultReference, text: string): string {
  const value = key === undefined ? text : memberOf(text, key);
  if (value.trim() === '') throw vaultContent(key === undefined ? 'is empty' : `has an empty ${JSON.stringify(key)}`);
  return value;
}

function memberOf(text: string, key: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw vaultContent(`is no JSON, so it has no ${JSON.stringify(key)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw vaultContent(`is JSON, but no object, so it has no ${JSON.stringify(key)}`);
  }
  if (!Object.hasOwn(json, key)) throw vaultContent(`is a JSON object without ${JSON.stringify(key)}`);
  const value = (json as Record<string, unknown>)[key];
  if (typeof value === 'string') return value;
  throw vaultContent(`has a ${JSON.stringify(key)} that is ${kindOf(value)}, and only a text is taken, as in Kong`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
