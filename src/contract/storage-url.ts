import { oneOf, printable, show } from './show';

/** A parsed KONG_CLUSTER_FALLBACK_CONFIG_STORAGE. */
export interface StorageUrl {
  readonly scheme: 's3' | 'gcs' | 'file';
  /** Bucket; for `file` the absolute folder. */
  readonly bucket: string;
  /** Without leading or trailing slash; empty for none. */
  readonly prefix: string;
}

/** What is wrong with a storage URL. `text` says what is allowed and what was probably meant; it does not hold the URL itself. */
export interface StorageUrlRefusal {
  readonly code: 'KR_ENV_STORAGE' | 'KR_ENV_BUCKET' | 'KR_ENV_PREFIX' | 'KR_ENV_AZURE';
  readonly text: string;
}

export type StorageUrlResult =
  { readonly ok: true; readonly storage: StorageUrl } | { readonly ok: false; readonly refusal: StorageUrlRefusal };

/** How a storage URL may be written. */
export const storageForms = 's3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder';

/** Schemes that Kong does not know, and the one that is meant. */
const meantScheme: ReadonlyMap<string, string> = new Map([
  ['gcp', 'gcs'],
  ['google', 'gcs'],
  ['gc', 'gcs'],
  ['s3a', 's3'],
  ['s3n', 's3'],
  ['aws', 's3'],
  ['minio', 's3'],
  ['az', 'azure'],
  ['abfs', 'azure'],
]);

/** Longest prefix in bytes: a key has 1,024 in all, on S3 and on GCS. */
const longestPrefix = 900;

/**
 * Reads the storage URL of Kong: `s3://bucket/prefix`, `gcs://bucket/prefix`, since Kong 3.13 also `gs://…`,
 * and our own `file:///folder`. Nothing in it is percent-decoded. One slash at the end is ignored.
 */
export function parseStorageUrl(text: string): StorageUrlResult {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text);
  if (match === null) {
    return refuse('KR_ENV_STORAGE', `it is not a URL. Allowed: ${storageForms}.${meantUrl(text)}`);
  }
  const [, scheme = '', rest = ''] = match;
  switch (scheme) {
    case 's3':
      return parseBucketUrl('s3', rest, explainS3Bucket);
    case 'gcs':
    case 'gs':
      return parseBucketUrl('gcs', rest, explainGcsBucket);
    case 'file':
      return parseFileUrl(rest);
    case 'azure':
      return refuse('KR_ENV_AZURE', 'Azure is known but not supported yet. Use s3://, gcs:// or file:// for now.');
    default:
      return refuse('KR_ENV_STORAGE', explainScheme(scheme, rest));
  }
}

function refuse(code: StorageUrlRefusal['code'], text: string): StorageUrlResult {
  return { ok: false, refusal: { code, text } };
}

/** The URL meant by a bucket without its scheme, or by an ARN; none when that would be no storage URL either. */
function meantUrl(text: string): string {
  const arn = /^arn:aws[a-z-]*:s3:::(.*?)(?:\/\*)?$/s.exec(text)?.[1];
  // The host of an endpoint is a legal name of a bucket, and hardly meant as one.
  if (arn === undefined && /^[^/]*\.(amazonaws\.com|googleapis\.com)(\.cn)?(\/|$)/.test(text)) return '';
  const url = `s3://${arn ?? text}`;
  return parseStorageUrl(url).ok ? ` Did you mean ${printable(url)}?` : '';
}

function explainScheme(scheme: string, rest: string): string {
  const lower = scheme.toLowerCase();
  const allowed = `the scheme ${show(scheme)} is not known. Allowed: ${storageForms}.`;
  if (lower === 'http' || lower === 'https') {
    return `${allowed} An endpoint belongs into AWS_CONFIG_STORAGE_ENDPOINT, the bucket into s3://bucket/prefix.`;
  }
  const meant = meantScheme.get(lower) ?? (['s3', 'gcs', 'gs', 'file', 'azure'].includes(lower) ? lower : undefined);
  if (meant === undefined) return allowed;
  return `${allowed} Did you mean ${rest.includes('@') || rest.includes('?') ? `${meant}://` : `${meant}://${printable(rest)}`}?`;
}

