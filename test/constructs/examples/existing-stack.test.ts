import { expect, it } from 'vitest';
import { valuesOf } from '../support/terraform';
import { accessOf, imports } from './aws-access';
import { describeExample } from './example';

describeExample(
  {
    example: {
      folder: 'existing-stack',
      stack: 'platform',
      variables: { control_plane: 'cp.example.com:8005', exporter_role_name: 'kong-exporter' },
      protection: ['preventDestroy: true', 'preventDestroy: false'],
    },
    paths: [
      'platform/Bucket',
      'platform/BucketLifecycle',
      'platform/BucketPolicy',
      'platform/BucketVersioning',
      'platform/ExporterRole/Export-Store',
      'platform/ExporterRole/Role',
      'platform/GatewayPrincipal/Import-Store',
      'platform/GatewayProfile',
      'platform/GatewayRole',
      'platform/Gateways',
      'platform/Network',
      'platform/S3Endpoint',
      'platform/Store/Partition',
      'platform/Store/Region',
    ],
    guarded: ['aws_s3_bucket.Bucket'],
    told: [
      '@cdktf/info platform/Bucket KR_RULE_PUBLIC_ACCESS_NOT_BLOCKED',
      '@cdktf/info platform/ExporterRole/Export-Store KR_RULE_IMPORTER_WITH_WRITE',
    ],
    misspelling: [
      'cidr_block',
      'cidr_blok',
      'terraform validate: resource.aws_vpc.Network: Extraneous JSON object property: ' +
        'No argument or block type is named "cidr_blok". Did you mean "cidr_block"?',
    ],
  },
  (life) => {
    it('lets the exporter write and the gateways read, by roles that exist', async () => {
      const { state } = life();
      const bucket = String(valuesOf(state, 'aws_s3_bucket')['bucket']);
      expect(await accessOf(state, 'GatewayRole', bucket)).toEqual(imports);
      const { role, policy } = valuesOf(state, 'aws_iam_role_policy', 'ExporterRole');
      expect(role).toBe('kong-exporter');
      expect(policy).toContain(`"Action":["s3:PutObject"],"Resource":["arn:aws:s3:::${bucket}/kong/*/config.json"`);
    });

    it('keeps what the bucket had, and adds its own', () => {
      const { state } = life();
      const { policy } = valuesOf(state, 'aws_s3_bucket_policy');
      const { Statement: statements } = JSON.parse(String(policy)) as { Statement: { Sid: string }[] };
      expect(statements.map(({ Sid: id }) => id)).toEqual(['NobodyDeletesReports', 'KongTlsOnly']);
      const { rule } = valuesOf(state, 'aws_s3_bucket_lifecycle_configuration');
      expect((rule as { id: string }[]).map(({ id }) => id)).toEqual([
        'logs',
        'kong-uploads:kong/3.9.1/',
        'kong-configurations:kong/3.9.1/config.json',
        'kong-lease:kong/3.9.1/kong-resilience.json',
      ]);
    });

    it('gives the files of the machines, with their environments', () => {
      const { outputs } = life().state;
      const bucket = String(valuesOf(life().state, 'aws_s3_bucket')['bucket']);
      const storage = `KONG_CLUSTER_FALLBACK_CONFIG_STORAGE="s3://${bucket}/kong"`;
      const contentOf = (output: string, path: string): string | undefined =>
        (outputs[output] as { path: string; content: string }[]).find((file) => file.path === path)?.content;
      expect(contentOf('exporter_files', '/etc/kong-resilience/exporter.env')).toContain(
        `KONG_CLUSTER_FALLBACK_CONFIG_EXPORT="on"\n${storage}\n`,
      );
      expect(contentOf('gateway_files', '/etc/kong-resilience/importer.env')).toContain(
        `KONG_CLUSTER_FALLBACK_CONFIG_IMPORT="on"\n${storage}\n`,
      );
    });
  },
);
