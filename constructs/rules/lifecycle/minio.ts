import { allOf } from '../reading/answer';
import { blocksOf, textOf, type Attributes } from '../reading/attributes';
import { isOneOf, startsWith } from '../reading/text';
import type { View } from '../reading/view';
import { inBucket, type Effect, type Reach } from './reach';
import { generated } from './s3';

/** Lifecycle rules and retention of MinIO. */
export function minioReaches(view: View): readonly Reach[] {
  const { app } = view;
  const rules = app.all('resource', 'minio_ilm_policy').flatMap((element) => {
    const bucket = inBucket(textOf(element.attributes, 'bucket') ?? '');
    const { list, complete } = blocksOf(element.attributes, 'rule');
    const effects = [...list.flatMap((rule) => ilmRule(view, rule)), ...(complete ? [] : [generated])];
    return effects.map((effect) => ({ element, ...bucket, ...effect }));
  });
  const locks = app.all('resource', 'minio_s3_bucket_retention').map((element): Reach => ({
    element,
    ...inBucket(textOf(element.attributes, 'bucket') ?? ''),
    what: 'the retention retains',
    pattern: '',
    reaches: () => 'yes',
  }));
  return [...rules, ...locks];
}

function ilmRule(view: View, rule: Attributes): Effect[] {
  const prefix = textOf(rule, 'filter') ?? '';
  const enabled = isOneOf(textOf(rule, 'status') ?? 'Enabled', ['Enabled']);
  const tagged = rule['tags'] !== undefined;
  const verbs = [
    ...(textOf(rule, 'expiration') === undefined ? [] : ['expires']),
    ...(blocksOf(rule, 'transition').list.length === 0 ? [] : ['moves to another storage class']),
  ];
  return verbs.map((verb) => ({
    what: `the lifecycle rule ${view.show(textOf(rule, 'id') ?? '')} ${verb}`,
    pattern: prefix,
    reaches: (key) => allOf([enabled, startsWith(key, prefix), tagged ? 'unknown' : 'yes']),
  }));
}
