import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { TerraformStack, TerraformVariable, Testing, Token } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  EcsExecutionRole,
  EcsExporter,
  EcsTaskRole,
  ExistingRole,
  IamUser,
  IrsaRole,
  OidcProvider,
  type EcsExporterProps,
} from '../../../../constructs/aws';
import { toldBy } from '../../rules/harness';
import { only, pathsOf, synth } from '../../support/aws-stack';
import {
  alarmsOf,
  containersOf,
  deployed,
  image,
  nodesIn,
  place,
  refusalOf,
  secret,
  stackWith,
  statementsOf,
  topic,
  warningsOf,
} from './support';
import type { NodeOptions, Nodes } from './support';

const digest = `sha256:${'a'.repeat(64)}`;

const declared = (props: Partial<EcsExporterProps> = {}, options: NodeOptions = {}) =>
  deployed(({ stack, exporter }) => void new EcsExporter(stack, 'Service', { exporter, ...place, ...props }), options);

const refused = (props: Partial<EcsExporterProps>, options: NodeOptions = {}) =>
  refusalOf(({ stack, exporter }) => void new EcsExporter(stack, 'Service', { exporter, ...place, ...props }), options);

const problem = (text: string) => `Stack/Service: 1 problem\n  ${text}`;

describe('an exporter on ECS', () => {
  it('keeps the ids of what it declares', () => {
    const stack = stackWith(({ stack, exporter }) => void new EcsExporter(stack, 'Service', { exporter, ...place }));
    const own = pathsOf(stack).filter((path) => path.startsWith('Stack/Service/'));
    expect(own.map((path) => path.slice('Stack/Service/'.length)).sort()).toEqual([
      'Confirmed3.9.1',
      'Egress8005',
      'EgressDnsTcp',
      'EgressDnsUdp',
      'EgressHttps',
      'ExecutionRole',
      'ExecutionRole/Resource',
      'ExecutionRole/Start-Service',
      'ExportFailed',
      'Failed',
      'Log',
      'NotConfirmed3.9.1',
      'NotRunning',
      'Partition',
      'Region',
      'Resource',
      'SecurityGroup',
      'Subnet',
      'TaskDefinition',
    ]);
  });

  it('is one task that the next replaces when that is healthy, and that rolls back', () => {
    expect(only(declared(), 'aws_ecs_service')).toMatchObject({
      name: 'Stack-Service-e4ebfd05',
      cluster: 'main',
      launch_type: 'FARGATE',
      desired_count: 1,
      deployment_minimum_healthy_percent: 100,
      deployment_maximum_percent: 200,
      deployment_circuit_breaker: { enable: true, rollback: true },
      enable_execute_command: false,
      propagate_tags: 'SERVICE',
      network_configuration: { subnets: ['subnet-0a', 'subnet-0b'], assign_public_ip: false },
    });
  });

  it('starts only when its secrets may be read, and its store written', () => {
    expect(only(declared(), 'aws_ecs_service')['depends_on']).toEqual([
      expect.stringMatching(/^aws_iam_role_policy\.Service_ExecutionRole_Start-Service_/),
      expect.stringMatching(/^aws_iam_role_policy\.ExporterRole_Export-Store_/),
    ]);
  });

  it('waits for nothing of another stack', () => {
    const app = Testing.app();
    const [roles, services] = ['Roles', 'Services'].map((id) => {
      const stack = new TerraformStack(app, id);
      new AwsProvider(stack, 'Aws', { region: 'eu-central-1' });
      return stack;
    }) as [TerraformStack, TerraformStack];
    const { exporter } = nodesIn(roles);
    new EcsExporter(services, 'Service', {
      exporter,
      ...place,
      executionRole: new EcsExecutionRole(roles, 'ExecutionRole'),
    });
    expect(only(synth(services), 'aws_ecs_service')['depends_on']).toEqual([]);
  });

  it('runs the agent as its own user on a root that it cannot write', () => {
    const [container, ...others] = containersOf(declared());
    expect(others).toEqual([]);
    expect(container).toEqual({
      name: 'kong-resilience',
      image,
      command: ['run'],
      essential: true,
      user: '1000:1000',
      readonlyRootFilesystem: true,
      environment: [
        { name: 'AWS_DEFAULT_REGION', value: 'eu-central-1' },
        { name: 'AWS_REGION', value: 'eu-central-1' },
        { name: 'KONG_CLUSTER_CONTROL_PLANE', value: 'cp.acme.com:8005' },
        { name: 'KONG_CLUSTER_FALLBACK_CONFIG_EXPORT', value: 'on' },
        { name: 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', value: 's3://acme-kong/kong' },
        { name: 'KONG_DATABASE', value: 'off' },
        { name: 'KONG_LUA_SSL_TRUSTED_CERTIFICATE', value: 'system' },
        { name: 'KONG_RESILIENCE_GATEWAY_VERSION', value: '3.9.1' },
        { name: 'KONG_RESILIENCE_STATUS_LISTEN', value: '0.0.0.0:8101' },
        { name: 'KONG_ROLE', value: 'data_plane' },
      ],
      secrets: [
        { name: 'KONG_CLUSTER_CERT', valueFrom: `${secret}:cert::` },
        { name: 'KONG_CLUSTER_CERT_KEY', valueFrom: `${secret}:key::` },
      ],
      mountPoints: [{ sourceVolume: 'spool', containerPath: '/var/lib/kong-resilience/spool' }],
      healthCheck: {
        command: ['CMD', 'kong-resilience', 'health'],
        interval: 30,
        timeout: 5,
        retries: 3,
        startPeriod: 10,
      },
      restartPolicy: { enabled: true, restartAttemptPeriod: 60 },
      stopTimeout: 30,
      logConfiguration: {
        logDriver: 'awslogs',
        options: {
          'awslogs-group': expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.Service_Log_\w+\.name\}$/) as unknown,
          'awslogs-region': expect.stringMatching(/^\$\{data\.aws_region\.Service_Region_\w+\.region\}$/) as unknown,
          'awslogs-stream-prefix': 'exporter',
        },
      },
    });
    expect(only(declared(), 'aws_ecs_task_definition')).toMatchObject({
      family: 'Stack-Service-e4ebfd05',
      requires_compatibilities: ['FARGATE'],
      network_mode: 'awsvpc',
      cpu: '256',
      memory: '1024',
      runtime_platform: { operating_system_family: 'LINUX', cpu_architecture: 'X86_64' },
      task_role_arn: expect.stringMatching(/^\$\{aws_iam_role\.ExporterRole_\w+\.arn\}$/) as unknown,
      execution_role_arn: expect.stringMatching(/^\$\{aws_iam_role\.Service_ExecutionRole_\w+\.arn\}$/) as unknown,
      volume: [{ name: 'spool' }],
    });
  });

  it('runs the export of a node that also imports, which no rule takes for a gateway that may write', () => {
    const declare = ({ stack, kong }: Nodes) => {
      const principal = new EcsTaskRole(stack, 'BothRole');
      const exporter = kong.addExporterImporter('Both', { principal, gatewayVersion: '3.9.1' });
      new EcsExporter(stack, 'Service', { exporter, ...place });
    };
    const [container] = containersOf(deployed(declare));
    expect(container?.command).toEqual(['export']);
    expect(container?.environment).toContainEqual({ name: 'KONG_CLUSTER_FALLBACK_CONFIG_IMPORT', value: 'on' });
    expect(toldBy('KR_RULE_IMPORTER_WITH_WRITE', (stack) => declare(nodesIn(stack)))).toEqual([]);
  });

  it('ends later than the agent, as long as Fargate waits', () => {
    const [container] = containersOf(declared({}, { environment: { KONG_RESILIENCE_SHUTDOWN_SECONDS: '115' } }));
    expect(container?.stopTimeout).toBe(120);
    expect(refused({}, { environment: { KONG_RESILIENCE_SHUTDOWN_SECONDS: '116' } })).toBe(
      problem(
        'KR_TF_ECS_SHUTDOWN KONG_RESILIENCE_SHUTDOWN_SECONDS is 116, and Fargate kills a container 120 seconds after it was told to end. Set it to 115 or less.',
      ),
    );
  });

  it('takes name, size, architecture, tags and the rest as they are given', () => {
    const tags = { team: 'gateway' };
    const synthesized = declared({
      name: 'kong-exporter',
      desiredCount: 2,
      cpu: 1024,
      memoryMiB: 4096,
      cpuArchitecture: 'ARM64',
      assignPublicIp: true,
      logRetentionDays: 7,
      path: '/kong/',
      permissionsBoundary: 'arn:aws:iam::123456789012:policy/bound',
      tags,
    });
    expect(only(synthesized, 'aws_ecs_service')).toMatchObject({
      name: 'kong-exporter',
      desired_count: 2,
      network_configuration: { assign_public_ip: true },
    });
    expect(only(synthesized, 'aws_ecs_task_definition')).toMatchObject({
      family: 'kong-exporter',
      cpu: '1024',
      memory: '4096',
      runtime_platform: { cpu_architecture: 'ARM64' },
    });
    expect(only(synthesized, 'aws_cloudwatch_log_group')).toMatchObject({
      name_prefix: '/kong-resilience/kong-exporter-',
      retention_in_days: 7,
    });
    const roles = Object.entries(synthesized.resource['aws_iam_role'] ?? {});
    expect(roles.find(([id]) => id.startsWith('Service_ExecutionRole'))?.[1]).toMatchObject({
      name_prefix: 'kong-execution-',
      path: '/kong/',
      permissions_boundary: 'arn:aws:iam::123456789012:policy/bound',
    });
    const own = Object.values(synthesized.resource).flatMap((kind) =>
      Object.entries(kind).filter(([id]) => id.startsWith('Service_') && !/_Confirmed|_Failed_|_Start-/.test(id)),
    );
    expect(own.length).toBeGreaterThan(8);
    for (const [id, attributes] of own) expect([id, attributes['tags']]).toEqual([id, tags]);
  });

  it.each([
    ['a digest', `kong-resilience@${digest}`],
    ['a tag and a digest', `registry.acme.com:5000/kong-resilience:0.1.0@${digest}`],
    ['a full tag', 'kong-resilience:0.1.0'],
  ])('takes an image by %s', (_, name) => {
    expect(containersOf(declared({ image: name }))[0]?.image).toBe(name);
  });

  it.each(['kong-resilience', 'kong-resilience:latest', 'registry.acme.com:5000/kong-resilience'])(
    'refuses %s',
    (name) => {
      expect(refused({ image: name })).toBe(
        problem(
          `KR_TF_IMAGE image is "${name}": it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.`,
        ),
      );
    },
  );

  it.each([
    ['desiredCount', 0, 1, 10],
    ['desiredCount', 11, 1, 10],
    ['desiredCount', 1.5, 1, 10],
  ])('refuses %s %d', (prop, value, least, most) => {
    expect(refused({ [prop]: value })).toBe(
      problem(`KR_TF_AWS_DEPLOYMENT_RANGE ${prop} is ${value}: it must be a whole number from ${least} to ${most}.`),
    );
  });

  it.each([
    [256, 512],
    [256, 2048],
    [512, 4096],
    [4096, 30_720],
  ])('takes %d CPU units with %d MiB', (cpu, memoryMiB) => {
    expect(refused({ cpu, memoryMiB })).toBe('not refused');
  });

  it.each([
    [256, 256, 'with 256 CPU units Fargate has 512, 1024 or 2048 MiB.'],
    [256, 1536, 'with 256 CPU units Fargate has 512, 1024 or 2048 MiB.'],
    [512, 512, 'with 512 CPU units Fargate has 1024 to 4096 in steps of 1024 MiB.'],
    [1024, 2500, 'with 1024 CPU units Fargate has 2048 to 8192 in steps of 1024 MiB.'],
    [4096, 31_744, 'with 4096 CPU units Fargate has 8192 to 30720 in steps of 1024 MiB.'],
    [300, 1024, 'cpu must be one of 256, 512, 1024, 2048, 4096.'],
  ])('refuses %d CPU units with %d MiB', (cpu, memoryMiB, why) => {
    expect(refused({ cpu, memoryMiB })).toBe(
      problem(`KR_TF_ECS_SIZE cpu is ${cpu} and memoryMiB is ${memoryMiB}: ${why}`),
    );
  });

  it('tells everything that is wrong together', () => {
    expect(
      refused({
        name: 'kong exporter',
        image: 'kong-resilience',
        cpuArchitecture: 'arm64',
        logRetentionDays: 10,
        secretsKmsKeyArn: 'alias/mine',
        path: 'kong',
        alarmActions: ['alarms'],
      }),
    ).toBe(
      [
        'Stack/Service: 7 problems',
        'KR_TF_AWS_DEPLOYMENT_NAME name is "kong exporter": it must be 1 to 64 letters, digits, hyphens and underscores.',
        'KR_TF_IMAGE image is "kong-resilience": it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.',
        'KR_TF_ECS_ARCHITECTURE cpuArchitecture is "arm64": it must be "X86_64" or "ARM64", as the image is built.',
        'KR_TF_AWS_LOG_RETENTION logRetentionDays is 10: it must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653.',
        'KR_TF_S3_KEY_ARN secretsKmsKeyArn is "alias/mine": it must be the ARN of a key, arn:<partition>:kms:<region>:<account>:key/<id>. Policies do not know keys by an alias, and aws/s3 cannot be granted.',
        'KR_TF_AWS_PATH path is "kong": it must start and end with a slash, such as /kong/.',
        'KR_TF_AWS_ALARM_ACTION alarmActions has "alarms": it must be an ARN, such as that of an SNS topic, arn:<partition>:sns:<region>:<account>:<topic>.',
      ].join('\n  '),
    );
  });

  it('refuses a principal that tasks cannot take on', () => {
    const pod = { namespace: 'kong', serviceAccount: 'exporter' };
    const oidcProvider = OidcProvider.fromIssuerUrl('https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLE');
    const exporter = (stack: TerraformStack) => new IrsaRole(stack, 'Pod', { oidcProvider, ...pod });
    expect(refused({}, { principals: { exporter } })).toBe(
      problem(
        'KR_TF_ECS_PRINCIPAL the principal "Stack/Pod" is no role that tasks of ECS take on. Give the node an EcsTaskRole, or an ExistingRole that trusts ecs-tasks.amazonaws.com.',
      ),
    );
  });

  it('refuses an execution role that is none', () => {
    const refusal = refusalOf(({ stack, exporter }) => {
      const executionRole = new IamUser(stack, 'User');
      new EcsExporter(stack, 'Service', { exporter, ...place, executionRole });
    });
    expect(refusal).toBe(
      problem(
        'KR_TF_ECS_EXECUTION_ROLE the execution role "Stack/User" is none. Give an EcsExecutionRole, or an ExistingRole that trusts ecs-tasks.amazonaws.com; or leave it out for one of its own.',
      ),
    );
  });
});

