import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { LbTargetGroup } from '@cdktf/provider-aws/lib/lb-target-group';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable, Token } from 'cdktf';
import type { Construct } from 'constructs';
import {
  EcsExporter,
  EcsImporter,
  EcsTaskRole,
  EnvValue,
  KongResilience,
  KongResilienceRules,
  S3Encryption,
  S3Store,
  ScheduledCheck,
} from 'cdktf-kong-resilience/aws';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy bucket and key. Apply false, and only then destroy. */
const protect = true;

class KongOnEcs extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const region = this.variable('region', 'Region of everything here.', 'eu-central-1');
    const controlPlane = this.variable('control_plane', 'host:port of the cluster listener of the control plane.');
    const image = this.variable('agent_image', 'Image of the agent, by full tag or digest.');
    const cluster = this.variable('cluster_arn', 'ARN of the ECS cluster.');
    const vpcId = this.variable('vpc_id', 'VPC of the gateways.');
    const alarmTopic = this.variable('alarm_topic_arn', 'ARN of the SNS topic that is told of alarms.');
    const certificate = this.variable(
      'cluster_certificate_secret_arn',
      'ARN of a secret in Secrets Manager: JSON whose members "cert" and "key" are the PEM of the cluster certificate.',
    );
    const subnets = new TerraformVariable(this, 'subnet_ids', {
      type: 'list(string)',
      description: 'Private subnets, from which control plane, S3, Secrets Manager, CloudWatch and images are reached.',
    });
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
      principal: new EcsTaskRole(this, 'ExporterRole'),
      gatewayVersions: [gatewayVersion],
    });
    const gateway = kong.addImporter('Gateway', { principal: new EcsTaskRole(this, 'GatewayRole'), gatewayVersion });

    // The exporter, whole and running.
    const alarmActions = [alarmTopic];
    const service = new EcsExporter(this, 'ExporterService', {
      exporter,
      image,
      cluster,
      subnets: Token.asList(subnets.value),
      vpcId,
      alarmActions,
    });

    // Your gateways, with the import before them.
    const importer = new EcsImporter(this, 'Import', { importer: gateway, image });
    const task = new EcsTaskDefinition(this, 'GatewayTask', {
      family: 'kong-gateway',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: '1024',
      memory: '2048',
      ...importer.taskDefinitionParts([
        {
          name: 'kong',
          image: `kong:${gatewayVersion}`,
          portMappings: [{ containerPort: 8000 }, { containerPort: gateway.readinessProbe.port }],
          logConfiguration: importer.logConfiguration('gateway'),
        },
      ]),
    });
    const targets = new LbTargetGroup(this, 'GatewayTargets', {
      namePrefix: 'kong-',
      targetType: 'ip',
      vpcId,
      port: 8000,
      protocol: 'HTTP',
      healthCheck: { path: gateway.readinessProbe.path, port: `${gateway.readinessProbe.port}`, matcher: '200' },
    });

    // Whether they could start from the store, asked under their rights.
    new ScheduledCheck(this, 'Check', { importer: gateway, alarmActions });

    new TerraformOutput(this, 'storage_url', { value: store.storageUrl });
    new TerraformOutput(this, 'exporter_log', { value: service.logGroupName });
    new TerraformOutput(this, 'gateway_task_definition', { value: task.arn });
    new TerraformOutput(this, 'gateway_target_group', { value: targets.arn });
  }

  private variable(name: string, description: string, defaultValue?: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }
}

const app = new App();
new KongOnEcs(app, 'kong-aws');
KongResilienceRules.addToStacks(app);
app.synth();
