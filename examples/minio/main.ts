import { App, Fn, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  EnvValue,
  KongResilience,
  KongResilienceRules,
  MinioProvider,
  MinioServiceAccount,
  MinioStore,
  MinioUser,
  type ExporterNode,
  type ImporterNode,
} from 'cdktf-kong-resilience/minio';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy the bucket. Apply false, and only then destroy. */
const protect = true;

/** Where the agent leaves the configuration for the gateway, and what it keeps for itself. */
const handover = '/var/lib/kong-resilience/handover';
const spool = '/var/lib/kong-resilience/spool';

/** Group of the gateway's process, and of what is handed over to it. It need not exist in the image. */
const handoverGroup = '10001';

/** Where the compose file mounts the cluster certificate. */
const certificates = '/etc/kong/cluster';

/** Each node has a key of its own, and both stand in one `.env`: by these, Compose tells them apart. */
const ofExporter = { secretPrefix: 'EXPORTER_' };
const ofGateway = { secretPrefix: 'GATEWAY_' };

class KongOnMinio extends TerraformStack {
  private readonly agentImage: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.agentImage = this.variable(
      'agent_image',
      'Image with the program kong-resilience as its entry point.',
      'kong-resilience',
    );
    const controlPlane = this.variable(
      'control_plane',
      'host:port of the cluster listener of the control plane.',
      'kong-cp:8005',
    );
    const minioPassword = new TerraformVariable(this, 'minio_password', {
      type: 'string',
      description: 'Secret key of that user.',
      sensitive: true,
    });
    new MinioProvider(this, 'Minio', {
      minioServer: this.variable('minio_server', 'host:port of MinIO, as Terraform reaches it.', '127.0.0.1:9000'),
      minioUser: this.variable('minio_user', 'User by which Terraform administers MinIO.', 'minioadmin'),
      minioPassword: minioPassword.stringValue,
    });

    const store = new MinioStore(this, 'Store', {
      bucketName: 'test-bucket',
      prefix: 'test-prefix',
      endpoint: this.variable('endpoint', 'URL of MinIO, as the nodes reach it.', 'http://minio:9000/'),
      region: 'us-east-2',
      preventDestroy: protect,
      forceDestroy: !protect,
    });
    const user = new MinioUser(this, 'User');
    const exporterAccount = new MinioServiceAccount(this, 'ExporterAccount', {
      user,
      accountName: 'kong-exporter',
      description: 'Writes the configurations of the gateways.',
    });
    const gatewayAccount = new MinioServiceAccount(this, 'GatewayAccount', {
      user,
      accountName: 'kong-gateway',
      description: 'Reads the configurations of the gateways.',
    });

    const kong = new KongResilience(this, 'Kong', {
      store,
      controlPlane,
      clusterCert: EnvValue.fromText(`${certificates}/cluster.crt`),
      clusterCertKey: EnvValue.fromText(`${certificates}/cluster.key`),
    });
    const exporter = kong.addExporter('Exporter', { principal: exporterAccount, gatewayVersions: [gatewayVersion] });
    const gateway = kong.addImporter('Gateway', {
      principal: gatewayAccount,
      gatewayVersion,
      environment: { KONG_RESILIENCE_HANDOVER_GROUP: EnvValue.fromText(handoverGroup) },
    });

    new TerraformOutput(this, 'compose', { value: this.compose(exporter, gateway) });
    const secrets = [
      exporter.agentEnvironment.toDockerComposeEnvFile(ofExporter),
      gateway.agentEnvironment.toDockerComposeEnvFile(ofGateway),
    ];
    new TerraformOutput(this, 'env', { value: secrets.join(''), sensitive: true });
  }

  private variable(name: string, description: string, defaultValue: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }

  private compose(exporter: ExporterNode, gateway: ImporterNode): string {
    const cluster = `./cluster:${certificates}:ro`;
    const handedOver = [`handover:${handover}`, cluster];
    return Fn.yamlencode({
      services: {
        'kong-exporter': {
          image: this.agentImage,
          command: ['run'],
          environment: exporter.agentEnvironment.toDockerCompose(ofExporter),
          healthcheck: { test: ['CMD', 'kong-resilience', 'health'], interval: '10s' },
          volumes: [`spool:${spool}`, cluster],
          restart: 'unless-stopped',
        },
        'kong-dp-importer': {
          image: this.agentImage,
          command: ['import'],
          environment: gateway.agentEnvironment.toDockerCompose(ofGateway),
          volumes: handedOver,
        },
        'kong-dp': {
          image: `kong:${gatewayVersion}`,
          user: `kong:${handoverGroup}`,
          // At each start this decides whether what was handed over is used.
          entrypoint: ['sh', `${handover}/start.sh`, '/docker-entrypoint.sh'],
          command: ['kong', 'docker-start'],
          environment: gateway.gatewayEnvironment.toDockerCompose(ofGateway),
          ports: ['8000:8000', '8443:8443', `127.0.0.1:${gateway.readinessProbe.port}:${gateway.readinessProbe.port}`],
          depends_on: { 'kong-dp-importer': { condition: 'service_completed_successfully' } },
          volumes: handedOver,
          restart: 'unless-stopped',
        },
      },
      volumes: { spool: {}, handover: {} },
      // The network in which MinIO and the control plane are.
      networks: { default: { name: 'kong', external: true } },
    });
  }
}

const app = new App();
new KongOnMinio(app, 'kong-minio');
KongResilienceRules.addToStacks(app);
app.synth();
