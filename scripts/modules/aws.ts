import type { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { TerraformCount } from 'cdktf';
import type { IConfigurationStore } from '../../constructs';
import type { IAwsPrincipal } from '../../constructs/aws';
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
import {
  agentImage,
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
function store(stack: ModuleStack, encryption: S3Encryption): S3Store {
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
    tags: stack.variable('tags', {
      type: 'map(string)',
      description: 'Tags of everything that takes them.',
      default: {},
    }).value as Record<string, string>,
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

function roleProps(stack: ModuleStack) {
  return {
    path: stack.text('role_path', { description: 'Path of the roles in IAM.', default: '/' }),
    permissionsBoundary: stack.text('permissions_boundary', {
      description: 'ARN of the permissions boundary of the roles.',
      default: null,
    }),
  };
}

/** The topology, and what its nodes are told. */
function nodes(
  stack: ModuleStack,
  configurations: Store,
  roles: Roles,
  certificate: { readonly clusterCert: EnvValue; readonly clusterCertKey: EnvValue },
): Nodes {
  const declared = topology(stack, configurations, roles, certificate);
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

const ecsRoles = (stack: ModuleStack): Roles => {
  const props = roleProps(stack);
  return {
    exporter: new EcsTaskRole(stack, 'ExporterRole', props),
    importer: new EcsTaskRole(stack, 'ImporterRole', props),
  };
};

function irsaRoles(stack: ModuleStack): Roles {
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
  const props = { ...roleProps(stack), oidcProvider, namespace };
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

/** The certificate, as one secret of Secrets Manager. */
function certificateSecret(stack: ModuleStack): { clusterCert: EnvValue; clusterCertKey: EnvValue } {
  const secret = stack.place('cluster_certificate_secret_arn', {
    description:
      'ARN of a secret of Secrets Manager: JSON whose members "cert" and "key" are the PEM of the cluster certificate and its key.',
    condition: 'can(regex("^arn:[^:]+:secretsmanager:[^\\\\s]+$", var.cluster_certificate_secret_arn))',
    error: 'cluster_certificate_secret_arn must be the whole ARN of a secret of Secrets Manager.',
  });
  return { clusterCert: EnvValue.fromAwsSecret(secret, 'cert'), clusterCertKey: EnvValue.fromAwsSecret(secret, 'key') };
}

function alarmActions(stack: ModuleStack): string[] {
  return stack.texts('alarm_actions', { description: 'ARNs, such as that of an SNS topic, that are told of alarms.' });
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
  const props = roleProps(stack);
  const roles = {
    exporter: new LambdaRole(stack, 'ExporterRole', props),
    importer: new EcsTaskRole(stack, 'ImporterRole', props),
  };
  const certificate = certificateSecret(stack);
  const { exporter, importer } = nodes(stack, store(stack, S3Encryption.s3Managed()), roles, certificate);
  const name = nameOf(stack);
  const actions = alarmActions(stack);
  const scheduled = { alarmActions: actions };
  const functions = [
    new LambdaExporter(stack, 'ExporterFunction', { ...scheduled, exporter, name: name('exporter') }),
    new ScheduledCheck(stack, 'Check', { ...scheduled, importer, name: name('check') }),
  ];
  stack.text('agent_archive', {
    description:
      'Path of `dist/lambda.zip` of the npm package cdktf-kong-resilience: the program, packed for Lambda. Its sum is in `dist/SHA256SUMS`.',
  });
  for (const { function: resource } of functions) {
    resource.filename = rawText('${var.agent_archive}');
    resource.sourceCodeHash = rawText('${filebase64sha256(var.agent_archive)}');
  }
  stack.output('exporter_function_name', {
    description: 'Name of the function that exports.',
    value: functions[0]?.function.functionName,
  });
  stack.output('check_function_name', {
    description: 'Name of the function that checks.',
    value: functions[1]?.function.functionName,
  });
  const { environment, secrets } = importer.agentEnvironment.toEcs();
  stack.output('importer_environment', {
    description: 'Environment of what imports for a gateway, as the `environment` of a container of ECS.',
    value: environment,
  });
  stack.output('importer_secrets', { description: 'Its `secrets`.', value: secrets });
}

function onEcs(stack: ModuleStack): void {
  const { exporter, importer } = nodes(
    stack,
    store(stack, S3Encryption.s3Managed()),
    ecsRoles(stack),
    certificateSecret(stack),
  );
  const image = agentImage(stack, 'Image of kong-resilience, by full tag or digest.');
  const name = nameOf(stack);
  const { service, taskDefinition } = new EcsExporter(stack, 'ExporterService', {
    exporter,
    name: name('exporter'),
    image,
    cluster: stack.text('cluster', { description: 'ARN or name of the ECS cluster.' }),
    subnets: stack.texts('subnets', {
      description: 'Subnets of the exporter, from which control plane, registry and S3 are reached.',
    }),
    desiredCount: stack.number('desired_count', {
      description: 'How many exporters run: one exports, another takes over within the lease when it is gone.',
      default: 1,
      validation: [{ condition: 'var.desired_count >= 1', error: 'desired_count must be 1 or more.' }],
    }),
    assignPublicIp: known<boolean>(
      `\${var.${
        stack.variable('assign_public_ip', {
          type: 'bool',
          description: 'Whether the exporter has a public address, as it needs in a subnet without NAT.',
          default: false,
        }).friendlyUniqueId
      }}`,
    ),
    alarmActions: alarmActions(stack),
  });
  const handover = new EcsImporter(stack, 'Handover', { importer, image });
  const gateway = handover.gatewayContainer({
    name: 'kong',
    image: stack.text('gateway_image', { description: 'Image of the gateway, with bash: kong:3.9.1.' }),
    essential: true,
    portMappings: [{ containerPort: 8000 }],
  });
  stack.output('exporter_service_name', { description: 'Name of the service.', value: service.name });
  stack.output('exporter_task_definition_arn', {
    description: 'ARN of its task definition.',
    value: taskDefinition.arn,
  });
  stack.output('gateway_container_definitions', {
    description:
      "Containers for the task definition of a gateway: what imports, and the gateway, which waits for it. Merge yours into the second; the task's role is importer_role_arn.",
    value: [handover.containerDefinition, gateway],
  });
  stack.output('gateway_execution_role_arn', {
    description:
      'Execution role for that task definition: it may read the secrets and the log of these two containers, and no others.',
    value: handover.executionRole.arn,
  });
  stack.output('gateway_volume', { description: 'Volume of that task definition.', value: handover.volume });
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
    description: `Bucket on S3 (private, versioned, TLS only, encrypted by S3, with a lifecycle that never reaches what is current), a role of ECS tasks for the exporter, which may write, another for the gateways, which may only read, and the environment of each node.

With the exporter running on ECS, and its alarms: [modules/ecs](modules/ecs), or as a scheduled function: [modules/lambda](modules/lambda). A key of KMS of its own: [modules/kms](modules/kms). Service accounts on EKS: [modules/irsa](modules/irsa). A bucket and roles that exist already: [modules/existing-bucket](modules/existing-bucket).`,
    notes: `Nothing runs from it yet. Start the exporter with \`kong-resilience run\` and \`exporter_environment\`; run \`kong-resilience import\` with \`importer_environment\` before each gateway, both with a volume at \`/var/lib/kong-resilience/handover\`; and give the gateway \`gateway_environment\` and \`BASH_ENV=/var/lib/kong-resilience/handover/start.sh\`, by which it decides at each start whether it uses what was handed over ([the hand-over](../../docs/handover.md)). The certificate is a file in the container: \`cluster_cert\` and \`cluster_cert_key\` say where. In the modes \`pki\`, \`KONG_CLUSTER_CA_CERT\` and \`KONG_CLUSTER_SERVER_NAME\` go into \`environment\`.`,
    providers,
    example: arguments_,
    exampleSetup: setup,
    storageUrl: '^s3://.*/kong$',
    declare: (stack) =>
      environments(
        stack,
        nodes(stack, store(stack, S3Encryption.s3Managed()), ecsRoles(stack), certificateVariables(stack)),
      ),
  },
  {
    path: 'aws/modules/ecs',
    title: 'Data-plane resilience for Kong Gateway on ECS',
    description: `As [the module for AWS](../..), with the exporter running as a service on Fargate (log, execution role, security group without ingress, alarms), and what the task definition of a gateway needs: the container that imports before it, and its own.

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
    storageUrl: '^s3://.*/kong$',
    declare: onEcs,
  },
  {
    path: 'aws/modules/lambda',
    title: 'Data-plane resilience for Kong Gateway on Lambda',
    description: `As [the module for AWS](../..), with the exporter as a function that runs every 5 minutes, the scheduled check as another, and alarms for both. No image is built: \`agent_archive\` is a file of the npm package.

What an export every 5 minutes means for what may be lost, and which network the functions need: [the page on Lambda](../../../../docs/platforms/aws-lambda.md).`,
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
    description:
      'As [the module for AWS](../..), with a key of KMS for the bucket: rotated, with bucket keys, usable by the exporter to write and by the gateways to read.',
    providers,
    example: arguments_,
    exampleSetup: setup,
    storageUrl: '^s3://.*/kong$',
    declare: (stack) =>
      environments(
        stack,
        nodes(stack, store(stack, S3Encryption.ownKey()), ecsRoles(stack), certificateVariables(stack)),
      ),
  },
  {
    path: 'aws/modules/existing-bucket',
    title: 'Data-plane resilience for Kong Gateway on AWS, in a bucket that exists',
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
    description: 'As [the module for AWS](../..), with roles for service accounts of EKS (IRSA) instead of ECS tasks.',
    providers,
    example: `${arguments_}
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0A1B"`,
    exampleSetup: setup,
    storageUrl: '^s3://.*/kong$',
    declare: (stack) => {
      const roles = irsaRoles(stack);
      environments(stack, nodes(stack, store(stack, S3Encryption.s3Managed()), roles, certificateVariables(stack)));
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
