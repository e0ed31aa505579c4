import { parse, parseAllDocuments } from 'yaml';
import { credentialsEndpoint } from '../support/platforms/credentials';
import { agentImage, gatewayImage, type Image } from '../support/platforms/images';
import { type ChartValues, kongChart } from '../support/platforms/kong-chart';
import { type KubernetesCluster, Pod, type PodSpec } from '../support/platforms/kubernetes';
import { applied } from './rendered';
import { describeDeployment, type Environment } from './scenarios';
import { kubernetesMutants, withVariables } from './kubernetes-mutants';
import { minioWithRole } from './store-server';
import { gatewayVersion, type World } from './world';

interface Specification {
  readonly storageUrl: string;
  readonly exporter: PodSpec;
  readonly gateway: PodSpec;
}

const agent = 'kong-resilience:0.1.0';

async function cluster(world: World): Promise<KubernetesCluster> {
  const { pair } = world.cluster;
  const images: Readonly<Record<string, Image>> = {
    [agent]: agentImage(world.machine.newFolder('agent-image')),
    // Its own user has another number than the chart gives it.
    [`kong:${gatewayVersion}`]: await gatewayImage(world.machine.newFolder('kong-image'), gatewayVersion),
  };
  const endpoint = await credentialsEndpoint(world.machine, world.credentials);
  return {
    images: (image) => {
      const found = images[image];
      if (found === undefined) throw new Error(`ErrImagePull: ${image}`);
      return found;
    },
    configMaps: {},
    secrets: { 'kong-cluster-cert': { 'tls.crt': pair.certificate, 'tls.key': pair.key.reveal() } },
    // The role of a service account, as Pod Identity gives it: IRSA asks STS, which is not here.
    identity: (account): Readonly<Record<string, string>> =>
      ['kong-exporter', 'kong-gateway'].includes(account)
        ? { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials' }
        : {},
    reachable: {
      'cp.example.com:8005': world.controlPlanePort,
      's3.example.com:9000': world.storePort,
      '169.254.170.23:80': () => endpoint,
    },
  };
}

/** Amazon S3 is a server on this machine: its address is added, and with it what a scenario adds. */
async function run(world: World, spec: PodSpec, added: Environment): Promise<Pod> {
  const more = { AWS_CONFIG_STORAGE_ENDPOINT: 'http://s3.example.com:9000/', ...added };
  const where = await cluster(world);
  return new Pod(
    world.machine,
    withVariables(spec, ({ image }) => image === agent, more),
    where,
  );
}

describeDeployment<Specification>({
  name: 'Kubernetes (examples/aws-eks)',
  store: { program: 'minio', start: minioWithRole },
  render: async () => {
    const { outputs } = await applied({
      folder: 'aws-eks',
      stack: 'kong-aws-eks',
      variables: { control_plane: 'cp.example.com:8005', agent_image: agent, cluster_name: 'edge' },
    });
    const manifests = parseAllDocuments(String(outputs['exporter_manifests'])).map((one) => one.toJS() as Manifest);
    const deployment = manifests.find(({ kind }) => kind === 'Deployment');
    if (deployment?.spec === undefined) throw new Error('there is no Deployment');
    return {
      storageUrl: String(outputs['storage_url']),
      exporter: deployment.spec.template.spec,
      gateway: kongChart(parse(String(outputs['gateway_values'])) as ChartValues),
    };
  },
  storageUrl: ({ storageUrl }) => storageUrl,
  exporter: (world, { exporter }, added) =>
    run(world, exporter, { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0', ...added }),
  gateway: (world, { gateway }, added) => run(world, gateway, added),
  without: (specification) => ({
    ...specification,
    gateway: {
      ...specification.gateway,
      initContainers: (specification.gateway.initContainers ?? []).filter(({ name }) => name !== 'import'),
      containers: specification.gateway.containers.map((container) => ({
        ...container,
        env: (container.env ?? []).filter(({ name }) => name !== 'BASH_ENV'),
      })),
    },
  }),
  names: { gateway: 'proxy', importer: 'import', exporter: 'kong-resilience' },
  keepsCache: true,
  knowsKeys: true,
  mutants: kubernetesMutants<Specification>('import'),
});

interface Manifest {
  readonly kind: string;
  readonly spec?: { readonly template: { readonly spec: PodSpec } };
}
