import { parseStorageUrl } from '../../src/contract';
import { isKnown, type Problem } from '../problems';
import { accessPointAlias, bucketNames, bucketPrefix, numberRange } from './problems';
import { keyArn, prefixCharacter, storageLocation } from './problems';

/** Names and numbers that stand in for tokens while the rest is checked. */
const anyBucket = 'any-bucket';

/** Where a store is: the name of its bucket and the prefix. A token is not checked. */
export interface Location {
  readonly bucketName?: string;
  readonly bucketPrefix?: string;
  readonly prefix: string;
}

/** What a storage URL cannot have, by the agent's own reading of it; and what a policy cannot have. */
export function checkLocation({ bucketName, bucketPrefix: start, prefix }: Location): Problem[] {
  const problems: Problem[] = [];
  if (bucketName !== undefined && start !== undefined) problems.push(bucketNames(bucketName, start));
  if (isKnown(bucketName)) {
    const result = parseStorageUrl(`s3://${bucketName}`);
    const reason = notTheName(bucketName) ?? (result.ok ? undefined : result.refusal.text);
    if (reason !== undefined) problems.push(storageLocation('bucketName', bucketName, reason));
  }
  if (isKnown(start) && !/^(?!.*\.\.)[a-z0-9][a-z0-9.-]{0,36}$/.test(start)) problems.push(bucketPrefix(start));
  if (isKnown(prefix)) {
    const result = parseStorageUrl(`s3://${anyBucket}/${prefix}`);
    const [character] = /["*?\\$%]/.exec(prefix) ?? [];
    if (character !== undefined) problems.push(prefixCharacter(prefix, character));
    else if (!result.ok) problems.push(storageLocation('prefix', prefix, result.refusal.text));
  }
  return problems;
}

/** What is more than a name; a storage URL would end it at its first slash. */
function notTheName(bucketName: string): string | undefined {
  const name = /^arn:[^:]*:s3:::([^/]*)/.exec(bucketName)?.[1];
  if (name !== undefined) return `it is an ARN. Give the name: ${JSON.stringify(name)}.`;
  return bucketName.includes('/') ? 'it has a slash. Give the name alone, and prefix beside it.' : undefined;
}

/** A prefix as it stands in keys: a slash at its end is ignored, as in a storage URL. */
export function normalizePrefix(prefix: string): string {
  return isKnown(prefix) && prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

/** An alias is a legal name in a storage URL, but no name of a bucket in a policy. */
export function checkExistingBucket(bucketName: string): Problem[] {
  return isKnown(bucketName) && bucketName.endsWith('-s3alias') ? [accessPointAlias(bucketName)] : [];
}

/** A whole number within bounds, unless it is a token or not given. */
export function checkNumber(prop: string, value: number | undefined, minimum: number, maximum: number): Problem[] {
  if (!isKnown(value) || (Number.isInteger(value) && value >= minimum && value <= maximum)) return [];
  return [numberRange(prop, value, minimum, maximum)];
}

/** The ARN of a key. */
export function checkKeyArn(prop: string, arn: string | undefined): Problem[] {
  if (!isKnown(arn) || /^arn:[a-z0-9-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/.test(arn)) return [];
  return [keyArn(prop, arn)];
}
