import { parseStorageUrl } from '../../src/contract';
import { isKnown, type Problem } from '../problems';
import { notABucketName, prefixForConditions, wrongStorage } from './problems';

/** Where in Cloud Storage the configurations are. */
export interface GcsPlace {
  /** Name of the bucket, as text where it is known. */
  readonly bucketName: string;
  /** Without a slash at its ends; empty for none. */
  readonly prefix: string;
}

/** Checks both by the contract with the agent; a token stands for itself. */
export function readGcsPlace(bucketName: string, prefix: string): { place: GcsPlace; problems: Problem[] } {
  const problems: Problem[] = [];
  if (isKnown(bucketName)) {
    const parsed = parseStorageUrl(`gcs://${bucketName}/`);
    if (bucketName.includes('/')) problems.push(notABucketName(bucketName));
    else if (!parsed.ok) problems.push(wrongStorage('bucketName', bucketName, parsed.refusal.text));
  }
  if (!isKnown(prefix)) return { place: { bucketName, prefix }, problems };
  // Any legal name of a bucket does.
  const parsed = parseStorageUrl(`gcs://any-bucket/${prefix}`);
  if (!parsed.ok) problems.push(wrongStorage('prefix', prefix, parsed.refusal.text));
  if (/['"`\\{}]/.test(prefix)) problems.push(prefixForConditions(prefix));
  return { place: { bucketName, prefix: parsed.ok ? parsed.storage.prefix : prefix }, problems };
}

/** The URL that the nodes get. A slash follows the bucket even without a prefix, as in Kong's documentation. */
export function storageUrlOf({ bucketName, prefix }: GcsPlace): string {
  return `gcs://${bucketName}/${prefix}`;
}

/** What every key begins with: empty, or the prefix and a slash. */
export function keyRootOf({ prefix }: GcsPlace): string {
  return prefix === '' ? '' : `${prefix}/`;
}
