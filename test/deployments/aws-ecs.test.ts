import { valuesOf } from '../constructs/support/terraform';
import { type ContainerDefinition, EcsService, type EcsAccount, type TaskDefinition } from '../support/platforms/ecs';
import { agentImage, gatewayImage, type Image } from '../support/platforms/images';
import { applied } from './rendered';
import { describeDeployment, type Environment, noControlPlane } from './scenarios';
import { minioWithRole } from './store-server';
import { gatewayVersion, type World } from './world';

interface Specification {
  readonly storageUrl: string;
  readonly exporter: TaskDefinition;
  readonly gateway: TaskDefinition;
}

const certificate = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf';
const agent = 'kong-resilience:0.1.0';
const importer = 'kong-resilience-import';

function taskOf(values: Readonly<Record<string, unknown>>): TaskDefinition {
  const { container_definitions: containers, volume = [], task_role_arn: role } = values;
  return {
    containerDefinitions: JSON.parse(String(containers)) as ContainerDefinition[],
    volumes: ((volume ?? []) as { name: string }[]).map(({ name }) => name),
    hasTaskRole: typeof role === 'string' && role !== '',
  };
}

/** The same task with one container other than before. */
function change(task: TaskDefinition, name: string, to: Change): TaskDefinition {
  return {
    ...task,
    containerDefinitions: task.containerDefinitions.map((one) => (one.name === name ? to(one) : one)),
  };
}

const gatewayWith =
  (name: string, to: Change) =>
  (specification: Specification): Specification => ({
    ...specification,
    gateway: change(specification.gateway, name, to),
  });

const exporterWith =
  (to: Change) =>
  (specification: Specification): Specification => ({
    ...specification,
    exporter: change(specification.exporter, 'kong-resilience', to),
  });

type Change = (container: ContainerDefinition) => ContainerDefinition;

const drop =
  (variable: string): Change =>
  (container) => ({
    ...container,
    environment: (container.environment ?? []).filter(({ name }) => name !== variable),
    secrets: (container.secrets ?? []).filter(({ name }) => name !== variable),
  });

const set =
  (variable: string, value: string): Change =>
  (container) => ({
    ...container,
    environment: [...(drop(variable)(container).environment ?? []), { name: variable, value }],
  });

async function account(world: World): Promise<EcsAccount> {
  const { pair } = world.cluster;
  const images: Readonly<Record<string, Image>> = {
    [agent]: agentImage(world.machine.newFolder('agent-image')),
    [`kong:${gatewayVersion}`]: await gatewayImage(world.machine.newFolder('kong-image'), gatewayVersion),
  };
  return {
    images: (image) => {
      const found = images[image];
      if (found === undefined) throw new Error(`CannotPullContainerError: ${image}`);
      return found;
    },
    secrets: { [certificate]: JSON.stringify({ cert: pair.certificate, key: pair.key.reveal() }) },
    credentials: world.credentials,
    reachable: { 'cp.example.com:8005': world.controlPlanePort, 's3.example.com:9000': world.storePort },
  };
}

/**
 * Amazon S3 is a server on this machine: its address is added, and with it what a scenario adds. It has not the key of KMS
 * that the exporter names, so the exporter names none.
 */
function run(world: World, task: TaskDefinition, added: Environment): Promise<EcsService> {
  const more = { AWS_CONFIG_STORAGE_ENDPOINT: 'http://s3.example.com:9000/', ...added };
  const containerDefinitions = task.containerDefinitions.map((container) =>
    container.image === agent
      ? Object.entries(more).reduce<ContainerDefinition>(
          (one, [name, value]) => set(name, value)(one),
          drop('KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG')(container),
        )
      : container,
  );
  return account(world).then((where) => new EcsService(world.machine, { ...task, containerDefinitions }, where));
}

