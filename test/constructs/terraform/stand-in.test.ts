import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret';
import { SecretsmanagerSecretVersion } from '@cdktf/provider-aws/lib/secretsmanager-secret-version';
import { DataGoogleStorageProjectServiceAccount } from '@cdktf/provider-google/lib/data-google-storage-project-service-account';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { App, Fn, TerraformOutput, TerraformStack, Testing } from 'cdktf';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { MinioProvider, MinioS3Bucket } from '../../../constructs/minio';
import { terraformIsMissing, terraformLifecycle, valuesOf, withTerraform } from '../support/terraform';

function awsStack(change: (bucket: S3Bucket, stack: TerraformStack) => void = () => undefined): TerraformStack {
  const stack = new TerraformStack(Testing.app(), 'store');
  new AwsProvider(stack, 'aws', { region: 'eu-central-1' });
  const partition = new DataAwsPartition(stack, 'partition');
  const bucket = new S3Bucket(stack, 'bucket', { bucketPrefix: 'kong-', tags: { team: 'edge' } });
  new S3BucketVersioningA(stack, 'versioning', {
    bucket: bucket.bucket,
    versioningConfiguration: { status: 'Enabled' },
  });
  new S3BucketLifecycleConfiguration(stack, 'lifecycle', {
    bucket: bucket.bucket,
    rule: [
      {
        id: 'noncurrent',
        status: 'Enabled',
        filter: [{ prefix: 'kong/' }],
        noncurrentVersionExpiration: [{ noncurrentDays: 30, newerNoncurrentVersions: 10 }],
      },
    ],
  });
  const role = new IamRole(stack, 'role', {
    name: 'exporter',
    path: '/kong/',
    assumeRolePolicy: Fn.jsonencode({ Version: '2012-10-17', Statement: [] }),
  });
  new IamRolePolicy(stack, 'policy', {
    name: 'export',
    role: role.name,
    policy: Fn.jsonencode({
      Statement: [{ Action: 's3:PutObject', Resource: `${bucket.arn}/*`, Service: `s3.${partition.dnsSuffix}` }],
    }),
  });
  new TerraformOutput(stack, 'account', { value: new DataAwsCallerIdentity(stack, 'caller').accountId });
  change(bucket, stack);
  return stack;
}

/** The whole message with which it fails. */
const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
};

