import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import type { TerraformStack } from 'cdktf';
import {
  ComposeFile,
  EnvValue,
  ExporterImporterNode,
  ExporterNode,
  ImporterNode,
  KubernetesAlarms,
  KubernetesCheck,
  KubernetesExporter,
  KubernetesImporter,
  MachineImage,
  SystemdExporter,
  SystemdGateway,
  type EnvValues,
} from '../../../constructs';
import {
  EcsExporter,
  EcsImporter,
  EcsTaskRole,
  LambdaExporter,
  LambdaRole,
  S3Store,
  ScheduledCheck,
  type IPrincipal,
} from '../../../constructs/aws';
import {
  AttachedServiceAccount,
  CloudRunCheck,
  CloudRunExporter,
  CloudRunImporter,
  CloudRunServiceExporter,
  GcsStore,
} from '../../../constructs/google';
import { SomePrincipal, SomeStore } from '../kubernetes/harness';

/** Where a platform's secrets are. */
export type Kind = 'aws' | 'google' | 'kubernetes' | 'text';

/** What a deployment renders beside the resources of the stack: texts that anybody may see, and files of mode 0600. */
export interface Rendered {
  readonly open?: Readonly<Record<string, unknown>>;
  readonly secret?: Readonly<Record<string, string>>;
}

/** A construct that runs the agent. */
export interface Deployment {
  /** Name of the construct. */
  readonly name: string;
  readonly kind: Kind;
  /** Whether it may be told a secret's own text: it is then in the files that are secret. */
  readonly takesText?: boolean;
  /** Secret variables that it cannot take at all. @default none */
  readonly refuses?: readonly string[];
  readonly declare: (stack: TerraformStack, values: EnvValues) => Rendered | void;
}

const gateway = '3.9.1';
const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/kong/resilience:0.1.0';
const googleImage = 'europe-docker.pkg.dev/acme/kong/kong-resilience:0.1.0';

/** The certificate, where a test does not say another. */
const certificates: Readonly<Record<Kind, (file: string) => EnvValue>> = {
  aws: (file) => EnvValue.fromAwsSecret('arn:aws:secretsmanager:us-east-1:123456789012:secret:kong-AbCdEf', file),
  google: (file) => EnvValue.fromGoogleSecret(`kong-${file}`),
  kubernetes: (file) => EnvValue.fromKubernetesSecret('kong-cluster', file),
  text: (file) => EnvValue.fromText(`/etc/kong/cluster/${file}`),
};

type Node = ConstructorParameters<typeof ExporterNode>[2] extends infer Props
  ? Omit<Props, 'gatewayVersions' | 'statusPort'>
  : never;

/** What a node with these variables is told: certificate and key by their props, the rest in its environment. */
function nodeProps(kind: Kind, values: EnvValues, store: Node['store'], principal: IPrincipal): Node {
  const { KONG_CLUSTER_CERT: cert, KONG_CLUSTER_CERT_KEY: key, ...environment } = values;
  return {
    store,
    principal,
    controlPlane: 'cp.acme.com:8005',
    clusterCert: cert ?? certificates[kind]('cert'),
    clusterCertKey: key ?? certificates[kind]('key'),
    environment,
  };
}

type Nodes = (stack: TerraformStack, name: string, values: EnvValues) => Node;

const onAws: (role: (stack: TerraformStack, id: string) => IPrincipal) => Nodes = (role) => (stack, name, values) =>
  nodeProps(
    'aws',
    values,
    new S3Store(stack, `${name}Store`, { preventDestroy: false, gatewayVersions: [gateway] }),
    role(stack, `${name}Role`),
  );
const onEcs = onAws((stack, id) => new EcsTaskRole(stack, id));
const onLambda = onAws((stack, id) => new LambdaRole(stack, id));
const onGoogle: Nodes = (stack, name, values) =>
  nodeProps(
    'google',
    values,
    new GcsStore(stack, `${name}Store`, {
      bucketName: `acme-${name.toLowerCase()}`,
      location: 'EU',
      preventDestroy: false,
      gatewayVersions: [gateway],
    }),
    new AttachedServiceAccount(stack, `${name}Account`),
  );
const anywhere: (kind: Kind) => Nodes = (kind) => (stack, name, values) =>
  nodeProps(kind, values, new SomeStore(stack, `${name}Store`), new SomePrincipal(stack, `${name}Principal`));
const onKubernetes = anywhere('kubernetes');

