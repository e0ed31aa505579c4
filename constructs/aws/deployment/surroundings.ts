import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { DataAwsRegion } from '@cdktf/provider-aws/lib/data-aws-region';
import type { TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';

/** Where a deployment is declared. */
export interface PlaceProps {
  /**
   * Region of everything that is declared, save roles.
   *
   * @default the provider's
   */
  readonly region?: string;
  /**
   * Provider with which it is declared.
   *
   * @default the stack's AWS provider
   */
  readonly provider?: TerraformProvider;
  /**
   * Tags of what is declared.
   *
   * @default none beside the provider's default tags
   */
  readonly tags?: Record<string, string>;
}

/** What Terraform alone knows of where a construct is: a data source is declared when it is first asked for. */
export class Surroundings {
  #partition: DataAwsPartition | undefined;
  #account: DataAwsCallerIdentity | undefined;
  #region: string | undefined;

  constructor(
    private readonly construct: Construct,
    private readonly place: PlaceProps,
  ) {}

  get partition(): string {
    return this.#partitionData().partition;
  }

  get dnsSuffix(): string {
    return this.#partitionData().dnsSuffix;
  }

  get accountId(): string {
    this.#account ??= new DataAwsCallerIdentity(this.construct, 'Account', { provider: this.place.provider });
    return this.#account.accountId;
  }

  get region(): string {
    const { provider, region } = this.place;
    this.#region ??= region ?? new DataAwsRegion(this.construct, 'Region', { provider }).region;
    return this.#region;
  }

  #partitionData(): DataAwsPartition {
    this.#partition ??= new DataAwsPartition(this.construct, 'Partition', { provider: this.place.provider });
    return this.#partition;
  }
}
