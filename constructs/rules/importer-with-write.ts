import type { IConstruct } from 'constructs';
import { attachedPolicies, type AttachedPolicy, type Policy } from './access/aws';
import { bindings, roleWrites, type Binding } from './access/google';
import { covers, isAllow, isPlainDeny, statementsOf, type Statement } from './access/iam';
import { principalAbove, readersOfGroups, type Reader } from './access/readers';
import { allOf, anyOf, type Answer } from './reading/answer';
import { blockOf, textOf, textsOf } from './reading/attributes';
import { nameInArn } from './reading/computed';
import { isStore, keysOf, type StorePlace } from './reading/places';
import { equals } from './reading/text';
import type { View } from './reading/view';
import { defineRule, type Finding, type Told } from './rule';

const fix = 'Whoever broke into that node could replace the configuration of every other: let only exporters write.';

/** A node that serves traffic, and could write what all others start from. */
export const importerWithWrite = defineRule(
  'KR_RULE_IMPORTER_WITH_WRITE',
  'error',
  'The identity of a node that imports or proxies may write or delete in a store.',
  (view, tell) => [...onAws(view, tell), ...onGoogle(view, tell)],
);

/** @param what what the identity is allowed, and by what */
function tellOf(
  view: View,
  tell: Told,
  { construct }: { readonly construct: IConstruct },
  reader: Reader,
  answer: Answer,
  what: string,
): Finding[] {
  const subject = `the ${reader.kind} ${view.show(reader.name)} ${reader.why}`;
  if (answer === 'yes') return [tell.found(construct, `${subject} is allowed ${what}. ${fix}`)];
  if (answer === 'no') return [];
  return [tell.unknown(construct, `whether ${subject} is allowed ${what}, depends on what is not in the stack.`)];
}

function onAws(view: View, tell: Told): Finding[] {
  const places = view.places.filter(({ scheme }) => scheme === 's3');
  const policies = [...attachedPolicies(view), ...bucketPolicies(view)];
  const writes = ({ policy, principal, kind }: AttachedPolicy): Write => {
    const all = policies.filter((other) => other.kind === kind && equals(other.principal, principal) === 'yes');
    return writeOf(
      policy,
      places,
      all.flatMap((other) => ('statements' in other.policy ? other.policy.statements.filter(isPlainDeny) : [])),
    );
  };
  const readers = [...readersOfGroups(view.groups), ...readersOfGrants(policies, (policy) => writes(policy).answer)];
  return policies.flatMap((policy) =>
    gravest(
      readers
        .filter(
          ({ kind, owner }) => kind === policy.kind && (owner === undefined || owner !== policy.construct.node.scope),
        )
        .flatMap((reader): Finding[] => {
          const same = equals(policy.principal, reader.name);
          if (same === 'no') return [];
          const write = writes(policy);
          const answer = allOf([reader.certain, same, write.answer]);
          return tellOf(view, tell, policy, reader, answer, describe(view, write));
        }),
    ),
  );
}

/** One finding is enough for one policy: one that is so, before one that may be. */
function gravest(findings: readonly Finding[]): Finding[] {
  return (
    findings.some(({ level }) => level === 'error') ? findings.filter(({ level }) => level === 'error') : findings
  ).slice(0, 1);
}

/** Principals of this library that a store lets read, and nothing more. */
function readersOfGrants(
  policies: readonly AttachedPolicy[],
  writes: (policy: AttachedPolicy) => Answer,
): readonly Reader[] {
  const owners = new Set(policies.flatMap(({ construct }) => principalAbove(construct) ?? []));
  return [...owners].flatMap((owner): Reader[] => {
    const own = policies.filter(({ construct }) => construct.node.scope === owner);
    const [first] = own;
    if (first === undefined || !own.some(readsObjects) || anyOf(own.map(writes)) !== 'no') return [];
    const why = `of "${owner.node.path}", which a store lets read only,`;
    return [{ name: first.principal, kind: first.kind, why, certain: 'yes', owner }];
  });
}

/** Whether a store's grant is among them: rights to logs, secrets and images are not a store's. */
function readsObjects({ policy }: AttachedPolicy): boolean {
  return (
    'statements' in policy &&
    policy.statements.some((statement) => isAllow(statement) && textsOf(statement, 'Action').includes('s3:GetObject'))
  );
}

