import { parse, parseAllDocuments } from 'yaml';
import { gatewayImage, type Image, nodeImage } from '../support/platforms/images';
import { type ChartValues, kongChart } from '../support/platforms/kong-chart';
import { type KubernetesCluster, Pod, type PodSpec } from '../support/platforms/kubernetes';
import { type CronJob, runCronJob } from '../support/platforms/kubernetes-job';
import { hasResult } from '../support/platforms/prometheus';
import type { ScheduledCheck } from './checks';
import { kubernetesCheckMutants, kubernetesMutants, withVariables } from './kubernetes-mutants';
import { applied } from './rendered';
import type { Deployment, Environment } from './scenarios';
import { gatewayVersion, type World } from './world';

interface Specification extends Where {
  readonly storageUrl: string;
  readonly exporter: PodSpec;
  readonly gateway: PodSpec;
}

/** Where pods run. */
interface Where {
  /** Data of the ConfigMaps. */
  readonly configMaps: KubernetesCluster['configMaps'];
}

/** A scheduled check, and what is looked at to know how it is. */
interface Check extends Where {
  readonly storageUrl: string;
  readonly cronJob: CronJob;
  /** Expression of the alarm for one that failed. */
  readonly failed: string;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
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

/** The one manifest of a kind. */
function manifestOf<T>(text: unknown, kind: string): Manifest & { readonly spec: T } {
  const [only] = manifestsOf(text).filter((manifest) => manifest.kind === kind);
  if (only?.spec === undefined) throw new Error(`there is no ${kind}`);
  return only as Manifest & { readonly spec: T };
}

function configMapsOf(text: unknown): KubernetesCluster['configMaps'] {
  const maps = manifestsOf(text).filter(({ kind }) => kind === 'ConfigMap');
  return Object.fromEntries(maps.map(({ metadata: { name }, data = {} }) => [name, data]));
}

/** Makes a pod of an example on its cloud; `also` is what the agent's containers have besides. */
async function podOn(
  { added, cloud }: KubernetesCloud,
  world: World,
  { configMaps }: Where,
  spec: PodSpec,
  also: Environment,
  name?: string,
): Promise<Pod> {
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
  const agents = withVariables(spec, ({ name: container }) => [importer, exporter].includes(container), {
    ...added,
    ...also,
  });
  return new Pod(machine, agents, where, name);
}

/** An example with Kong's chart and the constructs of Kubernetes, on its cloud. */
export function onKubernetes(cloud: KubernetesCloud): Deployment<Specification> {
  const { example, accountsMatter, mutants, name, store, knowsKeys, scenarios } = cloud;
  const run = (world: World, specification: Specification, spec: PodSpec, also: Environment): Promise<Pod> =>
    podOn(cloud, world, specification, spec, also);
  return {
    name,
    store,
    knowsKeys,
    ...(scenarios === undefined ? {} : { scenarios }),
    render: async () => {
      const { outputs } = await applied(example);
      const { template } = manifestOf<{ template: { spec: PodSpec } }>(
        outputs['exporter_manifests'],
        'Deployment',
      ).spec;
      return {
        storageUrl: String(outputs['storage_url']),
        exporter: template.spec,
        gateway: kongChart(parse(String(outputs['gateway_values'])) as ChartValues),
        configMaps: configMapsOf(outputs['agent_manifest']),
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
              writes: /KR_STORE_(DENIED|NO_CREDENTIALS)/,
            },
          ] satisfies Deployment<Specification>['mutants'])
        : []),
    ],
  };
}

/** The scheduled check of the same example. */
export function checkOnKubernetes(cloud: KubernetesCloud): ScheduledCheck<Check> {
  const { name, store, example, accountsMatter } = cloud;
  return {
    name: `the scheduled check on ${name}`,
    store,
    render: async () => {
      const { outputs } = await applied(example);
      const { groups } = manifestOf<{ groups: { rules: { alert: string; expr: string }[] }[] }>(
        outputs['alarm_manifests'],
        'PrometheusRule',
      ).spec;
      const rules = groups.flatMap((group) => group.rules);
      return {
        storageUrl: String(outputs['storage_url']),
        cronJob: manifestOf<unknown>(outputs['check_manifests'], 'CronJob') as unknown as CronJob,
        failed: rules.find(({ alert }) => alert === 'KongFallbackCheckFailed')?.expr ?? '',
        configMaps: configMapsOf(outputs['agent_manifest']),
      };
    },
    storageUrl: ({ storageUrl }) => storageUrl,
    run: async (world, specification) => {
      const { cronJob, failed } = specification;
      const { exitCodes, log, series } = await runCronJob(cronJob, (spec, pod) =>
        podOn(cloud, world, specification, spec, {}, pod),
      );
      return { exitCode: exitCodes.at(-1) ?? Number.NaN, log, alarmed: hasResult(failed, series) };
    },
    mutants: kubernetesCheckMutants<Check>(accountsMatter),
  };
}
