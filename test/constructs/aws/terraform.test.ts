import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { Fn, TerraformVariable } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  CrossAccountRole,
  Ec2InstanceRole,
  EcsTaskRole,
  ExistingRole,
  IamUser,
  IrsaRole,
  OidcProvider,
  PodIdentityRole,
  S3Encryption,
  S3Replication,
  S3Store,
  type PolicyStatement,
} from '../../../constructs/aws';
import { stackOf } from '../support/aws-stack';
import { terraformIsMissing, terraformLifecycle, valuesOf } from '../support/terraform';

const statementsOf = (document: unknown): readonly PolicyStatement[] =>
  (JSON.parse(document as string) as { readonly Statement: readonly PolicyStatement[] }).Statement;

describe.skipIf(terraformIsMissing())('Terraform takes all the way', () => {
  it('every store and principal, with values that it alone knows', { timeout: 300_000 }, async () => {
    const issuer = 'oidc.eks.us-east-2.amazonaws.com/id/EXAMPLE';
    const state = await terraformLifecycle(
      stackOf((scope) => {
        const variable = (name: string, value: string): string =>
          new TerraformVariable(scope, name, { type: 'string', default: value }).stringValue;
        const store = new S3Store(scope, 'Store', {
          bucketName: variable('bucket', 'kong-config'),
          region: 'us-east-2',
          preventDestroy: false,
          forceDestroy: true,
          encryption: S3Encryption.ownKey(),
          replication: S3Replication.withProvider(
            new AwsProvider(scope, 'west', { alias: 'west', region: 'us-west-2' }),
          ),
          gatewayVersions: ['3.9.1', variable('gateway_version', '3.10.0.2')],
          accessLogBucketName: 'logs',
          tags: { team: 'gateway' },
        });
        const theirs = S3Store.fromBucketName(scope, 'Theirs', 'theirs', {
          gatewayVersions: ['3.10.0.2'],
          kmsKeyArn: 'arn:aws:kms:us-east-2:111111111111:key/1',
        });
        const pod = { namespace: 'kong', serviceAccount: 'exporter' };
        const oidcArn = `arn:aws:iam::111111111111:oidc-provider/${issuer}`;
        const principals = [
          new EcsTaskRole(scope, 'Task'),
          new Ec2InstanceRole(scope, 'Instance'),
          new IrsaRole(scope, 'ByArn', { ...pod, oidcProvider: OidcProvider.fromArn(variable('oidc', oidcArn)) }),
          new IrsaRole(scope, 'ByIssuer', {
            ...pod,
            oidcProvider: OidcProvider.fromIssuerUrl(variable('issuer', `https://${issuer}`)),
          }),
          new PodIdentityRole(scope, 'Pod', { ...pod, clusterName: 'main' }),
          new CrossAccountRole(scope, 'Cross', { roleArn: variable('cross', 'arn:aws:iam::222222222222:role/theirs') }),
          new IamUser(scope, 'User'),
          ExistingRole.fromRoleName(scope, 'ByName', 'mine'),
          ExistingRole.fromRoleArn(scope, 'Mine', variable('mine', 'arn:aws:iam::111111111111:role/kong/mine')),
        ];
        for (const principal of principals) {
          store.grantImport(principal);
          store.primaryRegion.grantImport(principal);
          theirs.grantExport(principal);
        }
        new S3BucketLifecycleConfiguration(scope, 'Merged', { bucket: 'theirs', rule: [...theirs.lifecycleRules] });
        new S3BucketPolicy(scope, 'MergedPolicy', {
          bucket: 'theirs',
          policy: Fn.jsonencode({ Version: '2012-10-17', Statement: theirs.bucketPolicyStatements }),
        });
      }),
    );

    const managed = state.resources.filter(({ mode }) => mode === 'managed');
    const documents = managed.flatMap(({ values }) =>
      ['policy', 'assume_role_policy'].flatMap((name) => (typeof values[name] === 'string' ? [values[name]] : [])),
    );
    expect(documents.length).toBeGreaterThan(30);
    for (const document of documents) expect(JSON.parse(document)).toMatchObject({ Version: '2012-10-17' });
    for (const name of ['ByArn', 'ByIssuer']) {
      const [statement] = statementsOf(valuesOf(state, 'aws_iam_role', name)['assume_role_policy']);
      expect(statement?.Condition?.['StringEquals']).toEqual({
        [`${issuer}:aud`]: ['sts.amazonaws.com'],
        [`${issuer}:sub`]: ['system:serviceaccount:kong:exporter'],
      });
    }
    expect(valuesOf(state, 'aws_iam_role_policy', 'Mine_Import-Store')['role']).toBe('mine');
    expect(statementsOf(valuesOf(state, 'aws_s3_bucket_policy', 'MergedPolicy')['policy']).at(-1)).toEqual({
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::222222222222:role/theirs' },
      Action: ['s3:ListBucket'],
      Resource: [expect.stringMatching(/^arn:[^:]+:s3:::theirs$/)],
      Condition: { StringLike: { 's3:prefix': ['kong/*'] } },
    });
  });

  it('no destruction of a store that is protected', { timeout: 300_000 }, async () => {
    const stack = stackOf((scope) => new S3Store(scope, 'Store', { gatewayVersions: ['3.9.1'] }));
    await expect(terraformLifecycle(stack)).rejects.toThrow(/terraform destroy: .*Instance cannot be destroyed/s);
  });
});
