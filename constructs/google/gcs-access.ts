import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { Lazy } from 'cdktf';
import type { Construct } from 'constructs';
import { DeclarationError } from '../problems';
import { noteExportGrant, type IConfigurationStore, type IPrincipal } from '../topology';
import type { KnownVersions } from '../topology/known-versions';
import { readCondition, writeCondition } from './gcs-conditions';
import type { GcsPlace } from './gcs-place';
import { roleSourceOf, type GcsRoles, type GcsVerb } from './gcs-roles';
import { childIdFor } from './names';
import { isGooglePrincipal, type IGooglePrincipal } from './principal';
import { otherCloud } from './problems';

const conditionTitles: Readonly<Record<GcsVerb, string>> = {
  reader: 'Read and list configurations of Kong',
  writer: 'Store configurations of Kong',
};

/** Who may do what in one bucket: only ever added to what others have granted there. */
export class GcsAccess {
  private readonly bound: Readonly<Record<GcsVerb, WeakSet<IPrincipal>>> = {
    reader: new WeakSet(),
    writer: new WeakSet(),
  };

  constructor(
    private readonly store: IConfigurationStore & Construct,
    private readonly bucket: string,
    private readonly place: GcsPlace,
    private readonly roles: GcsRoles,
    private readonly project: string | undefined,
    private readonly versions: KnownVersions,
  ) {}

  grantExport(principal: IPrincipal): void {
    const google = this.googlePrincipal(principal);
    noteExportGrant(this.store, principal);
    this.bind(google, 'reader');
    this.bind(google, 'writer');
  }

  grantImport(principal: IPrincipal): void {
    this.bind(this.googlePrincipal(principal), 'reader');
  }

  private googlePrincipal(principal: IPrincipal): IGooglePrincipal {
    if (!isGooglePrincipal(principal)) {
      throw new DeclarationError(this.store.node.path, [otherCloud(principal.node.path)]);
    }
    return principal;
  }

  private condition(verb: GcsVerb): string | undefined {
    if (verb === 'reader') return readCondition(this.place);
    // Versions may still be added.
    return Lazy.stringValue({ produce: () => writeCondition(this.place, this.versions.mayElect) });
  }

  private bind(principal: IGooglePrincipal, verb: GcsVerb): void {
    if (this.bound[verb].has(principal)) return;
    this.bound[verb].add(principal);
    const id = childIdFor(this.store, verb === 'reader' ? 'Read' : 'Write', principal);
    const expression = this.condition(verb);
    new StorageBucketIamMember(this.store, id, {
      bucket: this.bucket,
      role: roleSourceOf(this.roles).roleFor(this.store, verb, this.project),
      member: principal.member,
      ...(expression === undefined ? {} : { condition: { title: conditionTitles[verb], expression } }),
    });
  }
}