/** Statements of a bucket's policy that name a role or user. */
function bucketPolicies(view: View): readonly AttachedPolicy[] {
  return view.app.all('resource', 'aws_s3_bucket_policy').flatMap(({ construct, attributes }) =>
    (statementsOf(textOf(attributes, 'policy') ?? '') ?? []).flatMap((statement) =>
      textsOf(blockOf(statement, 'Principal'), 'AWS')
        .filter((arn) => arn.includes(':role/') || arn.includes(':user/'))
        .map((arn) => ({
          construct,
          kind: arn.includes(':role/') ? ('role' as const) : ('user' as const),
          principal: nameInArn(arn),
          policy: { statements: [statement] },
        })),
    ),
  );
}

interface Write {
  readonly answer: Answer;
  readonly action: string;
  readonly key: string;
  readonly place: StorePlace | undefined;
  /** Of a policy that cannot be read. */
  readonly policy?: string;
}

function writeOf(policy: Policy, places: readonly StorePlace[], denials: readonly Statement[]): Write {
  const [firstPlace] = places;
  if (!('statements' in policy)) {
    const answer = firstPlace === undefined ? 'no' : policy.writes;
    return { answer, action: 's3:PutObject', key: '', place: firstPlace, policy: policy.name };
  }
  const tried = policy.statements.filter(isAllow).flatMap((statement) =>
    places.flatMap((place) =>
      keysFor(statement, place).flatMap((key) =>
        ['s3:PutObject', 's3:DeleteObject'].map((action): Write => {
          const denied = anyOf(denials.map((denial) => covers(denial, action, place.bucket, key)));
          const allowed = covers(statement, action, place.bucket, key);
          return { answer: denied === 'yes' ? 'no' : allowed, action, key, place };
        }),
      ),
    ),
  );
  const nothing: Write = { answer: 'no', action: '', key: '', place: undefined };
  return tried.find(({ answer }) => answer === 'yes') ?? tried.find(({ answer }) => answer === 'unknown') ?? nothing;
}

function keysFor(statement: Statement, place: StorePlace): readonly string[] {
  const patterns = textsOf(statement, 'Resource').map((resource) => resource.split('/').slice(1).join('/'));
  return [...new Set([...patterns, ''].flatMap((pattern) => keysOf(place, pattern)))];
}

function describe(view: View, { action, key, place, policy }: Write): string {
  if (policy !== undefined) return `to write by the policy ${view.show(policy)}`;
  return `${action} on ${view.show(key)} in the bucket ${view.show(place?.bucket ?? '')} by this policy`;
}

function onGoogle(view: View, tell: Told): Finding[] {
  const places = view.places.filter(({ scheme }) => scheme === 'gcs');
  const all = bindings(view);
  const readers = [...readersOfGroups(view.groups), ...readersOfBindings(view, all)];
  return all.flatMap((binding) => {
    const onStore = anyOf(places.map((place) => reachesBucket(view, binding, place)));
    return gravest(
      readers
        .filter(({ kind, owner }) => kind === 'member' && (owner === undefined || owner !== scopeOf(binding)))
        .flatMap((reader): Finding[] => {
          const same = anyOf(binding.members.map((member) => equals(member, reader.name)));
          // The conditions of this library's own grants let in what the role says.
          const holds = binding.conditional && !isStore(scopeOf(binding)) ? 'unknown' : 'yes';
          const answer = allOf([reader.certain, same, onStore, roleWrites(view, binding.role), holds]);
          const where = binding.bucket === undefined ? 'the project' : `the bucket ${view.show(binding.bucket)}`;
          const what = `to write by the role ${view.show(binding.role)} on ${where}`;
          return tellOf(view, tell, binding, reader, answer, what);
        }),
    );
  });
}

function scopeOf({ construct }: Binding): IConstruct {
  return construct.node.scope ?? construct;
}

function reachesBucket(view: View, binding: Binding, place: StorePlace): Answer {
  if (binding.bucket !== undefined) return equals(binding.bucket, place.bucket);
  const bucket = view.app
    .all('resource', 'google_storage_bucket')
    .find((element) => equals(view.nameOf(element), place.bucket) === 'yes');
  const project = textOf(bucket?.attributes, 'project');
  // The provider's project is that of most things.
  if (project === undefined || binding.project === undefined) return 'yes';
  return equals(project, binding.project);
}

/** Members that a store of this library lets read, and nothing more. */
function readersOfBindings(view: View, all: readonly Binding[]): readonly Reader[] {
  const own = all.filter((binding) => isStore(scopeOf(binding)));
  return own.flatMap((binding) =>
    binding.members.flatMap((member): Reader[] => {
      const others = own.filter((other) => other.members.includes(member));
      if (anyOf(others.map(({ role }) => roleWrites(view, role))) !== 'no') return [];
      const owner = scopeOf(binding);
      const why = `, which the store "${owner.node.path}" lets read only,`;
      return [{ name: member, kind: 'member', why, certain: 'yes', owner }];
    }),
  );
}
