import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TerraformVariable, Token, type TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { agentLambda } from '../../../../constructs/artefact';
import {
  EcsTaskRole,
  LambdaExporter,
  LambdaRole,
  ScheduledCheck,
  type LambdaExporterProps,
  type ScheduledCheckProps,
} from '../../../../constructs/aws';
import { only, pathsOf } from '../../support/aws-stack';
import { alarmsOf, deployed, refusalOf, secret, stackWith, statementsOf, topic, type NodeOptions } from './support';

const alarmActions = [topic];

const exported = (props: Partial<LambdaExporterProps> = {}, options: NodeOptions = {}) =>
  deployed(
    (nodes) => void new LambdaExporter(nodes.stack, 'Run', { exporter: nodes.function, alarmActions, ...props }),
    options,
  );

const refused = (props: Partial<LambdaExporterProps>, options: NodeOptions = {}) =>
  refusalOf(
    (nodes) => void new LambdaExporter(nodes.stack, 'Run', { exporter: nodes.function, alarmActions, ...props }),
    options,
  );

const checked = (props: Partial<ScheduledCheckProps> = {}, options: NodeOptions = {}) =>
  deployed(
    ({ stack, importer }) => void new ScheduledCheck(stack, 'Check', { importer, alarmActions, ...props }),
    options,
  );

const problem = (text: string) => `Stack/Run: 1 problem\n  ${text}`;
const sids = (statements: unknown[]) => (statements as { Sid: string }[]).map(({ Sid }) => Sid);

const variables = {
  KONG_CLUSTER_CERT: `{vault://aws/${secret}/cert}`,
  KONG_CLUSTER_CERT_KEY: `{vault://aws/${secret}/key}`,
  KONG_CLUSTER_CONTROL_PLANE: 'cp.acme.com:8005',
  KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://acme-kong/kong',
  KONG_DATABASE: 'off',
  KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system',
  KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
  KONG_ROLE: 'data_plane',
};

