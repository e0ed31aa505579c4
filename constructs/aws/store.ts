import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { EnvValue, type EnvValues } from '../environment';
import { throwProblems, whenDeclared } from '../problems';
import { noteExportGrant, type IPrincipal } from '../topology';
import { KnownVersions } from '../topology/known-versions';
import { versionListProblems } from '../topology/versions';
import { informOfAccounts } from './accounts';
import { declareBucket, type BucketSettings, type DeclaredBucket } from './bucket';
import { checkLocation, normalizePrefix } from './checks';
import { checkEncryption, choiceOf, putSettingsFor, S3Encryption } from './encryption';
import { ExistingS3Store, type ExistingS3StoreOptions } from './existing-store';
import { awsPrincipal, GrantBook, informOfKey } from './grant-book';
import type { IExistingS3Store, IS3Store } from './interfaces';
import { checkRetention, ownBucketRules, retentionOf, type RetentionProps } from './lifecycle';
import type { PolicyStatement } from './policy';
import { noVersion, replicationWithoutVersion } from './problems';
import { regionEnvironment } from './region-environment';
import { checkReplication, replicaEncryption, replicationOf, type S3Replication } from './replication';
import { declareReplication, replicationRules } from './replication';
import { exportRights, importRights, type Place } from './statements';

export interface S3StoreProps extends RetentionProps {
  /**
   * Name of the bucket.
   *
   * @default a unique name made by Terraform, which starts with `bucketPrefix`
   */
  readonly bucketName?: string;
  /**
   * What the bucket's name starts with: up to 37 characters.
   *
   * @default Terraform's own start
   */
  readonly bucketPrefix?: string;
  /**
   * What the keys in the bucket start with; empty for nothing. A token must not turn out empty.
   *
   * @default "kong"
   */
  readonly prefix?: string;
  /**
   * Versions of the gateway under which exporters write, in full. Exporter nodes add theirs: give those of writers that
   * are no construct of this library.
   *
   * @default those of the exporter nodes with this store
   */
  readonly gatewayVersions?: readonly string[];
  /**
   * How the objects are encrypted at rest.
   *
   * @default S3Encryption.s3Managed(): keys that S3 manages
   */
  readonly encryption?: S3Encryption;
  /**
   * A copy of the configurations in a second region. Importers then read the copy; `primaryRegion` is for those that
   * should not.
   *
   * @default none
   */
  readonly replication?: S3Replication;
  /**
   * Existing bucket in the same region that takes the access logs.
   *
   * @default no access logs
   */
  readonly accessLogBucketName?: string;
  /**
   * What the names of the access logs start with.
   *
   * @default the bucket's name and a slash
   */
  readonly accessLogPrefix?: string;
  /**
   * Whether Terraform refuses to destroy or replace bucket and key. To take the protection off, set false and apply, and
   * only then destroy.
   *
   * @default true
   */
  readonly preventDestroy?: boolean;
  /**
   * Whether Terraform empties the bucket before it destroys it, every version included; a bucket that is not empty cannot
   * be destroyed otherwise. It has effect once applied.
   *
   * @default false
   */
  readonly forceDestroy?: boolean;
  /**
   * Region of the bucket.
   *
   * @default the provider's
   */
  readonly region?: string;
  /**
   * Provider with which everything of the store is declared.
   *
   * @default the stack's AWS provider
   */
  readonly provider?: TerraformProvider;
  /**
   * Tags of bucket, key and role.
   *
   * @default none beside the provider's default tags
   */
  readonly tags?: Record<string, string>;
}

