import { blocksOf, blockOf, textOf } from './reading/attributes';
import { allOf, anyOf, type Answer } from './reading/answer';
import { samePlace, isStore, parsePlace, type Place, type VersionUse } from './reading/places';
import { equals } from './reading/text';
import type { View } from './reading/view';
import { defineRule, type Finding } from './rule';

/** New nodes of a version that nobody exports find nothing. */
export const versionNotExported = defineRule(
  'KR_RULE_VERSION_NOT_EXPORTED',
  'warning',
  'A node imports a gateway version that nobody in the app exports to the same store.',
  (view, tell) => {
    const seen = new Set<string>();
    return view.imports.flatMap((use): Finding[] => {
      const { construct, version, place } = use;
      const key = `${construct.node.path} ${version}`;
      const answer = exported(view, use);
      if (answer === 'yes' || seen.has(key)) return [];
      seen.add(key);
      if (version === undefined || place === undefined) {
        const what = version === undefined ? 'its gateway version' : 'its store';
        return [tell.unknown(construct, `${what} is not in the stack. See that an exporter writes the same version.`)];
      }
      const where = `the bucket ${view.show(place.bucket)}`;
      if (answer === 'unknown') {
        return [
          tell.unknown(
            construct,
            `whether an exporter writes gateway ${version} to ${where} depends on what is not in the stack.`,
          ),
        ];
      }
      return [
        tell.found(
          construct,
          `it imports gateway ${version} from ${where}, and nobody in this app exports that version there: in an outage its new nodes would find nothing. Add "${version}" to an exporter and deploy it first; if another app exports it, acknowledge that.`,
        ),
      ];
    });
  },
);

function exported(view: View, { version, place }: VersionUse): Answer {
  if (version === undefined || place === undefined) return 'unknown';
  const origins = originsOf(view, place);
  return anyOf(
    view.exports.map((use) => {
      const where = use.place;
      const same = where === undefined ? 'unknown' : anyOf(origins.map((origin) => samePlace(where, origin)));
      return allOf([same, use.version === undefined ? 'unknown' : use.version === version ? 'yes' : 'no']);
    }),
  );
}

/** The place itself, and those that are copied to it. */
function originsOf(view: View, place: Place): readonly Place[] {
  const replicated = view.app.constructs.filter(isStore).flatMap((store) => {
    const from = parsePlace(view.app.textAt(store, store.storageUrl));
    const to = parsePlace(view.app.textAt(store, store.importStorageUrl));
    return from !== undefined && to !== undefined && samePlace(to, place) === 'yes' ? [from] : [];
  });
  const byHand = view.app.all('resource', 'aws_s3_bucket_replication_configuration').flatMap(({ attributes }) => {
    const targets = blocksOf(attributes, 'rule').list.map(
      (rule) => textOf(blockOf(rule, 'destination'), 'bucket') ?? '',
    );
    const hit = targets.some((arn) => equals(arn.replace(/^arn:[^:]*:s3:::/, ''), place.bucket) === 'yes');
    return hit ? [{ ...place, bucket: textOf(attributes, 'bucket') ?? '' }] : [];
  });
  return [place, ...replicated, ...byHand];
}