describeDeployment<Specification>({
  name: 'Amazon ECS (examples/aws)',
  store: { program: 'minio', start: minioWithRole },
  render: async () => {
    const state = await applied({
      folder: 'aws',
      stack: 'kong-aws',
      variables: {
        control_plane: 'cp.example.com:8005',
        agent_image: agent,
        alarm_topic_arn: 'arn:aws:sns:eu-central-1:123456789012:alarms',
        cluster_arn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/main',
        subnet_ids: ['subnet-0a', 'subnet-0b'],
        vpc_id: 'vpc-0a1b2c3d',
        cluster_certificate_secret_arn: certificate,
      },
    });
    return {
      storageUrl: String(state.outputs['storage_url']),
      exporter: taskOf(valuesOf(state, 'aws_ecs_task_definition', 'ExporterService')),
      gateway: taskOf(valuesOf(state, 'aws_ecs_task_definition', 'GatewayTask')),
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
      containerDefinitions: specification.gateway.containerDefinitions
        .filter(({ name }) => name === 'kong')
        .map(({ dependsOn: _, ...container }) => drop('BASH_ENV')(container)),
    },
  }),
  names: { gateway: 'kong', importer, exporter: 'kong-resilience' },
  keepsCache: true,
  knowsKeys: true,
  mutants: [
    {
      name: 'without BASH_ENV',
      mutate: gatewayWith('kong', drop('BASH_ENV')),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: "without the gateway's mount",
      mutate: gatewayWith('kong', (container) => ({ ...container, mountPoints: [] })),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: "without the importer's mount",
      mutate: gatewayWith(importer, (container) => ({ ...container, mountPoints: [] })),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: 'that starts the gateway with the import, not after it',
      mutate: gatewayWith('kong', (container) => ({
        ...container,
        dependsOn: [{ containerName: importer, condition: 'START' }],
      })),
      fails: 'starts in an outage with a store that is slow',
      saying: /serves nothing/,
    },
    {
      name: 'without an order',
      mutate: gatewayWith('kong', ({ dependsOn: _, ...container }) => container),
      fails: 'starts in an outage with a store that is slow',
      saying: /serves nothing/,
    },
    {
      name: 'whose import is essential',
      mutate: gatewayWith(importer, (container) => ({ ...container, essential: true })),
      fails: 'starts with the control plane while the store is down',
      saying: /kong depends on COMPLETE of kong-resilience-import, which is essential/,
    },
    {
      name: 'whose gateway is not essential',
      mutate: gatewayWith('kong', (container) => ({ ...container, essential: false })),
      fails: 'starts with the control plane while the store is down',
      saying: /at least one essential container/,
    },
    {
      name: 'whose import names no group',
      mutate: gatewayWith(importer, drop('KONG_RESILIENCE_HANDOVER_GROUP')),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: 'whose import is not in the group',
      mutate: gatewayWith(importer, (container) => ({ ...container, user: '1000:1000' })),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: 'whose gateway is not in the group',
      mutate: gatewayWith('kong', ({ user: _, ...container }) => container),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: 'whose import looks in another bucket',
      mutate: gatewayWith(importer, set('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', 's3://another-bucket/')),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: 'whose import is of another version',
      mutate: gatewayWith(importer, set('KONG_RESILIENCE_GATEWAY_VERSION', '3.8.0')),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: 'whose import is off',
      mutate: gatewayWith(importer, set('KONG_CLUSTER_FALLBACK_CONFIG_IMPORT', 'off')),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: 'whose gateway has no control plane',
      mutate: gatewayWith('kong', drop('KONG_CLUSTER_CONTROL_PLANE')),
      fails: 'starts with the control plane while the store is down',
      saying: /never serves configuration 1: it writes/,
      writes: noControlPlane,
    },
    {
      name: 'whose gateway has no certificate',
      mutate: gatewayWith('kong', drop('KONG_CLUSTER_CERT')),
      fails: 'starts with the control plane while the store is down',
      saying: /cluster certificate and key must be provided/,
    },
    {
      name: 'whose exporter writes elsewhere',
      mutate: exporterWith((container) => {
        const url = container.environment?.find(({ name }) => name === 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE')?.value;
        return set('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', `${url}/elsewhere`)(container);
      }),
      fails: 'exports what the control plane has, and starts with what it has',
      saying: /never stored configuration 1: it writes/,
      writes: /"event":"confirmed"/,
    },
    {
      name: 'whose tasks have no role',
      mutate: ({ exporter, ...specification }) => ({ ...specification, exporter: { ...exporter, hasTaskRole: false } }),
      fails: 'exports what the control plane has, and starts with what it has',
      saying: /never stored configuration 1: it writes/,
      writes: /KR_STORE_NO_CREDENTIALS/,
    },
  ],
});
