import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { Fn, Token } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EcsExecutionRole, EcsImporter, type EcsContainer, type EcsImporterProps } from '../../../../constructs/aws';
import { only, pathsOf, synth } from '../../support/aws-stack';
import { deployed, image, refusalOf, secret, stackWith, statementsOf, type NodeOptions } from './support';

const kong: EcsContainer = { name: 'kong', image: 'kong:3.9.1', portMappings: [{ containerPort: 8000 }] };

function made<T>(
  use: (importer: EcsImporter) => T,
  props: Partial<EcsImporterProps> = {},
  options: NodeOptions = {},
): T {
  const results: T[] = [];
  deployed(({ stack, importer }) => {
    results.push(use(new EcsImporter(stack, 'Import', { importer, image, ...props })));
  }, options);
  return results[0] as T;
}

const refused = (props: Partial<EcsImporterProps>, options: NodeOptions = {}) =>
  refusalOf(({ stack, importer }) => void new EcsImporter(stack, 'Import', { importer, image, ...props }), options);

const refusedContainer = (use: (importer: EcsImporter) => unknown) =>
  refusalOf(({ stack, importer }) => void use(new EcsImporter(stack, 'Import', { importer, image })));

const expression = (text: string) =>
  Token.asString({ resolve: () => text, toString: () => 'expression', creationStack: [] });

const problem = (text: string) => `Stack/Import: 1 problem\n  ${text}`;

