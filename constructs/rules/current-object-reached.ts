import { allOf, anyOf } from './reading/answer';
import { keysOf, type StorePlace } from './reading/places';
import { equals } from './reading/text';
import { googleReaches } from './lifecycle/google';
import { minioReaches } from './lifecycle/minio';
import type { Reach } from './lifecycle/reach';
import { s3Reaches } from './lifecycle/s3';
import { defineRule, type Finding } from './rule';

/** An idle week must not delete the configuration: on the day it is needed it would not be there. */
export const currentObjectReached = defineRule(
  'KR_RULE_CURRENT_OBJECT_REACHED',
  'error',
  'An expiration, transition, retention or hold reaches a current `config.json` or lease.',
  (view, tell) =>
    [...s3Reaches(view), ...googleReaches(view), ...minioReaches(view)].flatMap((reach): Finding[] => {
      const { element, what } = reach;
      const judged = view.places.map((place) => ({ place, ...judge(reach, place) }));
      const hit = judged.find(({ answer }) => answer === 'yes');
      if (hit !== undefined) {
        return [
          tell.found(
            element.construct,
            `${what} current objects of the bucket ${view.show(hit.place.bucket)}, ${view.show(hit.key)} among them: without it a new node finds no configuration in an outage, or exporters cannot replace it. Limit it to other keys or to noncurrent versions.`,
          ),
        ];
      }
      const doubt = judged.find(({ answer }) => answer === 'unknown');
      if (doubt === undefined) return [];
      return [
        tell.unknown(
          element.construct,
          `whether ${what} the current ${view.show(doubt.key)} of the bucket ${view.show(doubt.place.bucket)} depends on what is not in the stack. Write it out, or limit it to other keys or to noncurrent versions.`,
        ),
      ];
    }),
);

function judge(reach: Reach, place: StorePlace): { readonly answer: 'yes' | 'no' | 'unknown'; readonly key: string } {
  if (reach.scheme !== place.scheme) return { answer: 'no', key: '' };
  const keys = keysOf(place, reach.pattern).map((key) => ({ key, answer: reach.reaches(key) }));
  const answer = allOf([equals(reach.bucket, place.bucket), anyOf(keys.map((one) => one.answer))]);
  return {
    answer,
    key: (keys.find((one) => one.answer === 'yes') ?? keys.find((one) => one.answer === 'unknown'))?.key ?? '',
  };
}
