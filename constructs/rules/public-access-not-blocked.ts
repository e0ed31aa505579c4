import { anyOf } from './reading/answer';
import { blocksPublicAccess, storeBuckets } from './reading/buckets';
import { defineRule, type Finding } from './rule';

const fixes: Readonly<Record<string, string>> = {
  aws_s3_bucket: 'Declare an aws_s3_bucket_public_access_block with all four settings true.',
  google_storage_bucket: 'Set public_access_prevention to "enforced".',
};

/** One mistake in a policy would open the bucket. */
export const publicAccessNotBlocked = defineRule(
  'KR_RULE_PUBLIC_ACCESS_NOT_BLOCKED',
  'warning',
  'The bucket of a store does not refuse public access for good.',
  (view, tell) =>
    storeBuckets(view).flatMap((bucket): Finding[] => {
      const [element] = bucket.elements;
      if (element === undefined) {
        return [
          tell.unknown(
            bucket.place.construct,
            `the bucket ${view.show(bucket.name)} is not declared in this app. See that it refuses public access.`,
          ),
        ];
      }
      const fix = fixes[element.type];
      // A bucket of MinIO is private, and has no such block.
      if (fix === undefined) return [];
      const blocked = anyOf(bucket.elements.map((one) => blocksPublicAccess(view, bucket, one)));
      if (blocked === 'yes') return [];
      if (blocked === 'unknown') {
        return [
          tell.unknown(
            element.construct,
            `whether the bucket refuses public access depends on what is not in the stack. ${fix}`,
          ),
        ];
      }
      return [
        tell.found(
          element.construct,
          `the bucket holds the gateway's private keys, and does not refuse public access: one mistake in a policy would open it. ${fix}`,
        ),
      ];
    }),
);