describe('an importer in a task of ECS', () => {
  it('keeps the ids of what it declares', () => {
    const stack = stackWith(({ stack, importer }) => void new EcsImporter(stack, 'Import', { importer, image }));
    expect(pathsOf(stack).filter((path) => path.startsWith('Stack/Import/'))).toEqual([
      'Stack/Import/Log',
      'Stack/Import/ExecutionRole',
      'Stack/Import/ExecutionRole/Resource',
      'Stack/Import/ExecutionRole/Start-Import',
      'Stack/Import/Partition',
      'Stack/Import/Region',
    ]);
  });

  it('imports in a container of its own, which ends and is not essential', () => {
    expect(made(({ containerDefinition }) => containerDefinition)).toEqual({
      name: 'kong-resilience-import',
      image,
      command: ['import'],
      essential: false,
      user: '1000:10001',
      readonlyRootFilesystem: true,
      environment: [
        { name: 'AWS_DEFAULT_REGION', value: 'eu-central-1' },
        { name: 'AWS_REGION', value: 'eu-central-1' },
        { name: 'KONG_CLUSTER_CONTROL_PLANE', value: 'cp.acme.com:8005' },
        { name: 'KONG_CLUSTER_FALLBACK_CONFIG_IMPORT', value: 'on' },
        { name: 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', value: 's3://acme-kong/kong' },
        { name: 'KONG_DATABASE', value: 'off' },
        { name: 'KONG_LUA_SSL_TRUSTED_CERTIFICATE', value: 'system' },
        { name: 'KONG_RESILIENCE_GATEWAY_VERSION', value: '3.9.1' },
        { name: 'KONG_ROLE', value: 'data_plane' },
        { name: 'KONG_RESILIENCE_HANDOVER_GROUP', value: '10001' },
      ],
      secrets: [
        { name: 'KONG_CLUSTER_CERT', valueFrom: `${secret}:cert::` },
        { name: 'KONG_CLUSTER_CERT_KEY', valueFrom: `${secret}:key::` },
      ],
      mountPoints: [{ sourceVolume: 'kong-resilience-handover', containerPath: '/var/lib/kong-resilience/handover' }],
      logConfiguration: {
        logDriver: 'awslogs',
        options: {
          'awslogs-group': expect.any(String) as unknown,
          'awslogs-region': expect.any(String) as unknown,
          'awslogs-stream-prefix': 'import',
        },
      },
    });
  });

  it('gives the gateway its environment, the hook, the volume and its turn; image and command stay', () => {
    const container = made((importer) => importer.gatewayContainer({ ...kong, command: ['kong', 'docker-start'] }));
    expect(container).toEqual({
      name: 'kong',
      image: 'kong:3.9.1',
      command: ['kong', 'docker-start'],
      portMappings: [{ containerPort: 8000 }],
      essential: true,
      user: 'kong:10001',
      environment: [
        { name: 'KONG_CLUSTER_CONTROL_PLANE', value: 'cp.acme.com:8005' },
        { name: 'KONG_DATABASE', value: 'off' },
        { name: 'KONG_LUA_SSL_TRUSTED_CERTIFICATE', value: 'system' },
        { name: 'KONG_ROLE', value: 'data_plane' },
        { name: 'KONG_STATUS_LISTEN', value: '0.0.0.0:8100' },
        { name: 'BASH_ENV', value: '/var/lib/kong-resilience/handover/start.sh' },
      ],
      secrets: [
        { name: 'KONG_CLUSTER_CERT', valueFrom: `${secret}:cert::` },
        { name: 'KONG_CLUSTER_CERT_KEY', valueFrom: `${secret}:key::` },
      ],
      mountPoints: [
        {
          sourceVolume: 'kong-resilience-handover',
          containerPath: '/var/lib/kong-resilience/handover',
          readOnly: true,
        },
      ],
      dependsOn: [{ containerName: 'kong-resilience-import', condition: 'COMPLETE' }],
      healthCheck: {
        command: [
          'CMD',
          'env',
          '-u',
          'BASH_ENV',
          'bash',
          '-c',
          `exec 3<>/dev/tcp/127.0.0.1/8100 && printf 'GET /status/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -rt 5 _ status _ <&3 && [ "$status" = 200 ]`,
        ],
        interval: 10,
        timeout: 6,
        retries: 3,
        startPeriod: 60,
      },
      restartPolicy: { enabled: true, restartAttemptPeriod: 60 },
    });
  });

  it("gives an image's user whose name is a token the group too", () => {
    const gatewayUser = Token.asString(Fn.join('', ['k', 'ong']));
    expect(made((importer) => importer.gatewayContainer(kong).user, { gatewayUser })).toBe(`${gatewayUser}:10001`);
  });

  it.each([
    ['nobody', 'nobody:10001'],
    ['1337', '1337:10001'],
    ['1337:10001', '1337:10001'],
    ['kong:kong', 'kong:kong'],
  ])("gives the gateway's user %s the group of the hand-over where it has none", (user, given) => {
    expect(made((importer) => importer.gatewayContainer({ ...kong, user })).user).toBe(given);
    const token = Token.asString(Fn.join('', [user]));
    expect(made((importer) => importer.gatewayContainer({ ...kong, user: token })).user).toBe(token);
  });

  it('keeps what the gateway has', () => {
    const own: EcsContainer = {
      ...kong,
      user: '1000:1000',
      environment: [
        { name: 'KONG_PROXY_LISTEN', value: '0.0.0.0:8000' },
        { name: 'KONG_DATABASE', value: 'off' },
      ],
      secrets: [{ name: 'KONG_VAULT_TOKEN', valueFrom: secret }],
      mountPoints: [{ sourceVolume: 'logs', containerPath: '/logs' }],
      dependsOn: [{ containerName: 'otel', condition: 'START' }],
      healthCheck: { command: ['CMD', 'true'] },
      restartPolicy: { enabled: false },
    };
    const container = made((importer) => importer.gatewayContainer(own));
    expect(container).toMatchObject({
      user: '1000:1000',
      healthCheck: own.healthCheck,
      restartPolicy: { enabled: false },
    });
    expect(container.environment?.map(({ name }) => name)).toEqual([
      'KONG_PROXY_LISTEN',
      'KONG_DATABASE',
      'KONG_CLUSTER_CONTROL_PLANE',
      'KONG_LUA_SSL_TRUSTED_CERTIFICATE',
      'KONG_ROLE',
      'KONG_STATUS_LISTEN',
      'BASH_ENV',
    ]);
    expect(container.secrets?.map(({ name }) => name)).toEqual([
      'KONG_VAULT_TOKEN',
      'KONG_CLUSTER_CERT',
      'KONG_CLUSTER_CERT_KEY',
    ]);
    expect(container.mountPoints?.map(({ containerPath }) => containerPath)).toEqual([
      '/logs',
      '/var/lib/kong-resilience/handover',
    ]);
    expect(container.dependsOn?.map(({ containerName }) => containerName)).toEqual(['otel', 'kong-resilience-import']);
  });

  it('holds the gateway back only where that is wanted', () => {
    const parts = made(
      (importer) => [importer.containerDefinition.command, importer.gatewayContainer(kong).dependsOn],
      { require: true },
    );
    expect(parts).toEqual([
      ['import', '--require'],
      [{ containerName: 'kong-resilience-import', condition: 'SUCCESS' }],
    ]);
    // An essential container cannot be waited for so.
    expect(made(({ containerDefinition }) => containerDefinition.essential, { require: true })).toBe(false);
  });

  it('hands over to the group and user that are named', () => {
    const users = made(
      (importer) => [importer.containerDefinition.user, importer.gatewayContainer(kong).user],
      { gatewayUser: '1001' },
      { environment: { KONG_RESILIENCE_HANDOVER_GROUP: '4242' } },
    );
    expect(users).toEqual(['1000:4242', '1001:4242']);
  });

  it('makes the parts of a task definition', () => {
    const parts = made((importer) => importer.taskDefinitionParts([{ name: 'otel', image: 'otel:1' }, kong]));
    const containers = JSON.parse(parts.containerDefinitions) as EcsContainer[];
    expect(containers.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['kong-resilience-import', undefined],
      ['otel', undefined],
      ['kong', [{ containerName: 'kong-resilience-import', condition: 'COMPLETE' }]],
    ]);
    expect(parts.volume).toEqual([{ name: 'kong-resilience-handover' }]);
  });

  it('makes a task definition wait for the rights that its first task needs', () => {
    const synthesized = deployed(({ stack, importer }) => {
      const parts = new EcsImporter(stack, 'Import', { importer, image }).taskDefinitionParts([kong]);
      new EcsTaskDefinition(stack, 'Task', { family: 'kong', ...parts });
    });
    expect(only(synthesized, 'aws_ecs_task_definition')['depends_on']).toEqual([
      expect.stringMatching(/^aws_iam_role_policy\.Import_ExecutionRole_Start-Import_/),
      expect.stringMatching(/^aws_iam_role_policy\.ImporterRole_Import-Store_/),
    ]);
  });

  it('writes to the log group that is given, and may share it with the gateway', () => {
    const groups = made(
      (importer) => [importer.containerDefinition.logConfiguration, importer.logConfiguration('kong')],
      { logGroupName: 'theirs' },
    );
    expect(groups.map((log) => [log?.options?.['awslogs-group'], log?.options?.['awslogs-stream-prefix']])).toEqual([
      ['theirs', 'import'],
      ['theirs', 'kong'],
    ]);
  });

  it('lets the execution role read the secrets of both containers, pull the image and write the log', () => {
    const synthesized = deployed(({ stack, importer }) => {
      new EcsImporter(stack, 'Import', { importer, image, executionRole: new EcsExecutionRole(stack, 'Shared') });
    });
    const statements = statementsOf(synthesized, 'Shared_Start-Import') as { Sid: string; Resource: string[] }[];
    expect(statements.map(({ Sid }) => Sid)).toEqual(['KongLog', 'KongSecrets', 'KongImage', 'KongRegistry']);
    expect(statements[1]?.Resource).toEqual([secret]);
  });

  it('lets an execution role of its own use the key of the secrets, through Secrets Manager alone', () => {
    const secretsKmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1';
    const synthesized = deployed(({ stack, importer }) => {
      new EcsImporter(stack, 'Import', { importer, image, secretsKmsKeyArn });
    });
    expect(statementsOf(synthesized, 'Import_ExecutionRole')[2]).toEqual({
      Sid: 'KongSecretsKey',
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: [secretsKmsKeyArn],
      Condition: {
        StringEquals: {
          'kms:ViaService': [
            expect.stringMatching(
              /^secretsmanager\.\$\{data\.aws_region\.\w+\.region\}\.\$\{data\.aws_partition\.\w+\.dns_suffix\}$/,
            ),
          ],
        },
      },
    });
  });
});