/**
 * A bucket of Amazon S3 for the configurations: encrypted, versioned, without public access, over TLS only, and guarded
 * against destruction. Whoever may read it owns the gateway's secrets, and whoever may write it owns its routing.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class S3Store extends Construct implements IS3Store {
  /**
   * A store in an existing bucket. It declares nothing of the bucket, because settings of a bucket are exclusive and would
   * replace its owner's; what has to be merged into them comes out as values.
   *
   * @throws DeclarationError with everything that is wrong with name and options
   */
  static fromBucketName(
    scope: Construct,
    id: string,
    bucketName: string,
    options: ExistingS3StoreOptions = {},
  ): IExistingS3Store {
    return new ExistingS3Store(scope, id, bucketName, options);
  }

  readonly bucketName: string;
  readonly bucketArn: string;
  readonly prefix: string;
  readonly storageUrl: string;
  readonly importStorageUrl: string;
  readonly exporterEnvironment: EnvValues;
  readonly importerEnvironment: EnvValues;
  /** The key of KMS with which objects are encrypted; undefined with keys that S3 manages. */
  readonly keyArn?: string;
  /** Name of the bucket in the second region; undefined without replication. */
  readonly replicaBucketName?: string;
  /** The same store, of which importers read the bucket itself, also when it is replicated. */
  readonly primaryRegion: IS3Store;

  readonly #versions = new KnownVersions(this);
  readonly #grants: GrantBook;
  readonly #replicaGrants: GrantBook;
  readonly #existingKey: boolean;
  readonly #place: Place;
  readonly #replicaPlace: Place | undefined;
  readonly #updateRules: () => void;

  constructor(scope: Construct, id: string, props: S3StoreProps = {}) {
    super(scope, id);
    const { prefix = 'kong', encryption = S3Encryption.s3Managed(), replication, gatewayVersions = [] } = props;
    throwProblems(this, [
      ...checkLocation({ bucketName: props.bucketName, bucketPrefix: props.bucketPrefix, prefix }),
      ...versionListProblems(gatewayVersions),
      ...checkEncryption('the key of encryption', encryption),
      ...checkRetention(props),
      ...(replication === undefined ? [] : checkReplication(replication, { region: props.region, encryption })),
    ]);
    this.prefix = normalizePrefix(prefix);
    const choice = choiceOf(encryption);
    this.#existingKey = choice.kind === 'existing-key';
    this.#grants = new GrantBook(this);
    this.#replicaGrants = new GrantBook(this);
    const retention = retentionOf(props);
    const rules = () => ownBucketRules(this.prefix, this.#versions.all, retention);

    const shared = {
      preventDestroy: props.preventDestroy ?? true,
      forceDestroy: props.forceDestroy ?? false,
      tags: props.tags,
    };
    const source = declareBucket(
      this,
      {
        ...shared,
        bucketName: props.bucketName,
        bucketPrefix: props.bucketPrefix,
        encryption,
        provider: props.provider,
        region: props.region,
        accessLogBucketName: props.accessLogBucketName,
        accessLogPrefix: props.accessLogPrefix,
        keyDescription: 'Configurations of Kong Gateway',
        ...statementsOf(this.#grants),
      },
      rules(),
    );
    const replicated = replication === undefined ? undefined : this.#declareReplica(replication, source, props, shared);

    this.bucketName = source.resource.bucket;
    this.bucketArn = source.resource.arn;
    this.keyArn = source.key?.arn;
    this.replicaBucketName = replicated?.bucket.resource.bucket;
    this.#place = placeOf(source, this.prefix);
    this.#replicaPlace = replicated === undefined ? undefined : placeOf(replicated.bucket, this.prefix);
    this.storageUrl = `s3://${this.bucketName}/${this.prefix}`;
    this.importStorageUrl = `s3://${this.replicaBucketName ?? this.bucketName}/${this.prefix}`;
    const environment = regionEnvironment(source.region);
    this.exporterEnvironment = {
      ...environment,
      ...(source.key === undefined
        ? {}
        : { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: EnvValue.fromText(putSettingsFor(source.key.arn)) }),
    };
    this.importerEnvironment = replicated === undefined ? environment : regionEnvironment(replicated.bucket.region);
    this.primaryRegion =
      replicated === undefined
        ? this
        : new PrimaryRegion(this, environment, (principal) => this.#grantImportHere(principal));

    this.#updateRules = () => {
      source.lifecycle.putRule(rules());
      replicated?.update(this.#versions.all);
    };
    gatewayVersions.forEach((version) => this.addGatewayVersion(version));
    this.#versions.warnWithout(noVersion());
    whenDeclared(this, () => {
      const kmsKeyArn = choice.kind === 'existing-key' ? choice.arn : undefined;
      if (kmsKeyArn !== undefined) informOfKey(this, kmsKeyArn, this.#grants);
      informOfAccounts(this, [this.#grants, this.#replicaGrants], { provider: props.provider, kmsKeyArn });
    });
    this.node.addValidation({
      validate: () => {
        if (replicated === undefined || this.#versions.all.length > 0) return [];
        const { code, text } = replicationWithoutVersion();
        return [`${code} ${text}`];
      },
    });
  }

  get keyPolicyStatements(): readonly PolicyStatement[] {
    if (!this.#existingKey) return [];
    this.#grants.noteKeyRead();
    return this.#grants.allKeyStatements();
  }

  grantExport(principal: IPrincipal): void {
    const grantee = awsPrincipal(this, principal);
    noteExportGrant(this, principal);
    this.#grants.grant('Export', grantee, () => exportRights(this.#place, this.#versions.mayElect));
  }

  grantImport(principal: IPrincipal): void {
    const place = this.#replicaPlace;
    if (place === undefined) return this.#grantImportHere(principal);
    this.#replicaGrants.grant('ImportReplica', awsPrincipal(this, principal), () => importRights(place));
  }

  addGatewayVersion(version: string): void {
    if (this.#versions.add(version)) this.#updateRules();
  }

  #grantImportHere(principal: IPrincipal): void {
    this.#grants.grant('Import', awsPrincipal(this, principal), () => importRights(this.#place));
  }

  #declareReplica(
    replication: S3Replication,
    source: DeclaredBucket,
    props: S3StoreProps,
    shared: Pick<BucketSettings, 'preventDestroy' | 'forceDestroy' | 'tags'>,
  ): { readonly bucket: DeclaredBucket; readonly update: (versions: readonly string[]) => void } {
    const { region, provider = props.provider, options } = replicationOf(replication);
    const scope = new Construct(this, 'Replica');
    const replica = declareBucket(
      scope,
      {
        ...shared,
        bucketName: options.bucketName,
        bucketPrefix: options.bucketPrefix,
        encryption: replicaEncryption(props.encryption ?? S3Encryption.s3Managed(), options.kmsKeyArn),
        provider,
        region,
        accessLogBucketName: options.accessLogBucketName,
        accessLogPrefix: options.accessLogPrefix,
        keyDescription: 'Configurations of Kong Gateway, replica',
        ...statementsOf(this.#replicaGrants),
      },
      ownBucketRules(this.prefix, [], retentionOf(props)),
    );
    const configuration = declareReplication(scope, {
      source,
      replica,
      prefix: this.prefix,
      provider: props.provider,
      region: props.region,
      options,
      tags: props.tags,
    });
    return {
      bucket: replica,
      update: (versions) => configuration.putRule(replicationRules({ prefix: this.prefix, replica }, versions)),
    };
  }
}

/** The store as importers see it that read the bucket itself and not its replica. */
class PrimaryRegion extends Construct implements IS3Store {
  readonly #store: S3Store;
  readonly #grantImport: (principal: IPrincipal) => void;

  constructor(
    store: S3Store,
    readonly importerEnvironment: EnvValues,
    grantImport: (principal: IPrincipal) => void,
  ) {
    super(store, 'PrimaryRegion');
    this.#store = store;
    this.#grantImport = grantImport;
  }

  get bucketName(): string {
    return this.#store.bucketName;
  }

  get bucketArn(): string {
    return this.#store.bucketArn;
  }

  get prefix(): string {
    return this.#store.prefix;
  }

  get storageUrl(): string {
    return this.#store.storageUrl;
  }

  get importStorageUrl(): string {
    return this.#store.storageUrl;
  }

  get exporterEnvironment(): EnvValues {
    return this.#store.exporterEnvironment;
  }

  get keyPolicyStatements(): readonly PolicyStatement[] {
    return this.#store.keyPolicyStatements;
  }

  grantExport(principal: IPrincipal): void {
    this.#store.grantExport(principal);
  }

  grantImport(principal: IPrincipal): void {
    this.#grantImport(principal);
  }

  addGatewayVersion(version: string): void {
    this.#store.addGatewayVersion(version);
  }
}

function placeOf({ resource, key }: DeclaredBucket, prefix: string): Place {
  return { bucketArn: resource.arn, prefix, ...(key === undefined ? {} : { key }) };
}

/** The policies of a bucket and a key that are ours hold whoever is of another account. */
function statementsOf(grants: GrantBook): Pick<BucketSettings, 'bucketStatements' | 'keyStatements'> {
  return { bucketStatements: () => grants.bucketStatements(), keyStatements: () => grants.foreignKeyStatements() };
}
