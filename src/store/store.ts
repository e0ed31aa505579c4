/**
 * An object store as the agent needs it: four calls, four outcomes.
 *
 * Keys are full object keys (contract/object-key.ts makes them); a store knows its bucket alone.
 * Every call ends within `timeoutMs`, or when `signal` aborts (then it rejects with the signal's reason).
 *
 * Errors (errors.ts), and no others: `KR_STORE_ABSENT` (no such object), `KR_STORE_NO_BUCKET`, `KR_STORE_DENIED`,
 * `KR_STORE_NO_CREDENTIALS`, `KR_STORE_CORRUPT`, `KR_STORE_UNREACHABLE`, `KR_STORE_CONFLICT` (a condition that did not hold), `KR_STORE_REFUSED`
 * (the store understood and will never accept it: do not retry).
 */

/** What identifies one write of one key: an S3 ETag, a GCS generation, a file's digest. Opaque: compare for equality only. */
export type ObjectVersion = string;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Total time limit of this call in milliseconds; the store's own default (KONG_RESILIENCE_STORE_TIMEOUT_SECONDS) when absent. */
  readonly timeoutMs?: number;
}

export interface ObjectInfo {
  readonly key: string;
  readonly version: ObjectVersion;
  /** Length of the stored bytes. */
  readonly size: number;
  /** User metadata, keys in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** When the store took this version, by the store's clock. */
  readonly lastModified: Date;
  /** The store's clock when it answered. Age is `storeDate - lastModified`: the local clock is never asked. */
  readonly storeDate: Date;
}

export interface StoredObject extends ObjectInfo {
  /** The bytes, once. Ends with an error of this module, when the body is cut or damaged, never with silence. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface PutOptions extends CallOptions {
  /** Nothing is ever written unconditionally: only where nothing is, or over exactly that version. */
  readonly condition: 'absent' | { readonly version: ObjectVersion };
  readonly contentType: string;
  /** ASCII, at most 1,280 bytes in all (S3 stops at 2 KB). */
  readonly metadata: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hexadecimal, where it is known: S3, which signs it, need not compute it again. */
  readonly sha256?: string;
}

export interface PutResult {
  readonly version: ObjectVersion;
  readonly storeDate: Date;
}

export interface ObjectReader {
  /** For messages: `s3://bucket`, never with a credential. */
  readonly location: string;
  head(key: string, options?: CallOptions): Promise<ObjectInfo>;
  get(key: string, options?: CallOptions): Promise<StoredObject>;
  /** Names of the folders directly below `prefix` (empty or ending in `/`), without slashes, sorted; all pages. */
  listFolders(prefix: string, options?: CallOptions): Promise<readonly string[]>;
  /** Lets go of sockets, so that a process can end. */
  close(): void;
}

export interface ObjectStore extends ObjectReader {
  put(key: string, body: Uint8Array, options: PutOptions): Promise<PutResult>;
}