describe('what starts an exporter on ECS', () => {
  const region = expect.stringMatching(
    /^secretsmanager\.\$\{data\.aws_region\.\w+\.region\}\.\$\{data\.aws_partition\.\w+\.dns_suffix\}$/,
  ) as unknown;
  const key = 'arn:aws:kms:eu-central-1:123456789012:key/1';

  it('may read its secrets, pull its image and write its log, and nothing else', () => {
    expect(statementsOf(declared({ secretsKmsKeyArn: key }), 'Service_ExecutionRole')).toEqual([
      {
        Sid: 'KongLog',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.Service_Log_\w+\.arn\}:\*$/)],
      },
      { Sid: 'KongSecrets', Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: [secret] },
      {
        Sid: 'KongSecretsKey',
        Effect: 'Allow',
        Action: ['kms:Decrypt'],
        Resource: [key],
        Condition: { StringEquals: { 'kms:ViaService': [region] } },
      },
      {
        Sid: 'KongImage',
        Effect: 'Allow',
        Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        Resource: [
          expect.stringMatching(
            /^arn:\$\{data\.aws_partition\.\w+\.partition\}:ecr:eu-central-1:123456789012:repository\/kong\/resilience$/,
          ),
        ],
      },
      { Sid: 'KongRegistry', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: ['*'] },
    ]);
  });

  it('has no rights to a registry that is not of ECR, and none to a key that is not named', () => {
    const statements = statementsOf(declared({ image: 'ghcr.io/acme/kong-resilience:0.1.0' }), 'Service_ExecutionRole');
    expect(statements.map((statement) => (statement as { Sid: string }).Sid)).toEqual(['KongLog', 'KongSecrets']);
  });

  it('is taken on by tasks of ECS alone, and has the name that it is given', () => {
    const { resource } = deployed(({ stack }) => void new EcsExecutionRole(stack, 'Alone', { name: 'starts-tasks' }));
    const [role] = Object.entries(resource['aws_iam_role'] ?? {}).filter(([id]) => id.startsWith('Alone'));
    expect(role?.[1]).toMatchObject({ name: 'starts-tasks' });
    expect(role?.[1]).not.toHaveProperty('name_prefix');
    expect(JSON.parse(String(role?.[1]['assume_role_policy']))).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: ['sts:AssumeRole'] }],
    });
  });

  it('may be shared, and may exist', () => {
    const shared = deployed(({ stack, exporter }) => {
      const executionRole = new EcsExecutionRole(stack, 'Shared');
      new EcsExporter(stack, 'Service', { exporter, ...place, executionRole });
    });
    expect(Object.keys(shared.resource['aws_iam_role'] ?? {}).some((id) => id.startsWith('Service_'))).toBe(false);
    expect(statementsOf(shared, 'Shared_Start-Service')).toHaveLength(4);
    const existing = deployed(({ stack, exporter }) => {
      const executionRole = ExistingRole.fromRoleArn(stack, 'Theirs', 'arn:aws:iam::123456789012:role/starts-tasks');
      new EcsExporter(stack, 'Service', { exporter, ...place, executionRole });
    });
    expect(only(existing, 'aws_ecs_task_definition')['execution_role_arn']).toBe(
      'arn:aws:iam::123456789012:role/starts-tasks',
    );
    expect(statementsOf(existing, 'Theirs_Start-Service')).toHaveLength(4);
  });
});

