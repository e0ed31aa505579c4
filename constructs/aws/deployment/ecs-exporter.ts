import { EcsService } from '@cdktf/provider-aws/lib/ecs-service';
import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { Fn, Tokenization } from 'cdktf';
import { Construct } from 'constructs';
import { isKnown, throwProblems } from '../../problems';
import { AGENT_UID, SPOOL_DIR, type IExporterNode } from '../../topology';
import { exporterCommand } from '../../topology/exporting';
import { bareContainer } from '../../topology/named-files';
import { imageProblems } from '../../topology/image';
import { secondsIn } from '../../environment/seconds';
import { EcsExecutionRole } from '../ecs-execution-role';
import { nameByPath } from '../name-by-path';
import type { IAwsPrincipal } from '../principal';
import { checkRoleProps } from '../role-checks';
import { addPolicy, policiesOf } from './add-policy';
import { addConfirmedAlarms, addFailedAlarm, Alarms, checkExporterAlarms, type ExporterAlarmProps } from './alarms';
import { checkArchitecture, checkName, checkRange, checkRetentionDays, checkSize } from './checks';
import { awslogs, type EcsContainer } from './ecs-container';
import { checkExecutionRole, checkTaskRole } from './ecs-roles';
import { checkNetwork, securityGroupsOf, type NetworkProps } from './egress';
import { imageRights } from './image-rights';
import { declareLogGroup, logRights, type LogProps } from './log-group';
import { shutdownTooLong } from './problems';
import { checkFiles, checkSecrets, secretRights, type SecretsProps } from './secret-rights';
import { Surroundings, type PlaceProps } from './surroundings';

export interface EcsExporterProps extends PlaceProps, NetworkProps, LogProps, SecretsProps, ExporterAlarmProps {
  /** The exporter of the topology. Its principal is the task role: an `EcsTaskRole`, or an `ExistingRole`. */
  readonly exporter: IExporterNode;
  /** Image of the agent, by full tag or digest: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0`. */
  readonly image: string;
  /** ARN of the cluster, or its name. */
  readonly cluster: string;
  /** Ids of the subnets, from which the control plane, the store, Secrets Manager, CloudWatch and the image can be reached. */
  readonly subnets: string[];
  /**
   * Name of service and task definition, with which those of the alarms start.
   *
   * @default made of the construct's path
   */
  readonly name?: string;
  /**
   * Whether a task gets a public address: where a public subnet has no NAT gateway. Nothing comes in all the same.
   *
   * @default false
   */
  readonly assignPublicIp?: boolean;
  /**
   * How many tasks run, from 1 to 10. One exports; another takes over within the lease when it is gone.
   *
   * @default 1
   */
  readonly desiredCount?: number;
  /**
   * CPU units of a task.
   *
   * @default 256
   */
  readonly cpu?: number;
  /**
   * Memory of a task in MiB: what Fargate has with that CPU.
   *
   * @default 1024
   */
  readonly memoryMiB?: number;
  /**
   * `X86_64` or `ARM64`, as the image is built.
   *
   * @default "X86_64"
   */
  readonly cpuArchitecture?: string;
  /**
   * The execution role, with which ECS pulls the image, reads the secrets and writes the log: an `EcsExecutionRole`, or an
   * `ExistingRole`. It is let in to exactly these.
   *
   * @default an EcsExecutionRole of its own
   */
  readonly executionRole?: IAwsPrincipal;
  /**
   * Path of its own execution role.
   *
   * @default "/"
   */
  readonly path?: string;
  /**
   * ARN of a managed policy that bounds what its own execution role may do.
   *
   * @default none
   */
  readonly permissionsBoundary?: string;
}

/** Longest that Fargate waits for a container to end, in seconds. */
const longestStop = 120;

/**
 * An exporter as a service of ECS on Fargate. Nothing comes in; the store is reached by the task role, the secrets by the
 * execution role. A new version runs beside the old one until it is healthy: the lease lets only one of them write.
 *
 * @throws DeclarationError with everything that is wrong in the props, and for a principal that is no role
 */
export class EcsExporter extends Construct {
  /** The service, for what this construct has no prop for. */
  readonly service: EcsService;
  readonly taskDefinition: EcsTaskDefinition;
  /** Name of the group of the log. */
  readonly logGroupName: string;
  /** The security groups of its tasks. */
  readonly securityGroups: string[];

