import { credentialsEndpoint } from '../support/platforms/credentials';
import { describeCheck } from './checks';
import { checkOnKubernetes, type KubernetesCloud, onKubernetes } from './kubernetes-deployment';
import { describeDeployment } from './scenarios';
import { minioWithRole } from './store-server';

const cloud: KubernetesCloud = {
  name: 'Amazon EKS (examples/aws-eks)',
  store: { program: 'minio', start: minioWithRole },
  knowsKeys: true,
  accountsMatter: true,
  example: {
    folder: 'aws-eks',
    stack: 'kong-aws-eks',
    variables: { control_plane: 'cp.example.com:8005', cluster_name: 'edge' },
  },
  // Amazon S3 is a server on this machine.
  added: { AWS_CONFIG_STORAGE_ENDPOINT: 'http://s3.example.com:9000/' },
  cloud: async (world) => {
    const endpoint = await credentialsEndpoint(world.machine, world.credentials);
    return {
      reachable: { 's3.example.com:9000': world.storePort, '169.254.170.23:80': () => endpoint },
      // The role of a service account, as Pod Identity gives it: IRSA asks STS, which is not here.
      identity: (account): Readonly<Record<string, string>> =>
        ['kong-exporter', 'kong-gateway'].includes(account)
          ? { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials' }
          : {},
    };
  },
};

describeDeployment(onKubernetes(cloud));
describeCheck(checkOnKubernetes(cloud));
