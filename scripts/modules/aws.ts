import type { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import type { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { TerraformCount } from 'cdktf';
import type { IConfigurationStore } from '../../constructs';
import type { AwsRoleProps, IAwsPrincipal } from '../../constructs/aws';
import {
  EcsExporter,
  EcsImporter,
  EcsTaskRole,
  EnvValue,
  ExistingRole,
  IrsaRole,
  LambdaExporter,
  LambdaRole,
  OidcProvider,
  S3Encryption,
  S3Store,
  ScheduledCheck,
} from '../../constructs/aws';
import { retentions } from '../../constructs/aws/deployment/checks';
import {
  agentImage,
  authority,
  type Certificates,
  settledByAlarms,
  certificateVariables,
  environments,
  forceDestroy,
  kubernetesName,
  type Nodes,
  prefix,
  retention,
  topology,
} from './common';
import {
  EACH_VERSION,
  known,
  ofEachVersion,
  rawNumber,
  rawText,
  type ModuleDefinition,
  type ModuleStack,
} from './module-stack';

const providers = { aws: { source: 'hashicorp/aws', version: '>= 6.0, < 7.0' } };

interface Roles {
  readonly exporter: IAwsPrincipal;
  readonly importer: IAwsPrincipal;
}

type Store = IConfigurationStore & { readonly bucketName: string; readonly bucketArn: string };

const bucketNameRule = (name: string): string => `can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", ${name}))`;
/** As many as S3 takes in a rule. */
const mostNoncurrentVersions = 100;

const bucketNameError = 'bucket_name must have 3 to 63 lower-case letters, digits, dots and hyphens.';

/** Variables of the bucket, and the bucket. */
function store(stack: ModuleStack, encryption: S3Encryption, tags: Tags): S3Store {
  const bucketName = stack.text('bucket_name', {
    description: 'Name of the bucket. Without one Terraform makes a unique name, which starts with bucket_prefix.',
    default: null,
    validation: [
      {
        condition: `var.bucket_name == null || ${bucketNameRule('var.bucket_name')}`,
        error: bucketNameError,
      },
    ],
  });
  const declared = new S3Store(stack, 'Store', {
    bucketName,
    prefix: prefix(stack),
    gatewayVersions: [EACH_VERSION],
    encryption,
    // What Terraform takes for it is no variable; a bucket that is not empty is not destroyed.
    preventDestroy: false,
    forceDestroy: forceDestroy(stack, 'S3'),
    accessLogBucketName: stack.text('access_log_bucket', {
      description: 'Existing bucket to which S3 writes access logs.',
      default: null,
    }),
    ...retention(stack, mostNoncurrentVersions),
    tags,
  });
  stack.variable('bucket_prefix', {
    type: 'string',
    description: 'What the name of the bucket starts with when bucket_name is not given.',
    default: 'kong-fallback-',
    validation: [
      {
        condition: 'can(regex("^[a-z0-9][a-z0-9.-]{0,36}$", var.bucket_prefix))',
        error: 'bucket_prefix must have at most 37 lower-case letters, digits, dots and hyphens.',
      },
    ],
  });
  const bucket = declared.node.findChild('Resource') as S3Bucket;
  bucket.bucketPrefix = rawText('${var.bucket_name == null ? var.bucket_prefix : null}');
  const logging = declared.node.findChild('AccessLog') as unknown as { count: TerraformCount };
  logging.count = TerraformCount.of(rawNumber('${var.access_log_bucket == null ? 0 : 1}'));
  return declared;
}

type Tags = Record<string, string>;

/** What every role, and with the tags all else, is given. */
function commonProps(stack: ModuleStack) {
  return {
    tags: stack.variable('tags', {
      type: 'map(string)',
      description: 'Tags of everything that takes them.',
      default: {},
    }).value as Tags,
    path: stack.text('role_path', {
      description: 'Path of the roles in IAM.',
      default: '/',
      validation: [
        {
          condition: 'can(regex("^/([!-~]+/)?$", var.role_path))',
          error: 'role_path must begin and end with a slash: /kong/.',
        },
      ],
    }),
    permissionsBoundary: stack.text('permissions_boundary', {
      description: 'ARN of the permissions boundary of the roles.',
      default: null,
      validation: [
        {
          condition:
            'var.permissions_boundary == null || can(regex("^arn:[^:]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))',
          error: 'permissions_boundary must be the ARN of a managed policy.',
        },
      ],
    }),
  };
}

/** The topology, and what its nodes are told. */
function nodes(
  stack: ModuleStack,
  configurations: Store,
  roles: Roles,
  certificates: Certificates,
  settled?: readonly string[],
): Nodes {
  const declared = topology(stack, configurations, roles, certificates, settled);
  stack.output('bucket_name', { description: 'Name of the bucket.', value: configurations.bucketName });
  stack.output('bucket_arn', { description: 'ARN of the bucket.', value: configurations.bucketArn });
  stack.output('exporter_role_arn', {
    description: 'Role of the exporter, which may write.',
    value: roles.exporter.arn,
  });
  stack.output('importer_role_arn', {
    description: 'Role of the gateways, which may only read.',
    value: roles.importer.arn,
  });
  return declared;
}

const ecsRoles = (stack: ModuleStack, props: AwsRoleProps): Roles => ({
  exporter: new EcsTaskRole(stack, 'ExporterRole', props),
  importer: new EcsTaskRole(stack, 'ImporterRole', props),
});

/** Bucket and roles for tasks whose containers have the certificates as files. */
function forTasks(stack: ModuleStack, encryption: S3Encryption): void {
  const props = commonProps(stack);
  const configurations = store(stack, encryption, props.tags);
  environments(stack, nodes(stack, configurations, ecsRoles(stack, props), certificateVariables(stack)));
}

function irsaRoles(stack: ModuleStack, common: AwsRoleProps): Roles {
  const oidcProvider = OidcProvider.fromArn(
    stack.text('oidc_provider_arn', {
      description: "ARN of the IAM OIDC provider that trusts the cluster's issuer.",
      validation: [
        {
          condition: 'can(regex("^arn:[^:]+:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider_arn))',
          error: 'oidc_provider_arn must be the ARN of an OIDC provider of IAM.',
        },
      ],
    }),
  );
  const namespace = stack.text('namespace', {
    description: 'Namespace of exporter and gateways.',
    default: 'kong',
    validation: [kubernetesName('namespace')],
  });
  const account = (name: string, whose: string, value: string): string =>
    stack.text(name, {
      description: `Service account of ${whose}.`,
      default: value,
      validation: [kubernetesName(name)],
    });
  const props = { ...common, oidcProvider, namespace };
  return {
    exporter: new IrsaRole(stack, 'ExporterRole', {
      ...props,
      serviceAccount: account('exporter_service_account', 'the exporter', 'kong-exporter'),
    }),
    importer: new IrsaRole(stack, 'ImporterRole', {
      ...props,
      serviceAccount: account('importer_service_account', 'the gateways', 'kong-gateway'),
    }),
  };
}

/** The certificates, as one secret of Secrets Manager. */
function certificateSecret(stack: ModuleStack): Certificates & { readonly secretsKmsKeyArn: string } {
  const secret = stack.place('cluster_certificate_secret_arn', {
    description:
      'ARN of a secret of Secrets Manager: JSON whose members "cert" and "key" are the PEM of the cluster certificate and its key.',
    condition: 'can(regex("^arn:[^:]+:secretsmanager:[^\\\\s]+$", var.cluster_certificate_secret_arn))',
    error: 'cluster_certificate_secret_arn must be the whole ARN of a secret of Secrets Manager.',
  });
  const member = stack.place('cluster_ca_json_key', {
    description: `Member of that secret, such as "ca", that is the PEM of ${authority}`,
    default: null,
    condition: 'can(regex("^[A-Za-z0-9_-]{1,64}$", var.cluster_ca_json_key))',
    error:
      'cluster_ca_json_key must be the name of a member of the secret: 1 to 64 letters, digits, underscores and hyphens.',
  });
  return {
    clusterCert: EnvValue.fromAwsSecret(secret, 'cert'),
    clusterCertKey: EnvValue.fromAwsSecret(secret, 'key'),
    clusterCaCert: EnvValue.fromAwsSecret(secret, member),
    secretsKmsKeyArn: stack.place('secrets_kms_key_arn', {
      description:
        'ARN of the customer key of KMS with which that secret is encrypted; none with the key of AWS, aws/secretsmanager.',
      default: null,
      condition: 'can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/[^\\\\s]+$", var.secrets_kms_key_arn))',
      error: 'secrets_kms_key_arn must be the ARN of a key of KMS, not that of an alias.',
    }),
  };
}

function alarmActions(stack: ModuleStack): string[] {
  return stack.texts('alarm_actions', {
    description: 'ARNs, such as that of an SNS topic, that are told of alarms; with [] they show in the console alone.',
    validation: [
      {
        condition:
          'alltrue([for action in var.alarm_actions : can(regex("^arn:[a-z0-9-]+:[a-z0-9-]+:[^\\\\s]+$", action))])',
        error: 'alarm_actions must be ARNs, such as that of an SNS topic.',
      },
    ],
  });
}

function logRetentionDays(stack: ModuleStack): number {
  return stack.number('log_retention_days', {
    description: 'For how many days CloudWatch keeps the logs.',
    default: 30,
    validation: [
      {
        condition: `contains([${retentions.join(', ')}], var.log_retention_days)`,
        error: `log_retention_days must be one of ${retentions.join(', ')}.`,
      },
    ],
  });
}

/** What names start with, where AWS wants whole ones. */
function nameOf(stack: ModuleStack): (what: string) => string {
  stack.text('name', {
    description: 'What the names of what runs and of its alarms start with; unique in account and region.',
    default: 'kong',
    validation: [
      {
        condition: 'can(regex("^[A-Za-z][A-Za-z0-9-]{0,31}$", var.name))',
        error: 'name must have 1 to 32 letters, digits and hyphens, and begin with a letter.',
      },
    ],
  });
  return (what) => rawText(`\${var.name}-${what}`);
}

/** Bucket and roles that are there already: what is theirs to merge comes out as values. */
function intoExisting(stack: ModuleStack): void {
  const bucketName = stack.text('bucket_name', {
    description: 'Name of the bucket, which exists already.',
    validation: [{ condition: bucketNameRule('var.bucket_name'), error: bucketNameError }],
  });
  const configurations = S3Store.fromBucketName(stack, 'Store', bucketName, {
    prefix: prefix(stack),
    gatewayVersions: [EACH_VERSION],
    ...retention(stack, mostNoncurrentVersions),
  });
  const role = (id: string, name: string, whose: string): ExistingRole =>
    ExistingRole.fromRoleName(
      stack,
      id,
      stack.text(name, {
        description: `Name of the role of ${whose}, which exists already: it gets one more inline policy.`,
        validation: [
          {
            condition: `can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.${name}))`,
            error: `${name} must be the name of a role, not its ARN: 1 to 64 letters, digits and "+=,.@_-".`,
          },
        ],
      }),
    );
  const roles = {
    exporter: role('ExporterRole', 'exporter_role_name', 'the exporter'),
    importer: role('ImporterRole', 'importer_role_name', 'the gateways'),
  };
  environments(stack, nodes(stack, configurations, roles, certificateVariables(stack)));
  stack.output('bucket_policy_statements', {
    description: "Statements for the bucket's policy, to be put beside its own.",
    value: configurations.bucketPolicyStatements,
  });
  stack.output('lifecycle_rules', {
    description:
      "Rules for the bucket's lifecycle, to be put beside its own. None reaches further than gateway_versions.",
    value: ofEachVersion(stack, configurations.lifecycleRules),
  });
}

function onLambda(stack: ModuleStack): void {
  const props = commonProps(stack);
  const { secretsKmsKeyArn, ...certificates } = certificateSecret(stack);
  const { exporter, importer } = nodes(
    stack,
    store(stack, S3Encryption.s3Managed(), props.tags),
    {
      exporter: new LambdaRole(stack, 'ExporterRole', props),
      importer: new EcsTaskRole(stack, 'ImporterRole', props),
    },
    certificates,
    settledByAlarms,
  );
  const name = nameOf(stack);
  const scheduled = {
    tags: props.tags,
    alarmActions: alarmActions(stack),
    logRetentionDays: logRetentionDays(stack),
    secretsKmsKeyArn,
  };
  const exports = new LambdaExporter(stack, 'ExporterFunction', { ...scheduled, exporter, name: name('exporter') });
  const checks = new ScheduledCheck(stack, 'Check', { ...props, ...scheduled, importer, name: name('check') });
  stack.text('agent_archive', {
    description:
      'Path of `dist/lambda.zip` of the npm package cdktf-kong-resilience: the program, packed for Lambda. Its sum is in `dist/SHA256SUMS`.',
  });
  for (const { function: resource } of [exports, checks]) {
    resource.filename = rawText('${var.agent_archive}');
    resource.sourceCodeHash = rawText('${filebase64sha256(var.agent_archive)}');
  }
  for (const [what, whose, { function: resource, logGroupName }] of [
    ['exporter', 'exports', exports],
    ['check', 'checks', checks],
  ] as const) {
    stack.output(`${what}_function_name`, {
      description: `Name of the function that ${whose}.`,
      value: resource.functionName,
    });
    stack.output(`${what}_log_group_name`, { description: 'Name of the group of its log.', value: logGroupName });
  }
  const { environment, secrets } = importer.agentEnvironment.toEcs();
  stack.output('importer_environment', {
    description: 'Environment of what imports for a gateway, as the `environment` of a container of ECS.',
    value: environment,
  });
  stack.output('importer_secrets', { description: 'Its `secrets`.', value: secrets });
}

function onEcs(stack: ModuleStack): void {
  const props = commonProps(stack);
  const { secretsKmsKeyArn, ...certificates } = certificateSecret(stack);
  const { exporter, importer } = nodes(
    stack,
    store(stack, S3Encryption.s3Managed(), props.tags),
    ecsRoles(stack, props),
    certificates,
    [
      ...settledByAlarms,
      'KONG_RESILIENCE_HANDOVER_DIR',
      'KONG_RESILIENCE_HANDOVER_GROUP',
      'KONG_RESILIENCE_RECONNECT_SECONDS',
      'KONG_RESILIENCE_SHUTDOWN_SECONDS',
      'KONG_STATUS_LISTEN',
    ],
  );
  const image = agentImage(stack, 'Image of kong-resilience, by full tag or digest.');
  const name = nameOf(stack);
  const run = { ...props, image, secretsKmsKeyArn, logRetentionDays: logRetentionDays(stack) };
  const subnets = stack.texts('subnets', {
    description: 'Ids of the subnets of the exporter, from which control plane, registry and S3 are reached.',
    validation: [
      {
        condition: 'length(var.subnets) > 0',
        error: 'subnets must have the id of one subnet at least: a task on Fargate runs in a subnet.',
      },
    ],
  });
  stack.texts('security_groups', {
    description:
      'Ids of existing security groups for the exporter, which let it reach the control plane, HTTPS and DNS. Without any it has one of its own, without ingress.',
    default: [],
  });
  const assignPublicIp = known<boolean>(
    `\${var.${
      stack.variable('assign_public_ip', {
        type: 'bool',
        description: 'Whether the exporter has a public address, as it needs in a subnet without NAT.',
        default: false,
      }).friendlyUniqueId
    }}`,
  );
  const service = new EcsExporter(stack, 'ExporterService', {
    ...run,
    exporter,
    name: name('exporter'),
    cluster: stack.text('cluster', { description: 'ARN or name of the ECS cluster.' }),
    subnets,
    desiredCount: stack.number('desired_count', {
      description: 'How many exporters run: one exports, another takes over within the lease when it is gone.',
      default: 1,
      validation: [
        {
          condition:
            'var.desired_count >= 1 && var.desired_count <= 10 && floor(var.desired_count) == var.desired_count',
          error: 'desired_count must be a whole number from 1 to 10.',
        },
      ],
    }),
    assignPublicIp,
    cpuArchitecture: stack.text('cpu_architecture', {
      description: 'X86_64 or ARM64, as the image is built.',
      default: 'X86_64',
      validation: [
        {
          condition: 'contains(["X86_64", "ARM64"], var.cpu_architecture)',
          error: 'cpu_architecture must be X86_64 or ARM64.',
        },
      ],
    }),
    alarmActions: alarmActions(stack),
  });
  const securityGroups = ownSecurityGroup(stack, service);
  service.service.putNetworkConfiguration({ subnets, securityGroups, assignPublicIp });
  const handover = new EcsImporter(stack, 'Handover', { ...run, importer });
  const log = handover.node.findChild('Log') as CloudwatchLogGroup;
  log.namePrefix = rawText('/kong-resilience/${var.name}-gateway-');
  const gateway = handover.gatewayContainer({
    name: 'kong',
    image: stack.text('gateway_image', { description: 'Image of the gateway, with bash: kong:3.9.1.' }),
    essential: true,
    portMappings: [{ containerPort: 8000 }, { containerPort: 8100 }],
    logConfiguration: handover.logConfiguration('gateway'),
  });
  stack.output('exporter_service_name', { description: 'Name of the service.', value: service.service.name });
  stack.output('exporter_task_definition_arn', {
    description: 'ARN of its task definition.',
    value: service.taskDefinition.arn,
  });
  stack.output('exporter_security_groups', {
    description: 'Ids of its security groups, which the control plane must admit on its cluster port.',
    value: securityGroups,
  });
  stack.output('exporter_log_group_name', {
    description: 'Name of the group of its log.',
    value: service.logGroupName,
  });
  stack.output('gateway_container_definitions', {
    description:
      "Containers for the task definition of a gateway: what imports, and the gateway, which waits for it. Merge yours into the second; the task's role is importer_role_arn.",
    value: [handover.containerDefinition, gateway],
  });
  stack.output('gateway_execution_role_arn', {
    description:
      'Execution role for that task definition: it may read the secrets and the log of these two containers, and no others. Whoever uses it waits until it, and the role of the task, may do what they need.',
    value: handover.executionRole.arn,
    dependsOn: handover.dependsOn,
  });
  stack.output('gateway_volume', { description: 'Volume of that task definition.', value: handover.volume });
  stack.output('gateway_log_group_name', { description: 'Name of the group of its log.', value: log.name });
}

/** Its own security group is there only where none is given. @returns those of the service */
function ownSecurityGroup(stack: ModuleStack, service: EcsExporter): string[] {
  const own = 'length(var.security_groups) == 0';
  const port = 'tonumber(element(reverse(split(":", var.control_plane)), 0))';
  for (const child of service.node.children) {
    if (!/^(Subnet|SecurityGroup|Egress\w+)$/.test(child.node.id)) continue;
    // AWS refuses a rule that it has already.
    const wanted = child.node.id === 'EgressFurther' ? `${own} && !contains([443, 53], ${port})` : own;
    (child as { count?: TerraformCount } & typeof child).count = TerraformCount.of(rawNumber(`\${${wanted} ? 1 : 0}`));
  }
  return stack.local<string[]>(
    'exporter_security_groups',
    `${own} ? aws_security_group.exporter_service_security_group[*].id : var.security_groups`,
  );
}

const arguments_ = `  control_plane    = "cp.example.com:8005"
  gateway_versions = ["3.9.1"]`;

const setup = `provider "aws" {
  region = "eu-central-1"
}
`;

export const awsModules: readonly ModuleDefinition[] = [
  {
    path: 'aws',
    title: 'Data-plane resilience for Kong Gateway on AWS',
    variant: 'bucket, a role of tasks for the exporter and one for the gateways, environments',
    description: `Bucket on S3 (private, versioned, TLS only, encrypted by S3, with a lifecycle that never reaches what is current), a role of ECS tasks for the exporter, which may write, another for the gateways, which may only read, and the environment of each node.

With the exporter running on ECS, and its alarms: [modules/ecs](modules/ecs), or as a scheduled function: [modules/lambda](modules/lambda). A key of KMS of its own: [modules/kms](modules/kms). Service accounts on EKS: [modules/irsa](modules/irsa). A bucket and roles that exist already: [modules/existing-bucket](modules/existing-bucket).`,
    notes: `Nothing runs from it yet. Start the exporter with \`kong-resilience run\` and \`exporter_environment\`; run \`kong-resilience import\` with \`importer_environment\` before each gateway, both with a volume at \`/var/lib/kong-resilience/handover\`; and give the gateway \`gateway_environment\` and \`BASH_ENV=/var/lib/kong-resilience/handover/start.sh\`, by which it decides at each start whether it uses what was handed over ([the hand-over](../../docs/handover.md)). The certificate is a file in the container: \`cluster_cert\` and \`cluster_cert_key\` say where.`,
    providers,
    example: arguments_,
    exampleSetup: setup,
    storageUrl: '^s3://.*/kong$',
    declare: (stack) => forTasks(stack, S3Encryption.s3Managed()),
  },
  {
    path: 'aws/modules/ecs',
    title: 'Data-plane resilience for Kong Gateway on ECS',
    variant: 'also the running exporter on Fargate with its alarms, and the containers of a gateway’s task',
    description: `As [the module for AWS](../..), with the exporter running as a service on Fargate (log, execution role, security group without ingress, alarms), and what the task definition of a gateway needs: the container that imports before it, and its own. [The example](examples/basic/main.tf) has the gateway's whole task and service. The scheduled check is in [modules/lambda](../lambda) alone.

Before: the agent's image, the certificate as a secret, the cluster, the subnets: [the page on ECS](../../../../docs/platforms/aws-ecs.md#before).`,
    providers,
    example: `${arguments_}
  cluster                        = "arn:aws:ecs:eu-central-1:123456789012:cluster/edge"
  subnets                        = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
  image                          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0"
  cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
  gateway_image                  = "kong:3.9.1"
  alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]`,
    exampleSetup: setup,
    exampleUse: `# The control plane, whose security group this is, admits the exporter.
resource "aws_vpc_security_group_ingress_rule" "cluster_port" {
  security_group_id            = "sg-0c0ffee0"
  referenced_security_group_id = module.kong_resilience.exporter_security_groups[0]
  ip_protocol                  = "tcp"
  from_port                    = 8005
  to_port                      = 8005
}

resource "aws_ecs_task_definition" "gateway" {
  family                   = "kong-gateway"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 2048
  task_role_arn            = module.kong_resilience.importer_role_arn
  execution_role_arn       = module.kong_resilience.gateway_execution_role_arn

  # What imports, and the gateway. What is yours, such as further ports, is merged into the second.
  container_definitions = jsonencode([
    module.kong_resilience.gateway_container_definitions[0],
    merge(module.kong_resilience.gateway_container_definitions[1], {
      portMappings = [{ containerPort = 8000 }, { containerPort = 8443 }, { containerPort = 8100 }]
    }),
  ])

  volume {
    name = module.kong_resilience.gateway_volume.name
  }
}

resource "aws_ecs_service" "gateway" {
  name            = "kong-gateway"
  cluster         = "arn:aws:ecs:eu-central-1:123456789012:cluster/edge"
  task_definition = aws_ecs_task_definition.gateway.arn
  launch_type     = "FARGATE"
  desired_count   = 2

  # The control plane, S3, the registry, Secrets Manager and CloudWatch must be reached from here.
  network_configuration {
    subnets         = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
    security_groups = ["sg-0a7e3a7e"]
  }
}
`,
    storageUrl: '^s3://.*/kong$',
    declare: onEcs,
  },
  {
    path: 'aws/modules/lambda',
    title: 'Data-plane resilience for Kong Gateway on Lambda',
    variant: 'also the exporter as a scheduled function, the scheduled check, alarms for both',
    description: `As [the module for AWS](../..), with the exporter as a function that runs every 5 minutes, the scheduled check as another, and alarms for both. No image is built: \`agent_archive\` is a file of the npm package.

What an export every 5 minutes means for what may be lost, and which network the functions need: [the page on Lambda](../../../../docs/platforms/aws-lambda.md).`,
    notes:
      'The gateways are yours: `importer_environment` and `importer_secrets` are those of a container that runs `kong-resilience import` before each of them ([the hand-over](../../../../docs/handover.md)), in a task with the role `importer_role_arn`. [modules/ecs](../ecs) has that container ready.',
    providers,
    example: `${arguments_}
  agent_archive                  = "lambda.zip"
  cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
  alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]`,
    exampleSetup: setup,
    storageUrl: '^s3://.*/kong$',
    declare: onLambda,
  },
  {
    path: 'aws/modules/kms',
    title: 'Data-plane resilience for Kong Gateway on AWS, encrypted with a key of its own',
    variant: 'as aws, with a key of KMS for the bucket',
    description:
      'As [the module for AWS](../..), with a key of KMS for the bucket: rotated, with bucket keys, usable by the exporter to write and by the gateways to read.',
    providers,
    example: arguments_,
    exampleSetup: setup,
    storageUrl: '^s3://.*/kong$',
    declare: (stack) => forTasks(stack, S3Encryption.ownKey()),
  },
  {
    path: 'aws/modules/existing-bucket',
    title: 'Data-plane resilience for Kong Gateway on AWS, in a bucket that exists',
    variant: 'rights of two roles that exist; what to merge into the bucket comes out as values',
    description: `As [the module for AWS](../..), with a bucket and two roles that are declared elsewhere: the roles get an inline policy each, and of the bucket nothing is changed. What it needs comes out as values.

The bucket must be encrypted and versioned, with public access blocked, by keys that S3 manages; no rule or lock of its own may reach a \`config.json\` or \`kong-resilience.json\`.`,
    notes: `**Merge** \`bucket_policy_statements\` into the bucket's policy, of which it has one, and \`lifecycle_rules\` into its lifecycle, as [examples/basic](examples/basic/main.tf) does. Without the rules every lease leaves a replaced object for good.`,
    providers,
    example: `  bucket_name        = "our-bucket"
  exporter_role_name = "kong-exporter"
  importer_role_name = "kong-gateway"
${arguments_}`,
    exampleSetup: `${setup}
resource "aws_s3_bucket" "ours" {
  bucket = "our-bucket"
}

resource "aws_s3_bucket_policy" "ours" {
  bucket = aws_s3_bucket.ours.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    # Put your own statements before these.
    Statement = module.kong_resilience.bucket_policy_statements
  })
}

resource "aws_s3_bucket_lifecycle_configuration" "ours" {
  bucket = aws_s3_bucket.ours.bucket

  # Your own rules stay beside these.
  dynamic "rule" {
    for_each = module.kong_resilience.lifecycle_rules
    content {
      id     = rule.value.id
      status = rule.value.status
      filter {
        prefix = rule.value.filter.prefix
      }
      dynamic "expiration" {
        for_each = try([rule.value.expiration], [])
        content {
          days                         = try(expiration.value.days, null)
          expired_object_delete_marker = try(expiration.value.expired_object_delete_marker, null)
        }
      }
      dynamic "noncurrent_version_expiration" {
        for_each = try([rule.value.noncurrent_version_expiration], [])
        content {
          noncurrent_days           = noncurrent_version_expiration.value.noncurrent_days
          newer_noncurrent_versions = try(noncurrent_version_expiration.value.newer_noncurrent_versions, null)
        }
      }
      dynamic "abort_incomplete_multipart_upload" {
        for_each = try([rule.value.abort_incomplete_multipart_upload], [])
        content {
          days_after_initiation = abort_incomplete_multipart_upload.value.days_after_initiation
        }
      }
    }
  }
}
`,
    storageUrl: '^s3://our-bucket/kong$',
    declare: intoExisting,
  },
  {
    path: 'aws/modules/irsa',
    title: 'Data-plane resilience for Kong Gateway on EKS',
    variant: 'bucket, a role for the service account of the exporter and one for that of the gateways, environments',
    description: 'As [the module for AWS](../..), with roles for service accounts of EKS (IRSA) instead of ECS tasks.',
    providers,
    example: `${arguments_}
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0A1B"`,
    exampleSetup: setup,
    storageUrl: '^s3://.*/kong$',
    declare: (stack) => {
      const props = commonProps(stack);
      const roles = irsaRoles(stack, props);
      const configurations = store(stack, S3Encryption.s3Managed(), props.tags);
      environments(stack, nodes(stack, configurations, roles, certificateVariables(stack)));
      for (const [name, role] of [
        ['exporter', roles.exporter],
        ['importer', roles.importer],
      ] as const) {
        stack.output(`${name}_service_account_annotations`, {
          description: `Annotations of the service account of the ${name}.`,
          value: (role as IrsaRole).serviceAccountAnnotations,
        });
      }
    },
  },
];
