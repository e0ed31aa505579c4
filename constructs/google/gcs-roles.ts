import { ProjectIamCustomRole } from '@cdktf/provider-google/lib/project-iam-custom-role';
import type { Construct } from 'constructs';
import { isKnown, type Problem } from '../problems';
import { generatedRoleId } from './names';
import { sameRoleId, wrongRole, wrongRoleId } from './problems';

/** Ids of the custom roles: 3 to 64 letters, digits, underscores and dots. */
export interface GcsCustomRolesProps {
  /** Id of the role that reads and lists. @default made of the store's id and a hash of its path */
  readonly readerRoleId?: string;
  /** Id of the role that creates and replaces. @default made of the store's id and a hash of its path */
  readonly writerRoleId?: string;
}

/** What one grant needs; each is bound with its own condition. */
export type GcsVerb = 'reader' | 'writer';

/** What the stores ask of it. */
interface RoleSource {
  readonly problems: readonly Problem[];
  /** Name of the role, as a binding has it; declares it below the store where it is its own. */
  roleFor(store: Construct, verb: GcsVerb, project: string | undefined): string;
}

/** For the stores alone. */
export let roleSourceOf: (roles: GcsRoles) => RoleSource;

const permissions: Readonly<Record<GcsVerb, readonly string[]>> = {
  reader: ['storage.objects.get', 'storage.objects.list'],
  // Replacing an object asks for delete as well.
  writer: ['storage.objects.create', 'storage.objects.delete'],
};

const titles: Readonly<Record<GcsVerb, string>> = {
  reader: 'Kong resilience: read configurations',
  writer: 'Kong resilience: store configurations',
};

/** With which roles a bucket is shared. All are bound to the bucket alone, with the same conditions. */
export class GcsRoles {
  static {
    roleSourceOf = (roles) => roles.source;
  }

  private constructor(private readonly source: RoleSource) {}

  /**
   * Two custom roles of the bucket's project with exactly what is needed: `storage.objects.get` and `list`;
   * `storage.objects.create` and `delete`. Whoever runs Terraform needs `iam.roles.create` there. A role is declared with
   * the first grant that needs it. Google keeps the id of a deleted role for weeks; Terraform takes it up again.
   */
  static custom(props: GcsCustomRolesProps = {}): GcsRoles {
    const ids = { reader: props.readerRoleId, writer: props.writerRoleId };
    return new GcsRoles({
      problems: [
        ...roleIdProblems('readerRoleId', ids.reader),
        ...roleIdProblems('writerRoleId', ids.writer),
        ...sameRoleProblems(ids.reader, ids.writer),
      ],
      roleFor: (store, verb, project) =>
        declareRole(store, verb, ids[verb] ?? generatedRoleId(store, verb), project).name,
    });
  }

  /**
   * Google's own `roles/storage.objectViewer` and `roles/storage.objectUser`, where custom roles may not be created. The
   * conditions still hold every one of their rights to the same objects, but there an exporter may also change metadata
   * and holds, move and restore.
   */
  static predefined(): GcsRoles {
    return GcsRoles.fromRoleNames('roles/storage.objectViewer', 'roles/storage.objectUser');
  }

  /**
   * Existing roles, such as custom ones of the organisation.
   *
   * @param readerRole has `storage.objects.get` and `storage.objects.list`
   * @param writerRole has `storage.objects.create` and `storage.objects.delete`
   */
  static fromRoleNames(readerRole: string, writerRole: string): GcsRoles {
    const names = { reader: readerRole, writer: writerRole };
    return new GcsRoles({
      problems: [
        ...roleNameProblems('reader role', readerRole),
        ...roleNameProblems('writer role', writerRole),
        ...sameRoleProblems(readerRole, writerRole),
      ],
      roleFor: (_store, verb) => names[verb],
    });
  }
}

function declareRole(
  store: Construct,
  verb: GcsVerb,
  roleId: string,
  project: string | undefined,
): ProjectIamCustomRole {
  const id = verb === 'reader' ? 'ReaderRole' : 'WriterRole';
  const declared = store.node.tryFindChild(id) as ProjectIamCustomRole | undefined;
  return (
    declared ??
    new ProjectIamCustomRole(store, id, {
      roleId,
      title: titles[verb],
      description: `Bound to buckets by ${store.node.path}, with a condition.`.slice(0, 256),
      permissions: [...permissions[verb]],
      project,
    })
  );
}

function roleIdProblems(prop: string, roleId: string | undefined): Problem[] {
  if (!isKnown(roleId) || /^[a-zA-Z0-9_.]{3,64}$/.test(roleId)) return [];
  return [wrongRoleId(prop, roleId)];
}

function roleNameProblems(prop: string, role: string): Problem[] {
  if (!isKnown(role) || /^((projects|organizations)\/[^/\s]+\/)?roles\/[a-zA-Z0-9_.]{3,64}$/.test(role)) return [];
  return [wrongRole(prop, role)];
}

function sameRoleProblems(reader: string | undefined, writer: string | undefined): Problem[] {
  return isKnown(reader) && reader === writer ? [sameRoleId(reader)] : [];
}