describe('what an importer in a task of ECS refuses', () => {
  it('a folder that the image does not declare, and a group that is not known', () => {
    const moved = refused({}, { environment: { KONG_RESILIENCE_HANDOVER_DIR: '/tmp/kong' } });
    expect(moved).toBe(
      problem(
        'KR_TF_ECS_HANDOVER_DIR KONG_RESILIENCE_HANDOVER_DIR is "/tmp/kong": on Fargate a volume belongs to root unless the image declares its path, and the image of the agent declares /var/lib/kong-resilience/handover alone. Leave the variable out.',
      ),
    );
    const group = Token.asString(Fn.join('', ['4', '2']));
    expect(refused({}, { environment: { KONG_RESILIENCE_HANDOVER_GROUP: group } })).toBe(
      problem(
        'KR_TF_ECS_HANDOVER_GROUP KONG_RESILIENCE_HANDOVER_GROUP is a token, and users of containers are made of it: give the number, or leave it out for 10001.',
      ),
    );
  });

  it('an image that is not pinned', () => {
    expect(refused({ image: 'kong-resilience:latest' })).toContain('KR_TF_IMAGE image is "kong-resilience:latest"');
  });

  it.each<[string, string, Partial<EcsContainer>, string?]>([
    [
      'the variable BASH_ENV = "/etc/profile"',
      '"/var/lib/kong-resilience/handover/start.sh"',
      { environment: [{ name: 'BASH_ENV', value: '/etc/profile' }] },
    ],
    [
      'the variable KONG_ROLE = "control_plane"',
      '"data_plane"',
      { environment: [{ name: 'KONG_ROLE', value: 'control_plane' }] },
    ],
    [
      'the variable KONG_CLUSTER_CERT = "/certs/cluster.crt"',
      `the secret "${secret}:cert::"`,
      { environment: [{ name: 'KONG_CLUSTER_CERT', value: '/certs/cluster.crt' }] },
      'clusterCert to KongResilience',
    ],
    [
      'the variable KONG_CLUSTER_CERT_KEY = a secret',
      `the secret "${secret}:key::"`,
      { environment: [{ name: 'KONG_CLUSTER_CERT_KEY', value: 'hunter2' }] },
      'clusterCertKey to KongResilience',
    ],
    [
      `the variable KONG_CLUSTER_CERT = the secret "${secret}"`,
      `the secret "${secret}:cert::"`,
      { secrets: [{ name: 'KONG_CLUSTER_CERT', valueFrom: secret }] },
      'clusterCert to KongResilience',
    ],
    [
      'the variable KONG_CLUSTER_CERT = the secret ${aws_secretsmanager_secret.kong.name}',
      `the secret "${secret}:cert::"`,
      { secrets: [{ name: 'KONG_CLUSTER_CERT', valueFrom: expression('${aws_secretsmanager_secret.kong.name}') }] },
      'clusterCert to KongResilience',
    ],
    [
      'the variable KONG_LUA_SSL_TRUSTED_CERTIFICATE = "system,/certs/ca.crt"',
      '"system"',
      { environment: [{ name: 'KONG_LUA_SSL_TRUSTED_CERTIFICATE', value: 'system,/certs/ca.crt' }] },
      'trustedCertificates to KongResilience',
    ],
    [
      'the variable KONG_STATUS_LISTEN = "0.0.0.0:8007"',
      '"0.0.0.0:8100"',
      { environment: [{ name: 'KONG_STATUS_LISTEN', value: '0.0.0.0:8007' }] },
      'environmentOverrides.KONG_STATUS_LISTEN to the importer',
    ],
    [
      'a mount of "theirs" at /var/lib/kong-resilience/handover',
      'one of "kong-resilience-handover"',
      { mountPoints: [{ sourceVolume: 'theirs', containerPath: '/var/lib/kong-resilience/handover' }] },
    ],
  ])('a gateway with %s of its own', (has, brings, own, prop) => {
    const fix = prop === undefined ? 'Leave it out.' : `Leave it out; where it is to differ, give ${prop}.`;
    expect(refusedContainer((importer) => importer.gatewayContainer({ ...kong, ...own }))).toBe(
      problem(`KR_TF_ECS_CONTAINER the container "kong" has ${has}, and the hand-over brings ${brings}. ${fix}`),
    );
  });

  it.each([
    ['containers is a text', '[{"name":"kong"}]'],
    ['containers is an object without a name', { kong: {} }],
    ['containers[1] is a text', [kong, 'sidecar']],
    ['containers[0] is an object without a name', [{ image: 'kong:3.9.1' }]],
  ])('where nothing checks types, %s', (what, given) => {
    expect(refusedContainer((importer) => importer.taskDefinitionParts(given as never))).toBe(
      problem(
        `KR_TF_ECS_CONTAINERS ${what}: give the containers themselves, as in [{ name: "kong", image: "kong:3.9.1" }]; those of a JSON text are JSON.parse(text).`,
      ),
    );
  });

  it('a task without the gateway, or with a container of the name of the import', () => {
    expect(refusedContainer((importer) => importer.taskDefinitionParts([kong], 'gateway'))).toBe(
      problem(
        'KR_TF_ECS_NO_GATEWAY gatewayName is "gateway", and the containers are "kong". Name the one that runs the gateway: pass taskDefinitionParts([...], "kong").',
      ),
    );
    const theirs = [
      { name: 'app', image: 'acme/app:1' },
      { name: 'edge', image: 'kong/kong-gateway:3.9.1' },
    ];
    expect(refusedContainer((importer) => importer.taskDefinitionParts(theirs))).toBe(
      problem(
        'KR_TF_ECS_NO_GATEWAY gatewayName is "kong", and the containers are "app", "edge". Name the one that runs the gateway: pass taskDefinitionParts([...], "edge").',
      ),
    );
    expect(refusedContainer((importer) => importer.taskDefinitionParts([{ name: 'app', image: 'acme/app:1' }]))).toBe(
      problem(
        'KR_TF_ECS_NO_GATEWAY gatewayName is "kong", and the containers are "app". Name the one that runs the gateway: pass taskDefinitionParts([...], "app").',
      ),
    );
    expect(refusedContainer((importer) => importer.taskDefinitionParts([]))).toBe(
      problem(
        'KR_TF_ECS_NO_GATEWAY gatewayName is "kong", and there are no containers. Give the one that runs the gateway.',
      ),
    );
    const twice = { name: 'kong-resilience-import', image: 'other:1' };
    expect(refusedContainer((importer) => importer.taskDefinitionParts([kong, twice]))).toBe(
      problem(
        'KR_TF_ECS_CONTAINER the container "kong-resilience-import" has the name of the one that imports. Leave it out.',
      ),
    );
  });
});