describe('the network of an exporter on ECS', () => {
  const rules = (synthesized: ReturnType<typeof declared>) =>
    Object.values(synthesized.resource['aws_vpc_security_group_egress_rule'] ?? {})
      .map(
        (rule) =>
          `${String(rule['ip_protocol'])} ${String(rule['from_port'])}-${String(rule['to_port'])} ${String(rule['cidr_ipv4'])}`,
      )
      .sort();

  it('lets nothing in, and out only to the control plane, HTTPS and DNS', () => {
    const synthesized = declared();
    expect(Object.keys(synthesized.resource).filter((kind) => kind.includes('ingress'))).toEqual([]);
    expect(only(synthesized, 'aws_security_group')).toEqual({
      description: 'Agent of Kong Gateway: nothing comes in',
      name_prefix: 'Stack-Service-e4ebfd05-',
      vpc_id: expect.stringMatching(/^\$\{data\.aws_subnet\.Service_Subnet_\w+\.vpc_id\}$/) as unknown,
    });
    expect(rules(synthesized)).toEqual([
      'tcp 443-443 0.0.0.0/0',
      'tcp 53-53 0.0.0.0/0',
      'tcp 8005-8005 0.0.0.0/0',
      'udp 53-53 0.0.0.0/0',
    ]);
  });

  it('has no rule twice, and those that are added', () => {
    const synthesized = declared({ egressPorts: [3128, 443, 3128] }, { controlPlane: 'konnect.acme.com:443' });
    expect(rules(synthesized)).toEqual([
      'tcp 3128-3128 0.0.0.0/0',
      'tcp 443-443 0.0.0.0/0',
      'tcp 53-53 0.0.0.0/0',
      'udp 53-53 0.0.0.0/0',
    ]);
  });

  it('may be given', () => {
    const synthesized = declared({ securityGroups: ['sg-1'] });
    expect(synthesized.resource['aws_security_group']).toBeUndefined();
    expect(only(synthesized, 'aws_ecs_service')).toMatchObject({
      network_configuration: { security_groups: ['sg-1'] },
    });
    expect(only(declared({ vpcId: 'vpc-1' }), 'aws_security_group')['vpc_id']).toBe('vpc-1');
  });

  it('has a subnet, and a security group', () => {
    expect(refused({ subnets: [] })).toBe(problem('KR_TF_AWS_NETWORK subnets is []: give the id of one at least.'));
    expect(refused({ securityGroups: [] })).toBe(
      problem(
        'KR_TF_AWS_NETWORK securityGroups is []: give the id of one at least, or leave it out for one of its own.',
      ),
    );
  });
});

