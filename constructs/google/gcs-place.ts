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
  // What is not known yet is checked by Google alone; a legal name takes its place beside what is known.
  const bucket = isKnown(bucketName) ? bucketName : 'a-bucket';
  const folder = isKnown(prefix) ? prefix : '';
  let stored = folder;
  if (bucket.includes('/')) {
    problems.push(notABucketName(bucketName));
  } else {
    const parsed = parseStorageUrl(`gcs://${bucket}/${folder}`);
    if (parsed.ok) stored = parsed.storage.prefix;
    else if (parsed.refusal.code === 'KR_ENV_BUCKET') {
      problems.push(wrongStorage('bucketName', bucketName, parsed.refusal.text));
    } else problems.push(wrongStorage('prefix', prefix, parsed.refusal.text));
  }
  if (/['"`\\{}]/.test(folder)) problems.push(prefixForConditions(prefix));
  return { place: { bucketName, prefix: isKnown(prefix) ? stored : prefix }, problems };
}

/** The URL that the nodes get. A slash follows the bucket even without a prefix, as in Kong's documentation. */
export function storageUrlOf({ bucketName, prefix }: GcsPlace): string {
  return `gcs://${bucketName}/${prefix}`;
}

/** What every key begins with: empty, or the prefix and a slash. */
export function keyRootOf({ prefix }: GcsPlace): string {
  return prefix === '' ? '' : `${prefix}/`;
}
