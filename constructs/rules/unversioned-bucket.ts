import { anyOf } from './reading/answer';
import { isVersioned, storeBuckets } from './reading/buckets';
import { defineRule, type Finding } from './rule';

/** A wrong configuration that was exported cannot be taken back. */
export const unversionedBucket = defineRule(
  'KR_RULE_UNVERSIONED_BUCKET',
  'warning',
  'The bucket of a store keeps no replaced configurations.',
  (view, tell) =>
    storeBuckets(view).flatMap((bucket): Finding[] => {
      const [element] = bucket.elements;
      if (element === undefined) {
        return [
          tell.unknown(
            bucket.place.construct,
            `the bucket ${view.show(bucket.name)} is not declared in this app. See that it is versioned.`,
          ),
        ];
      }
      const versioned = anyOf(bucket.elements.map((one) => isVersioned(view, bucket, one)));
      if (versioned === 'yes') return [];
      if (versioned === 'unknown') {
        return [
          tell.unknown(element.construct, 'whether the bucket is versioned depends on what is not in the stack.'),
        ];
      }
      return [
        tell.found(
          element.construct,
          'the bucket is not versioned: a wrong configuration that is exported, or a mistaken delete, cannot be taken back. Switch versioning on.',
        ),
      ];
    }),
);