describe('an exporter on Lambda', () => {
  it('keeps the ids of what it declares', () => {
    const stack = stackWith(
      (nodes) => void new LambdaExporter(nodes.stack, 'Run', { exporter: nodes.function, alarmActions }),
    );
    const own = pathsOf(stack).filter((path) => /^Stack\/(Run|FunctionRole)\//.test(path));
    expect(own.map((path) => path.slice('Stack/'.length)).sort()).toEqual([
      'FunctionRole/Export-Store',
      'FunctionRole/Resource',
      'FunctionRole/Run-Run',
      'Run/Code',
      'Run/Confirmed3.9.1',
      'Run/InvokeConfig',
      'Run/Log',
      'Run/NotConfirmed3.9.1',
      'Run/NotRunning',
      'Run/Resource',
      'Run/RunFailed',
      'Run/Schedule',
      'Run/SchedulePermission',
      'Run/ScheduleTarget',
    ]);
  });

  it('is a function with the agent of this package, in the region of its store', () => {
    const { filename, ...rest } = only(exported(), 'aws_lambda_function');
    expect(filename).toMatch(/^assets\/.*\/lambda\.zip$/);
    expect(rest).toEqual({
      region: 'eu-central-1',
      function_name: 'Stack-Run-390782ca',
      description: 'Stores the configuration of Kong Gateway for outages of its control plane',
      role: expect.stringMatching(/^\$\{aws_iam_role\.FunctionRole_\w+\.arn\}$/) as unknown,
      runtime: 'nodejs22.x',
      handler: 'index.exportOnce',
      source_code_hash: createHash('sha256').update(readFileSync(agentLambda())).digest('base64'),
      timeout: 180,
      memory_size: 1024,
      environment: {
        variables: {
          ...variables,
          KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
          KONG_RESILIENCE_STATUS_LISTEN: '0.0.0.0:8101',
        },
      },
      logging_config: {
        log_format: 'Text',
        log_group: expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.Run_Log_\w+\.name\}$/) as unknown,
      },
      depends_on: [expect.stringMatching(/^aws_iam_role_policy\.FunctionRole_Run-Run_/)],
    });
  });

  it('runs every five minutes, and drops a run that is late', () => {
    const synthesized = exported();
    expect(only(synthesized, 'aws_cloudwatch_event_rule')).toMatchObject({ schedule_expression: 'rate(5 minutes)' });
    expect(only(synthesized, 'aws_cloudwatch_event_target')).toMatchObject({
      retry_policy: { maximum_event_age_in_seconds: 300, maximum_retry_attempts: 3 },
    });
    expect(only(synthesized, 'aws_lambda_function_event_invoke_config')).toMatchObject({
      maximum_event_age_in_seconds: 300,
      maximum_retry_attempts: 0,
    });
  });

  it.each([
    [1, 'rate(1 minute)', 60],
    [2, 'rate(2 minutes)', 120],
    [1440, 'rate(1440 minutes)', 21_600],
  ])('runs every %d minutes', (intervalMinutes, expression, age) => {
    const synthesized = exported({ intervalMinutes });
    expect(only(synthesized, 'aws_cloudwatch_event_rule')['schedule_expression']).toBe(expression);
    expect(only(synthesized, 'aws_lambda_function_event_invoke_config')['maximum_event_age_in_seconds']).toBe(age);
  });

  it('may be run by its schedule alone', () => {
    expect(only(exported(), 'aws_lambda_permission')).toMatchObject({
      action: 'lambda:InvokeFunction',
      principal: 'events.amazonaws.com',
      source_arn: expect.stringMatching(/^\$\{aws_cloudwatch_event_rule\.Run_Schedule_\w+\.arn\}$/) as unknown,
    });
  });

  it('takes runtime, concurrency and the rest as they are given', () => {
    const synthesized = exported({
      name: 'kong-export',
      runtime: 'nodejs24.x',
      reservedConcurrency: 1,
      timeoutSeconds: 300,
      memoryMiB: 2048,
      retries: 1,
      logRetentionDays: 7,
      tags: { team: 'gateway' },
    });
    expect(only(synthesized, 'aws_lambda_function')).toMatchObject({
      function_name: 'kong-export',
      runtime: 'nodejs24.x',
      reserved_concurrent_executions: 1,
      timeout: 300,
      memory_size: 2048,
      tags: { team: 'gateway' },
    });
    expect(only(synthesized, 'aws_lambda_function_event_invoke_config')).toMatchObject({ maximum_retry_attempts: 1 });
    expect(only(synthesized, 'aws_cloudwatch_log_group')).toMatchObject({
      name_prefix: '/kong-resilience/kong-export-',
      retention_in_days: 7,
      tags: { team: 'gateway' },
    });
    expect(only(synthesized, 'aws_cloudwatch_event_rule')).toMatchObject({ tags: { team: 'gateway' } });
  });

  it('reserves nothing unless it is told to', () => {
    expect(only(exported(), 'aws_lambda_function')).not.toHaveProperty('reserved_concurrent_executions');
  });

  it('may write its log and read its secrets, and nothing else', () => {
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/1';
    expect(statementsOf(exported({ secretsKmsKeyArn: key }), 'FunctionRole_Run-Run')).toEqual([
      {
        Sid: 'KongLog',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.Run_Log_\w+\.arn\}:\*$/)],
      },
      { Sid: 'KongSecrets', Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: [secret] },
      {
        Sid: 'KongSecretsKey',
        Effect: 'Allow',
        Action: ['kms:Decrypt'],
        Resource: [key],
        Condition: {
          StringEquals: {
            'kms:ViaService': [
              expect.stringMatching(/^secretsmanager\.eu-central-1\.\$\{data\.aws_partition\.\w+\.dns_suffix\}$/),
            ],
          },
        },
      },
    ]);
  });

  it('in a VPC has interfaces, which what runs in it cannot touch', () => {
    const synthesized = exported({ name: 'kong-export', subnets: ['subnet-0a'], vpcId: 'vpc-1' });
    expect(only(synthesized, 'aws_lambda_function')['vpc_config']).toEqual({
      subnet_ids: ['subnet-0a'],
      security_group_ids: [expect.stringMatching(/^\$\{aws_security_group\.Run_SecurityGroup_\w+\.id\}$/)],
    });
    const statements = statementsOf(synthesized, 'FunctionRole_Run-Run');
    const Action = [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ];
    expect(statements.slice(2)).toEqual([
      { Sid: 'KongNetwork', Effect: 'Allow', Action, Resource: ['*'] },
      {
        Sid: 'KongNetworkNotByCode',
        Effect: 'Deny',
        Action,
        Resource: ['*'],
        Condition: {
          ArnEquals: {
            'lambda:SourceFunctionArn': [
              expect.stringMatching(
                /^arn:\$\{data\.aws_partition\.\w+\.partition\}:lambda:eu-central-1:\$\{data\.aws_caller_identity\.\w+\.account_id\}:function:kong-export$/,
              ),
            ],
          },
        },
      },
    ]);
  });

  it('says when its runs fail, do not come, or confirm nothing', () => {
    const alarms = alarmsOf(exported({ name: 'kong' }));
    expect(Object.keys(alarms).sort()).toEqual(['kong-failed', 'kong-not-confirmed-3.9.1', 'kong-not-running']);
    const lambda = {
      namespace: 'AWS/Lambda',
      statistic: 'Sum',
      threshold: 1,
      period: 300,
      alarm_actions: [topic],
      ok_actions: [topic],
    };
    expect(alarms['kong-failed']).toMatchObject({
      ...lambda,
      metric_name: 'Errors',
      comparison_operator: 'GreaterThanOrEqualToThreshold',
      evaluation_periods: 1,
      treat_missing_data: 'ignore',
    });
    expect(alarms['kong-not-running']).toMatchObject({
      ...lambda,
      metric_name: 'Invocations',
      comparison_operator: 'LessThanThreshold',
      evaluation_periods: 3,
      treat_missing_data: 'breaching',
    });
    expect(alarms['kong-not-confirmed-3.9.1']).toMatchObject({ period: 300, evaluation_periods: 3 });
  });

  it('has none of these where something else watches', () => {
    expect(exported({ alarms: false }).resource['aws_cloudwatch_metric_alarm']).toBeUndefined();
  });
});

