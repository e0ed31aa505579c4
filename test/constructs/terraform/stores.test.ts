import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TerraformStack, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EcsTaskRole, IamUser, S3Encryption, S3Replication, S3Store } from '../../../constructs/aws';
import { AttachedServiceAccount, GcsEncryption, GcsStore, ServiceAccountWithKey } from '../../../constructs/google';
import { MinioEncryption, MinioProvider, MinioServiceAccount, MinioStore, MinioUser } from '../../../constructs/minio';
import { type AppliedState, terraformIsMissing, terraformLifecycle } from '../support/terraform';

/** The types that Terraform made, each once. */
const typesOf = (state: AppliedState): string[] =>
  [...new Set(state.resources.filter(({ mode }) => mode === 'managed').map(({ type }) => type))].sort();

function stackOf(build: (stack: TerraformStack) => void): TerraformStack {
  const stack = new TerraformStack(Testing.app(), 'store');
  build(stack);
  return stack;
}

describe.skipIf(terraformIsMissing())('Terraform takes all the way', { timeout: 180_000 }, () => {
  it('a store on S3 with its own key, a replica, a role that exports and a user that imports', async () => {
    const state = await terraformLifecycle(
      stackOf((stack) => {
        new AwsProvider(stack, 'aws', { region: 'us-east-2' });
        const store = new S3Store(stack, 'Store', {
          bucketPrefix: 'kong-',
          gatewayVersions: ['3.9.1'],
          encryption: S3Encryption.ownKey(),
          replication: S3Replication.toRegion('us-west-2'),
          preventDestroy: false,
          region: 'us-east-2',
        });
        store.grantExport(new EcsTaskRole(stack, 'Exporter'));
        store.grantImport(new IamUser(stack, 'Importer'));
      }),
    );

    expect(typesOf(state)).toMatchInlineSnapshot(`
      [
        "aws_iam_access_key",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_iam_user",
        "aws_iam_user_policy",
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_replication_configuration",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_secretsmanager_secret",
        "aws_secretsmanager_secret_version",
      ]
    `);
    const keys = state.resources.filter(({ type }) => type === 'aws_kms_key').map(({ values }) => values['arn']);
    expect(new Set(keys).size).toBe(2);
  });

  it('a store on Google Cloud Storage with its own key, an attached account and one with a key', async () => {
    const state = await terraformLifecycle(
      stackOf((stack) => {
        new GoogleProvider(stack, 'google', { project: 'edge-prod' });
        const store = new GcsStore(stack, 'Store', {
          bucketName: 'acme-kong',
          location: 'europe-west1',
          encryption: GcsEncryption.ownKey(),
          preventDestroy: false,
        });
        store.addGatewayVersion('3.9.1');
        store.grantExport(new AttachedServiceAccount(stack, 'Exporter'));
        store.grantImport(new ServiceAccountWithKey(stack, 'Importer'));
      }),
    );

    expect(typesOf(state)).toMatchInlineSnapshot(`
      [
        "google_kms_crypto_key",
        "google_kms_crypto_key_iam_member",
        "google_kms_key_ring",
        "google_project_iam_custom_role",
        "google_secret_manager_secret",
        "google_secret_manager_secret_version",
        "google_service_account",
        "google_service_account_key",
        "google_storage_bucket",
        "google_storage_bucket_iam_member",
      ]
    `);
  });

  it('a store on MinIO, a user that exports and a service account that imports', async () => {
    const state = await terraformLifecycle(
      stackOf((stack) => {
        new MinioProvider(stack, 'minio', { minioServer: 'minio:9000' });
        const store = new MinioStore(stack, 'Store', {
          endpoint: 'https://minio.example.com:9000',
          bucketName: 'kong-fallback',
          encryption: MinioEncryption.serverManaged(),
          preventDestroy: false,
        });
        store.addGatewayVersion('3.9.1');
        store.grantExport(new MinioUser(stack, 'Exporter'));
        store.grantImport(new MinioServiceAccount(stack, 'Importer', { user: new MinioUser(stack, 'Owner') }));
      }),
    );

    expect(typesOf(state)).toMatchInlineSnapshot(`
      [
        "minio_iam_policy",
        "minio_iam_service_account",
        "minio_iam_user",
        "minio_iam_user_policy_attachment",
        "minio_ilm_policy",
        "minio_s3_bucket",
        "minio_s3_bucket_server_side_encryption",
        "minio_s3_bucket_versioning",
      ]
    `);
  });
});
