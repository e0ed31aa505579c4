import { valuesOf } from '../constructs/support/terraform';
import { type CloudRunContainer, CloudRunService, type CloudRunTemplate } from '../support/platforms/cloud-run';
import { metadataServer } from '../support/platforms/credentials';
import { agentImage, gatewayImage, type Image } from '../support/platforms/images';
import { applied } from './rendered';
import { describeDeployment, type Environment, type Mutant, noControlPlane } from './scenarios';
import { gcsServer } from './store-server';
import { gatewayVersion, type World } from './world';

interface Specification {
  readonly storageUrl: string;
  readonly exporter: CloudRunTemplate;
  readonly gateway: CloudRunTemplate;
  /** Number of the user of the gateway's image: the agent's, as docs/platforms/google-cloud-run.md asks for. */
  readonly gatewayUser: number;
}

const agent = 'europe-docker.pkg.dev/edge-prod/kong/kong-resilience:0.1.0';
const gateway = 'kong';
const importer = 'kong-resilience-import';
const exporter = 'kong-resilience';

const templateOf = ({ template }: Readonly<Record<string, unknown>>): CloudRunTemplate => {
  const [only] = template as readonly CloudRunTemplate[];
  if (only === undefined) throw new Error('there is no template');
  const { containers, volumes = [] } = only;
  return { containers, volumes: volumes ?? [] };
};

type Change = (container: CloudRunContainer) => CloudRunContainer;

const change = (template: CloudRunTemplate, name: string, to: Change): CloudRunTemplate => ({
  ...template,
  containers: template.containers.map((one) => (one.name === name ? to(one) : one)),
});

const gatewayWith =
  (name: string, to: Change) =>
  (specification: Specification): Specification => ({
    ...specification,
    gateway: change(specification.gateway, name, to),
  });

const drop =
  (variable: string): Change =>
  (container) => ({ ...container, env: (container.env ?? []).filter(({ name }) => name !== variable) });

const set =
  (variable: string, value: string): Change =>
  (container) => ({ ...container, env: [...(drop(variable)(container).env ?? []), { name: variable, value }] });

const withoutMount: Change = (container) => ({ ...container, volume_mounts: [] });

