import type { IConstruct } from 'constructs';
import type { Answer } from '../reading/answer';
import { anyOf, fromBoolean } from '../reading/answer';
import { blocksOf, isRecord, textOf, textsOf, type Attributes } from '../reading/attributes';
import { parseJson } from '../reading/json';
import { equals, isWhole } from '../reading/text';
import type { View } from '../reading/view';

/** Who is bound to a role, on a bucket or on a whole project. */
export interface Binding {
  readonly construct: IConstruct;
  /** Name of the bucket; undefined for a project. */
  readonly bucket: string | undefined;
  readonly project: string | undefined;
  readonly role: string;
  readonly members: readonly string[];
  readonly conditional: boolean;
}

/** All bindings of an app that may concern a bucket. A policy that cannot be read is one with nobody known in it. */
export function bindings(view: View): readonly Binding[] {
  const { app } = view;
  const read = (construct: IConstruct, attributes: Attributes): Omit<Binding, 'role' | 'members' | 'conditional'> => ({
    construct,
    bucket: textOf(attributes, 'bucket'),
    project: textOf(attributes, 'project'),
  });
  const single = [
    'google_storage_bucket_iam_member',
    'google_storage_bucket_iam_binding',
    'google_project_iam_member',
    'google_project_iam_binding',
  ];
  return [
    ...app.all('resource', ...single).map(({ construct, attributes }) => ({
      ...read(construct, attributes),
      role: textOf(attributes, 'role') ?? '',
      members: [...textsOf(attributes, 'member'), ...textsOf(attributes, 'members')],
      conditional: blocksOf(attributes, 'condition').list.length > 0,
    })),
    ...app.all('resource', 'google_storage_bucket_iam_policy').flatMap(({ construct, attributes }) => {
      const text = textOf(attributes, 'policy_data') ?? '';
      const policy = parseJson(text);
      if (!isRecord(policy)) {
        return [{ ...read(construct, attributes), role: text, members: [text], conditional: false }];
      }
      return blocksOf(policy, 'bindings').list.map((binding) => ({
        ...read(construct, attributes),
        role: textOf(binding, 'role') ?? '',
        members: textsOf(binding, 'members'),
        conditional: binding['condition'] !== undefined,
      }));
    }),
  ];
}

const writing = [
  'roles/editor',
  'roles/owner',
  'roles/storage.admin',
  'roles/storage.legacyBucketOwner',
  'roles/storage.legacyBucketWriter',
  'roles/storage.objectAdmin',
  'roles/storage.objectCreator',
  'roles/storage.objectUser',
];
const harmless = [
  'roles/browser',
  'roles/storage.bucketViewer',
  'roles/storage.insightsCollectorService',
  'roles/storage.legacyBucketReader',
  'roles/storage.legacyObjectReader',
  'roles/storage.objectViewer',
  'roles/viewer',
];
/** Services whose roles hold no right to an object. */
const otherServices =
  /^roles\/(artifactregistry|cloudprofiler|cloudtrace|compute|container|errorreporting|iam|logging|monitoring|run|secretmanager)\./;

/** Whether a role lets its members create, replace or delete objects. */
export function roleWrites(view: View, role: string): Answer {
  const custom = view.app
    .all('resource', 'google_project_iam_custom_role')
    .find((element) => view.nameOf(element) === role);
  if (custom !== undefined) {
    return anyOf(textsOf(custom.attributes, 'permissions').map(permissionWrites));
  }
  if (!isWhole(role)) return 'unknown';
  if (writing.includes(role)) return 'yes';
  return harmless.includes(role) || otherServices.test(role) ? 'no' : 'unknown';
}

function permissionWrites(permission: string): Answer {
  if (!isWhole(permission)) return 'unknown';
  return fromBoolean(/^storage\.objects\.(create|delete|update|move|restore|setIamPolicy)$/.test(permission));
}

/** Everybody there is. */
export function isPublicMember(member: string): Answer {
  return anyOf(['allUsers', 'allAuthenticatedUsers'].map((everybody) => equals(member, everybody)));
}
