import type { TerraformStack } from 'cdktf';
import {
  EcsTaskRole,
  EnvValue,
  KongResilience,
  LambdaRole,
  S3Store,
  type ClusterProps,
  type EcsContainer,
  type ExporterNode,
  type ImporterNode,
  type IPrincipal,
} from '../../../../constructs/aws';
import {
  only,
  refusalOf as refusalOfAction,
  stackOf,
  synth,
  type Attributes,
  type Synthesized,
} from '../../support/aws-stack';

const region = 'eu-central-1';
export const image = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong/resilience:0.1.0';
export const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf';
export const topic = 'arn:aws:sns:eu-central-1:123456789012:alarms';

/** What an exporter on ECS must be told. */
export const place = { image, cluster: 'main', subnets: ['subnet-0a', 'subnet-0b'], alarmActions: [topic] };

export interface Nodes {
  readonly stack: TerraformStack;
  readonly kong: KongResilience;
  /** On ECS, with the principal `ExporterRole`. */
  readonly exporter: ExporterNode;
  /** On Lambda, with the principal `FunctionRole`. */
  readonly function: ExporterNode;
  /** On ECS, with the principal `ImporterRole`. */
  readonly importer: ImporterNode;
}

type Make = (stack: TerraformStack) => IPrincipal;

export interface NodeOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly gatewayVersions?: readonly string[];
  readonly controlPlane?: string;
  /** Another way to the control plane, or other certificates. */
  readonly cluster?: Partial<ClusterProps>;
  /** Other principals than the usual ones. */
  readonly principals?: Readonly<Partial<Record<'exporter' | 'function' | 'importer', Make>>>;
}

/** An existing store, of which everything is known, with two exporters and an importer. */
export function nodesIn(stack: TerraformStack, options: NodeOptions = {}): Nodes {
  const { gatewayVersions = ['3.9.1'], controlPlane = 'cp.acme.com:8005', principals = {} } = options;
  const environment = Object.fromEntries(
    Object.entries(options.environment ?? {}).map(([name, text]) => [name, EnvValue.fromText(text)]),
  );
  const kong = new KongResilience(stack, 'Kong', {
    store: S3Store.fromBucketName(stack, 'Store', 'acme-kong', { region }),
    controlPlane,
    clusterCert: EnvValue.fromAwsSecret(secret, 'cert'),
    clusterCertKey: EnvValue.fromAwsSecret(secret, 'key'),
    ...options.cluster,
  });
  const common = { gatewayVersions, environment };
  return {
    stack,
    kong,
    exporter: kong.addExporter('Exporter', {
      ...common,
      principal: principals.exporter?.(stack) ?? new EcsTaskRole(stack, 'ExporterRole'),
    }),
    function: kong.addExporter('Function', {
      ...common,
      principal: principals.function?.(stack) ?? new LambdaRole(stack, 'FunctionRole'),
    }),
    importer: kong.addImporter('Importer', {
      principal: principals.importer?.(stack) ?? new EcsTaskRole(stack, 'ImporterRole'),
      gatewayVersion: gatewayVersions[0] ?? '',
      environment,
    }),
  };
}

/** A stack with such nodes and what `declare` adds. */
export function stackWith(declare: (nodes: Nodes) => void, options: NodeOptions = {}): TerraformStack {
  return stackOf((stack) => declare(nodesIn(stack, options)));
}

export function deployed(declare: (nodes: Nodes) => void, options: NodeOptions = {}): Synthesized {
  return synth(stackWith(declare, options));
}

/** With what a deployment is refused; the whole message. */
export function refusalOf(declare: (nodes: Nodes) => void, options: NodeOptions = {}): string {
  return refusalOfAction(() => stackWith(declare, options));
}

/** What the constructs below a path are warned of. */
export function warningsOf(declare: (nodes: Nodes) => void, path: string): string[] {
  const found = stackWith(declare)
    .node.findAll()
    .filter(({ node }) => node.path === path);
  return found.flatMap(({ node }) => node.metadata.map(({ data }) => String(data)));
}

/** The containers of the one task definition. */
export function containersOf(synthesized: Synthesized): EcsContainer[] {
  return JSON.parse(String(only(synthesized, 'aws_ecs_task_definition')['container_definitions'])) as EcsContainer[];
}

/** The statements of the policy of a role whose id in the stack starts so. */
export function statementsOf(synthesized: Synthesized, name: string): unknown[] {
  const [found] = Object.entries(synthesized.resource['aws_iam_role_policy'] ?? {}).filter(([id]) =>
    id.startsWith(name),
  );
  return (JSON.parse(String(found?.[1]['policy'])) as { Statement: unknown[] }).Statement;
}

/** Alarms by name. */
export function alarmsOf(synthesized: Synthesized): Record<string, Attributes> {
  const alarms = Object.values(synthesized.resource['aws_cloudwatch_metric_alarm'] ?? {});
  return Object.fromEntries(alarms.map((alarm) => [String(alarm['alarm_name']), alarm]));
}
