import { allOf, anyOf, fromBoolean, type Answer } from '../reading/answer';
import { blockOf, blocksOf, textOf, textsOf, type Attributes } from '../reading/attributes';
import { endsWith, isOneOf, isWhole, startsWith } from '../reading/text';
import type { View } from '../reading/view';
import type { Effect, Reach } from './reach';

/** Lifecycle rules, retention and holds of Google Cloud Storage. */
export function googleReaches(view: View): readonly Reach[] {
  return view.app.all('resource', 'google_storage_bucket').flatMap((element) => {
    const { attributes } = element;
    const bucket = { element, scheme: 'gcs', bucket: view.nameOf(element) } as const;
    const { list, complete } = blocksOf(attributes, 'lifecycle_rule');
    const effects = list.flatMap((rule, index) => lifecycleRule(rule, index, textOf(attributes, 'storage_class')));
    if (!complete) effects.push(whole('a lifecycle rule that Terraform makes deletes or moves', 'unknown'));
    const retention = blocksOf(attributes, 'retention_policy');
    if (retention.list.length > 0 || !retention.complete) {
      effects.push(whole('the retention policy retains', retention.list.length > 0 ? 'yes' : 'unknown'));
    }
    const hold = isOneOf(textOf(attributes, 'default_event_based_hold') ?? 'false', ['true']);
    if (hold !== 'no') effects.push(whole('the default event-based hold retains', hold));
    return effects.map((effect) => ({ ...bucket, ...effect }));
  });
}

function whole(what: string, answer: Answer): Effect {
  return { what, pattern: '', reaches: () => answer };
}

function lifecycleRule(rule: Attributes, index: number, storageClass = 'STANDARD'): Effect[] {
  const type = textOf(blockOf(rule, 'action'), 'type') ?? '';
  const acts = isOneOf(type, ['Delete', 'SetStorageClass']);
  if (acts === 'no') return [];
  const condition = blockOf(rule, 'condition') ?? {};
  const verb = type === 'SetStorageClass' ? 'moves to another storage class' : 'deletes';
  const prefixes = textsOf(condition, 'matches_prefix');
  const suffixes = textsOf(condition, 'matches_suffix');
  const classes = textsOf(condition, 'matches_storage_class');
  const always = allOf([
    acts,
    current(condition),
    classes.length === 0 ? 'yes' : anyOf(classes.map((name) => isOneOf(name, [storageClass]))),
  ]);
  return [
    {
      what: `lifecycle_rule[${index}] ${verb}`,
      // A list that only Terraform knows is one placeholder.
      pattern: prefixes[0] ?? '',
      reaches: (key) =>
        allOf([
          always,
          prefixes.length === 0 ? 'yes' : anyOf(prefixes.map((prefix) => startsWith(key, prefix))),
          suffixes.length === 0 ? 'yes' : anyOf(suffixes.map((suffix) => endsWith(key, suffix))),
        ]),
    },
  ];
}

/** Whether the conditions beside the key's can hold for a current object. */
function current(condition: Attributes): Answer {
  return allOf([
    isOneOf(textOf(condition, 'with_state') ?? 'ANY', ['ANY', 'LIVE', '']),
    // No version is newer than the current one.
    isOneOf(textOf(condition, 'num_newer_versions') ?? '0', ['0']),
    ...['days_since_noncurrent_time', 'noncurrent_time_before'].map((name) => absent(condition, name, ['0', ''])),
    // Whether an object has a custom time is not in the stack.
    ...['days_since_custom_time', 'custom_time_before'].map((name): Answer =>
      absent(condition, name, ['0', '']) === 'yes' ? 'yes' : 'unknown',
    ),
  ]);
}

function absent(condition: Attributes, name: string, unset: readonly string[]): Answer {
  const value = textOf(condition, name);
  return value === undefined ? 'yes' : isWhole(value) ? fromBoolean(unset.includes(value)) : 'unknown';
}
