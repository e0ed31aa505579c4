import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { CloudRunV2WorkerPool } from '@cdktf/provider-google/lib/cloud-run-v2-worker-pool';
import type { TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EcsExporter, EcsImporter, EcsTaskRole, IamUser, KongResilience } from '../../../constructs/aws';
import { S3Replication, S3Store, ScheduledCheck } from '../../../constructs/aws';
import { AttachedServiceAccount, GcsStore } from '../../../constructs/google';
import { MinioProvider, MinioStore, MinioUser } from '../../../constructs/minio';
import { EnvValue } from '../../../constructs/environment';
import type { IConfigurationStore, IPrincipal } from '../../../constructs/topology';
import { told } from './harness';

const cluster = {
  controlPlane: 'cp.example.com:8005',
  clusterCert: EnvValue.fromText('/certs/cluster.crt'),
  clusterCertKey: EnvValue.fromText('/certs/cluster.key'),
};

/** The same for containers that mount no file. */
const secret = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:kong-cluster-AbCdEf';
const secretCluster = {
  ...cluster,
  clusterCert: EnvValue.fromAwsSecret(secret, 'cert'),
  clusterCertKey: EnvValue.fromAwsSecret(secret, 'key'),
};

function topology(
  stack: TerraformStack,
  store: IConfigurationStore,
  exporter: IPrincipal,
  importer: IPrincipal,
  version: string,
  certificates = cluster,
) {
  const kong = new KongResilience(stack, 'Kong', { ...certificates, store });
  return {
    exporter: kong.addExporter('Exporter', { principal: exporter, gatewayVersions: [version] }),
    importer: kong.addImporter('Importer', { principal: importer, gatewayVersion: version }),
  };
}

describe('what this library declares by default has no finding', () => {
  it.each(['3.9.1', '3.10.0.2'])('S3Store with roles and tasks of ECS, gateway %s', (version) => {
    expect(
      told((stack) => {
        const store = new S3Store(stack, 'Store');
        const roles = [new EcsTaskRole(stack, 'Backup'), new EcsTaskRole(stack, 'Proxy')] as const;
        const { exporter, importer } = topology(stack, store, ...roles, version, secretCluster);
        const gateway = version === '3.9.1' ? `kong:${version}` : `kong/kong-gateway:${version}`;
        const image = 'registry.example.com/kong-resilience:0.1.0';
        const place = { cluster: 'main', subnets: ['subnet-0a'], alarms: false };
        new EcsExporter(stack, 'Service', { exporter, image, ...place });
        new EcsTaskDefinition(stack, 'ImporterTask', {
          family: 'importer',
          ...new EcsImporter(stack, 'Import', { importer, image }).taskDefinitionParts([
            { name: 'kong', image: gateway },
          ]),
        });
        new ScheduledCheck(stack, 'Check', { importer, alarms: false });
      }),
    ).toEqual([]);
  });

  it('S3Store with a replica, users and no nodes', () => {
    expect(
      told((stack) => {
        const store = new S3Store(stack, 'Store', {
          gatewayVersions: ['3.10.0.2'],
          replication: S3Replication.toRegion('eu-west-1'),
        });
        store.grantExport(new IamUser(stack, 'Backup'));
        store.grantImport(new IamUser(stack, 'Proxy'));
      }),
    ).toEqual([]);
  });

  it('GcsStore with accounts, a worker pool and a service of Cloud Run', () => {
    expect(
      told((stack) => {
        const store = new GcsStore(stack, 'Store', { bucketName: 'kong-store', location: 'EU' });
        const backup = new AttachedServiceAccount(stack, 'Backup');
        const proxy = new AttachedServiceAccount(stack, 'Proxy');
        const { exporter, importer } = topology(stack, store, backup, proxy, '3.10.0.2');
        new CloudRunV2WorkerPool(stack, 'Exporter', {
          name: 'exporter',
          location: 'europe-west1',
          template: {
            serviceAccount: backup.email,
            containers: [{ image: 'kong-resilience:1', env: exporter.agentEnvironment.toCloudRun() }],
          },
        });
        new CloudRunV2Service(stack, 'Importer', {
          name: 'importer',
          location: 'europe-west1',
          template: {
            serviceAccount: proxy.email,
            containers: [
              {
                image: 'kong/kong-gateway:3.10.0.2',
                env: importer.gatewayEnvironment.toCloudRun(),
                startupProbe: { httpGet: importer.readinessProbe },
              },
            ],
          },
        });
      }),
    ).toEqual([]);
  });

  it('MinioStore with users', () => {
    expect(
      told((stack) => {
        new MinioProvider(stack, 'minio', { minioServer: 'minio:9000' });
        const store = new MinioStore(stack, 'Store', { endpoint: 'https://minio.example.com:9000' });
        topology(stack, store, new MinioUser(stack, 'Backup'), new MinioUser(stack, 'Proxy'), '3.10.0.2');
      }),
    ).toEqual([]);
  });
});
