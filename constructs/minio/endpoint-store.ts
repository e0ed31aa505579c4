import { Lazy } from 'cdktf';
import { Construct } from 'constructs';
import type { EnvValues } from '../environment';
import { inform, throwProblems, warn, type Problem } from '../problems';
import { type IConfigurationStore, type IPrincipal, noteExportGrant } from '../topology';
import { KnownVersions } from '../topology/known-versions';
import { type Address, type AddressProps, readAddress } from './address';
import { ExistingKeys } from './existing-keys';
import {
  configurationRule,
  type RetentionProps,
  retentionProblems,
  type S3LifecycleRule,
  versionRules,
} from './lifecycle';
import { exportStatements, importStatements, policyText, type MinioPolicyStatement } from './policy';
import { notGranted } from './problems';

/** @internal What a store at an endpoint of its own has in common with every other. */
export abstract class EndpointStore extends Construct implements IConfigurationStore {
  private readonly versions = new KnownVersions(this);
  protected readonly rules: S3LifecycleRule[] = [];

  constructor(
    scope: Construct,
    id: string,
    protected readonly retention: AddressProps & RetentionProps,
    bucketName: string | undefined,
  ) {
    super(scope, id);
    // A bucket that has no name yet is given one by the provider.
    const { problems, doubts } = readAddress(bucketName ?? 'bucket', retention);
    throwProblems(this, [...problems, ...retentionProblems(retention)]);
    for (const doubt of doubts) warn(this, doubt);
  }

  protected abstract readonly address: Address;

  /** Name of the bucket; a token where the provider makes it. */
  get bucketName(): string {
    return this.address.bucket;
  }

  /** Folder of the bucket that holds the configurations, without slashes at its ends; may be empty. */
  get prefix(): string {
    return this.address.prefix;
  }

  get storageUrl(): string {
    return this.address.storageUrl;
  }

  get importStorageUrl(): string {
    return this.address.storageUrl;
  }

  get exporterEnvironment(): EnvValues {
    return this.address.environment;
  }

  get importerEnvironment(): EnvValues {
    return this.address.environment;
  }

  /** What an exporter must be allowed, as the JSON text of a policy, in a token: versions may still be added. */
  get exportPolicy(): string {
    return Lazy.stringValue({ produce: () => policyText(this.exportStatements) });
  }

  /** What an importer must be allowed, as the JSON text of a policy. */
  get importPolicy(): string {
    return policyText(importStatements(this.bucketName, this.address.folder));
  }

  grantExport(principal: IPrincipal): void {
    noteExportGrant(this, principal);
    if (principal instanceof ExistingKeys) inform(this, notGranted(principal.node.path, 'exportPolicy'));
    else this.grant(principal, this.exportStatements);
  }

  grantImport(principal: IPrincipal): void {
    if (principal instanceof ExistingKeys) inform(this, notGranted(principal.node.path, 'importPolicy'));
    else this.grant(principal, importStatements(this.bucketName, this.address.folder));
  }

  private get exportStatements(): MinioPolicyStatement[] {
    return exportStatements(this.bucketName, this.address.folder, () => this.versions.mayElect);
  }

  /** @throws DeclarationError when the store cannot grant this kind of principal anything */
  protected abstract grant(principal: IPrincipal, statements: readonly MinioPolicyStatement[]): void;

  /** @throws DeclarationError when it is known and not a full version */
  addGatewayVersion(version: string): void {
    if (!this.versions.add(version)) return;
    this.rules.push(...this.rulesOf(`${this.address.folder}${version}/`, version));
  }

  /** Tells at synth that it knows no version. */
  protected warnWithoutVersion(problem: Problem): void {
    this.versions.warnWithout(problem);
  }

  /** The lifecycle rules of one version; in a bucket where other people's objects may lie, none reaches further than its folder. */
  protected rulesOf(base: string, version: string): S3LifecycleRule[] {
    return [configurationRule(`${base}config.json`, this.retention), ...versionRules(base, version, this.retention)];
  }
}
