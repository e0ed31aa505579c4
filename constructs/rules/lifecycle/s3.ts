import { allOf, type Answer } from '../reading/answer';
import { blockOf, blocksOf, isRecord, textOf, type Attributes } from '../reading/attributes';
import { isOneOf, isWhole, startsWith } from '../reading/text';
import type { View } from '../reading/view';
import { archiveTiers } from './intelligent-tiering';
import { inBucket, type Effect, type Reach } from './reach';
import { archivingExporters } from './storage-classes';

/** Lifecycle rules, archive tiers and locks of Amazon S3, and the storage classes of puts. */
export function s3Reaches(view: View): readonly Reach[] {
  const { app } = view;
  return [
    ...app.all('resource', 'aws_s3_bucket_lifecycle_configuration').flatMap((element) => {
      const bucket = textOf(element.attributes, 'bucket') ?? '';
      const { list, complete } = blocksOf(element.attributes, 'rule');
      const rules = list.map((rule) => lifecycleRule(view, rule, enabledByStatus(rule), filterOf(rule)));
      return [...rules.flat(), ...(complete ? [] : [generated])].map((rule) => ({
        element,
        ...inBucket(bucket),
        ...rule,
      }));
    }),
    ...app.all('resource', 'aws_s3_bucket').flatMap((element) => {
      const bucket = view.nameOf(element);
      const { list, complete } = blocksOf(element.attributes, 'lifecycle_rule');
      const rules = list.map((rule) => lifecycleRule(view, rule, enabledByFlag(rule), inlineFilter(rule)));
      const lock = blockOf(blockOf(element.attributes, 'object_lock_configuration') ?? {}, 'rule');
      return [...rules.flat(), ...(complete ? [] : [generated]), ...(lock === undefined ? [] : [retention])].map(
        (rule) => ({ element, ...inBucket(bucket), ...rule }),
      );
    }),
    ...app.all('resource', 'aws_s3_bucket_object_lock_configuration').flatMap((element) => {
      const { list, complete } = blocksOf(element.attributes, 'rule');
      if (list.length === 0 && complete) return [];
      return [{ element, ...inBucket(textOf(element.attributes, 'bucket') ?? ''), ...retention }];
    }),
    ...archiveTiers(view),
    ...archivingExporters(view),
  ];
}

/** Rules that Terraform makes (`dynamic`). */
export const generated: Effect = {
  what: 'a lifecycle rule that Terraform makes expires or moves',
  pattern: '',
  reaches: () => 'unknown',
};

const retention: Effect = { what: 'the object lock retains', pattern: '', reaches: () => 'yes' };

/** Which objects a rule is for. */
interface Filter {
  readonly prefix: string;
  /** Whether it asks for more, which is not known of an object here: tags, sizes. */
  readonly narrower: boolean;
}

function filterOf(rule: Attributes): Filter {
  const filter = blockOf(rule, 'filter') ?? {};
  const and = blockOf(filter, 'and');
  const conditions = and ?? filter;
  const narrowing = ['tag', 'tags', 'object_size_greater_than', 'object_size_less_than'];
  return {
    prefix: textOf(conditions, 'prefix') ?? textOf(rule, 'prefix') ?? '',
    narrower: narrowing.some((name) => isSet(conditions[name])),
  };
}

function inlineFilter(rule: Attributes): Filter {
  return { prefix: textOf(rule, 'prefix') ?? '', narrower: isSet(rule['tags']) };
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isRecord(value) ? Object.keys(value).length > 0 : value !== undefined && value !== null;
}

function enabledByStatus(rule: Attributes): Answer {
  return isOneOf(textOf(rule, 'status') ?? 'Enabled', ['Enabled']);
}

function enabledByFlag(rule: Attributes): Answer {
  return isOneOf(textOf(rule, 'enabled') ?? 'false', ['true']);
}

function lifecycleRule(view: View, rule: Attributes, enabled: Answer, filter: Filter): Effect[] {
  const id = textOf(rule, 'id');
  const name = id === undefined ? 'a lifecycle rule without id' : `the lifecycle rule ${view.show(id)}`;
  const effects: readonly (readonly [string, Answer])[] = [
    ['expires', expires(rule)],
    ['moves to another storage class', some(rule, 'transition')],
  ];
  return effects
    .filter(([, holds]) => holds !== 'no')
    .map(([verb, holds]) => ({
      what: `${name} ${verb}`,
      pattern: filter.prefix,
      reaches: (key) => allOf([enabled, holds, startsWith(key, filter.prefix), filter.narrower ? 'unknown' : 'yes']),
    }));
}

/** Delete markers are no current objects. */
function expires(rule: Attributes): Answer {
  const { list, complete } = blocksOf(rule, 'expiration');
  if (!complete) return 'unknown';
  const dated = list.some((expiration) => {
    const days = textOf(expiration, 'days');
    return (days !== undefined && (days !== '0' || !isWhole(days))) || isSet(expiration['date']);
  });
  return dated ? 'yes' : 'no';
}

function some(rule: Attributes, name: string): Answer {
  const { list, complete } = blocksOf(rule, name);
  if (list.length > 0) return 'yes';
  return complete ? 'no' : 'unknown';
}