const elsewhere: Change = (container) => {
  const url = container.env?.find(({ name }) => name === 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE')?.value;
  return set('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', `${url}/elsewhere`)(container);
};

async function run(
  world: World,
  template: CloudRunTemplate,
  gatewayUser: number,
  added: Environment,
): Promise<CloudRunService> {
  const { machine, cluster } = world;
  const images: Readonly<Record<string, Image>> = {
    [agent]: agentImage(machine.newFolder('agent-image')),
    [`kong:${gatewayVersion}`]: await gatewayImage(machine.newFolder('kong-image'), gatewayVersion, gatewayUser),
  };
  const metadata = await metadataServer(machine, () => world.keys === 'right');
  // Google Cloud Storage is a server on this machine, which knows no identities: their tokens are given, or not.
  const more = { KONG_RESILIENCE_GCS_ENDPOINT: 'http://gcs.example.com:4443/', ...added };
  const changed = [importer, exporter].reduce(
    (one, name) =>
      change(one, name, (container) =>
        Object.entries(more).reduce((two, [variable, value]) => set(variable, value)(two), container),
      ),
    template,
  );
  return new CloudRunService(machine, changed, {
    images: (image) => {
      const found = images[image];
      if (found === undefined) throw new Error(`Image '${image}' not found`);
      return found;
    },
    secrets: { 'kong-cluster-cert': cluster.pair.certificate, 'kong-cluster-key': cluster.pair.key.reveal() },
    reachable: {
      'cp.example.com:8005': world.controlPlanePort,
      'gcs.example.com:4443': world.storePort,
      '169.254.169.254:80': () => metadata,
      // As Google's library spells it.
      'metadata.google.internal.:80': () => metadata,
    },
  });
}

const inOutage = {
  fails: 'serves after each single container was restarted in an outage',
  saying: /serves nothing/,
} as const;
const withControlPlane = 'starts with the control plane while the store is down';
const exports = 'exports what the control plane has, and starts with what it has';

const mutants: readonly Mutant<Specification>[] = [
  { name: 'without BASH_ENV', mutate: gatewayWith(gateway, drop('BASH_ENV')), ...inOutage },
  { name: "without the gateway's mount", mutate: gatewayWith(gateway, withoutMount), ...inOutage },
  { name: "without the importer's mount", mutate: gatewayWith(importer, withoutMount), ...inOutage },
  {
    name: "whose gateway's image has another user than the agent's",
    mutate: (specification) => ({ ...specification, gatewayUser: 1001 }),
    ...inOutage,
  },
  {
    name: 'that starts the gateway with the import, not after it',
    mutate: gatewayWith(gateway, (container) => ({ ...container, depends_on: null })),
    fails: 'starts in an outage with a store that is slow',
    saying: /serves nothing/,
  },
  {
    name: 'whose import does not stay',
    mutate: gatewayWith(importer, (container) => ({ ...container, args: ['import'] })),
    ...inOutage,
    saying: /never the gateway answers: container kong-resilience-import exited with 0/,
  },
  {
    name: 'whose import is asked where it does not answer',
    mutate: gatewayWith(importer, (container) => ({
      ...container,
      startup_probe: [{ http_get: [{ path: '/startup', port: 8109 }], period_seconds: 1, failure_threshold: 2 }],
    })),
    ...inOutage,
    saying: /never the gateway answers: the probe of kong-resilience-import failed 2 times/,
  },
  {
    name: 'whose import looks elsewhere',
    mutate: gatewayWith(importer, elsewhere),
    ...inOutage,
    saying: /serves nothing[\s\S]*KR_IMPORT_ABSENT/,
  },
  {
    name: 'whose gateway has no control plane',
    mutate: gatewayWith(gateway, drop('KONG_CLUSTER_CONTROL_PLANE')),
    fails: withControlPlane,
    saying: /never serves configuration 1: it writes/,
    writes: noControlPlane,
  },
  {
    name: 'whose gateway has no certificate',
    mutate: gatewayWith(gateway, drop('KONG_CLUSTER_CERT')),
    fails: withControlPlane,
    saying: /never the gateway answers: it writes/,
    writes: /cluster certificate and key must be provided/,
  },
  {
    name: 'whose exporter writes elsewhere',
    mutate: (specification) => ({ ...specification, exporter: change(specification.exporter, exporter, elsewhere) }),
    fails: exports,
    saying: /never stored configuration 1: it writes/,
    writes: /"event":"confirmed"/,
  },
];

describeDeployment<Specification>({
  name: 'Google Cloud Run (examples/google-cloud-run)',
  store: { program: 'fake-gcs-server', start: gcsServer },
  render: async () => {
    const state = await applied({
      folder: 'google-cloud-run',
      stack: 'kong-google-cloud-run',
      variables: {
        project: 'edge-prod',
        control_plane: 'cp.example.com:8005',
        agent_image: agent,
        cluster_certificate_secret: 'kong-cluster-cert',
        cluster_key_secret: 'kong-cluster-key',
      },
    });
    return {
      storageUrl: String(state.outputs['storage_url']),
      exporter: templateOf(valuesOf(state, 'google_cloud_run_v2_worker_pool')),
      gateway: templateOf(valuesOf(state, 'google_cloud_run_v2_service')),
      gatewayUser: 1000,
    };
  },
  storageUrl: ({ storageUrl }) => storageUrl,
  exporter: (world, specification, added) =>
    run(world, specification.exporter, specification.gatewayUser, {
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0',
      ...added,
    }),
  gateway: (world, specification, added) => run(world, specification.gateway, specification.gatewayUser, added),
  without: (specification) => ({
    ...specification,
    gateway: {
      volumes: [],
      containers: specification.gateway.containers
        .filter(({ name }) => name === gateway)
        .map((container) => ({ ...withoutMount(drop('BASH_ENV')(container)), depends_on: null })),
    },
  }),
  names: { gateway, importer, exporter },
  // What ends is the instance: the next one has nothing of it.
  keepsCache: false,
  knowsKeys: true,
  mutants,
});
