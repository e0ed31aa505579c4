import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { MinioAdmin } from '../constructs/support/minio-admin';
import { type AppliedState, valuesOf } from '../constructs/support/terraform';
import { ComposeProject, dotEnv, readCompose } from '../support/platforms/compose';
import { agentImage, gatewayImage, type Image } from '../support/platforms/images';
import { minioRoot, startMinio } from '../support/servers';
import { applied } from './rendered';
import { describeDeployment, type Environment, type Mutant, noControlPlane } from './scenarios';
import { s3Server, type StoreServer } from './store-server';
import { gatewayVersion, type World } from './world';

interface Service {
  readonly environment: Environment;
  readonly volumes: readonly string[];
  readonly group_add?: readonly string[];
  readonly depends_on?: unknown;
  readonly restart?: string;
}

/** The texts of the two files, and what MinIO got with them. */
interface Specification {
  readonly compose: string;
  readonly env: string;
  readonly state: AppliedState;
}

const exporter = 'kong-exporter';
const importer = 'kong-dp-importer';
const gateway = 'kong-dp';

/** A MinIO with the users, keys and policies of the apply. */
let admin: MinioAdmin | undefined;
async function start(): Promise<StoreServer> {
  const server = await startMinio();
  const made = new MinioAdmin(server.endpoint);
  await made.addUser('the-first', 'secret-of-the-first');
  admin = made;
  return s3Server(server, minioRoot, 'us-east-2');
}

async function giveIdentities({ resources }: AppliedState): Promise<void> {
  if (admin === undefined) throw new Error('MinIO does not run');
  for (const { type, values } of resources) {
    if (type === 'minio_iam_user') await admin.addUser(String(values['name']), 'secret-of-the-user');
    if (type === 'minio_iam_policy') await admin.addPolicy(String(values['name']), String(values['policy']));
  }
  for (const { type, values } of resources) {
    const text = (name: string): string => String(values[name]);
    if (type === 'minio_iam_user_policy_attachment') await admin.attachPolicy(text('policy_name'), text('user_name'));
  }
  for (const { type, values } of resources) {
    const text = (name: string): string => String(values[name]);
    if (type !== 'minio_iam_service_account') continue;
    const keys = { accessKeyId: text('access_key'), secretAccessKey: text('secret_key') };
    await admin.addServiceAccount(text('target_user'), text('policy'), keys);
  }
}

type File = { readonly services: Readonly<Record<string, Service>> };

function changed(specification: Specification, name: string, to: (service: Service) => Service): Specification {
  const file = parse(specification.compose) as File;
  const service = file.services[name];
  if (service === undefined) throw new Error(`there is no ${name}`);
  return { ...specification, compose: stringify({ ...file, services: { ...file.services, [name]: to(service) } }) };
}

const mutant = (name: string, to: (service: Service) => Service) => (specification: Specification) =>
  changed(specification, name, to);

const drop =
  (variable: string) =>
  (service: Service): Service => ({
    ...service,
    environment: Object.fromEntries(Object.entries(service.environment).filter(([name]) => name !== variable)),
  });

const set =
  (variable: string, value: string) =>
  (service: Service): Service => ({ ...service, environment: { ...service.environment, [variable]: value } });

const withoutHandover = (service: Service): Service => ({
  ...service,
  volumes: service.volumes.filter((volume) => !volume.startsWith('handover')),
});

async function project(
  world: World,
  specification: Specification,
  service: string,
  added: Environment,
): Promise<ComposeProject> {
  const { machine, cluster } = world;
  const images: Readonly<Record<string, Image>> = {
    'kong-resilience:0.1.0': agentImage(machine.newFolder('agent-image')),
    [`kong:${gatewayVersion}`]: await gatewayImage(machine.newFolder('kong-image'), gatewayVersion),
  };
  const folder = machine.newFolder('project');
  mkdirSync(join(folder, 'cluster'));
  for (const [name, text] of [
    ['cluster.crt', cluster.pair.certificate],
    ['cluster.key', cluster.pair.key.reveal()],
  ] as const) {
    writeFileSync(join(folder, 'cluster', name), text);
  }
  const env = dotEnv(specification.env);
  const keys =
    world.keys === 'right' ? env : Object.fromEntries(Object.keys(env).map((name) => [name, 'not-the-right-one']));
  const agents = [exporter, importer].reduce(
    (one, name) =>
      Object.entries(added).reduce((two, [variable, value]) => changed(two, name, set(variable, value)), one),
    specification,
  );
  return new ComposeProject(
    machine,
    readCompose(agents.compose, keys),
    {
      images: (image) => {
        const found = images[image];
        if (found === undefined) throw new Error(`pull access denied for ${image}`);
        return found;
      },
      folder,
      reachable: { 'kong-cp:8005': world.controlPlanePort, 'minio:9000': world.storePort },
    },
    [service],
  );
}