describe('an exporter on ECS whose types nothing checked', () => {
  const list = (prop: string, given: string, example: string) =>
    problem(`KR_TF_LIST ${prop} is ${given}: it must be a list. Write it in brackets, such as [${example}].`);
  const unpinned =
    'it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.';

  it.each([
    [{ subnets: undefined }, list('subnets', 'undefined', '"subnet-0a1b2c3d"')],
    [{ subnets: 'subnet-0a' }, list('subnets', '"subnet-0a"', '"subnet-0a1b2c3d"')],
    [{ subnets: '' }, list('subnets', '""', '"subnet-0a1b2c3d"')],
    [{ securityGroups: 'sg-0a' }, list('securityGroups', '"sg-0a"', '"sg-0a1b2c3d"')],
    [{ securityGroups: null }, list('securityGroups', 'null', '"sg-0a1b2c3d"')],
    [{ egressPorts: 3128 }, list('egressPorts', '3128', '3128')],
    [{ alarmActions: topic }, list('alarmActions', `"${topic}"`, '"arn:aws:sns:eu-west-1:123456789012:on-call"')],
    [{ image: undefined }, problem(`KR_TF_IMAGE image is undefined: ${unpinned}`)],
  ])('is refused with %j', (given, refusal) => {
    expect(refused(given as unknown as Partial<EcsExporterProps>)).toBe(refusal);
  });

  it('may leave out what has a default, and give a list that Terraform alone knows', () => {
    const subnets = Token.asString({ resolve: () => ['subnet-0a'] });
    const given = { securityGroups: undefined, egressPorts: undefined, subnets };
    expect(refused(given as unknown as Partial<EcsExporterProps>)).toBe('not refused');
  });
});

