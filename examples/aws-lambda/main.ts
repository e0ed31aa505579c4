import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  EnvValue,
  ExistingRole,
  KongResilience,
  KongResilienceRules,
  LambdaExporter,
  LambdaRole,
  S3Encryption,
  S3Store,
  ScheduledCheck,
} from 'cdktf-kong-resilience/aws';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy bucket and key. Apply false, and only then destroy. */
const protect = true;

class KongOnLambda extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const region = this.variable('region', 'Region of everything here.', 'eu-central-1');
    const controlPlane = this.variable('control_plane', 'host:port of the cluster listener of the control plane.');
    const gatewayRole = this.variable('gateway_role_arn', 'ARN of the role that your gateways have.');
    const alarmTopic = this.variable('alarm_topic_arn', 'ARN of the SNS topic that is told of alarms.');
    const certificate = this.variable(
      'cluster_certificate_secret_arn',
      'ARN of a secret in Secrets Manager: JSON whose members "cert" and "key" are the PEM of the cluster certificate.',
    );
    new AwsProvider(this, 'Aws', { region });

    const store = new S3Store(this, 'Store', {
      bucketPrefix: 'kong-fallback-',
      encryption: S3Encryption.ownKey(),
      preventDestroy: protect,
      forceDestroy: !protect,
    });
    const kong = new KongResilience(this, 'Kong', {
      store,
      controlPlane,
      clusterCert: EnvValue.fromAwsSecret(certificate, 'cert'),
      clusterCertKey: EnvValue.fromAwsSecret(certificate, 'key'),
    });
    const exporter = kong.addExporter('Exporter', {
      principal: new LambdaRole(this, 'ExporterRole'),
      gatewayVersions: [gatewayVersion],
    });
    const gateway = kong.addImporter('Gateway', {
      principal: ExistingRole.fromRoleArn(this, 'GatewayRole', gatewayRole),
      gatewayVersion,
    });

    const alarmActions = [alarmTopic];
    const run = new LambdaExporter(this, 'Export', { exporter, intervalMinutes: 5, alarmActions });
    new ScheduledCheck(this, 'Check', { importer: gateway, alarmActions });

    new TerraformOutput(this, 'storage_url', { value: store.storageUrl });
    new TerraformOutput(this, 'exporter_function', { value: run.function.functionName });
    new TerraformOutput(this, 'importer_environment', { value: gateway.agentEnvironment.toEcs() });
    new TerraformOutput(this, 'gateway_environment', { value: gateway.gatewayEnvironment.toEcs() });
  }

  private variable(name: string, description: string, defaultValue?: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }
}

const app = new App();
new KongOnLambda(app, 'kong-aws-lambda');
KongResilienceRules.addToStacks(app);
app.synth();
