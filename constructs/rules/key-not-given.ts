import type { IConfigurationStore } from '../topology';
import { isManagedKey } from './access/managed-key';
import { allOf, fromBoolean, type Answer } from './reading/answer';
import { blockOf, blocksOf, textOf, type Attributes } from './reading/attributes';
import { settingsOf } from './reading/buckets';
import { isStore, parsePlace } from './reading/places';
import { equals, isOneOf } from './reading/text';
import type { View } from './reading/view';
import { defineRule, type Finding } from './rule';

/** Rights to a key come with the grants of a store, which knows of no key but the one that it is given. */
export const keyNotGiven = defineRule(
  'KR_RULE_KEY_NOT_GIVEN',
  'warning',
  'A key of KMS encrypts the bucket of a store that is not given the key, so that nobody gets rights to it.',
  (view, tell) =>
    view.app.constructs.filter(isStore).flatMap((store): Finding[] => {
      const place = parsePlace(view.app.textAt(store, store.storageUrl));
      if (place?.scheme !== 's3' || hasKey(view, store)) return [];
      return encryptionsOf(view, place.bucket).flatMap(([encryption, same]): Finding[] => {
        const key = textOf(encryption, 'kms_master_key_id') ?? awsManaged;
        const algorithm = textOf(encryption, 'sse_algorithm') ?? '';
        const answer = allOf([
          same,
          isOneOf(algorithm, ['aws:kms', 'aws:kms:dsse']),
          fromBoolean(!isManagedKey(key, 's3')),
        ]);
        const what = `the bucket ${view.show(place.bucket)} is encrypted with the key ${view.show(key)} of KMS`;
        if (answer === 'no') return [];
        if (answer === 'unknown') {
          return [tell.unknown(store, `whether ${what} depends on what is not in the stack. If so, pass kmsKeyArn.`)];
        }
        return [
          tell.found(
            store,
            `${what}, and the store is not given it: no principal gets rights to the key, and every put and read would be denied. Pass kmsKeyArn: S3Store.fromBucketName(…, { kmsKeyArn }).`,
          ),
        ];
      });
    }),
);

/** The key of S3 itself, which is the default. */
const awsManaged = 'alias/aws/s3';

/** By what the store tells its exporters: they put under the key. */
function hasKey(view: View, store: IConfigurationStore): boolean {
  const settings = store.exporterEnvironment['KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG']?.toString() ?? '';
  return view.app.textAt(store, settings).includes('"SSEKMSKeyId"');
}

/** Default encryptions of a bucket, and whether they are of this one: a resource of its own, or the older block of the bucket. */
function encryptionsOf(view: View, bucket: string): readonly (readonly [Attributes, Answer])[] {
  const inline = view.app
    .all('resource', 'aws_s3_bucket')
    .map((element) => [element, equals(view.nameOf(element), bucket)] as const)
    .flatMap(([{ attributes }, same]) =>
      blocksOf(attributes, 'server_side_encryption_configuration').list.map((block) => [block, same] as const),
    );
  const apart = settingsOf(view, bucket, 'aws_s3_bucket_server_side_encryption_configuration').map(
    ([{ attributes }, same]) => [attributes, same] as const,
  );
  return [...apart, ...inline].flatMap(([configuration, same]) =>
    blocksOf(configuration, 'rule').list.flatMap((rule) => {
      const encryption = blockOf(rule, 'apply_server_side_encryption_by_default');
      return encryption === undefined ? [] : [[encryption, same] as const];
    }),
  );
}
