import type { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { TerraformCount, Token } from 'cdktf';
import type { AwsRole } from '../../constructs/aws';
import { EcsTaskRole, IrsaRole, KongResilience, OidcProvider, S3Encryption, S3Store } from '../../constructs/aws';
import {
  certificateVariables,
  clusterVariables,
  environmentOutputs,
  environmentVariable,
  gatewayVersion,
  gatewayVersions,
  importedIsExported,
  importedVersion,
  prefix,
} from './common';
import { EACH_VERSION, known, type ModuleDefinition, type ModuleStack } from './module-stack';

const providers = { aws: { source: 'hashicorp/aws', version: '>= 6.0, < 7.0' } };

interface Roles {
  readonly exporter: AwsRole;
  readonly importer: AwsRole;
}

/** Variables of the bucket, and the bucket. */
function store(stack: ModuleStack, encryption: S3Encryption): S3Store {
  const bucketName = stack.text('bucket_name', {
    description: 'Name of the bucket. Without one Terraform makes a unique name, which starts with bucket_prefix.',
    default: null,
    validation: [
      {
        condition: 'var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))',
        error: 'bucket_name must have 3 to 63 lower-case letters, digits, dots and hyphens.',
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
    forceDestroy: known<boolean>('${var.force_destroy}'),
    accessLogBucketName: stack.text('access_log_bucket', {
      description: 'Existing bucket to which S3 writes access logs.',
      default: null,
    }),
    noncurrentConfigurationVersions: stack.number('noncurrent_configuration_versions', {
      description: 'How many replaced configurations stay at least.',
      default: 10,
      validation: [
        {
          condition: 'var.noncurrent_configuration_versions >= 1 && var.noncurrent_configuration_versions <= 100',
          error: 'noncurrent_configuration_versions must be 1 to 100.',
        },
      ],
    }),
    noncurrentConfigurationDays: stack.number('noncurrent_configuration_days', {
      description: 'For how many days they stay at least.',
      default: 30,
      validation: [
        {
          condition: 'var.noncurrent_configuration_days >= 1',
          error: 'noncurrent_configuration_days must be 1 or more.',
        },
      ],
    }),
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
  stack.variable('force_destroy', {
    type: 'bool',
    description: 'Whether a destroy first deletes every stored configuration, without which S3 refuses it.',
    default: false,
  });
  const bucket = declared.node.findChild('Resource') as S3Bucket;
  bucket.bucketPrefix = Token.asString({ resolve: () => '${var.bucket_name == null ? var.bucket_prefix : null}' });
  const logging = declared.node.findChild('AccessLog') as unknown as { count: TerraformCount };
  logging.count = TerraformCount.of(Token.asNumber({ resolve: () => '${var.access_log_bucket == null ? 0 : 1}' }));
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
function nodes(stack: ModuleStack, configurations: S3Store, roles: Roles): void {
  const kong = new KongResilience(stack, 'Kong', {
    store: configurations,
    ...clusterVariables(stack),
    ...certificateVariables(stack),
  });
  const versions = gatewayVersions(stack);
  gatewayVersion(stack);
  const environment = environmentVariable(stack);
  const exporter = kong.addExporter('Exporter', { principal: roles.exporter, gatewayVersions: versions, environment });
  const importer = kong.addImporter('Importer', {
    principal: roles.importer,
    gatewayVersion: importedVersion(),
    environment,
  });
  stack.output('storage_url', {
    description: 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE of the nodes.',
    value: configurations.storageUrl,
  });
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
  environmentOutputs(stack, 'exporter', 'the exporter', exporter.agentEnvironment);
  environmentOutputs(stack, 'importer', 'what imports for a gateway', importer.agentEnvironment, {
    precondition: importedIsExported,
  });
  environmentOutputs(
    stack,
    'gateway',
    'a gateway of open source; one of Enterprise takes that of the importer',
    importer.gatewayEnvironment,
  );
}

const ecsRoles = (stack: ModuleStack): Roles => {
  const props = roleProps(stack);
  return {
    exporter: new EcsTaskRole(stack, 'ExporterRole', props),
    importer: new EcsTaskRole(stack, 'ImporterRole', props),
  };
};

const kubernetesName = (name: string) => ({
  condition: `can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.${name}))`,
  error: `${name} must have 1 to 63 lower-case letters, digits and hyphens.`,
});

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

A key of KMS of its own: [modules/kms](modules/kms). Service accounts on EKS: [modules/irsa](modules/irsa).`,
    providers,
    example: arguments_,
    exampleSetup: setup,
    storageUrl: '^s3://.*/kong$',
    declare: (stack) => nodes(stack, store(stack, S3Encryption.s3Managed()), ecsRoles(stack)),
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
    declare: (stack) => nodes(stack, store(stack, S3Encryption.ownKey()), ecsRoles(stack)),
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
      nodes(stack, store(stack, S3Encryption.s3Managed()), roles);
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
