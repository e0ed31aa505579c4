import { allOf, anyOf, type Answer } from '../reading/answer';
import { blockOf, blocksOf, isRecord, textOf, type Attributes } from '../reading/attributes';
import { isOneOf, startsWith } from '../reading/text';
import type { View } from '../reading/view';
import { inBucket, type Reach } from './reach';
import { isOfClass } from './storage-classes';

/**
 * Archive tiers of S3 Intelligent-Tiering: an object that nobody read for months is moved to one, and must be restored
 * before it can be read. They are for objects of the class INTELLIGENT_TIERING alone.
 */
export function archiveTiers(view: View): readonly Reach[] {
  return view.app.all('resource', 'aws_s3_bucket_intelligent_tiering_configuration').map((element): Reach => {
    const { attributes } = element;
    const bucket = textOf(attributes, 'bucket') ?? '';
    const filter = blockOf(attributes, 'filter') ?? {};
    const prefix = textOf(filter, 'prefix') ?? '';
    const always = allOf([
      isOneOf(textOf(attributes, 'status') ?? 'Enabled', ['Enabled']),
      archives(attributes),
      isTagged(filter) ? 'unknown' : 'yes',
    ]);
    return {
      element,
      ...inBucket(bucket),
      what: `the tiering ${view.show(textOf(attributes, 'name') ?? '')} archives`,
      pattern: prefix,
      reaches: (key) => allOf([always, startsWith(key, prefix), isOfClass(view, bucket, key, 'INTELLIGENT_TIERING')]),
    };
  });
}

function archives(attributes: Attributes): Answer {
  const { list, complete } = blocksOf(attributes, 'tiering');
  const tiers = list.map((tiering) => textOf(tiering, 'access_tier') ?? '');
  return anyOf([
    ...tiers.map((tier) => isOneOf(tier, ['ARCHIVE_ACCESS', 'DEEP_ARCHIVE_ACCESS'])),
    complete ? 'no' : 'unknown',
  ]);
}

function isTagged(filter: Attributes): boolean {
  const tags = filter['tags'];
  return isRecord(tags) ? Object.keys(tags).length > 0 : tags !== undefined && tags !== null;
}