const exporterOf = (stack: TerraformStack, name: string, props: Node): ExporterNode =>
  new ExporterNode(stack, name, { ...props, gatewayVersions: [gateway] });
const importerOf = (stack: TerraformStack, name: string, props: Node, gatewayVersion = gateway): ImporterNode =>
  new ImporterNode(stack, name, { ...props, gatewayVersion });

const place = {
  image,
  cluster: 'main',
  subnets: ['subnet-0a'],
  alarmActions: ['arn:aws:sns:us-east-1:123456789012:on-call'],
};
const pods = { namespace: 'kong', serviceAccountName: 'kong' };
const bundleUrl = 'https://files.example.com/kong-resilience.cjs';
/** What a user reads of the files of a machine, and what root alone reads. */
const filesOf = (files: SystemdExporter['files']): Rendered => {
  const byMode = (isSecret: boolean) =>
    Object.fromEntries(
      files.filter(({ mode }) => (mode === '0600') === isSecret).map(({ path, content }) => [path, content]),
    );
  return { open: byMode(false), secret: byMode(true) };
};

/** A library reads them, which resolves no reference. */
const ofLibraries = ['AWS_CONTAINER_AUTHORIZATION_TOKEN', 'AZURE_CLIENT_SECRET'];

/** Lambda keeps these for itself: its role is its identity. */
const ofLambda = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', ...ofLibraries];

