import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { LbTargetGroup } from '@cdktf/provider-aws/lib/lb-target-group';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  EcsTaskRole,
  EnvValue,
  KongResilience,
  KongResilienceRules,
  S3Encryption,
  S3Store,
  type ReadinessProbe,
} from 'cdktf-kong-resilience/aws';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy bucket and key. Apply false, and only then destroy. */
const protect = true;

/** Where the agent leaves the configuration for the gateway. */
const handover = '/var/lib/kong-resilience/handover';

/** Group of the gateway's process, and of what is handed over to it. It need not exist in the image. */
const handoverGroup = '10001';

class KongOnEcs extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const region = this.variable('region', 'Region of everything here.', 'eu-central-1');
    const controlPlane = this.variable('control_plane', 'host:port of the cluster listener of the control plane.');
    const agentImage = this.variable('agent_image', 'Image with the program kong-resilience as its entry point.');
    const vpcId = this.variable('vpc_id', 'VPC of the gateways.');
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
    const exporterRole = new EcsTaskRole(this, 'ExporterRole');
    const exporter = kong.addExporter('Exporter', { principal: exporterRole, gatewayVersions: [gatewayVersion] });
    const gatewayRole = new EcsTaskRole(this, 'GatewayRole');
    const gateway = kong.addImporter('Gateway', {
      principal: gatewayRole,
      gatewayVersion,
      environment: { KONG_RESILIENCE_HANDOVER_GROUP: EnvValue.fromText(handoverGroup) },
    });

    const executionRole = this.executionRole(certificate);
    const log = new CloudwatchLogGroup(this, 'Log', { namePrefix: 'kong-', retentionInDays: 30 });
    const logConfiguration = (stream: string) => ({
      logDriver: 'awslogs',
      options: { 'awslogs-group': log.name, 'awslogs-region': region, 'awslogs-stream-prefix': stream },
    });
    const fargate = {
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      executionRoleArn: executionRole.arn,
    };

    const exporterTask = new EcsTaskDefinition(this, 'ExporterTask', {
      ...fargate,
      family: 'kong-exporter',
      cpu: '256',
      memory: '1024',
      taskRoleArn: exporterRole.arn,
      containerDefinitions: JSON.stringify([
        {
          name: 'kong-resilience',
          image: agentImage,
          command: ['run'],
          essential: true,
          ...exporter.agentEnvironment.toEcs(),
          healthCheck: { command: ['CMD', 'kong-resilience', 'health'], startPeriod: 10 },
          portMappings: [{ containerPort: exporter.readinessProbe.port }],
          logConfiguration: logConfiguration('exporter'),
        },
      ]),
    });

    const { environment, secrets } = gateway.gatewayEnvironment.toEcs();
    const gatewayTask = new EcsTaskDefinition(this, 'GatewayTask', {
      ...fargate,
      family: 'kong-gateway',
      cpu: '1024',
      memory: '2048',
      taskRoleArn: gatewayRole.arn,
      volume: [{ name: 'handover' }],
      containerDefinitions: JSON.stringify([
        {
          name: 'import',
          image: agentImage,
          command: ['import'],
          essential: false,
          ...gateway.agentEnvironment.toEcs(),
          mountPoints: [{ sourceVolume: 'handover', containerPath: handover }],
          logConfiguration: logConfiguration('import'),
        },
        {
          name: 'kong',
          image: `kong:${gatewayVersion}`,
          user: `kong:${handoverGroup}`,
          essential: true,
          // Not SUCCESS: whatever became of the import, the gateway starts, as it would without it.
          dependsOn: [{ containerName: 'import', condition: 'COMPLETE' }],
          // The image's entry point is a bash script: at each start this decides whether what was handed over is used.
          environment: [...environment, { name: 'BASH_ENV', value: `${handover}/start.sh` }],
          secrets,
          mountPoints: [{ sourceVolume: 'handover', containerPath: handover }],
          healthCheck: { command: readyCommand(gateway.readinessProbe), interval: 10, startPeriod: 60 },
          portMappings: [{ containerPort: 8000 }, { containerPort: gateway.readinessProbe.port }],
          logConfiguration: logConfiguration('gateway'),
        },
      ]),
    });
    const targets = new LbTargetGroup(this, 'GatewayTargets', {
      namePrefix: 'kong-',
      targetType: 'ip',
      vpcId,
      port: 8000,
      protocol: 'HTTP',
      healthCheck: {
        path: gateway.readinessProbe.path,
        port: `${gateway.readinessProbe.port}`,
        matcher: '200',
      },
    });

    new TerraformOutput(this, 'storage_url', { value: store.storageUrl });
    new TerraformOutput(this, 'exporter_task_definition', { value: exporterTask.arn });
    new TerraformOutput(this, 'gateway_task_definition', { value: gatewayTask.arn });
    new TerraformOutput(this, 'gateway_target_group', { value: targets.arn });
  }

  private variable(name: string, description: string, defaultValue?: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }

  /** Reads the secrets of a task when it starts, and writes its logs; the task itself never has it. */
  private executionRole(secretArn: string): IamRole {
    const { partition } = new DataAwsPartition(this, 'Partition');
    const role = new IamRole(this, 'ExecutionRole', {
      namePrefix: 'kong-execution-',
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }),
    });
    new IamRolePolicyAttachment(this, 'ExecutionRoleBasics', {
      role: role.name,
      policyArn: `arn:${partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy`,
    });
    new IamRolePolicy(this, 'ExecutionRoleSecrets', {
      role: role.name,
      name: 'cluster-certificate',
      policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secretArn }],
      }),
    });
    return role;
  }
}

/**
 * Asks a node by itself, without a program that Kong's image may lack. ECS replaces one that has no configuration, and the
 * new one imports again.
 */
function readyCommand({ path, port }: ReadinessProbe): string[] {
  const ask = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3 && read -rt 5 _ status _ <&3 && [ "$status" = 200 ]`;
  // The start script is for the gateway, and not for this bash.
  return ['CMD', 'env', '-u', 'BASH_ENV', 'bash', '-c', ask];
}

const app = new App();
new KongOnEcs(app, 'kong-aws');
KongResilienceRules.addToStacks(app);
app.synth();
