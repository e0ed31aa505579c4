import * as z from 'zod/mini';
import { nearest } from './edit-distance';
import { oneOf, show } from './show';
import { valueType } from './value-types';
import type { Refuse, ValueType } from './value-types';

const text = { schema: z.string().check(z.minLength(1)), allowed: 'a text that is not empty' };
const word = (words: readonly string[]) => ({ schema: z.enum(words), allowed: oneOf(words) });

/** Settings of an S3 put that a user may add, and what each takes. */
const settings: Readonly<Record<string, { readonly schema: z.ZodMiniType; readonly allowed: string }>> = {
  BucketKeyEnabled: { schema: z.boolean(), allowed: 'true or false' },
  CacheControl: text,
  ContentDisposition: text,
  ContentLanguage: text,
  ExpectedBucketOwner: {
    schema: z.string().check(z.regex(/^\d{12}$/)),
    allowed: 'an account number of 12 digits, quoted',
  },
  RequestPayer: word(['requester']),
  SSEKMSEncryptionContext: text,
  SSEKMSKeyId: text,
  ServerSideEncryption: word(['AES256', 'aws:kms', 'aws:kms:dsse']),
  // The two classes that are left out must be restored before they can be read: an import would fail.
  StorageClass: word([
    'STANDARD',
    'REDUCED_REDUNDANCY',
    'STANDARD_IA',
    'ONEZONE_IA',
    'INTELLIGENT_TIERING',
    'GLACIER_IR',
  ]),
  Tagging: text,
};

/** What the exporter sets itself, and without which a write would not be safe. */
const ours: readonly (readonly [RegExp, string])[] = [
  [/^(Bucket|Key)$/, 'bucket and key come from KONG_CLUSTER_FALLBACK_CONFIG_STORAGE'],
  [/^(Body|Content(Length|MD5|Type|Encoding)|Checksum.*)$/, 'body, type and checksums are those of the configuration'],
  [/^(If.*|WriteOffsetBytes)$/, 'the conditions keep a paused exporter from overwriting a newer configuration'],
  [/^Metadata$/, 'the metadata says which configuration this is'],
  [/^(ACL|Grant.*)$/, 'access is granted on the bucket: the object holds private keys in the clear'],
  [/^SSECustomer.*$/, 'an object under a customer-provided key could not be read by the importers'],
];

/** Names that settings may have: for messages and the documentation. */
export const putSettingNames: readonly string[] = Object.keys(settings);

/** KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: a JSON object of settings that are added to each put of a configuration. Values are never shown. */
export const putSettings: ValueType<Readonly<Record<string, unknown>>> = valueType(
  `JSON object of ${oneOf(putSettingNames.map((name) => `\`${name}\``))}`,
  (value, refuse) => {
    const parsed = readJson(value);
    if (parsed === undefined) {
      return refuse(
        'KR_ENV_S3_SETTINGS',
        'it is not JSON. Write {"ServerSideEncryption":"aws:kms"}, in single quotes in YAML.',
      );
    }
    if (!z.safeParse(z.record(z.string(), z.unknown()), parsed.value).success) {
      return refuse('KR_ENV_S3_SETTINGS', 'it must be a JSON object, such as {"ServerSideEncryption":"aws:kms"}.');
    }
    const entries = Object.entries(parsed.value as Record<string, unknown>);
    for (const [name, setting] of entries) checkSetting(name, setting, refuse);
    const given = new Map(entries);
    const kms = ['SSEKMSKeyId', 'SSEKMSEncryptionContext', 'BucketKeyEnabled'].find((name) => given.has(name));
    if (kms !== undefined && !String(given.get('ServerSideEncryption')).startsWith('aws:kms')) {
      refuse('KR_ENV_S3_SETTINGS', `${kms} needs "ServerSideEncryption":"aws:kms" beside it.`);
    }
    return Object.fromEntries(entries);
  },
);

function checkSetting(name: string, setting: unknown, refuse: Refuse): void {
  const reason = ours.find(([pattern]) => pattern.test(name))?.[1];
  if (reason !== undefined) {
    return refuse('KR_ENV_S3_SETTINGS_OURS', `it must not set ${name}: ${reason}.`);
  }
  const known = Object.hasOwn(settings, name) ? settings[name] : undefined;
  if (known === undefined) {
    const sameLetters = putSettingNames.find((other) => other.toLowerCase() === name.toLowerCase());
    const meant = sameLetters ?? nearest(name, putSettingNames, () => 3);
    const intent = meant === undefined ? `Allowed are ${oneOf(putSettingNames)}.` : `Did you mean ${meant}?`;
    return refuse('KR_ENV_S3_SETTINGS', `${show(name)} is not a setting that can be added to a put. ${intent}`);
  }
  if (z.safeParse(known.schema, setting).success) return;
  const archive = setting === 'GLACIER' || setting === 'DEEP_ARCHIVE';
  const why = archive ? ' An object of this class cannot be read at once.' : '';
  refuse('KR_ENV_S3_SETTINGS', `${name} must be ${known.allowed}.${why}`);
}

function readJson(value: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(value) as unknown };
  } catch {
    return undefined;
  }
}