/** Every construct that runs the agent. A test compares them with those that take an exporter or an importer. */
export const deployments: readonly Deployment[] = [
  {
    name: 'EcsExporter',
    kind: 'aws',
    declare: (stack, values) =>
      void new EcsExporter(stack, 'EcsExporter', {
        ...place,
        exporter: exporterOf(stack, 'EcsNode', onEcs(stack, 'Ecs', values)),
      }),
  },
  {
    name: 'EcsImporter',
    kind: 'aws',
    declare: (stack, values) => {
      const importer = importerOf(stack, 'TaskNode', onEcs(stack, 'Task', values));
      const parts = new EcsImporter(stack, 'EcsImporter', { importer, image });
      new EcsTaskDefinition(stack, 'Gateway', {
        family: 'kong',
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: '1024',
        memory: '2048',
        ...parts.taskDefinitionParts([{ name: 'kong', image: 'kong:3.9.1' }]),
      });
    },
  },
  {
    name: 'LambdaExporter',
    kind: 'aws',
    refuses: ofLambda,
    declare: (stack, values) =>
      void new LambdaExporter(stack, 'LambdaExporter', {
        exporter: exporterOf(stack, 'LambdaNode', onLambda(stack, 'Lambda', values)),
        alarmActions: place.alarmActions,
      }),
  },
  {
    name: 'ScheduledCheck',
    kind: 'aws',
    refuses: ofLambda,
    declare: (stack, values) =>
      void new ScheduledCheck(stack, 'ScheduledCheck', {
        importer: importerOf(stack, 'CheckNode', onEcs(stack, 'Check', values)),
        alarmActions: place.alarmActions,
      }),
  },
  {
    name: 'CloudRunExporter',
    kind: 'google',
    declare: (stack, values) =>
      void new CloudRunExporter(stack, 'CloudRunExporter', {
        exporter: exporterOf(stack, 'PoolNode', onGoogle(stack, 'Pool', values)),
        image: googleImage,
        location: 'europe-west1',
      }),
  },
  {
    name: 'CloudRunServiceExporter',
    kind: 'google',
    declare: (stack, values) =>
      void new CloudRunServiceExporter(stack, 'CloudRunServiceExporter', {
        exporter: exporterOf(stack, 'ServiceNode', onGoogle(stack, 'Service', values)),
        image: googleImage,
        location: 'europe-west1',
      }),
  },
  {
    name: 'CloudRunImporter',
    kind: 'google',
    declare: (stack, values) => {
      const importer = importerOf(stack, 'SidecarNode', onGoogle(stack, 'Sidecar', values));
      const handover = new CloudRunImporter(stack, 'CloudRunImporter', { importer, image: googleImage });
      new CloudRunV2Service(stack, 'Gateway', {
        name: 'kong',
        location: 'europe-west1',
        deletionProtection: false,
        ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
        template: {
          serviceAccount: handover.serviceAccount,
          containers: [handover.gatewayContainer({ name: 'kong', image: 'kong:3.9.1' }), handover.importContainer],
          volumes: handover.volumes,
        },
      });
    },
  },
  {
    name: 'CloudRunCheck',
    kind: 'google',
    declare: (stack, values) =>
      void new CloudRunCheck(stack, 'CloudRunCheck', {
        importer: importerOf(stack, 'JobNode', onGoogle(stack, 'Job', values)),
        image: googleImage,
        location: 'europe-west1',
      }),
  },
  {
    name: 'KubernetesExporter',
    kind: 'kubernetes',
    declare: (stack, values) => {
      const exporter = exporterOf(stack, 'PodNode', onKubernetes(stack, 'Pod', values));
      const deployed = new KubernetesExporter(stack, 'KubernetesExporter', {
        ...pods,
        exporter,
        monitoringNamespace: 'm',
      });
      const alarms = new KubernetesAlarms(stack, 'KubernetesAlarms', { exporter: deployed });
      return {
        open: {
          'exporter.yaml': deployed.toYaml(),
          'exporter.json': deployed.manifests,
          'alarms.yaml': alarms.toYaml(),
        },
      };
    },
  },
  {
    name: 'KubernetesImporter',
    kind: 'kubernetes',
    declare: (stack, values) => {
      const importer = importerOf(stack, 'ChartNode', onKubernetes(stack, 'Chart', values));
      const deployed = new KubernetesImporter(stack, 'KubernetesImporter', { ...pods, importer });
      const check = new KubernetesCheck(stack, 'KubernetesCheck', { importer: deployed });
      return {
        open: {
          'importer.yaml': deployed.toYaml(),
          'importer.json': deployed.manifests,
          'values.yaml': deployed.helmValuesToYaml(),
          'pod.json': deployed.podParts,
          'check.yaml': check.toYaml(),
        },
      };
    },
  },
  {
    name: 'ComposeFile',
    kind: 'text',
    takesText: true,
    declare: (stack, values) => {
      const exporter = exporterOf(stack, 'ComposeNode', anywhere('text')(stack, 'Compose', values));
      const importer = importerOf(stack, 'ComposeGateway', anywhere('text')(stack, 'ComposeGateway', values));
      const file = new ComposeFile(stack, 'ComposeFile', { exporter, importer, agentImage: googleImage });
      return { open: { 'compose.yaml': file.toYaml() }, secret: { '.env': file.toEnvFile() } };
    },
  },
  {
    name: 'SystemdExporter',
    kind: 'text',
    takesText: true,
    declare: (stack, values) => {
      const exporter = exporterOf(stack, 'UnitNode', anywhere('text')(stack, 'Unit', values));
      return filesOf(new SystemdExporter(stack, 'SystemdExporter', { exporter }).files);
    },
  },
  {
    name: 'SystemdGateway',
    kind: 'text',
    takesText: true,
    declare: (stack, values) => {
      const importer = importerOf(stack, 'DropInNode', anywhere('text')(stack, 'DropIn', values));
      return filesOf(new SystemdGateway(stack, 'SystemdGateway', { importer }).files);
    },
  },
  {
    name: 'SystemdExporter.userData',
    kind: 'aws',
    refuses: ofLibraries,
    declare: (stack, values) => {
      const exporter = exporterOf(stack, 'BootNode', anywhere('aws')(stack, 'Boot', values));
      const unit = new SystemdExporter(stack, 'BootExporter', { exporter });
      return { open: { 'user-data': unit.userData({ bundleUrl, machineImage: MachineImage.debian13() }) } };
    },
  },
  {
    name: 'SystemdGateway.userData',
    kind: 'google',
    // The gateway resolves references in its own options alone.
    refuses: ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'GCP_SERVICE_ACCOUNT', ...ofLibraries],
    declare: (stack, values) => {
      const props = anywhere('google')(stack, 'BootGateway', values);
      // One of open source resolves no reference to a cloud.
      const importer = importerOf(stack, 'BootGateway', props, '3.10.0.2');
      const unit = new SystemdGateway(stack, 'BootDropIn', { importer });
      return { open: { 'user-data': unit.userData({ bundleUrl }) } };
    },
  },
  {
    name: 'EnvironmentBlock.toKongConf',
    kind: 'text',
    // It holds options of the gateway alone.
    refuses: ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'GCP_SERVICE_ACCOUNT', ...ofLibraries],
    takesText: true,
    declare: (stack, values) => {
      const node = new ExporterImporterNode(stack, 'FileNode', {
        ...anywhere('text')(stack, 'File', values),
        gatewayVersion: gateway,
      });
      return { secret: { 'kong.conf': node.gatewayEnvironment.toKongConf() } };
    },
  },
];
