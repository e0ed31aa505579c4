import { parse, parseAllDocuments } from 'yaml';
import { gatewayImage, type Image, nodeImage } from '../support/platforms/images';
import { type ChartValues, kongChart } from '../support/platforms/kong-chart';
import { type KubernetesCluster, Pod, type PodSpec } from '../support/platforms/kubernetes';
import { kubernetesMutants, withVariables } from './kubernetes-mutants';
import { applied } from './rendered';
import type { Deployment, Environment } from './scenarios';
import { gatewayVersion, type World } from './world';

interface Specification {
  readonly storageUrl: string;
  readonly exporter: PodSpec;
  readonly gateway: PodSpec;
  /** Data of the ConfigMaps. */
  readonly configMaps: KubernetesCluster['configMaps'];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template: { readonly spec: PodSpec } };
}

/** What is other on each cloud. */
export interface KubernetesCloud extends Pick<Deployment<Specification>, 'name' | 'store' | 'knowsKeys' | 'scenarios'> {
  readonly example: Parameters<typeof applied>[0];
  /** The mutants that are tried, by name; by default all. */
  readonly mutants?: readonly string[];
  /** Whether the identity here depends on the service account: what is here of GKE gives every pod one. */
  readonly accountsMatter: boolean;
  /** What has to be added for the store's being on this machine. */
  readonly added: Environment;
  /** What the nodes reach beside the control plane, and what the cloud's webhook adds to them. */
  readonly cloud: (world: World) => Promise<Pick<KubernetesCluster, 'reachable' | 'identity'>>;
}

const importer = 'kong-resilience-import';
const exporter = 'kong-resilience';
const manifestsOf = (text: unknown): Manifest[] =>
  parseAllDocuments(String(text)).map((document) => document.toJS() as Manifest);

/** An example with Kong's chart and the constructs of Kubernetes, on its cloud. */
export function onKubernetes({
  example,
  added,
  cloud,
  accountsMatter,
  mutants,
  ...more
}: KubernetesCloud): Deployment<Specification> {
  const run = async (world: World, { configMaps }: Specification, spec: PodSpec, also: Environment): Promise<Pod> => {
    const { machine, cluster } = world;
    const { pair } = cluster;
    const node = nodeImage(machine.newFolder('node-image'));
    // Its own user has another number than the chart gives it.
    const kong = await gatewayImage(machine.newFolder('kong-image'), gatewayVersion);
    const { reachable, identity } = await cloud(world);
    const where: KubernetesCluster = {
      images: (image): Image => {
        if (image === `kong:${gatewayVersion}`) return kong;
        if (/^node:/.test(image)) return node;
        throw new Error(`ErrImagePull: ${image}`);
      },
      configMaps,
      secrets: { 'kong-cluster-cert': { 'tls.crt': pair.certificate, 'tls.key': pair.key.reveal() } },
      identity,
      reachable: { 'cp.example.com:8005': world.controlPlanePort, ...reachable },
    };
    return new Pod(
      machine,
      withVariables(spec, ({ name }) => [importer, exporter].includes(name), { ...added, ...also }),
      where,
    );
  };
  return {
    ...more,
    render: async () => {
      const { outputs } = await applied(example);
      const deployment = manifestsOf(outputs['exporter_manifests']).find(({ kind }) => kind === 'Deployment');
      if (deployment?.spec === undefined) throw new Error('there is no Deployment');
      const maps = manifestsOf(outputs['agent_manifest']).filter(({ kind }) => kind === 'ConfigMap');
      return {
        storageUrl: String(outputs['storage_url']),
        exporter: deployment.spec.template.spec,
        gateway: kongChart(parse(String(outputs['gateway_values'])) as ChartValues),
        configMaps: Object.fromEntries(maps.map(({ metadata: { name }, data = {} }) => [name, data])),
      };
    },
    storageUrl: ({ storageUrl }) => storageUrl,
    exporter: (world, specification, also) =>
      run(world, specification, specification.exporter, { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0', ...also }),
    gateway: (world, specification, also) => run(world, specification, specification.gateway, also),
    without: (specification) => ({
      ...specification,
      gateway: {
        ...specification.gateway,
        initContainers: (specification.gateway.initContainers ?? []).filter(({ name }) => name !== importer),
        containers: specification.gateway.containers.map((container) => ({
          ...container,
          env: (container.env ?? []).filter(({ name }) => name !== 'BASH_ENV'),
        })),
      },
    }),
    names: { gateway: 'proxy', importer, exporter },
    keepsCache: true,
    mutants: [
      ...kubernetesMutants<Specification>(importer).filter(({ name }) => mutants?.includes(name) ?? true),
      ...(accountsMatter
        ? ([
            {
              name: 'whose exporter has another service account',
              mutate: (specification) => ({
                ...specification,
                exporter: { ...specification.exporter, serviceAccountName: 'default' },
              }),
              fails: 'exports what the control plane has, and starts with what it has',
              saying: /never stored configuration 1: it writes/,
              writes: /KR_STORE_DENIED/,
            },
          ] satisfies Deployment<Specification>['mutants'])
        : []),
    ],
  };
}