describe('the alarms of an exporter on ECS', () => {
  const watched = (name: string, synthesized = declared({ name: 'kong' })) => {
    const { alarm_description, ...rest } = alarmsOf(synthesized)[name] ?? {};
    expect(String(alarm_description)).toMatch(/^[A-Z].*\.$/);
    return rest;
  };
  const told = { alarm_actions: [place.alarmActions[0]], ok_actions: [place.alarmActions[0]] };

  it('are raised when a version is not confirmed for three reconnections, and when no exporter ever ran', () => {
    expect(watched('kong-not-confirmed-3.9.1')).toEqual({
      ...told,
      alarm_name: 'kong-not-confirmed-3.9.1',
      namespace: 'KongResilience',
      metric_name: 'kong/confirmed-3.9.1',
      statistic: 'Sum',
      comparison_operator: 'LessThanThreshold',
      threshold: 1,
      period: 300,
      evaluation_periods: 9,
      datapoints_to_alarm: 9,
      treat_missing_data: 'breaching',
    });
  });

  it('are raised when an export fails', () => {
    expect(watched('kong-export-failed')).toEqual({
      ...told,
      alarm_name: 'kong-export-failed',
      namespace: 'KongResilience',
      metric_name: 'kong/export-failed',
      statistic: 'Sum',
      comparison_operator: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      period: 900,
      evaluation_periods: 1,
      datapoints_to_alarm: 1,
      treat_missing_data: 'notBreaching',
    });
  });

  it('are raised when no task runs', () => {
    expect(watched('kong-not-running')).toEqual({
      ...told,
      alarm_name: 'kong-not-running',
      namespace: 'AWS/ECS',
      metric_name: 'CPUUtilization',
      dimensions: {
        ClusterName: 'main',
        ServiceName: expect.stringMatching(/^\$\{aws_ecs_service\.Service_\w+\.name\}$/) as unknown,
      },
      statistic: 'SampleCount',
      comparison_operator: 'LessThanThreshold',
      threshold: 1,
      period: 60,
      evaluation_periods: 10,
      datapoints_to_alarm: 10,
      treat_missing_data: 'breaching',
    });
  });

  it('name the cluster by its ARN too', () => {
    const synthesized = declared({ name: 'kong', cluster: 'arn:aws:ecs:eu-central-1:123456789012:cluster/other' });
    expect(watched('kong-not-running', synthesized)).toMatchObject({ dimensions: { ClusterName: 'other' } });
  });

  it('count the lines of the log by event and version', () => {
    const filters = Object.values(
      declared({ name: 'kong' }, { gatewayVersions: ['3.9.1', '3.10.0'] }).resource[
        'aws_cloudwatch_log_metric_filter'
      ] ?? {},
    );
    const confirmed = '(($.event = "confirmed") || ($.event = "exported"))';
    expect(filters.map(({ name, pattern, metric_transformation }) => [name, pattern, metric_transformation])).toEqual([
      [
        'kong-confirmed-3.10.0',
        `{ ($.version = "3.10.0") && ${confirmed} }`,
        { name: 'kong/confirmed-3.10.0', namespace: 'KongResilience', value: '1' },
      ],
      [
        'kong-confirmed-3.9.1',
        `{ ($.version = "3.9.1") && ${confirmed} }`,
        { name: 'kong/confirmed-3.9.1', namespace: 'KongResilience', value: '1' },
      ],
      [
        'kong-export-failed',
        '{ $.event = "export_failed" }',
        { name: 'kong/export-failed', namespace: 'KongResilience', value: '1' },
      ],
    ]);
  });

  it.each([
    ['600', 9],
    ['1800', 18],
    ['86400', 288],
  ])('go by a reconnection every %s seconds', (seconds, periods) => {
    const synthesized = declared({ name: 'kong' }, { environment: { KONG_RESILIENCE_RECONNECT_SECONDS: seconds } });
    expect(watched('kong-not-confirmed-3.9.1', synthesized)).toMatchObject({ evaluation_periods: periods });
  });

  it.each([
    [1800, 6],
    [2000, 7],
    [86_400, 288],
  ])('may wait %d seconds', (confirmedWithinSeconds, periods) => {
    const synthesized = declared({ name: 'kong', confirmedWithinSeconds });
    expect(watched('kong-not-confirmed-3.9.1', synthesized)).toMatchObject({ evaluation_periods: periods });
  });

  it.each([1799, 86_401, 2000.5])('may not wait %d seconds', (confirmedWithinSeconds) => {
    expect(refused({ confirmedWithinSeconds })).toBe(
      problem(
        `KR_TF_ALARM_AGE confirmedWithinSeconds is ${confirmedWithinSeconds}: it must be a whole number from 1800, twice the time in which an export is confirmed, to 86400, a day.`,
      ),
    );
  });

  it.each([
    ['KONG_LOG_LEVEL', 'warn'],
    ['KONG_RESILIENCE_LOG_FORMAT', 'pretty'],
  ])('need lines that they can read: %s', (name, value) => {
    const environment = { [name]: value };
    expect(refused({}, { environment })).toBe(
      problem(
        `KR_TF_AWS_ALARM_LOG ${name} is "${value}": the alarms are made of the lines of JSON that the exporter logs at "info", and would be raised for ever. Leave it out, or set alarms to false.`,
      ),
    );
    expect(refused({ alarms: false }, { environment })).toBe('not refused');
  });

  it('may be left out', () => {
    const { resource } = declared({ alarms: false });
    expect([resource['aws_cloudwatch_metric_alarm'], resource['aws_cloudwatch_log_metric_filter']]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('say so when nobody is told', () => {
    const unheard =
      'KR_TF_AWS_ALARMS_UNHEARD alarms are declared without alarmActions: nobody is told when exports stop. Give the ARN of an SNS topic, or set alarms to false where something else watches.';
    const warnings = (props: Partial<EcsExporterProps>) =>
      warningsOf(
        ({ stack, exporter }) => void new EcsExporter(stack, 'Service', { exporter, ...place, ...props }),
        'Stack/Service',
      );
    expect(warnings({ alarmActions: undefined })).toEqual([unheard]);
    expect(warnings({ alarmActions: [] })).toEqual([unheard]);
    expect(warnings({ alarmActions: undefined, alarms: false })).toEqual([]);
    expect(warnings({})).toEqual([]);
  });
});

describe('what Terraform alone knows', () => {
  it('is taken in every prop of an exporter on ECS', () => {
    const refusal = refusalOf(({ stack, exporter }) => {
      const text = (name: string): string => new TerraformVariable(stack, name, { type: 'string' }).stringValue;
      const number = (name: string): number => new TerraformVariable(stack, name, { type: 'number' }).numberValue;
      const list = (name: string): string[] =>
        Token.asList(new TerraformVariable(stack, name, { type: 'list(string)' }).value);
      new EcsExporter(stack, 'Service', {
        exporter,
        name: text('name'),
        image: text('image'),
        cluster: text('cluster'),
        subnets: list('subnets'),
        alarmActions: list('alarm_actions'),
        vpcId: text('vpc'),
        egressPorts: [number('port')],
        cpu: number('cpu'),
        memoryMiB: number('memory'),
        cpuArchitecture: text('architecture'),
        desiredCount: number('count_of_tasks'),
        logRetentionDays: number('days'),
        secretsKmsKeyArn: text('key'),
        path: text('path'),
        permissionsBoundary: text('boundary'),
        region: text('region'),
        confirmedWithinSeconds: 3600,
      });
    });
    expect(refusal).toBe('not refused');
  });
});