describe('what an exporter on Lambda refuses', () => {
  it('a principal that functions cannot take on', () => {
    const principal = (stack: TerraformStack) => new EcsTaskRole(stack, 'Task');
    expect(refused({}, { principals: { function: principal } })).toBe(
      problem(
        'KR_TF_LAMBDA_PRINCIPAL the principal "Stack/Task" is no role that functions take on. Give the node a LambdaRole, or an ExistingRole that trusts lambda.amazonaws.com.',
      ),
    );
  });

  it('a region that is not the store’s', () => {
    expect(refused({ region: 'us-east-1' })).toBe(
      problem(
        'KR_TF_LAMBDA_REGION region is "us-east-1", and the store is in "eu-central-1": Lambda sets AWS_REGION to its own, by which the agent reaches the store. Leave region out, or set it to that of the store.',
      ),
    );
    expect(refused({ region: 'eu-central-1' })).toBe('not refused');
  });

  it('an environment that Lambda would not take', () => {
    const refusal = refused({}, { environment: { OWN: 'x'.repeat(4000) } });
    expect(refusal).toMatch(
      /^Stack\/Kong\/Function: 1 problem\n {2}KR_TF_ENV_TOO_LARGE Lambda takes 4096 bytes .* the largest are OWN, /,
    );
  });

  it.each([
    ['timeoutSeconds', 29, 30, 900],
    ['timeoutSeconds', 901, 30, 900],
    ['memoryMiB', 255, 256, 10_240],
    ['memoryMiB', 10_241, 256, 10_240],
    ['intervalMinutes', 0, 1, 1440],
    ['intervalMinutes', 1441, 1, 1440],
    ['reservedConcurrency', -1, 0, 1000],
    ['retries', 3, 0, 2],
  ])('%s %d', (prop, value, least, most) => {
    expect(refused({ [prop]: value, alarms: false })).toBe(
      problem(`KR_TF_AWS_DEPLOYMENT_RANGE ${prop} is ${value}: it must be a whole number from ${least} to ${most}.`),
    );
  });

  it('a VPC without a subnet', () => {
    expect(refused({ subnets: [], alarms: false })).toBe(
      problem(
        'KR_TF_AWS_NETWORK subnets is []: give the id of one at least, or leave it out for a function outside of a VPC.',
      ),
    );
  });

  it('subnets that are no list', () => {
    expect(refused({ subnets: 'subnet-0a' as unknown as string[] })).toBe(
      problem(
        'KR_TF_LIST subnets is "subnet-0a": it must be a list. Write it in brackets, such as ["subnet-0a1b2c3d"].',
      ),
    );
  });

  it('another runtime, security groups without subnets, and an interval that is not known', () => {
    expect(
      refused({ runtime: 'nodejs20.x', securityGroups: ['sg-1'], intervalMinutes: Token.asNumber('${var.minutes}') }),
    ).toBe(
      [
        'Stack/Run: 3 problems',
        'KR_TF_LAMBDA_RUNTIME runtime is "nodejs20.x": it must be "nodejs22.x" or "nodejs24.x".',
        'KR_TF_LAMBDA_INTERVAL intervalMinutes is a token: give the number, since the schedule and the windows of the alarms are made of it.',
        'KR_TF_LAMBDA_SUBNETS securityGroups is set, and subnets is not: a function outside of a VPC has none. Give both, or neither.',
      ].join('\n  '),
    );
  });
});

