import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { DataAwsRegion } from '@cdktf/provider-aws/lib/data-aws-region';
import type { S3BucketLifecycleConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { EnvValue, type EnvValues } from '../environment';
import { inform, isKnown, throwProblems, whenDeclared } from '../problems';
import { noteExportGrant, type IPrincipal } from '../topology';
import { KnownVersions } from '../topology/known-versions';
import { versionListProblems } from '../topology/versions';
import { informOfAccounts } from './accounts';
import { checkExistingBucket, checkKeyArn, checkLocation, normalizePrefix } from './checks';
import { putSettingsFor } from './encryption';
import { awsPrincipal, GrantBook, informOfKey } from './grant-book';
import type { IExistingS3Store } from './interfaces';
import { checkRetention, retentionOf, sharedBucketRules } from './lifecycle';
import type { Retention, RetentionProps } from './lifecycle';
import type { PolicyStatement } from './policy';
import { bucketUnchecked, notMerged, noVersion, readTooEarly } from './problems';
import { regionEnvironment } from './region-environment';
import { declaresBucket } from './same-stack';
import { exportRights, importRights, rootOf, tlsOnly, type Place } from './statements';

/** What is not known of an existing bucket by its name; and how long `lifecycleRules` keep what is not current. */
export interface ExistingS3StoreOptions extends RetentionProps {
  /**
   * What the keys in the bucket start with; empty for nothing. A token must not turn out empty.
   *
   * @default "kong"
   */
  readonly prefix?: string;
  /**
   * Versions of the gateway under which exporters write, in full. Exporter nodes add theirs.
   *
   * @default those of the exporter nodes with this store
   */
  readonly gatewayVersions?: readonly string[];
  /**
   * Region of the bucket.
   *
   * @default the provider's
   */
  readonly region?: string;
  /**
   * ARN of the key of KMS under which configurations are put. A bucket whose default encryption is by KMS needs it too,
   * for the rights to the key.
   *
   * @default none: the bucket's default encryption, by keys that S3 manages
   */
  readonly kmsKeyArn?: string;
  /**
   * Provider of the bucket's account.
   *
   * @default the stack's AWS provider
   */
  readonly provider?: TerraformProvider;
}

export class ExistingS3Store extends Construct implements IExistingS3Store {
  readonly bucketArn: string;
  readonly prefix: string;
  readonly storageUrl: string;
  readonly importStorageUrl: string;
  readonly exporterEnvironment: EnvValues;
  readonly importerEnvironment: EnvValues;

  readonly #versions = new KnownVersions(this);
  readonly #retention: Retention;
  readonly #grants = new GrantBook(this);
  readonly #place: Place;
  #rulesRead = false;
  #statementsRead = false;

  constructor(
    scope: Construct,
    id: string,
    readonly bucketName: string,
    options: ExistingS3StoreOptions,
  ) {
    super(scope, id);
    const { prefix = 'kong', gatewayVersions = [], kmsKeyArn, provider } = options;
    throwProblems(this, [
      ...checkLocation({ bucketName, prefix }),
      ...checkExistingBucket(bucketName),
      ...versionListProblems(gatewayVersions),
      ...checkKeyArn('kmsKeyArn', kmsKeyArn),
      ...checkRetention(options),
    ]);
    this.prefix = normalizePrefix(prefix);
    this.#retention = retentionOf(options);
    const partition = new DataAwsPartition(this, 'Partition', { provider });
    const region = options.region ?? new DataAwsRegion(this, 'Region', { provider }).region;
    this.bucketArn = `arn:${partition.partition}:s3:::${bucketName}`;
    const key =
      kmsKeyArn === undefined ? {} : { key: { arn: kmsKeyArn, viaService: `s3.${region}.${partition.dnsSuffix}` } };
    this.#place = { bucketArn: this.bucketArn, prefix: this.prefix, ...key };
    this.storageUrl = `s3://${bucketName}/${this.prefix}`;
    this.importStorageUrl = this.storageUrl;
    this.importerEnvironment = regionEnvironment(region);
    this.exporterEnvironment = {
      ...this.importerEnvironment,
      ...(kmsKeyArn === undefined
        ? {}
        : { KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: EnvValue.fromText(putSettingsFor(kmsKeyArn)) }),
    };
    gatewayVersions.forEach((version) => this.addGatewayVersion(version));
    this.#versions.warnWithout(noVersion());
    const shown = isKnown(bucketName) ? `the bucket "${bucketName}"` : 'the bucket';
    whenDeclared(this, () => {
      if (!declaresBucket(this, bucketName)) inform(this, bucketUnchecked(shown, kmsKeyArn !== undefined));
      else this.#informOfUnmerged(shown);
      if (kmsKeyArn !== undefined) informOfKey(this, kmsKeyArn, this.#grants);
      informOfAccounts(this, [this.#grants], { provider, kmsKeyArn });
    });
  }

  get bucketPolicyStatements(): readonly PolicyStatement[] {
    this.#grants.noteBucketRead();
    this.#statementsRead = true;
    const ours = [`${this.bucketArn}/${rootOf(this.prefix)}*`];
    return [tlsOnly(this.prefix === '' ? [this.bucketArn, ...ours] : ours), ...this.#grants.bucketStatements()];
  }

  get keyPolicyStatements(): readonly PolicyStatement[] {
    this.#grants.noteKeyRead();
    return this.#grants.allKeyStatements();
  }

  get lifecycleRules(): readonly S3BucketLifecycleConfigurationRule[] {
    this.#rulesRead = true;
    return sharedBucketRules(this.prefix, this.#versions.all, this.#retention);
  }

  grantExport(principal: IPrincipal): void {
    const grantee = awsPrincipal(this, principal);
    noteExportGrant(this, principal);
    this.#grants.grant('Export', grantee, () => exportRights(this.#place, this.#versions.mayElect));
  }

  grantImport(principal: IPrincipal): void {
    this.#grants.grant('Import', awsPrincipal(this, principal), () => importRights(this.#place));
  }

  addGatewayVersion(version: string): void {
    if (!this.#versions.add(version)) return;
    if (this.#rulesRead) throwProblems(this, [readTooEarly('lifecycleRules')]);
    this.#grants.noteVersion();
  }

  /** Who merges them reads them. */
  #informOfUnmerged(bucket: string): void {
    const unread = [
      ...(this.#statementsRead ? [] : ['bucketPolicyStatements into its policy']),
      ...(this.#rulesRead ? [] : ['lifecycleRules into its lifecycle']),
    ];
    if (unread.length > 0) inform(this, notMerged(bucket, unread.join(' and ')));
  }
}