describe.skipIf(terraformIsMissing())('the stand-in for Terraform’s providers', { timeout: 180_000 }, () => {
  it('takes a stack on AWS all the way, and says what its policies are as rendered', async () => {
    const state = await terraformLifecycle(awsStack());

    const { bucket, ...made } = valuesOf(state, 'aws_s3_bucket');
    expect(bucket).toMatch(/^kong-\d{12}$/);
    expect(made).toMatchObject({
      id: bucket,
      arn: `arn:aws:s3:::${String(bucket)}`,
      bucket_regional_domain_name: `${String(bucket)}.s3.eu-central-1.amazonaws.com`,
      region: 'eu-central-1',
      tags_all: { team: 'edge' },
      policy: null,
    });
    expect(JSON.parse(String(valuesOf(state, 'aws_iam_role_policy')['policy']))).toEqual({
      Statement: [
        { Action: 's3:PutObject', Resource: `arn:aws:s3:::${String(bucket)}/*`, Service: 's3.amazonaws.com' },
      ],
    });
    expect(valuesOf(state, 'aws_iam_role')['arn']).toBe('arn:aws:iam::123456789012:role/kong/exporter');
    expect(state.outputs).toEqual({ account: '123456789012' });
  });

  it('adds nothing to what a user configures: an optional value that is not set stays null', async () => {
    const [rule] = valuesOf(await terraformLifecycle(awsStack()), 'aws_s3_bucket_lifecycle_configuration')[
      'rule'
    ] as unknown[];

    expect(rule).toEqual({
      id: 'noncurrent',
      status: 'Enabled',
      prefix: null,
      abort_incomplete_multipart_upload: [],
      expiration: [],
      filter: [{ prefix: 'kong/', object_size_greater_than: null, object_size_less_than: null, and: [], tag: [] }],
      noncurrent_version_expiration: [{ noncurrent_days: 30, newer_noncurrent_versions: 10 }],
      noncurrent_version_transition: [],
      transition: [],
    });
  });

  it('takes a stack on Google Cloud all the way', async () => {
    const stack = new TerraformStack(Testing.app(), 'store');
    new GoogleProvider(stack, 'google', { project: 'edge-prod' });
    const bucket = new StorageBucket(stack, 'bucket', { name: 'kong-fallback', location: 'EU' });
    const account = new ServiceAccount(stack, 'account', { accountId: 'kong-exporter' });
    const agent = new DataGoogleStorageProjectServiceAccount(stack, 'agent');
    new StorageBucketIamMember(stack, 'grant', {
      bucket: bucket.name,
      role: 'roles/storage.objectUser',
      member: account.member,
      condition: { title: 'below-the-prefix', expression: 'true' },
    });
    new TerraformOutput(stack, 'agent_member', { value: agent.member });

    const state = await terraformLifecycle(stack);

    expect(valuesOf(state, 'google_storage_bucket')).toMatchObject({ project: 'edge-prod', url: 'gs://kong-fallback' });
    expect(valuesOf(state, 'google_storage_bucket_iam_member')).toMatchObject({
      bucket: 'kong-fallback',
      member: 'serviceAccount:kong-exporter@edge-prod.iam.gserviceaccount.com',
      condition: [{ title: 'below-the-prefix', expression: 'true', description: null }],
    });
    expect(state.outputs).toEqual({
      agent_member: 'serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com',
    });
  });

  it('takes a synthesized app by its folder', async () => {
    const outdir = await mkdtemp(join(tmpdir(), 'cdktf-out-'));
    try {
      const app = new App({ outdir });
      const stack = new TerraformStack(app, 'store');
      new AwsProvider(stack, 'aws', { region: 'cn-north-1' });
      new S3Bucket(stack, 'bucket', { bucket: 'kong-fallback' });
      app.synth();

      const state = await terraformLifecycle(outdir);

      expect(valuesOf(state, 'aws_s3_bucket')['arn']).toBe('arn:aws-cn:s3:::kong-fallback');
    } finally {
      await rm(outdir, { recursive: true });
    }
  });

  it('fails on a misspelt attribute', async () => {
    const stack = awsStack((bucket) => bucket.addOverride('force_destory', true));

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: resource.aws_s3_bucket.bucket: Extraneous JSON object property: ' +
        'No argument or block type is named "force_destory". Did you mean "force_destroy"?',
    );
  });

  it('fails on a misspelt attribute in a block', async () => {
    const stack = awsStack((bucket, { node }) => {
      const versioning = node.findChild('versioning') as S3BucketVersioningA;
      versioning.addOverride('versioning_configuration.mfa_deletion', 'Disabled');
    });

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: resource.aws_s3_bucket_versioning.versioning.versioning_configuration: ' +
        'Extraneous JSON object property: No argument or block type is named "mfa_deletion".',
    );
  });

  it('fails on a missing attribute', async () => {
    const stack = awsStack((bucket, { node }) =>
      (node.findChild('role') as IamRole).addOverride('assume_role_policy', undefined),
    );

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: resource.aws_iam_role.role: Missing required argument: ' +
        'The argument "assume_role_policy" is required, but no definition was found.',
    );
  });

  it('fails on a missing block', async () => {
    const stack = awsStack((bucket, { node }) =>
      (node.findChild('versioning') as S3BucketVersioningA).addOverride('versioning_configuration', undefined),
    );

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: resource.aws_s3_bucket_versioning.versioning: Insufficient versioning_configuration blocks: ' +
        'At least 1 "versioning_configuration" blocks are required.',
    );
  });

  it('fails on a value of another type', async () => {
    const stack = awsStack((bucket) => bucket.addOverride('tags', ['edge']));

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: resource.aws_s3_bucket.bucket: Incorrect attribute value type: ' +
        'Inappropriate value for attribute "tags": map of string required.',
    );
  });

  it('fails on a value that only the provider may set', async () => {
    const stack = awsStack((bucket) => bucket.addOverride('arn', 'arn:aws:s3:::mine'));

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: aws_s3_bucket.bucket: Value for unconfigurable attribute: ' +
        '"arn" is set by the provider and cannot be configured.',
    );
  });

  it('fails on a reference to a resource that is not there', async () => {
    const stack = awsStack((bucket) => bucket.addOverride('tags.key', '${aws_kms_key.missing.arn}'));

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: resource.aws_s3_bucket.bucket.tags: Reference to undeclared resource: ' +
        'A managed resource "aws_kms_key" "missing" has not been declared in the root module.',
    );
  });

  it('fails on a reference to an attribute that is not there', async () => {
    const stack = awsStack((bucket) => bucket.addOverride('tags.key', '${aws_iam_role.role.amr}'));

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: resource.aws_s3_bucket.bucket.tags: Unsupported attribute: ' +
        'This object has no argument, nested block, or exported attribute named "amr". Did you mean "arn"?',
    );
  });

  it('fails on a resource type that the provider does not have', async () => {
    const stack = awsStack((_, own) => own.addOverride('resource.aws_s3_buckets.other', { bucket: 'other' }));

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate: resource: Invalid resource type: ' +
        'The provider hashicorp/aws does not support resource type "aws_s3_buckets". Did you mean "aws_s3_bucket"?',
    );
  });

  it('has no other provider than those it knows', async () => {
    const stack = new TerraformStack(Testing.app(), 'other');
    stack.addOverride('terraform.required_providers.null', { source: 'hashicorp/null', version: '3.2.4' });

    expect(await refusal(terraformLifecycle(stack))).toMatch(
      /^terraform init: Failed to query available provider packages: Could not retrieve .* hashicorp\/null/,
    );
  });

  it('fails on a secret in an output that is not marked as sensitive', async () => {
    const stack = awsStack((_, own) => {
      const version = new SecretsmanagerSecretVersion(own, 'version', {
        secretId: new SecretsmanagerSecret(own, 'secret', { name: 'kong' }).id,
        secretString: 'of the test',
      });
      new TerraformOutput(own, 'secret_value', { value: version.secretString });
    });

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform plan: output: Output refers to sensitive values: To reduce the risk of accidentally ' +
        'exporting sensitive data that was intended to be only internal, Terraform requires that any root module output ' +
        'containing sensitive data be explicitly marked as sensitive, to confirm your intent.\n\nIf you do intend to ' +
        'export this data, annotate the output value as sensitive by adding the following argument:\n    sensitive = true',
    );
  });

  it('fails when a second apply would change something', async () => {
    const stack = awsStack((bucket) => bucket.addOverride('tags.at', '${timestamp()}'));

    expect(await refusal(terraformLifecycle(stack))).toBe('terraform plan: a second apply would change something');
  });

  it('fails on a warning, such as of a deprecated argument', async () => {
    const stack = new TerraformStack(Testing.app(), 'store');
    new MinioProvider(stack, 'minio', { minioServer: 'minio:9000' }).addOverride('minio_access_key', 'old');
    new MinioS3Bucket(stack, 'bucket', { bucket: 'kong-fallback' });

    expect(await refusal(terraformLifecycle(stack))).toBe(
      'terraform validate warns: provider["registry.terraform.io/aminueza/minio"]: Argument is deprecated: "minio_access_key" is deprecated.',
    );
  });

  it('keeps a value that is only written out of the state', async () => {
    const stack = awsStack((_, own) => {
      new SecretsmanagerSecretVersion(own, 'version', {
        secretId: new SecretsmanagerSecret(own, 'secret', { name: 'kong' }).id,
        secretStringWo: 'of the test',
        secretStringWoVersion: 1,
      });
    });

    expect(valuesOf(await terraformLifecycle(stack), 'aws_secretsmanager_secret_version')).toMatchObject({
      secret_id: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-StandI',
      secret_string: null,
      secret_string_wo: null,
      secret_string_wo_version: 1,
    });
  });

  it('refuses to destroy what is protected, until the protection is taken off', async () => {
    const protectedStack = awsStack((bucket) => bucket.addOverride('lifecycle.prevent_destroy', true));
    await withTerraform(protectedStack, async (terraform) => {
      await terraform.init();
      await terraform.apply();
      expect(await refusal(terraform.destroy())).toBe(
        'terraform destroy: resource.aws_s3_bucket: Instance cannot be destroyed: Resource aws_s3_bucket.bucket has ' +
          'lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed. To avoid this error and ' +
          'continue with the plan, either disable lifecycle.prevent_destroy or reduce the scope of the plan using the ' +
          '-target option.',
      );
      expect((await terraform.show()).resources).not.toEqual([]);

      await terraform.change(awsStack());
      await terraform.apply();
      await terraform.destroy();
      expect((await terraform.show()).resources).toEqual([]);
    });
  });

  it('refuses to rename what is protected, since that makes another object', async () => {
    await withTerraform(awsStack(), async (terraform) => {
      await terraform.init();
      await terraform.apply();

      await terraform.change(
        awsStack((bucket) => {
          bucket.addOverride('lifecycle.prevent_destroy', true);
          bucket.addOverride('bucket_prefix', 'other-');
        }),
      );

      expect(await refusal(terraform.plan())).toBe(
        'terraform plan: resource.aws_s3_bucket: Instance cannot be destroyed: Resource aws_s3_bucket.bucket has ' +
          'lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed. To avoid this error and ' +
          'continue with the plan, either disable lifecycle.prevent_destroy or reduce the scope of the plan using the ' +
          '-target option.',
      );
    });
  });

  it('leaves nothing behind, whether it succeeds or fails', async () => {
    const good = awsStack();
    const bad = awsStack((bucket) => bucket.addOverride('force_destory', true));
    const folder = await mkdtemp(join(tmpdir(), 'left-'));
    vi.stubEnv('TMPDIR', folder);
    try {
      await terraformLifecycle(good);
      await refusal(terraformLifecycle(bad));

      expect(await readdir(folder)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    }
  });

  it('tells twins apart', async () => {
    const stack = awsStack((_, own) => {
      new KmsKey(own, 'key', {});
      new KmsKey(own, 'twin', {});
    });

    const { resources } = await terraformLifecycle(stack);

    const keys = resources.filter(({ type }) => type === 'aws_kms_key').map(({ values }) => values['arn']);
    expect(new Set(keys).size).toBe(2);
  });

  it('changes in place what it can, and makes another object for another name', async () => {
    await withTerraform(awsStack(), async (terraform) => {
      await terraform.init();
      await terraform.apply();
      const { bucket } = valuesOf(await terraform.show(), 'aws_s3_bucket');

      await terraform.change(awsStack((own) => own.addOverride('tags.team', 'platform')));
      expect(await terraform.plan()).toBe(true);
      await terraform.apply();
      expect(valuesOf(await terraform.show(), 'aws_s3_bucket')).toMatchObject({
        bucket,
        tags_all: { team: 'platform' },
      });

      await terraform.change(awsStack((own) => own.addOverride('bucket', 'another')));
      await terraform.apply();
      expect(await terraform.plan()).toBe(false);
      expect(valuesOf(await terraform.show(), 'aws_s3_bucket')['arn']).toBe('arn:aws:s3:::another');
    });
  });
});
