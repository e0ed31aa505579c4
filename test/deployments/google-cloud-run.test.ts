import { valuesOf } from '../constructs/support/terraform';
import { filterTakes } from '../support/platforms/alarms';
import {
  type CloudRunContainer,
  type CloudRunProject,
  CloudRunService,
  type CloudRunTemplate,
} from '../support/platforms/cloud-run';
import { type CloudRunJob, runOnSchedule, taskOf } from '../support/platforms/cloud-run-job';
import { metadataServer } from '../support/platforms/credentials';
import { agentImage, gatewayImage, type Image } from '../support/platforms/images';
import { hasResult } from '../support/platforms/prometheus';
import { describeCheck, environmentMutants } from './checks';
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

/** The project in which a world is. @param has whether its instances have an identity now */
async function projectOf(world: World, gatewayUser: number, has: () => boolean): Promise<CloudRunProject> {
  const { machine, cluster } = world;
  const images: Readonly<Record<string, Image>> = {
    [agent]: agentImage(machine.newFolder('agent-image')),
    [`kong:${gatewayVersion}`]: await gatewayImage(machine.newFolder('kong-image'), gatewayVersion, gatewayUser),
  };
  const metadata = await metadataServer(machine, has);
  return {
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
  };
}

// Google Cloud Storage is a server on this machine, which knows no identities: their tokens are given, or not.
const onThisMachine = { KONG_RESILIENCE_GCS_ENDPOINT: 'http://gcs.example.com:4443/' };

/** The same with more variables in the containers of the agent. */
const withVariables = (template: CloudRunTemplate, more: Environment): CloudRunTemplate =>
  [importer, exporter].reduce(
    (one, name) =>
      change(one, name, (container) =>
        Object.entries(more).reduce((two, [variable, value]) => set(variable, value)(two), container),
      ),
    template,
  );

async function run(
  world: World,
  template: CloudRunTemplate,
  gatewayUser: number,
  added: Environment,
): Promise<CloudRunService> {
  const project = await projectOf(world, gatewayUser, () => world.keys === 'right');
  return new CloudRunService(world.machine, withVariables(template, { ...onThisMachine, ...added }), project);
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

const state = (): ReturnType<typeof applied> =>
  applied({
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

describeDeployment<Specification>({
  name: 'Google Cloud Run (examples/google-cloud-run)',
  store: { program: 'fake-gcs-server', start: gcsServer },
  render: async () => {
    const rendered = await state();
    return {
      storageUrl: String(rendered.outputs['storage_url']),
      exporter: templateOf(valuesOf(rendered, 'google_cloud_run_v2_worker_pool')),
      gateway: templateOf(valuesOf(rendered, 'google_cloud_run_v2_service')),
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

/** A check with its schedule, and what is looked at to know how it is. */
interface Check extends CloudRunJob {
  readonly storageUrl: string;
  /** The account as which a gateway of the same app imports. */
  readonly importerAccount: string;
  readonly failed: { readonly metric: string; readonly filter: string; readonly query: string };
}

const taskWith =
  (to: (task: ReturnType<typeof taskOf>) => object) =>
  (check: Check): Check => ({
    ...check,
    job: { ...check.job, template: [{ template: [to(taskOf(check.job))] }] },
  });
const containerWith = (to: Change): ReturnType<typeof taskWith> => taskWith((task) => change(task, exporter, to));

/** Whether what tells of a check that failed is raised, by the lines of the job's log. */
function isRaised({ failed: { metric, filter, query }, job }: Check, log: string): boolean {
  const { name, location } = job;
  const resource = { type: 'cloud_run_job', labels: { job_name: name, location } };
  const value = log.split('\n').filter((line) => filterTakes(filter, resource, line)).length;
  return hasResult(query, [{ name: `logging_googleapis_com:user_${metric}`, labels: {}, value }]);
}

describeCheck<Check>({
  name: 'the scheduled check on Google Cloud Run (examples/google-cloud-run)',
  store: { program: 'fake-gcs-server', start: gcsServer },
  render: async () => {
    const rendered = await state();
    const [service] = valuesOf(rendered, 'google_cloud_run_v2_service')['template'] as { service_account: string }[];
    const { name, filter } = valuesOf(rendered, 'google_logging_metric', 'Check_Failed');
    const [condition] = valuesOf(rendered, 'google_monitoring_alert_policy', 'Check_CheckFailed')['conditions'] as {
      condition_prometheus_query_language: { query: string }[];
    }[];
    return {
      storageUrl: String(rendered.outputs['storage_url']),
      importerAccount: service?.service_account ?? '',
      job: valuesOf(rendered, 'google_cloud_run_v2_job'),
      schedule: valuesOf(rendered, 'google_cloud_scheduler_job'),
      mayRun: valuesOf(rendered, 'google_cloud_run_v2_job_iam_member'),
      failed: {
        metric: String(name),
        filter: String(filter),
        query: String(condition?.condition_prometheus_query_language[0]?.query),
      },
    };
  },
  storageUrl: ({ storageUrl }) => storageUrl,
  run: async (world, check) => {
    const { job, schedule, mayRun } = taskWith((task) => ({ ...task, ...withVariables(task, onThisMachine) }))(check);
    let account = '';
    const project = await projectOf(world, 1000, () => world.keys === 'right' && account === check.importerAccount);
    const done = await runOnSchedule(world.machine, { job, schedule, mayRun }, (serviceAccount) => {
      account = serviceAccount;
      return project;
    });
    const { exitCodes, log } = done ?? { exitCodes: [], log: '' };
    return { exitCode: exitCodes.at(-1) ?? Number.NaN, log, alarmed: isRaised(check, log) };
  },
  mutants: [
    ...environmentMutants(
      (variable) => containerWith(drop(variable)),
      (variable, value) => containerWith(set(variable, value)),
    ),
    {
      name: 'with another account',
      mutate: taskWith((task) => ({ ...task, service_account: 'other@edge-prod.iam.gserviceaccount.com' })),
      saying: /KR_STORE_DENIED/,
    },
    {
      name: 'whose schedule may not run it',
      mutate: (check) => ({ ...check, mayRun: { ...check.mayRun, role: 'roles/run.viewer' } }),
      saying: /"?exitCode"?: NaN/,
    },
    {
      name: 'whose alarm counts the lines of another job',
      mutate: (check) => ({
        ...check,
        failed: { ...check.failed, filter: check.failed.filter.replace(/job_name="[^"]*"/, 'job_name="other"') },
      }),
      stored: 'is missing',
      saying: /"?alarmed"?: false/,
    },
  ],
});
