import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { TerraformVariable, Token } from 'cdktf';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  EcsExporter,
  EcsImporter,
  EcsTaskRole,
  EnvValue,
  KongResilience,
  LambdaExporter,
  LambdaRole,
  S3Encryption,
  S3Store,
  ScheduledCheck,
  type EcsContainer,
} from '../../../../constructs/aws';
import { asSynthesized } from '../../examples/aws-access';
import { isAllowed } from '../../support/aws-iam';
import { stackOf, type Synthesized } from '../../support/aws-stack';
import { terraformIsMissing, terraformLifecycle, valuesOf, type AppliedState } from '../../support/terraform';
import type { nodesIn } from './support';
import { refusalOf } from './support';

const account = '123456789012';
const secret = `arn:aws:secretsmanager:us-east-1:${account}:secret:kong-cluster-AbCdEf`;
const key = `arn:aws:kms:us-east-1:${account}:key/secrets`;

/** The default: IAM policies of the account decide. */
const keyPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
});

/** Every deployment, with what it can be told known to Terraform alone. */
const everything = () =>
  stackOf((stack) => {
    const declare = (name: string, type: string, value: unknown) =>
      new TerraformVariable(stack, name, { type, default: value });
    const text = (name: string, value: string): string => declare(name, 'string', value).stringValue;
    const list = (name: string, value: string[]): string[] => Token.asList(declare(name, 'list(string)', value).value);
    const certificate = text('certificate', secret);
    const kong = new KongResilience(stack, 'Kong', {
      store: new S3Store(stack, 'Store', {
        encryption: S3Encryption.ownKey(),
        preventDestroy: false,
        forceDestroy: true,
      }),
      controlPlane: text('control_plane', 'cp.acme.com:8005'),
      clusterCert: EnvValue.fromAwsSecret(certificate, 'cert'),
      clusterCertKey: EnvValue.fromAwsSecret(certificate, 'key'),
    });
    const gatewayVersions = [text('gateway_version', '3.9.1'), '3.10.0'];
    const image = text('image', `${account}.dkr.ecr.us-east-1.amazonaws.com/kong/resilience:0.1.0`);
    const common = {
      subnets: list('subnets', ['subnet-0a', 'subnet-0b']),
      alarmActions: list('topics', [`arn:aws:sns:us-east-1:${account}:alarms`]),
      secretsKmsKeyArn: text('secrets_key', key),
    };
    new EcsExporter(stack, 'Service', {
      ...common,
      exporter: kong.addExporter('Exporter', { principal: new EcsTaskRole(stack, 'ExporterRole'), gatewayVersions }),
      image,
      name: text('service', 'kong-exporter'),
      cluster: text('cluster', `arn:aws:ecs:us-east-1:${account}:cluster/main`),
      cpu: declare('cpu', 'number', 512).numberValue,
      memoryMiB: declare('memory', 'number', 2048).numberValue,
      egressPorts: [declare('port', 'number', 443).numberValue],
    });
    new LambdaExporter(stack, 'Function', {
      ...common,
      exporter: kong.addExporter('Function', { principal: new LambdaRole(stack, 'FunctionRole'), gatewayVersions }),
      name: text('function', 'kong-export'),
    });
    const importer = kong.addImporter('Importer', {
      principal: new EcsTaskRole(stack, 'GatewayRole'),
      gatewayVersion: '3.10.0',
    });
    const { alarmActions, secretsKmsKeyArn } = common;
    new ScheduledCheck(stack, 'Check', { importer, alarmActions, secretsKmsKeyArn });
    const parts = new EcsImporter(stack, 'Import', {
      importer,
      image: 'docker.io/acme/kong-resilience:0.1.0',
      secretsKmsKeyArn,
    });
    new EcsTaskDefinition(stack, 'Gateway', {
      family: 'kong',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: '1024',
      memory: '2048',
      ...parts.taskDefinitionParts([{ name: 'kong', image: 'kong:3.10.0' }]),
    });
  });

/** Statements that allow something on more than one thing: what, and on what. */
function wildcards(state: AppliedState): string[] {
  const policies = state.resources.filter(({ type }) => type === 'aws_iam_role_policy');
  const statements = policies.flatMap(
    ({ values }) =>
      (
        JSON.parse(String(values['policy'])) as {
          Statement: { Effect: string; Action: string[]; Resource: string[] }[];
        }
      ).Statement,
  );
  const wide = statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) =>
      Resource.filter((resource) => resource.includes('*')).map((resource) => `${Action.join()} on ${resource}`),
    );
  return [...new Set(wide.map((line) => line.replace(/terraform-\d+|-\d{12}(?=:)/g, '…')))].sort();
}