const inOutage = {
  fails: 'serves after each single container was restarted in an outage',
  saying: /serves nothing/,
} as const;
const withControlPlane = 'starts with the control plane while the store is down';
const exports = 'exports what the control plane has, and starts with what it has';

const mutants: readonly Mutant<Specification>[] = [
  { name: 'without BASH_ENV', mutate: mutant(gateway, drop('BASH_ENV')), ...inOutage },
  { name: "without the importer's volume", mutate: mutant(importer, withoutHandover), ...inOutage },
  { name: "without the gateway's volume", mutate: mutant(gateway, withoutHandover), ...inOutage },
  {
    name: 'that starts the gateway with the import, not after it',
    mutate: mutant(gateway, (service) => ({
      ...service,
      depends_on: { [importer]: { condition: 'service_started' } },
    })),
    fails: 'starts in an outage with a store that is slow',
    saying: /serves nothing/,
  },
  { name: 'without a group', mutate: mutant(importer, drop('KONG_RESILIENCE_HANDOVER_GROUP')), ...inOutage },
  {
    name: 'whose import is not in the group',
    mutate: mutant(importer, ({ group_add: _, ...service }) => service),
    ...inOutage,
  },
  {
    name: 'whose gateway is not in the group',
    mutate: mutant(gateway, ({ group_add: _, ...service }) => service),
    ...inOutage,
  },
  {
    name: 'whose import looks elsewhere',
    mutate: mutant(importer, set('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', 's3://test-bucket/elsewhere')),
    ...inOutage,
    impatient: true,
    saying: /serves nothing[\s\S]*KR_STORE_DENIED/,
  },
  {
    name: "whose import has the exporter's secret",
    mutate: mutant(importer, set('AWS_SECRET_ACCESS_KEY', '${EXPORTER_AWS_SECRET_ACCESS_KEY}')),
    ...inOutage,
    impatient: true,
    saying: /serves nothing[\s\S]*KR_STORE_/,
  },
  {
    name: 'whose import has no endpoint',
    mutate: mutant(importer, drop('AWS_CONFIG_STORAGE_ENDPOINT')),
    ...inOutage,
    impatient: true,
    saying: /serves nothing[\s\S]*amazonaws/,
  },
  {
    name: 'whose gateway is not started again',
    mutate: mutant(gateway, ({ restart: _, ...service }) => service),
    fails: 'serves after each single container was restarted in an outage',
    saying: /never the gateway answers: kong-dp ended with 137, and is not started again/,
  },
  {
    name: 'whose gateway has no control plane',
    mutate: mutant(gateway, drop('KONG_CLUSTER_CONTROL_PLANE')),
    fails: withControlPlane,
    saying: /never serves configuration 1: it writes/,
    writes: noControlPlane,
  },
  {
    name: 'whose gateway has no certificate',
    mutate: mutant(gateway, drop('KONG_CLUSTER_CERT')),
    fails: withControlPlane,
    saying: /never the gateway answers: it writes/,
    writes: /cluster certificate and key must be provided/,
  },
  {
    name: 'whose exporter has the key of the gateways',
    mutate: (specification) => {
      const environment: Environment = (parse(specification.compose) as File).services[importer]?.environment ?? {};
      const copy = (name: string) => set(name, environment[name] ?? '');
      return changed(specification, exporter, (service) =>
        copy('AWS_ACCESS_KEY_ID')(copy('AWS_SECRET_ACCESS_KEY')(service)),
      );
    },
    fails: exports,
    saying: /never stored configuration 1: it writes/,
    writes: /KR_STORE_DENIED/,
  },
];

describeDeployment<Specification>({
  name: 'Docker Compose (examples/minio)',
  store: { program: 'minio', start },
  render: async () => {
    const state = await applied({ folder: 'minio', stack: 'kong-minio', variables: { minio_password: 'unused' } });
    await giveIdentities(state);
    return { compose: String(state.outputs['compose']), env: String(state.outputs['env']), state };
  },
  storageUrl: ({ state }) => {
    const { bucket } = valuesOf(state, 'minio_s3_bucket');
    return `s3://${String(bucket)}/test-prefix`;
  },
  exporter: (world, specification, added) =>
    project(world, specification, exporter, { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0', ...added }),
  gateway: (world, specification, added) => project(world, specification, gateway, added),
  without: (specification) =>
    changed(specification, gateway, ({ depends_on: _, ...service }) => drop('BASH_ENV')(service)),
  names: { gateway, importer, exporter },
  keepsCache: true,
  knowsKeys: true,
  mutants,
});