describe('a scheduled check', () => {
  it('keeps the ids of what it declares', () => {
    const stack = stackWith(
      ({ stack, importer }) => void new ScheduledCheck(stack, 'Check', { importer, alarmActions }),
    );
    const own = pathsOf(stack).filter((path) => path.startsWith('Stack/Check/'));
    expect(own.map((path) => path.slice('Stack/Check/'.length)).sort()).toEqual([
      'Code',
      'InvokeConfig',
      'Log',
      'NotRunning',
      'Resource',
      'Role',
      'Role/Import-Store',
      'Role/Resource',
      'Role/Run-Check',
      'RunFailed',
      'Schedule',
      'SchedulePermission',
      'ScheduleTarget',
    ]);
  });

  it('runs every fifteen minutes with the environment of the importer', () => {
    const synthesized = checked();
    expect(only(synthesized, 'aws_cloudwatch_event_rule')['schedule_expression']).toBe('rate(15 minutes)');
    expect(only(synthesized, 'aws_lambda_function')).toMatchObject({
      handler: 'index.check',
      timeout: 120,
      memory_size: 512,
      environment: { variables: { ...variables, KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' } },
    });
  });

  it('has the rights of the importer, in a role of its own', () => {
    const synthesized = checked({ path: '/kong/', permissionsBoundary: 'arn:aws:iam::123456789012:policy/bound' });
    const roles = Object.entries(synthesized.resource['aws_iam_role'] ?? {});
    expect(roles.find(([id]) => id.startsWith('Check_Role'))?.[1]).toMatchObject({
      path: '/kong/',
      permissions_boundary: 'arn:aws:iam::123456789012:policy/bound',
    });
    expect(statementsOf(synthesized, 'Check_Role_Import-Store')).toEqual(
      statementsOf(synthesized, 'ImporterRole_Import-Store'),
    );
    expect(sids(statementsOf(synthesized, 'Check_Role_Run-Check'))).toEqual(['KongLog', 'KongSecrets']);
  });

  it('says when a check fails, and when none comes', () => {
    const alarms = alarmsOf(checked({ name: 'check' }));
    expect(Object.keys(alarms).sort()).toEqual(['check-failed', 'check-not-running']);
    expect(alarms['check-failed']).toMatchObject({ metric_name: 'Errors', period: 900 });
    expect(alarms['check-not-running']).toMatchObject({
      metric_name: 'Invocations',
      period: 900,
      evaluation_periods: 3,
    });
  });
});

describe('a role of functions', () => {
  it('is taken on by Lambda alone', () => {
    const synthesized = deployed(({ stack }) => void new LambdaRole(stack, 'Alone'));
    const role = Object.entries(synthesized.resource['aws_iam_role'] ?? {}).find(([id]) => id.startsWith('Alone'));
    expect(JSON.parse(String(role?.[1]['assume_role_policy']))).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: ['sts:AssumeRole'] }],
    });
  });
});

describe('what Terraform alone knows', () => {
  it('is taken in every prop of a function but its interval', () => {
    const refusal = refusalOf((nodes) => {
      const { stack } = nodes;
      const text = (name: string): string => new TerraformVariable(stack, name, { type: 'string' }).stringValue;
      const number = (name: string): number => new TerraformVariable(stack, name, { type: 'number' }).numberValue;
      const list = (name: string): string[] =>
        Token.asList(new TerraformVariable(stack, name, { type: 'list(string)' }).value);
      new LambdaExporter(stack, 'Run', {
        exporter: nodes.function,
        name: text('name'),
        runtime: text('runtime'),
        subnets: list('subnets'),
        securityGroups: list('groups'),
        alarmActions: list('actions'),
        reservedConcurrency: number('reserved'),
        timeoutSeconds: number('timeout'),
        memoryMiB: number('memory'),
        retries: number('retries'),
        logRetentionDays: number('days'),
        secretsKmsKeyArn: text('key'),
        region: text('region'),
      });
    });
    expect(refusal).toBe('not refused');
  });
});
