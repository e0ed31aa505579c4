import { allOf, anyOf, type Answer } from './answer';
import type { Element } from './element';
import { blockOf, textOf } from './attributes';
import type { StorePlace } from './places';
import { equals, isOneOf } from './text';
import type { View } from './view';

/** A bucket in which configurations are stored, and the resources that declare it; none for one that exists already. */
export interface StoreBucket {
  readonly place: StorePlace;
  readonly name: string;
  readonly elements: readonly Element[];
}

const types = { s3: ['aws_s3_bucket', 'minio_s3_bucket'], gcs: ['google_storage_bucket'] };

/** Each bucket once. */
export function storeBuckets(view: View): readonly StoreBucket[] {
  const found = new Map<string, StoreBucket>();
  for (const place of view.places) {
    const key = `${place.scheme} ${place.bucket}`;
    if (found.has(key)) continue;
    const elements = view.app
      .all('resource', ...types[place.scheme])
      .filter((element) => equals(view.nameOf(element), place.bucket) === 'yes');
    found.set(key, { place, name: place.bucket, elements });
  }
  return [...found.values()];
}

/** Resources of a type that set something on a bucket, and whether it is this one. */
export function settingsOf(
  view: View,
  bucket: string,
  ...names: readonly string[]
): readonly (readonly [Element, Answer])[] {
  return view.app
    .all('resource', ...names)
    .map((element) => [element, equals(textOf(element.attributes, 'bucket') ?? '', bucket)] as const)
    .filter(([, same]) => same !== 'no');
}

/** Whether the bucket refuses public access, whatever policies and ACLs say. */
export function blocksPublicAccess(view: View, bucket: StoreBucket, element: Element): Answer {
  if (element.type === 'google_storage_bucket') {
    return isOneOf(textOf(element.attributes, 'public_access_prevention') ?? 'inherited', ['enforced']);
  }
  const flags = ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'];
  return anyOf(
    settingsOf(view, bucket.name, 'aws_s3_bucket_public_access_block').map(([{ attributes }, same]) =>
      allOf([same, ...flags.map((flag) => isOneOf(textOf(attributes, flag) ?? 'false', ['true']))]),
    ),
  );
}

/** Whether the bucket keeps what is replaced. */
export function isVersioned(view: View, bucket: StoreBucket, element: Element): Answer {
  const inline = isOneOf(textOf(blockOf(element.attributes, 'versioning'), 'enabled') ?? 'false', ['true']);
  const settings = settingsOf(view, bucket.name, 'aws_s3_bucket_versioning', 'minio_s3_bucket_versioning');
  return anyOf([
    inline,
    ...settings.map(([{ attributes }, same]) =>
      allOf([same, isOneOf(textOf(blockOf(attributes, 'versioning_configuration'), 'status') ?? '', ['Enabled'])]),
    ),
  ]);
}