  constructor(scope: Construct, id: string, props: EcsExporterProps) {
    super(scope, id);
    const { exporter, image, provider, region, tags, desiredCount = 1, cpu = 256, memoryMiB = 1024 } = props;
    const { agentEnvironment } = exporter;
    const shutdown = secondsIn(agentEnvironment, 'KONG_RESILIENCE_SHUTDOWN_SECONDS');
    throwProblems(this, [
      ...checkName(props.name, 64),
      ...imageProblems('image', image),
      ...checkTaskRole(exporter.principal),
      ...checkExecutionRole(props.executionRole),
      ...checkRange('desiredCount', desiredCount, 1, 10),
      ...checkSize(cpu, memoryMiB),
      ...checkNetwork(props),
      ...checkArchitecture(props.cpuArchitecture),
      ...checkRetentionDays(props.logRetentionDays),
      ...checkSecrets(props),
      ...checkFiles(agentEnvironment, bareContainer),
      ...checkRoleProps({ path: props.path, permissionsBoundary: props.permissionsBoundary }),
      ...(shutdown > longestStop - 5 ? [shutdownTooLong(shutdown)] : []),
      ...checkExporterAlarms(this, props, exporter, 0),
    ]);
    const name = props.name ?? nameByPath(this);
    const surroundings = new Surroundings(this, props);
    const log = declareLogGroup(this, name, props);
    const executionRole = props.executionRole ?? this.#ownExecutionRole(props);
    const started = addPolicy(executionRole, 'Start', this, [
      logRights(log),
      ...secretRights([agentEnvironment], props, surroundings),
      ...imageRights(image, surroundings),
    ]);
    const container: EcsContainer = {
      name: 'kong-resilience',
      image,
      command: [exporterCommand(exporter)],
      essential: true,
      user: `${AGENT_UID}:${AGENT_UID}`,
      readonlyRootFilesystem: true,
      ...agentEnvironment.toEcs(),
      // The image declares this folder as a volume, so that its user may write there; it writes nowhere else.
      mountPoints: [{ sourceVolume: 'spool', containerPath: SPOOL_DIR }],
      // ECS ignores the one of the image.
      healthCheck: {
        command: ['CMD', 'kong-resilience', 'health'],
        interval: 30,
        timeout: 5,
        retries: 3,
        startPeriod: 10,
      },
      // The spool outlives the container, and not the task.
      restartPolicy: { enabled: true, restartAttemptPeriod: 60 },
      stopTimeout: Math.max(shutdown + 5, 30),
      logConfiguration: awslogs(log.name, surroundings.region, 'exporter'),
    };
    this.taskDefinition = new EcsTaskDefinition(this, 'TaskDefinition', {
      provider,
      region,
      tags,
      family: name,
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: Tokenization.stringifyNumber(cpu),
      memory: Tokenization.stringifyNumber(memoryMiB),
      runtimePlatform: { operatingSystemFamily: 'LINUX', cpuArchitecture: props.cpuArchitecture ?? 'X86_64' },
      taskRoleArn: (exporter.principal as IAwsPrincipal).arn,
      executionRoleArn: executionRole.arn,
      volume: [{ name: 'spool' }],
      containerDefinitions: JSON.stringify([container]),
    });
    this.securityGroups = securityGroupsOf(this, name, props, agentEnvironment);
    this.service = new EcsService(this, 'Resource', {
      provider,
      region,
      tags,
      name,
      cluster: props.cluster,
      taskDefinition: this.taskDefinition.arn,
      launchType: 'FARGATE',
      desiredCount,
      // The lease lets one of two write: the old one ends when the new one is healthy.
      deploymentMinimumHealthyPercent: 100,
      deploymentMaximumPercent: 200,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      enableExecuteCommand: false,
      propagateTags: 'SERVICE',
      networkConfiguration: {
        subnets: props.subnets,
        securityGroups: this.securityGroups,
        assignPublicIp: props.assignPublicIp ?? false,
      },
      dependsOn: [...started, ...policiesOf(exporter.principal as IAwsPrincipal, this)],
    });
    this.logGroupName = log.name;
    if (props.alarms === false) return;
    const alarms = new Alarms(this, name, props);
    addConfirmedAlarms(alarms, props, { exporter, log, everySeconds: 0 });
    addFailedAlarm(alarms, log);
    // ECS measures the CPU of each task that runs, once a minute: without a sample none runs.
    alarms.add(
      'NotRunning',
      'not-running',
      `No task of the exporter ${name} has run for 10 minutes: nothing is exported. The events of the service and the log tell why.`,
      {
        namespace: 'AWS/ECS',
        metricName: 'CPUUtilization',
        dimensions: { ClusterName: clusterName(props.cluster), ServiceName: this.service.name },
        statistic: 'SampleCount',
        comparisonOperator: 'LessThanThreshold',
        threshold: 1,
        period: 60,
        evaluationPeriods: 10,
        treatMissingData: 'breaching',
      },
    );
  }

  #ownExecutionRole({ path, permissionsBoundary, provider, tags }: EcsExporterProps): EcsExecutionRole {
    return new EcsExecutionRole(this, 'ExecutionRole', { path, permissionsBoundary, provider, tags });
  }
}

/** Name of a cluster by its ARN, or by itself. */
function clusterName(cluster: string): string {
  if (isKnown(cluster)) return cluster.split('/').at(-1) ?? cluster;
  return Fn.element(Fn.reverse(Fn.split('/', cluster)), 0) as string;
}
