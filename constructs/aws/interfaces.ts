import type { S3BucketLifecycleConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import type { IConfigurationStore } from '../topology';
import type { PolicyStatement } from './policy';

/** A store on Amazon S3: declared here, or in an existing bucket. */
export interface IS3Store extends IConfigurationStore {
  /** Name of the bucket. */
  readonly bucketName: string;
  /** Its ARN. */
  readonly bucketArn: string;
  /** What the keys start with, without a slash at its ends; may be empty. */
  readonly prefix: string;
  /**
   * What the policy of an existing key has to allow, unless it lets IAM policies of the account decide: a statement for
   * each grant. Empty without an existing key. Read it after the last grant: one that follows is an error.
   */
  readonly keyPolicyStatements: readonly PolicyStatement[];
}

/** A store in an existing bucket: what its owner has to merge into the bucket's own settings. */
export interface IExistingS3Store extends IS3Store {
  /**
   * Statements for the bucket's policy: TLS only under the prefix, and the principals of other accounts. Put them into
   * your own `aws_s3_bucket_policy`. Read them after the last grant: one that follows is an error.
   */
  readonly bucketPolicyStatements: readonly PolicyStatement[];
  /**
   * Rules for the bucket's lifecycle: put them into the `rule` of your own `S3BucketLifecycleConfiguration`. None reaches
   * further than the folder of one version. Read them after the last node: a version that follows is an error.
   */
  readonly lifecycleRules: readonly S3BucketLifecycleConfigurationRule[];
}
