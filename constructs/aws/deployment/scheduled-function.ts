import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target';
import type { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { LambdaFunctionEventInvokeConfig } from '@cdktf/provider-aws/lib/lambda-function-event-invoke-config';
import { LambdaPermission } from '@cdktf/provider-aws/lib/lambda-permission';
import { AssetType, TerraformAsset, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { agentLambda } from '../../artefact';
import type { EnvironmentBlock } from '../../environment';
import { isKnown, type Problem } from '../../problems';
import type { PolicyStatement } from '../policy';
import type { IAwsPrincipal } from '../principal';
import { addPolicy } from './add-policy';
import type { Alarms } from './alarms';
import { checkName, checkRange, checkRetentionDays } from './checks';
import { checkNetwork, securityGroupsOf, type NetworkProps } from './egress';
import { declareLogGroup, logRights, type LogProps } from './log-group';
import { lambdaRegion, lambdaRuntime } from './problems';
import { noInterval, securityGroupsAlone } from './problems';
import { checkSecrets, secretRights, type SecretsProps } from './secret-rights';
import { Surroundings, type PlaceProps } from './surroundings';

/** What functions of this library take. */
export interface FunctionProps extends NetworkProps, LogProps, SecretsProps {
  /**
   * Region of the function and all that goes with it. It must be the store's: Lambda sets AWS_REGION to its own.
   *
   * @default the store's where it is known at synth, else the provider's
   */
  readonly region?: string;
  /**
   * Provider with which it is declared.
   *
   * @default the stack's AWS provider
   */
  readonly provider?: TerraformProvider;
  /**
   * Tags of what is declared.
   *
   * @default none beside the provider's default tags
   */
  readonly tags?: Record<string, string>;
  /**
   * Name of the function, with which those of the alarms start.
   *
   * @default made of the construct's path
   */
  readonly name?: string;
  /**
   * `nodejs22.x` or `nodejs24.x`.
   *
   * @default "nodejs22.x"
   */
  readonly runtime?: string;
  /**
   * Ids of the subnets in which it runs, from which the control plane, the store and Secrets Manager can be reached.
   *
   * @default none: it runs outside of a VPC, with the internet in reach
   */
  readonly subnets?: string[];
  /**
   * How many executions of the account are set aside for it, and how many of it may run at once. A reservation fails to
   * apply where it would leave the account less than 100: small accounts have just that. 0 stops the function.
   *
   * @default none: the lease lets only one of several write
   */
  readonly reservedConcurrency?: number;
}

/** One function, and when it runs. */
export interface ScheduledFunctionSettings {
  readonly name: string;
  readonly handler: string;
  readonly description: string;
  readonly role: IAwsPrincipal;
  readonly block: EnvironmentBlock;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly intervalMinutes: number;
  readonly retries: number;
}

/** The region of a function: that of the store, where nothing else is said. @returns it, and what is wrong with it */
export function regionOf(
  { region }: FunctionProps,
  block: EnvironmentBlock,
): { readonly region: string | undefined; readonly problems: readonly Problem[] } {
  const store = block.get('AWS_REGION')?.toString();
  if (!isKnown(store)) return { region, problems: [] };
  const wrong = isKnown(region) && region !== store;
  return { region: region ?? store, problems: wrong ? [lambdaRegion(region, store)] : [] };
}

/** What is wrong with the props of a function and its schedule. */
export function checkFunction(
  props: FunctionProps,
  {
    timeoutSeconds,
    memoryMiB,
    intervalMinutes,
  }: Pick<ScheduledFunctionSettings, 'timeoutSeconds' | 'memoryMiB' | 'intervalMinutes'>,
): Problem[] {
  const { runtime, subnets, securityGroups } = props;
  return [
    ...checkName(props.name, 48),
    ...(isKnown(runtime) && !['nodejs22.x', 'nodejs24.x'].includes(runtime) ? [lambdaRuntime(runtime)] : []),
    ...checkRange('timeoutSeconds', timeoutSeconds, 30, 900),
    ...checkRange('memoryMiB', memoryMiB, 256, 10_240),
    ...(isKnown(intervalMinutes) ? checkRange('intervalMinutes', intervalMinutes, 1, 1440) : [noInterval()]),
    ...checkRange('reservedConcurrency', props.reservedConcurrency, 0, 1000),
    ...checkRetentionDays(props.logRetentionDays),
    ...checkNetwork(props, 'a function outside of a VPC'),
    ...checkSecrets(props),
    ...(securityGroups !== undefined && subnets === undefined ? [securityGroupsAlone()] : []),
  ];
}

/** Declares a function with its log, its rights and its schedule, as children of a construct. */
export function declareFunction(
  scope: Construct,
  props: FunctionProps,
  settings: ScheduledFunctionSettings,
): { readonly resource: LambdaFunction; readonly log: CloudwatchLogGroup } {
  const { provider, region, tags, subnets } = props;
  const { name, role, block, intervalMinutes } = settings;
  const surroundings = new Surroundings(scope, props);
  const log = declareLogGroup(scope, name, props);
  const rights = addPolicy(role, 'Run', scope, [
    logRights(log),
    ...secretRights([block], props, surroundings),
    ...(subnets === undefined ? [] : networkRights(name, surroundings)),
  ]);
  const code = new TerraformAsset(scope, 'Code', { path: agentLambda(), type: AssetType.FILE });
  const resource = new LambdaFunction(scope, 'Resource', {
    provider,
    region,
    tags,
    functionName: name,
    description: settings.description,
    role: role.arn,
    runtime: props.runtime ?? 'nodejs22.x',
    handler: settings.handler,
    filename: code.path,
    sourceCodeHash: createHash('sha256').update(readFileSync(agentLambda())).digest('base64'),
    timeout: settings.timeoutSeconds,
    memorySize: settings.memoryMiB,
    reservedConcurrentExecutions: props.reservedConcurrency,
    environment: { variables: block.toLambda() },
    // As text: the agent writes lines of JSON itself.
    loggingConfig: { logFormat: 'Text', logGroup: log.name },
    ...(subnets === undefined
      ? {}
      : {
          vpcConfig: {
            subnetIds: subnets,
            securityGroupIds: securityGroupsOf(scope, name, { ...props, subnets }, block),
          },
        }),
    dependsOn: rights,
  });
  schedule(scope, { provider, region, tags }, resource, settings.retries, intervalMinutes);
  return { resource, log };
}

/** A rule of EventBridge runs the function; one that did not get to run before the next is due is dropped. */
function schedule(
  scope: Construct,
  { provider, region, tags }: PlaceProps,
  { functionName, arn }: LambdaFunction,
  retries: number,
  minutes: number,
): void {
  const rule = new CloudwatchEventRule(scope, 'Schedule', {
    provider,
    region,
    tags,
    namePrefix: 'kong-',
    description: `Runs ${functionName}`,
    scheduleExpression: minutes === 1 ? 'rate(1 minute)' : `rate(${minutes} minutes)`,
  });
  const permission = new LambdaPermission(scope, 'SchedulePermission', {
    provider,
    region,
    action: 'lambda:InvokeFunction',
    functionName,
    principal: 'events.amazonaws.com',
    sourceArn: rule.arn,
  });
  const age = Math.min(Math.max(60 * minutes, 60), 21_600);
  new LambdaFunctionEventInvokeConfig(scope, 'InvokeConfig', {
    provider,
    region,
    functionName,
    maximumRetryAttempts: retries,
    maximumEventAgeInSeconds: age,
  });
  new CloudwatchEventTarget(scope, 'ScheduleTarget', {
    provider,
    region,
    rule: rule.name,
    arn,
    retryPolicy: { maximumEventAgeInSeconds: age, maximumRetryAttempts: 3 },
    dependsOn: [permission],
  });
}

/**
 * What Lambda does with the function's role to attach it to a VPC. EC2 knows no resource for the descriptions, and the
 * interfaces have no names before they are made; what runs in the function may do none of it.
 */
function networkRights(name: string, { partition, region, accountId }: Surroundings): PolicyStatement[] {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const self = `arn:${partition}:lambda:${region}:${accountId}:function:${name}`;
  return [
    { Sid: 'KongNetwork', Effect: 'Allow', Action: actions, Resource: ['*'] },
    {
      Sid: 'KongNetworkNotByCode',
      Effect: 'Deny',
      Action: actions,
      Resource: ['*'],
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': [self] } },
    },
  ];
}

/** Alarms on what Lambda itself measures. */
export function addFunctionAlarms(
  alarms: Alarms,
  { functionName }: LambdaFunction,
  intervalMinutes: number,
  told: { readonly failed: string; readonly silent: string },
): void {
  const seconds = intervalMinutes * 60;
  const lambda = {
    namespace: 'AWS/Lambda',
    dimensions: { FunctionName: functionName },
    statistic: 'Sum',
    threshold: 1,
    period: seconds,
  };
  alarms.add('RunFailed', 'failed', told.failed, {
    ...lambda,
    metricName: 'Errors',
    comparisonOperator: 'GreaterThanOrEqualToThreshold',
    evaluationPeriods: 1,
    // Between two runs nothing is known.
    treatMissingData: 'ignore',
  });
  alarms.add('NotRunning', 'not-running', told.silent, {
    ...lambda,
    metricName: 'Invocations',
    comparisonOperator: 'LessThanThreshold',
    evaluationPeriods: 3,
    treatMissingData: 'breaching',
  });
}
