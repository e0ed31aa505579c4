import { describe, expect, it } from 'vitest';
import {
  EcsTaskRole,
  EnvValue,
  KongResilience,
  S3Encryption,
  S3Replication,
  S3Store,
  type EnvironmentBlock,
} from '../../../constructs/aws';
import { only, refusalOf, stackOf, synth } from '../support/aws-stack';

const cluster = {
  controlPlane: 'cp.example.com:8005',
  clusterCert: EnvValue.fromText('/certs/cluster.crt'),
  clusterCertKey: EnvValue.fromText('/certs/cluster.key'),
};

const variable = (block: EnvironmentBlock, name: string): string | undefined => block.values[name]?.toString();

describe('a topology on S3', () => {
  it("tells the store its exporters' versions, after which come its rules and rights", () => {
    const stack = stackOf((scope) => {
      const store = new S3Store(scope, 'Store', { replication: S3Replication.toRegion('us-west-2') });
      const kong = new KongResilience(scope, 'Kong', { ...cluster, store });
      kong.addExporter('Exporter', {
        principal: new EcsTaskRole(scope, 'ExporterRole'),
        gatewayVersions: ['3.9.1', '3.9.2'],
      });
      kong.addImporter('Importer', {
        principal: new EcsTaskRole(scope, 'ImporterRole'),
        gatewayVersion: '3.9.1',
      });
    });
    const synthesized = synth(stack);
    const { rule } = only(synthesized, 'aws_s3_bucket_replication_configuration') as { rule: { filter: unknown }[] };
    expect(rule.map(({ filter }) => filter)).toEqual([
      { prefix: 'kong/3.9.1/config.json' },
      { prefix: 'kong/3.9.2/config.json' },
    ]);
    const policies = Object.values(synthesized.resource['aws_iam_role_policy'] ?? {}).map(({ name, policy }) => [
      name,
      (policy as string).includes('s3:PutObject'),
      (policy as string).includes('election'),
    ]);
    expect(policies).toEqual([
      ['kong-Export-Store', true, false],
      ['kong-ImportReplica-Store', false, false],
      ['kong-replication', false, false],
    ]);
  });

  it('lets exporters write here, and importers read the replica, each in its region', () => {
    stackOf((scope) => {
      const store = new S3Store(scope, 'Store', {
        bucketName: 'kong-config',
        region: 'us-east-2',
        encryption: S3Encryption.existingKey('arn:aws:kms:us-east-2:111111111111:key/0000'),
        replication: S3Replication.toRegion('us-west-2'),
      });
      const kong = new KongResilience(scope, 'Kong', { ...cluster, store });
      const exporter = kong.addExporter('Exporter', {
        principal: new EcsTaskRole(scope, 'ExporterRole'),
        gatewayVersions: ['3.9.1'],
      }).agentEnvironment;
      const importer = kong.addImporter('Importer', {
        principal: new EcsTaskRole(scope, 'ImporterRole'),
        gatewayVersion: '3.9.1',
      }).agentEnvironment;
      const names = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG'];
      expect(names.map((name) => variable(exporter, name))).toEqual([
        'us-east-2',
        'us-east-2',
        '{"ServerSideEncryption":"aws:kms","SSEKMSKeyId":"arn:aws:kms:us-east-2:111111111111:key/0000"}',
      ]);
      expect(names.map((name) => variable(importer, name))).toEqual(['us-west-2', 'us-west-2', undefined]);
      const storage = 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE';
      expect([variable(exporter, storage), variable(importer, storage)]).toEqual([
        store.storageUrl,
        store.importStorageUrl,
      ]);
    });
  });

  it('refuses one role for both', () => {
    const message = refusalOf(() =>
      stackOf((scope) => {
        const store = new S3Store(scope, 'Store');
        const role = new EcsTaskRole(scope, 'Role');
        const kong = new KongResilience(scope, 'Kong', { ...cluster, store });
        kong.addImporter('Importer', { principal: role, gatewayVersion: '3.9.1' });
        kong.addExporter('Exporter', { principal: role, gatewayVersions: ['3.9.1'] });
      }),
    );
    expect(message).toBe(
      'Stack/Store: 1 problem\n  KR_TF_IMPORTER_WITH_WRITE the principal "Stack/Role" belongs to "Stack/Kong/Importer", which imports or proxies, and would also be allowed to write: whoever broke into that node could replace the configuration of every other. Give the exporter a principal of its own.',
    );
  });
});