describe.skipIf(terraformIsMissing())('Terraform takes all the way', { timeout: 120_000 }, () => {
  let state: AppliedState;
  let stack: Synthesized;
  beforeAll(async () => {
    state = await terraformLifecycle(everything());
    stack = asSynthesized(state);
  }, 120_000);

  const roleArn = (name: string) => String(valuesOf(state, 'aws_iam_role', name)['arn']);
  const may = (role: string, action: string, resource: string, context: Record<string, string> = {}) =>
    isAllowed(
      stack,
      { principal: roleArn(role), action, resource, account, context },
      resource === key ? { resourcePolicy: keyPolicy } : {},
    );
  const containers = (name: string) =>
    JSON.parse(String(valuesOf(state, 'aws_ecs_task_definition', name)['container_definitions'])) as EcsContainer[];

  it('every deployment, whose rights reach no further than these', () => {
    const logs = (group: string) =>
      `logs:CreateLogStream,logs:PutLogEvents on arn:aws:logs:us-east-1:123456789012:log-group:/kong-resilience/${group}…:*`;
    expect(wildcards(state)).toEqual([
      // Interfaces have no names before they are made, and descriptions no resource. What runs in the function is denied them.
      'ec2:AssignPrivateIpAddresses,ec2:CreateNetworkInterface,ec2:DeleteNetworkInterface,ec2:DescribeNetworkInterfaces,ec2:DescribeSubnets,ec2:UnassignPrivateIpAddresses on *',
      // The API of ECR knows no resource for it; what it gives opens nothing by itself.
      'ecr:GetAuthorizationToken on *',
      // Streams of one log group each, whose names AWS makes.
      logs('Stack-Check-4dbe0057'),
      logs('Stack-Import-e3cfafb1'),
      logs('kong-exporter'),
      logs('kong-export'),
      // The store's own: any version of the gateway below its prefix.
      's3:GetObject on arn:aws:s3:::…/kong/*',
      's3:PutObject on arn:aws:s3:::…/kong/*/config.json',
      's3:PutObject on arn:aws:s3:::…/kong/*/election/*',
      's3:PutObject on arn:aws:s3:::…/kong/*/kong-resilience.json',
    ]);
  });

  it('a network for the function, and not for what runs in it', async () => {
    const create = (role: string, by?: string) =>
      may(role, 'ec2:CreateNetworkInterface', `arn:aws:ec2:us-east-1:${account}:subnet/subnet-0a`, {
        ...(by === undefined ? {} : { 'lambda:SourceFunctionArn': by }),
      });
    const self = `arn:aws:lambda:us-east-1:${account}:function:kong-export`;
    expect([await create('FunctionRole'), await create('FunctionRole', self)]).toEqual([true, false]);
    expect(await create('Check_Role')).toBe(false);
  });

  it('nothing that comes in, and out only to the control plane, HTTPS and DNS', () => {
    const kinds = state.resources.map(({ type }) => type);
    expect(kinds.filter((kind) => /ingress|aws_lb|function_url|api_gateway/.test(kind))).toEqual([]);
    for (const { values } of state.resources.filter(({ type }) => type === 'aws_security_group')) {
      expect(values['ingress'] ?? []).toEqual([]);
    }
    const rules = state.resources.filter(({ type }) => type === 'aws_vpc_security_group_egress_rule');
    const open = rules.map(
      ({ values }) => `${String(values['ip_protocol'])} ${String(values['from_port'])}-${String(values['to_port'])}`,
    );
    // Of the service and of the function; the port that is 443 already has no rule of its own.
    expect(open.sort()).toEqual([
      'tcp 443-443',
      'tcp 443-443',
      'tcp 53-53',
      'tcp 53-53',
      'tcp 8005-8005',
      'tcp 8005-8005',
      'udp 53-53',
      'udp 53-53',
    ]);
  });

  it('secrets for those who need them, under their key, and for nobody else', async () => {
    const via = { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' };
    for (const role of ['Service_ExecutionRole', 'Import_ExecutionRole', 'FunctionRole', 'Check_Role']) {
      expect([role, await may(role, 'secretsmanager:GetSecretValue', secret)]).toEqual([role, true]);
      expect([role, await may(role, 'secretsmanager:GetSecretValue', secret.replace('cluster', 'other'))]).toEqual([
        role,
        false,
      ]);
      expect([role, await may(role, 'kms:Decrypt', key, via)]).toEqual([role, true]);
      expect([role, await may(role, 'kms:Decrypt', key, { 'kms:ViaService': 's3.us-east-1.amazonaws.com' })]).toEqual([
        role,
        false,
      ]);
      expect([role, await may(role, 'secretsmanager:PutSecretValue', secret)]).toEqual([role, false]);
    }
    for (const role of ['ExporterRole', 'GatewayRole']) {
      expect([role, await may(role, 'secretsmanager:GetSecretValue', secret)]).toEqual([role, false]);
    }
  });

  it('images of one repository alone', async () => {
    const repository = (name: string) => `arn:aws:ecr:us-east-1:${account}:repository/${name}`;
    expect(await may('Service_ExecutionRole', 'ecr:BatchGetImage', repository('kong/resilience'))).toBe(true);
    expect(await may('Service_ExecutionRole', 'ecr:BatchGetImage', repository('kong/other'))).toBe(false);
    expect(await may('Service_ExecutionRole', 'ecr:PutImage', repository('kong/resilience'))).toBe(false);
    expect(await may('Import_ExecutionRole', 'ecr:BatchGetImage', repository('kong/resilience'))).toBe(false);
  });

  it('a log of its own for each', async () => {
    const stream = (name: string) => `${String(valuesOf(state, 'aws_cloudwatch_log_group', name)['arn'])}:log-stream:1`;
    const writers = {
      Service: 'Service_ExecutionRole',
      Import: 'Import_ExecutionRole',
      Function: 'FunctionRole',
      Check: 'Check_Role',
    };
    for (const [group, role] of Object.entries(writers)) {
      for (const other of Object.keys(writers)) {
        expect([role, other, await may(role, 'logs:PutLogEvents', stream(other))]).toEqual([
          role,
          other,
          other === group,
        ]);
      }
    }
  });

  it('containers and functions without a secret in plain sight', () => {
    const all = [...containers('Service'), ...containers('Gateway')];
    expect(all.map(({ name }) => name)).toEqual(['kong-resilience', 'kong-resilience-import', 'kong']);
    for (const { environment = [], secrets = [] } of all) {
      expect(environment.filter(({ name }) => name.includes('CERT'))).toEqual([
        { name: 'KONG_LUA_SSL_TRUSTED_CERTIFICATE', value: 'system' },
      ]);
      expect(secrets).toEqual([
        { name: 'KONG_CLUSTER_CERT', valueFrom: `${secret}:cert::` },
        { name: 'KONG_CLUSTER_CERT_KEY', valueFrom: `${secret}:key::` },
      ]);
    }
    for (const name of ['Function', 'Check']) {
      const [environment] = valuesOf(state, 'aws_lambda_function', name)['environment'] as [
        { variables: Record<string, string> },
      ];
      expect(environment.variables).toMatchObject({
        KONG_CLUSTER_CERT: `{vault://aws/${secret}/cert}`,
        KONG_CLUSTER_CERT_KEY: `{vault://aws/${secret}/key}`,
      });
      expect(Object.keys(environment.variables).filter((variable) => variable.startsWith('AWS_'))).toEqual([]);
    }
  });

  it('numbers and names that it alone knows', () => {
    expect(valuesOf(state, 'aws_ecs_task_definition', 'Service')).toMatchObject({
      cpu: '512',
      memory: '2048',
      family: 'kong-exporter',
    });
    const alarms = state.resources.filter(({ type }) => type === 'aws_cloudwatch_metric_alarm');
    expect(alarms.map(({ values }) => String(values['alarm_name'])).sort()).toEqual([
      'Stack-Check-4dbe0057-failed',
      'Stack-Check-4dbe0057-not-running',
      'kong-export-failed',
      'kong-export-not-confirmed-1',
      'kong-export-not-confirmed-3.10.0',
      'kong-export-not-running',
      'kong-exporter-export-failed',
      'kong-exporter-not-confirmed-1',
      'kong-exporter-not-confirmed-3.10.0',
      'kong-exporter-not-running',
    ]);
    expect(valuesOf(state, 'aws_cloudwatch_log_metric_filter', 'Service_Confirmed1')['pattern']).toBe(
      '{ ($.version = "3.9.1") && (($.event = "confirmed") || ($.event = "exported")) }',
    );
    const running = alarms.find(({ values }) => values['alarm_name'] === 'kong-exporter-not-running');
    expect(running?.values['dimensions']).toEqual({ ClusterName: 'main', ServiceName: 'kong-exporter' });
  });
});

describe("a secret's own text", () => {
  const canary = 'canary-7f3a91';
  const withSecret = (declare: Parameters<typeof refusalOf>[0]) => refusalOf(declare);

  it('is refused by every deployment, and told by none', () => {
    const refusals = [
      (nodes: ReturnType<typeof nodesIn>) =>
        void new EcsExporter(nodes.stack, 'D', {
          exporter: secretive(nodes, new EcsTaskRole(nodes.stack, 'R')),
          image: 'kong-resilience:0.1.0',
          cluster: 'main',
          subnets: ['subnet-0a'],
          alarms: false,
        }),
      (nodes: ReturnType<typeof nodesIn>) =>
        void new LambdaExporter(nodes.stack, 'D', {
          exporter: secretive(nodes, new LambdaRole(nodes.stack, 'R')),
          alarms: false,
        }),
    ].map(withSecret);
    for (const refusal of refusals) {
      expect(refusal).toContain("KR_TF_ENV_SECRET_KIND KONG_VAULT_TOKEN is a secret's own text");
      expect(refusal).not.toContain(canary);
    }
  });

  const secretive = ({ stack }: ReturnType<typeof nodesIn>, principal: EcsTaskRole | LambdaRole) =>
    new KongResilience(stack, 'Secretive', {
      store: S3Store.fromBucketName(stack, 'Other', 'acme-kong'),
      controlPlane: 'cp.acme.com:8005',
      clusterCert: EnvValue.fromAwsSecret(secret, 'cert'),
      clusterCertKey: EnvValue.fromAwsSecret(secret, 'key'),
    }).addExporter('Exporter', {
      principal,
      gatewayVersions: ['3.9.1'],
      environment: { KONG_VAULT_TOKEN: EnvValue.fromSecretText(canary) },
    });
});