describe('what is doubtful about containers of one’s own', () => {
  /** The warnings of the construct, when these containers come beside it. */
  const doubts = (containers: readonly EcsContainer[], props: Partial<EcsImporterProps> = {}): string[] =>
    made((importer) => {
      importer.taskDefinitionParts(containers);
      return importer.node.metadata.filter(({ type }) => type === '@cdktf/warn').map(({ data }) => String(data));
    }, props);

  it('is none in a plain one', () => {
    expect(doubts([kong, { name: 'log-router', image: 'fluent-bit:3.2.1' }])).toEqual([]);
  });

  it('is that the execution role that is made knows none of their secrets, images and logs', () => {
    const secrets = [
      { name: 'KONG_LICENSE_DATA', valueFrom: 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:x' },
    ];
    const other = { name: 'agent', image: '111111111111.dkr.ecr.eu-central-1.amazonaws.com/agent:1.0.0' };
    const logConfiguration = { logDriver: 'awslogs', options: { 'awslogs-group': 'mine' } };
    const text = (names: string) =>
      `KR_TF_ECS_ROLE_LACKS no executionRole is given, and the one that is made may read the secrets of the importer, pull the agent's image and write one log: ${names} needs more, and the task would not start. Give the execution role that it has now: executionRole: ExistingRole.fromRoleArn(…).`;
    expect(doubts([{ ...kong, secrets }, other])).toEqual([text('"kong", "agent"')]);
    expect(doubts([{ ...kong, logConfiguration }])).toEqual([text('"kong"')]);
  });

  const oneSided = (names: string, props: string) =>
    `KR_TF_CLUSTER_ONE_SIDED the container "kong" has ${names}, which the agent reads and is not told here: it would reach the control plane in another way, or not at all. Give ${props}.`;

  it('is a way to the control plane that the agent is not told', () => {
    const environment = [
      { name: 'KONG_CLUSTER_MTLS', value: 'pki' },
      { name: 'KONG_CLUSTER_CONTROL_PLANE', value: 'cp.acme.com:8005' },
      { name: 'KONG_CLUSTER_USE_PROXY', value: 'on' },
    ];
    const secrets = [{ name: 'KONG_CLUSTER_CA_CERT', valueFrom: `${secret}:ca::` }];
    expect(doubts([{ ...kong, environment }])).toEqual([
      oneSided(
        'KONG_CLUSTER_MTLS, KONG_CLUSTER_USE_PROXY',
        'clusterMtls to KongResilience, environment.KONG_CLUSTER_USE_PROXY to its nodes',
      ),
    ]);
    expect(doubts([{ ...kong, secrets }])).toContainEqual(
      oneSided('KONG_CLUSTER_CA_CERT', 'clusterCaCert to KongResilience'),
    );
  });

  it.each([
    ['the agent does not read', 'KONG_CLUSTER_TELEMETRY_ENDPOINT', 'cp.acme.com:8006'],
    ['the agent does not read', 'KONG_CLUSTER_TELEMETRY_SERVER_NAME', 'cp.acme.com'],
    ['is no part of the way', 'KONG_CLUSTER_DP_LABELS', 'zone:a'],
    ['is no part of the way', 'constructor', 'x'],
    ['has the value that the agent takes without it', 'KONG_CLUSTER_MTLS', 'shared'],
    ['has the value that the agent takes without it', 'KONG_CLUSTER_USE_PROXY', 'off'],
  ])('is none in a variable that %s: %s', (_, name, value) => {
    expect(doubts([{ ...kong, environment: [{ name, value }] }])).toEqual([]);
  });

  it.each(['kong:3.10.0-ubuntu', 'kong:3.9.3', 'registry.acme.com:5000/kong-gateway:3.9.3@sha256:00'])(
    'is an image of another version: %s',
    (image) => {
      expect(doubts([{ ...kong, image }])).toEqual([
        `KR_TF_GATEWAY_IMAGE the gateway's image is "${image}", and gatewayVersion is 3.9.1: what is imported is stored under the version, so that the gateway would come up with the configuration of another. Make them one.`,
      ]);
    },
  );

  it.each([
    'kong',
    'kong:latest',
    'kong:ubuntu',
    'kong:3',
    'kong:3.9',
    'kong/kong-gateway:3.9-ubuntu',
    'registry.acme.com:5000/gateway',
    'registry.acme.com/gateway:latest',
  ])('is an image whose tag moves on: %s', (image) => {
    expect(doubts([{ ...kong, image }])).toEqual([
      `KR_TF_GATEWAY_IMAGE the gateway's image is "${image}", whose tag moves on, and the configuration is stored under one exact version: one day the gateway would be another than gatewayVersion. Pin the full tag, such as kong:3.9.1, or a digest.`,
    ]);
  });

  it.each([
    'kong:3.9.1',
    'kong:3.9.1-ubuntu',
    `kong@sha256:${'0'.repeat(64)}`,
    `kong:3.9@sha256:${'0'.repeat(64)}`,
    'registry.acme.com/gateway:12',
    'registry.acme.com/kong:1234',
    'registry.acme.com/kong:2026.11',
    'registry.acme.com/kong:2026.11.27',
    'registry.acme.com/kong:2026-11-27-a1b2c3d',
    'registry.acme.com/kong:prod-42',
  ])('is none in an image whose tag may stay: %s', (image) => {
    expect(doubts([{ ...kong, image }])).toEqual([]);
  });

  const start = '/var/lib/kong-resilience/handover/start.sh';

  it.each<[readonly string[], readonly string[] | undefined, string]>([
    [['/usr/local/bin/kong'], ['start'], '"/usr/local/bin/kong"'],
    [['sh', '-c', 'kong start'], undefined, '"sh","-c","kong start"'],
  ])('is an entry point that passes the start script by: %j', (entryPoint, command, words) => {
    expect(doubts([{ ...kong, entryPoint, command }])).toEqual([
      `KR_TF_ECS_ENTRY_POINT the container "kong" has entryPoint [${words}], which is no bash that reads BASH_ENV, so that what is imported is never used. Leave it out, or start it by bash: entryPoint ["bash","-c","exec \\"$@\\"","bash",${words}], with the command as it is.`,
    ]);
  });

  it.each<[readonly string[]]>([
    [[]],
    [['/docker-entrypoint.sh']],
    [['tini', '--', '/docker-entrypoint.sh']],
    [['bash', '-c', 'exec "$@"', 'bash', '/usr/local/bin/kong']],
    [['sh', start, '/usr/local/bin/kong']],
    [['/our-own.sh']],
    [['sh', Token.asString(Fn.join('', ['/', 'x']))]],
  ])('is none in an entry point that may read it: %j', (entryPoint) => {
    expect(doubts([{ ...kong, entryPoint, command: ['kong', 'start'] }])).toEqual([]);
  });

  it.each([
    ['1337:1337', '1337'],
    ['1337:kong', '1337'],
    ['kong:kong', 'kong'],
  ])('is a user in a group that may not read the hand-over: %s', (user, uid) => {
    expect(doubts([{ ...kong, user }])).toEqual([
      `KR_TF_ECS_USER the container "kong" has user "${user}", and what is imported may be read by the group 10001 and the user 1000 alone. Set user to "${uid}", which gets that group, or to "${uid}:10001".`,
    ]);
  });

  it.each(['1337:10001', '1337', 'kong', '1000:1000', '0:0', 'root:root', Token.asString(Fn.join('', ['1']))])(
    'is none in a user who may read it, or of whom that is not known: %s',
    (user) => {
      expect(doubts([{ ...kong, user }])).toEqual([]);
    },
  );

  it('is none in variables that are the same expression, each read by itself', () => {
    const parts = made((importer) => {
      const valueFrom = expression(`${secret}:cert::`);
      return importer.gatewayContainer({ ...kong, secrets: [{ name: 'KONG_CLUSTER_CERT', valueFrom }] }).secrets;
    });
    expect(parts?.map(({ name }) => name)).toEqual(['KONG_CLUSTER_CERT', 'KONG_CLUSTER_CERT_KEY']);
  });

  it('is an importer that no gateway is given to', () => {
    const told = (use: (importer: EcsImporter) => void): string[] => {
      const importers: EcsImporter[] = [];
      const stack = stackWith(({ stack, importer }) => {
        importers.push(new EcsImporter(stack, 'Import', { importer, image }));
        importers.forEach(use);
      });
      synth(stack);
      return importers.flatMap(({ node }) => node.metadata.map(({ data }) => String(data)));
    };
    expect(told(() => undefined)).toEqual([
      'KR_TF_ECS_IN_NO_TASK no task definition has it: its gateways start as they would without. Spread taskDefinitionParts([…]) into the EcsTaskDefinition of these gateways.',
    ]);
    expect(told((importer) => importer.taskDefinitionParts([kong]))).toEqual([]);
    expect(told((importer) => importer.gatewayContainer(kong))).toEqual([]);
  });

  it('leaves alone a container that is wired already', () => {
    const [once, twice] = made((importer) => {
      const wired = importer.gatewayContainer(kong);
      return [importer.taskDefinitionParts([kong]), importer.taskDefinitionParts([wired])];
    });
    expect(twice?.containerDefinitions).toBe(once?.containerDefinitions);
  });
});
