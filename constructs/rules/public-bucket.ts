import { bindings, isPublicMember } from './access/google';
import { isAllow, statementsOf, type Statement } from './access/iam';
import { allOf, anyOf, type Answer } from './reading/answer';
import type { Element } from './reading/element';
import { blocksOf, isRecord, textOf, textsOf } from './reading/attributes';
import { blocksPublicAccess, settingsOf, storeBuckets, type StoreBucket } from './reading/buckets';
import { equals, isOneOf, isWhole } from './reading/text';
import type { View } from './reading/view';
import { defineRule, type Finding } from './rule';

/** The stored configuration holds private keys in the clear. */
export const publicBucket = defineRule(
  'KR_RULE_PUBLIC_BUCKET',
  'error',
  'Everybody may read or write the bucket of a store.',
  (view, tell) =>
    storeBuckets(view).flatMap((bucket) =>
      openings(view, bucket).flatMap(({ element, what, answer }): Finding[] => {
        const blocked = anyOf(bucket.elements.map((one) => blocksPublicAccess(view, bucket, one)));
        const open = allOf([answer, blocked === 'yes' ? 'no' : blocked === 'unknown' ? 'unknown' : 'yes']);
        const subject = `${what} the bucket ${view.show(bucket.name)} to everybody`;
        if (open === 'no') return [];
        if (open === 'unknown') {
          return [tell.unknown(element.construct, `whether ${subject} depends on what is not in the stack.`)];
        }
        return [
          tell.found(
            element.construct,
            `${subject}: who may read the configuration has the gateway's private keys, and who may write it owns its routing. Take it away.`,
          ),
        ];
      }),
    ),
);

/** Something that lets everybody in. */
interface Opening {
  readonly element: Pick<Element, 'construct'>;
  readonly what: string;
  readonly answer: Answer;
}

function openings(view: View, bucket: StoreBucket): readonly Opening[] {
  return bucket.place.scheme === 's3' ? s3Openings(view, bucket) : googleOpenings(view, bucket);
}

const openAcls = ['public-read', 'public-read-write', 'authenticated-read', 'public-write', 'public'];

function s3Openings(view: View, bucket: StoreBucket): readonly Opening[] {
  const { name } = bucket;
  const acl = (element: Element, same: Answer): Opening => ({
    element,
    what: 'the ACL opens',
    answer: allOf([
      same,
      anyOf([isOneOf(textOf(element.attributes, 'acl') ?? 'private', openAcls), grantsAll(element)]),
    ]),
  });
  return [
    ...settingsOf(view, name, 'aws_s3_bucket_policy', 'minio_s3_bucket_policy').map(([element, same]) => {
      const statements = statementsOf(textOf(element.attributes, 'policy') ?? '');
      const answer = statements === undefined ? 'unknown' : anyOf(statements.filter(isAllow).map(isForAll));
      return { element, what: 'the policy opens', answer: allOf([same, answer]) };
    }),
    ...settingsOf(view, name, 'aws_s3_bucket_acl').map(([element, same]) => acl(element, same)),
    ...bucket.elements.map((element) => acl(element, 'yes')),
  ];
}

/** Grants to one of the groups of S3 that mean everybody. */
function grantsAll({ attributes }: Element): Answer {
  const text = JSON.stringify([attributes['access_control_policy'], attributes['grant']]);
  return text.includes('/groups/global/AllUsers') || text.includes('/groups/global/AuthenticatedUsers') ? 'yes' : 'no';
}

/** Under a condition it may be for some. */
function isForAll(statement: Statement): Answer {
  const principal = statement['Principal'];
  const named = isRecord(principal) ? [...textsOf(principal, 'AWS'), ...textsOf(principal, '*')] : [principal];
  if (!named.includes('*')) return 'no';
  return statement['Condition'] === undefined ? 'yes' : 'unknown';
}

function googleOpenings(view: View, { name }: StoreBucket): readonly Opening[] {
  return [
    ...bindings(view)
      .filter((binding) => binding.bucket !== undefined)
      .map((binding) => ({
        element: binding,
        what: `the role ${view.show(binding.role)} opens`,
        answer: allOf([equals(binding.bucket ?? '', name), ...[anyOf(binding.members.map(isPublicMember))]]),
      })),
    ...settingsOf(
      view,
      name,
      'google_storage_bucket_acl',
      'google_storage_default_object_acl',
      'google_storage_bucket_access_control',
      'google_storage_default_object_access_control',
    ).map(([element, same]) => ({ element, what: 'the ACL opens', answer: allOf([same, openAcl(element)]) })),
  ];
}

function openAcl({ attributes }: Element): Answer {
  const predefined = textOf(attributes, 'predefined_acl') ?? 'private';
  const entities = [...textsOf(attributes, 'role_entity'), ...textsOf(attributes, 'entity')];
  return anyOf([
    isOneOf(predefined, ['publicRead', 'publicReadWrite', 'authenticatedRead']),
    blocksOf(attributes, 'role_entity').complete || entities.every(isWhole) ? 'no' : 'unknown',
    ...entities.map((entity) => isPublicMember(entity.replace(/^[A-Z]+:/, ''))),
  ]);
}
