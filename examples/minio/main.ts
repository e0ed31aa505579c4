import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  ComposeFile,
  EnvValue,
  KongResilience,
  KongResilienceRules,
  MinioProvider,
  MinioServiceAccount,
  MinioStore,
  MinioUser,
} from 'cdktf-kong-resilience/minio';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy the bucket. Apply false, and only then destroy. */
const protect = true;

/** Where the compose file mounts the cluster certificate. */
const certificates = '/etc/kong/cluster';

class KongOnMinio extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const agentImage = this.variable(
      'agent_image',
      'Image of kong-resilience, by full tag or digest.',
      'kong-resilience:0.1.0',
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
    });

    const file = new ComposeFile(this, 'Compose', {
      exporter,
      importer: gateway,
      agentImage,
      volumes: [`./cluster:${certificates}:ro`],
      ports: ['8000:8000', '8443:8443', `127.0.0.1:${gateway.readinessProbe.port}:${gateway.readinessProbe.port}`],
      // The network in which MinIO and the control plane are.
      network: 'kong',
    });
    new TerraformOutput(this, 'compose', { value: file.toYaml() });
    new TerraformOutput(this, 'env', { value: file.toEnvFile(), sensitive: true });
  }

  private variable(name: string, description: string, defaultValue: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }
}

const app = new App();
new KongOnMinio(app, 'kong-minio');
KongResilienceRules.addToStacks(app);
app.synth();
