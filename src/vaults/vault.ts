import type { VaultReference } from '../contract';

/** Where a secret is, without the key: what references to members of one secret share. */
export type Place = Omit<VaultReference, 'text' | 'key'>;

/** Reads secrets of one kind of vault. */
export interface Vault {
  /**
   * The whole text of a secret, asked for once.
   *
   * @throws the errors of this module
   */
  read(place: Place, signal: AbortSignal): Promise<string>;
  close(): void;
}

/** A secret is text: what is no UTF-8 is nothing that a variable could hold. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