/** A storage URL as KONG_CLUSTER_FALLBACK_CONFIG_STORAGE has it, `gcs://` for `gs://` and without a slash at the end. */
export function formatStorageUrl({ scheme, bucket, prefix }: StorageUrl): string {
  return `${scheme}://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
}

function parseBucketUrl(
  scheme: 's3' | 'gcs',
  rest: string,
  explainBucket: (bucket: string) => string | undefined,
): StorageUrlResult {
  const slash = rest.indexOf('/');
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  const tail = slash < 0 ? '' : rest.slice(slash + 1);
  const form = `${scheme}://bucket/prefix`;
  if (bucket === '') return refuse('KR_ENV_BUCKET', `the bucket is missing. Write it as ${form}.`);
  if (rest.includes('@')) {
    return refuse(
      'KR_ENV_BUCKET',
      `it holds credentials before an "@". Write ${form} and give credentials in their own variables.`,
    );
  }
  if (/[?#]/.test(rest)) {
    return refuse(
      'KR_ENV_STORAGE',
      `it has a query or a fragment ("?" or "#"), which a storage URL has not. Write it as ${form}.`,
    );
  }
  if (/:\d*$/.test(bucket)) {
    const where = scheme === 's3' ? 'AWS_CONFIG_STORAGE_ENDPOINT' : 'KONG_RESILIENCE_GCS_ENDPOINT';
    return refuse('KR_ENV_BUCKET', `the bucket has a port. Write ${form} and give host and port as a URL in ${where}.`);
  }
  const fault = explainBucket(bucket);
  if (fault !== undefined) return refuse('KR_ENV_BUCKET', `the bucket ${show(bucket)} ${fault}`);
  const prefix = tail.endsWith('/') ? tail.slice(0, -1) : tail;
  // A folder of the file system may well have a space in its name; in a key it is a slip.
  if (/\s/.test(prefix)) return refuse('KR_ENV_PREFIX', 'the prefix has white space in it. Leave it out.');
  const prefixFault = explainPrefix(prefix, tail);
  if (prefixFault !== undefined) return refuse('KR_ENV_PREFIX', `the prefix ${prefixFault}`);
  return { ok: true, storage: { scheme, bucket, prefix } };
}

function parseFileUrl(rest: string): StorageUrlResult {
  if (!rest.startsWith('/')) {
    return refuse('KR_ENV_STORAGE', `a folder is written with three slashes and from the root: file:///folder.`);
  }
  const folder = rest.length > 1 && rest.endsWith('/') ? rest.slice(0, -1) : rest;
  if (folder === '/') return refuse('KR_ENV_BUCKET', 'the folder is missing. Write it as file:///folder.');
  const fault = explainPrefix(folder.slice(1), rest.slice(1));
  if (fault !== undefined) return refuse('KR_ENV_PREFIX', `the folder ${fault}`);
  return { ok: true, storage: { scheme: 'file', bucket: folder, prefix: '' } };
}

function explainPrefix(prefix: string, tail: string): string | undefined {
  if (tail.startsWith('/') && !tail.includes('//')) return 'starts with a slash. Leave that out.';
  if (tail.includes('//')) return 'has an empty part ("//"). Write single slashes.';
  const parts = prefix.split('/');
  if (parts.includes('..') || parts.includes('.')) return 'has a part "." or "..". Write it out.';
  if (/\p{Cc}/u.test(prefix)) return 'has a control character. Leave it out.';
  if (Buffer.byteLength(prefix) > longestPrefix) {
    return `has ${Buffer.byteLength(prefix)} bytes; at most ${longestPrefix} fit into an object key.`;
  }
  if (parts.at(-1) === 'config.json') {
    return 'ends in config.json. Leave out the version and the file name: the nodes add <version>/config.json themselves.';
  }
  return undefined;
}

const characters = ({ length }: string): string => (length === 1 ? '1 character' : `${length} characters`);

/** Rules of AWS for general purpose buckets. An access point's alias is a legal name. */
function explainS3Bucket(bucket: string): string | undefined {
  const rules =
    'S3 allows 3 to 63 lower-case letters, digits, hyphens and single dots, with a letter or digit at each end.';
  if (bucket.length < 3 || bucket.length > 63) return `has ${characters(bucket)}. ${rules}`;
  if (!/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(bucket) || bucket.includes('..')) {
    return `is not a legal name. ${rules}${meantLowerCase(bucket, explainS3Bucket)}`;
  }
  if (isAddress(bucket)) return 'looks like an IP address. An endpoint belongs into AWS_CONFIG_STORAGE_ENDPOINT.';
  const prefixes = ['xn--', 'sthree-', 'amzn-s3-demo-'];
  if (prefixes.some((reserved) => bucket.startsWith(reserved))) {
    return `starts with ${oneOf(prefixes)}, which AWS reserves.`;
  }
  const suffixes = ['--ol-s3', '.mrap', '--x-s3', '--table-s3'];
  if (suffixes.some((reserved) => bucket.endsWith(reserved))) {
    return `ends with ${oneOf(suffixes)}: that is another kind of bucket, which is not supported.`;
  }
  return undefined;
}

/** Rules of Google Cloud Storage. */
function explainGcsBucket(bucket: string): string | undefined {
  const rules =
    'Google allows 3 to 63 lower-case letters, digits, hyphens, underscores and single dots (222 with dots, 63 between them), with a letter or digit at each end.';
  const parts = bucket.split('.');
  const longest = parts.length > 1 ? 222 : 63;
  if (bucket.length < 3 || bucket.length > longest || parts.some((part) => part.length > 63)) {
    return `has ${characters(bucket)}${bucket.length > 63 && parts.length > 1 ? ' or too many between two dots' : ''}. ${rules}`;
  }
  if (!/^[a-z0-9][a-z0-9._-]*[a-z0-9]$/.test(bucket) || parts.includes('')) {
    return `is not a legal name. ${rules}${meantLowerCase(bucket, explainGcsBucket)}`;
  }
  if (isAddress(bucket)) return 'looks like an IP address. An endpoint belongs into KONG_RESILIENCE_GCS_ENDPOINT.';
  if (bucket.startsWith('goog') || /google|g00gle/.test(bucket)) {
    return 'starts with "goog" or holds "google", which Google reserves.';
  }
  return undefined;
}

/** The name in lower case, where the rules of the same store allow that. */
function meantLowerCase(bucket: string, explainBucket: (bucket: string) => string | undefined): string {
  const lower = bucket.toLowerCase();
  return lower !== bucket && explainBucket(lower) === undefined ? ` Did you mean ${lower}?` : '';
}

function isAddress(bucket: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(bucket);
}
