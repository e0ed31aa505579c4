import { parseLeaseDocument, type LeaseDocument } from '../exporter/lease-document';
import { storeAbsent, type CallOptions, type ObjectReader } from '../store';

/** A lease document as it is stored. Every age is by the store's clock. */
export interface StoredLease {
  readonly document: LeaseDocument;
  /** Seconds since it was written. */
  readonly ageSeconds: number;
  /** Seconds since the stored configuration was last confirmed; null: never. */
  readonly confirmedAgeSeconds: number | null;
}

/** The lease of a version; undefined where there is none, or one that is none of ours. */
export async function readLease(
  reader: ObjectReader,
  key: string,
  options?: CallOptions,
): Promise<StoredLease | undefined> {
  const object = await orAbsent(reader.get(key, options));
  if (object === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of object.body) parts.push(part);
  const document = parseLeaseDocument(Buffer.concat(parts).toString('utf8'));
  if (document === undefined) return undefined;
  const { confirmed_at: confirmedAt } = document;
  return {
    document,
    ageSeconds: secondsBetween(object.storeDate, object.lastModified),
    confirmedAgeSeconds: confirmedAt === null ? null : secondsBetween(object.storeDate, new Date(confirmedAt)),
  };
}

export async function orAbsent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (storeAbsent.is(error)) return undefined;
    throw error;
  }
}

/** Never below 0: a store's dates are whole seconds. */
export function secondsBetween(now: Date, then: Date): number {
  return Math.max(0, (now.getTime() - then.getTime()) / 1000);
}
