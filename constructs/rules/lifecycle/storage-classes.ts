import { allOf, anyOf, type Answer } from '../reading/answer';
import { blockOf, blocksOf, isRecord, textOf, type Attributes } from '../reading/attributes';
import { parseJson } from '../reading/json';
import type { Container } from '../reading/nodes';
import { parsePlace } from '../reading/places';
import { equals, isOneOf, startsWith } from '../reading/text';
import type { View } from '../reading/view';
import { inBucket, type Reach } from './reach';

const putSettings = 'KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG';

/** Storage classes in which exporters put configurations that must be restored before they can be read. */
export function archivingExporters(view: View): readonly Reach[] {
  return view.groups.flatMap(({ element, containers }) =>
    containers.flatMap((container): Reach[] => {
      const place = placeOf(container);
      const archives = allOf([container.exports, isPutInto(container, ['GLACIER', 'DEEP_ARCHIVE'])]);
      // A value that is not in the stack is no sign of an archive.
      if (place?.scheme !== 's3' || archives !== 'yes') return [];
      const what = `${putSettings} of the container "${container.name}" archives`;
      return [{ element, ...inBucket(place.bucket), what, pattern: '', reaches: () => 'yes' }];
    }),
  );
}

/**
 * Whether configurations of a bucket are in a storage class: their exporter puts them into it, or a lifecycle rule moves
 * them. Without an exporter in the app it is unknown.
 */
export function isOfClass(view: View, bucket: string, key: string, storageClass: string): Answer {
  const puts = view.groups.flatMap(({ containers }) =>
    containers.map((container) => {
      const here = equals(placeOf(container)?.bucket ?? '', bucket);
      return { exports: allOf([container.exports, here]), into: isPutInto(container, [storageClass]) };
    }),
  );
  const exporters = puts.filter(({ exports }) => exports !== 'no');
  const put = exporters.length === 0 ? 'unknown' : anyOf(exporters.map((one) => allOf([one.exports, one.into])));
  return anyOf([put, isMovedInto(view, bucket, key, storageClass)]);
}

function placeOf(container: Container): ReturnType<typeof parsePlace> {
  return parsePlace(container.text('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE') ?? '');
}

function isPutInto(container: Container, classes: readonly string[]): Answer {
  const text = container.text(putSettings);
  if (text === undefined) return container.mayHave(putSettings) ? 'unknown' : 'no';
  const settings = parseJson(text);
  return isRecord(settings) ? isOneOf(textOf(settings, 'StorageClass') ?? 'STANDARD', classes) : 'unknown';
}

function isMovedInto(view: View, bucket: string, key: string, storageClass: string): Answer {
  const rules = view.app.all('resource', 'aws_s3_bucket_lifecycle_configuration').flatMap(({ attributes }) => {
    const here = equals(textOf(attributes, 'bucket') ?? '', bucket);
    return blocksOf(attributes, 'rule').list.map((rule) => allOf([here, moves(rule, key, storageClass)]));
  });
  return anyOf(rules);
}

function moves(rule: Attributes, key: string, storageClass: string): Answer {
  const filter = blockOf(rule, 'filter') ?? {};
  const prefix = textOf(blockOf(filter, 'and') ?? filter, 'prefix') ?? textOf(rule, 'prefix') ?? '';
  const classes = blocksOf(rule, 'transition').list.map((one) => textOf(one, 'storage_class') ?? '');
  return allOf([
    isOneOf(textOf(rule, 'status') ?? 'Enabled', ['Enabled']),
    startsWith(key, prefix),
    anyOf(classes.map((one) => isOneOf(one, [storageClass]))),
  ]);
}
