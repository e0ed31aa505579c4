import { LoggingMetric } from '@cdktf/provider-google/lib/logging-metric';
import { EnvValue } from '../../constructs';
import {
  AttachedServiceAccount,
  CloudRunCheck,
  CloudRunExporter,
  GcsRoles,
  GcsStore,
  GkeWorkloadIdentity,
  type IGcsStore,
  type IGooglePrincipal,
} from '../../constructs/google';
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
import { EACH_VERSION, ofEachVersion, rawText, type ModuleDefinition, type ModuleStack } from './module-stack';

const providers = { google: { source: 'hashicorp/google', version: '>= 6.50, < 7.0' } };

const roleId = (verb: string): string => rawText(`kongResilience_${verb}_\${substr(md5(var.bucket_name), 0, 12)}`);

// Roles are the project's: a second bucket in it has its own.
const roles = (): GcsRoles => GcsRoles.custom({ readerRoleId: roleId('reader'), writerRoleId: roleId('writer') });

const bucketName = (stack: ModuleStack, description: string): string =>
  stack.text('bucket_name', {
    description,
    validation: [
      {
        condition: 'can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.bucket_name))',
        error:
          'bucket_name must have 3 to 63 lower-case letters, digits, dots, hyphens and underscores, without gs://.',
      },
    ],
  });

const project = (stack: ModuleStack): string =>
  stack.text('project', { description: "Project of everything here; the provider's by default.", default: null });

/** Variables of the bucket, and the bucket. */
function store(stack: ModuleStack): GcsStore {
  const declared = new GcsStore(stack, 'Store', {
    bucketName: bucketName(stack, 'Name of the bucket, unique in all of Google Cloud.'),
    location: stack.text('location', {
      description:
        'Region (europe-west1), dual-region (EUR4) or multi-region (EU) of the bucket; it cannot be changed later.',
    }),
    project: project(stack),
    prefix: prefix(stack),
    gatewayVersions: [EACH_VERSION],
    softDeleteRetentionDays: stack.number('soft_delete_retention_days', {
      description: 'For how many days Google keeps what was deleted for good: 7 to 90, or 0 to turn soft delete off.',
      default: 7,
      validation: [
        {
          condition:
            'var.soft_delete_retention_days == 0 || (var.soft_delete_retention_days >= 7 && var.soft_delete_retention_days <= 90)',
          error: 'soft_delete_retention_days must be 7 to 90, or 0.',
        },
      ],
    }),
    ...retention(stack),
    labels: stack.variable('labels', { type: 'map(string)', description: 'Labels of the bucket.', default: {} })
      .value as Record<string, string>,
    roles: roles(),
    // What Terraform takes for it is no variable; a bucket that is not empty is not destroyed.
    preventDestroy: false,
    forceDestroy: forceDestroy(stack, 'Google'),
  });
  return declared;
}

interface Principals {
  readonly exporter: IGooglePrincipal;
  readonly importer: IGooglePrincipal;
}

/** The topology, and what its nodes are told. */
function nodes(
  stack: ModuleStack,
  configurations: IGcsStore,
  principals: Principals,
  certificate: { readonly clusterCert: EnvValue; readonly clusterCertKey: EnvValue },
): Nodes {
  const declared = topology(stack, configurations, principals, certificate);
  stack.output('bucket_name', { description: 'Name of the bucket.', value: configurations.bucketName });
  return declared;
}

function accounts(stack: ModuleStack): { exporter: AttachedServiceAccount; importer: AttachedServiceAccount } {
  const id = (name: string, whose: string, value: string): string =>
    stack.text(name, {
      description: `Id of the service account of ${whose}.`,
      default: value,
      validation: [
        {
          condition: `can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.${name}))`,
          error: `${name} must have 6 to 30 lower-case letters, digits and hyphens, and begin with a letter.`,
        },
      ],
    });
  return {
    exporter: new AttachedServiceAccount(stack, 'ExporterAccount', {
      accountId: id('exporter_account_id', 'the exporter', 'kong-exporter'),
      displayName: 'Kong: exports configurations',
      project: rawText('${var.project}'),
    }),
    importer: new AttachedServiceAccount(stack, 'ImporterAccount', {
      accountId: id('importer_account_id', 'the gateways', 'kong-gateway'),
      displayName: 'Kong: imports configurations',
      project: rawText('${var.project}'),
    }),
  };
}

function accountOutputs(stack: ModuleStack, { exporter, importer }: ReturnType<typeof accounts>): void {
  stack.output('exporter_service_account_email', {
    description: 'Account of the exporter, which may write.',
    value: exporter.email,
  });
  stack.output('importer_service_account_email', {
    description: 'Account of the gateways, which may only read.',
    value: importer.email,
  });
}

/** Bucket and accounts that are there already: what is the bucket's to merge comes out as values. */
function intoExisting(stack: ModuleStack): void {
  const configurations = GcsStore.fromBucketName(
    stack,
    'Store',
    bucketName(stack, 'Name of the bucket, which exists already.'),
    {
      prefix: prefix(stack),
      project: project(stack),
      gatewayVersions: [EACH_VERSION],
      roles: roles(),
      ...retention(stack),
    },
  );
  const account = (id: string, name: string, whose: string): IGooglePrincipal =>
    AttachedServiceAccount.fromEmail(
      stack,
      id,
      stack.text(name, {
        description: `Address of the service account of ${whose}, which exists already.`,
        validation: [
          {
            condition: `can(regex("^[a-z0-9-]+@[a-z0-9.-]+[.]gserviceaccount[.]com$", var.${name}))`,
            error: `${name} must be the address of a service account: name@project.iam.gserviceaccount.com.`,
          },
        ],
      }),
    );
  const principals = {
    exporter: account('ExporterAccount', 'exporter_service_account_email', 'the exporter'),
    importer: account('ImporterAccount', 'importer_service_account_email', 'the gateways'),
  };
  environments(stack, nodes(stack, configurations, principals, certificateVariables(stack)));
  stack.output('lifecycle_rules', {
    description:
      "Rules for the bucket's lifecycle, to be put beside its own. None reaches further than gateway_versions.",
    value: ofEachVersion(stack, configurations.lifecycleRules),
  });
}

const arguments_ = `  bucket_name      = "example-kong-fallback"
  location         = "EU"
  control_plane    = "cp.example.com:8005"
  gateway_versions = ["3.9.1"]`;

const setup = `provider "google" {
  project = "example-project"
  region  = "europe-west1"
}
`;

/** `ExporterPool/Alarms/Confirmed` is `exporter_confirmed`. */
const metricOf = ({ node }: LoggingMetric): string => {
  const [, owner = '', ...rest] = node.path.split('/');
  return `${owner.replace('Pool', '')}_${rest.at(-1) ?? ''}`.toLowerCase();
};

export const googleModules: readonly ModuleDefinition[] = [
  {
    path: 'google',
    title: 'Data-plane resilience for Kong Gateway on Google Cloud',
    description: `Bucket on Cloud Storage (uniform access, public access prevention, versioning, soft delete, a lifecycle that never reaches what is current), a service account for the exporter, which may write, another for the gateways, which may only read, and the environment of each node.

Pods of GKE without accounts: [modules/gke](modules/gke). With a running exporter and the scheduled check: [modules/cloud-run](modules/cloud-run). A bucket and accounts that exist already: [modules/existing-bucket](modules/existing-bucket).`,
    notes: `Nothing runs from it yet. Start the exporter with \`kong-resilience run\` and \`exporter_environment\`; run \`kong-resilience import\` with \`importer_environment\` before each gateway, both with a volume at \`/var/lib/kong-resilience/handover\`; and give the gateway \`gateway_environment\` and \`BASH_ENV=/var/lib/kong-resilience/handover/start.sh\`, by which it decides at each start whether it uses what was handed over ([the hand-over](../../docs/handover.md)). The certificate is a file in the container: \`cluster_cert\` and \`cluster_cert_key\` say where. In the modes \`pki\`, \`KONG_CLUSTER_CA_CERT\` and \`KONG_CLUSTER_SERVER_NAME\` go into \`environment\`.`,
    providers,
    example: arguments_,
    exampleSetup: setup,
    storageUrl: '^gcs://example-kong-fallback/kong$',
    declare: (stack) => {
      const principals = accounts(stack);
      environments(stack, nodes(stack, store(stack), principals, certificateVariables(stack)));
      accountOutputs(stack, principals);
    },
  },
  {
    path: 'google/modules/existing-bucket',
    title: 'Data-plane resilience for Kong Gateway on Google Cloud, in a bucket that exists',
    description: `As [the module for Google Cloud](../..), with a bucket and two service accounts that are declared elsewhere: the bucket gets further IAM members, and nothing of its own is changed.

The bucket must have uniform bucket-level access, public access prevention and versioning; no rule or lock of its own may reach a \`config.json\` or \`kong-resilience.json\`.`,
    notes: `**Merge** \`lifecycle_rules\` into the bucket's own, as [examples/basic](examples/basic/main.tf) does. Without the rules every lease leaves a replaced object for good.`,
    providers,
    example: `  bucket_name                    = "our-bucket"
  exporter_service_account_email = "kong-exporter@example-project.iam.gserviceaccount.com"
  importer_service_account_email = "kong-gateway@example-project.iam.gserviceaccount.com"
  control_plane                  = "cp.example.com:8005"
  gateway_versions               = ["3.9.1"]`,
    exampleSetup: `${setup}
resource "google_storage_bucket" "ours" {
  name                        = "our-bucket"
  location                    = "EU"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # Your own rules stay beside these.
  dynamic "lifecycle_rule" {
    for_each = module.kong_resilience.lifecycle_rules
    content {
      action {
        type = lifecycle_rule.value.action.type
      }
      condition {
        matches_prefix             = lifecycle_rule.value.condition.matches_prefix
        with_state                 = lifecycle_rule.value.condition.with_state
        age                        = try(lifecycle_rule.value.condition.age, null)
        days_since_noncurrent_time = try(lifecycle_rule.value.condition.days_since_noncurrent_time, null)
        num_newer_versions         = try(lifecycle_rule.value.condition.num_newer_versions, null)
      }
    }
  }
}
`,
    storageUrl: '^gcs://our-bucket/kong$',
    declare: intoExisting,
  },
  {
    path: 'google/modules/gke',
    title: 'Data-plane resilience for Kong Gateway on GKE',
    description:
      'As [the module for Google Cloud](../..), with the service accounts of Kubernetes themselves as principals (Workload Identity Federation): no service account of Google Cloud, no key, no annotation.',
    providers,
    example: arguments_,
    exampleSetup: setup,
    storageUrl: '^gcs://example-kong-fallback/kong$',
    declare: (stack) => {
      const namespace = stack.text('namespace', {
        description: 'Namespace of exporter and gateways.',
        default: 'kong',
        validation: [kubernetesName('namespace')],
      });
      const pods = (id: string, name: string, whose: string, value: string): GkeWorkloadIdentity =>
        new GkeWorkloadIdentity(stack, id, {
          namespace,
          serviceAccountName: stack.text(name, {
            description: `Service account of ${whose}.`,
            default: value,
            validation: [kubernetesName(name)],
          }),
        });
      const principals = {
        exporter: pods('ExporterPods', 'exporter_service_account', 'the exporter', 'kong-exporter'),
        importer: pods('ImporterPods', 'importer_service_account', 'the gateways', 'kong-gateway'),
      };
      environments(stack, nodes(stack, store(stack), principals, certificateVariables(stack)));
    },
  },
  {
    path: 'google/modules/cloud-run',
    title: 'Data-plane resilience for Kong Gateway on Cloud Run',
    description:
      'As [the module for Google Cloud](../..), with the exporter running on a worker pool, the scheduled check as a job, and alarms for both. The gateway’s service is yours: the environment of its two containers, and how it starts after the import, are in [the page on Cloud Run](../../../../docs/platforms/google-cloud-run.md).',
    providers,
    example: `${arguments_}
  region                     = "europe-west1"
  image                      = "europe-docker.pkg.dev/example-project/kong/kong-resilience:0.1.0"
  cluster_certificate_secret = "kong-cluster-cert"
  cluster_key_secret         = "kong-cluster-key"`,
    exampleSetup: setup,
    storageUrl: '^gcs://example-kong-fallback/kong$',
    declare: (stack) => {
      const principals = accounts(stack);
      const secret = (name: string, what: string): EnvValue =>
        EnvValue.fromGoogleSecret(
          stack.place(name, {
            description: `Secret of Secret Manager with the PEM of ${what}: its id, or projects/<project>/secrets/<id>.`,
            condition: `can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", var.${name}))`,
            error: `${name} must be the id of a secret of Secret Manager, or projects/<project>/secrets/<id>; its text has no place in a variable, which is shown.`,
          }),
        );
      const certificate = {
        clusterCert: secret('cluster_certificate_secret', 'the cluster certificate'),
        clusterCertKey: secret('cluster_key_secret', 'its private key'),
      };
      const { exporter, importer } = nodes(stack, store(stack), principals, certificate);
      const run = {
        location: stack.text('region', { description: 'Region of worker pool and job.' }),
        image: agentImage(stack, 'Image of kong-resilience in Artifact Registry, by full tag or digest.'),
        project: rawText('${var.project}'),
        network: stack.text('network', {
          description: 'Network in which the control plane is reached.',
          default: 'default',
        }),
      };
      stack.text('name', {
        description: 'What the names of worker pool, job and metrics start with; unique in the project.',
        default: 'kong',
        validation: [
          {
            condition: 'can(regex("^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$", var.name))',
            error: 'name must have 1 to 22 lower-case letters, digits and hyphens, and begin with a letter.',
          },
        ],
      });
      const notificationChannels = stack.texts('notification_channels', {
        description: 'Names of the notification channels that are told of alarms.',
        default: [],
      });
      const { workerPool } = new CloudRunExporter(stack, 'ExporterPool', {
        ...run,
        name: rawText('${var.name}-exporter'),
        exporter,
        notificationChannels,
      });
      const { job } = new CloudRunCheck(stack, 'Check', {
        ...run,
        name: rawText('${var.name}-check'),
        importer,
        notificationChannels,
      });
      // Metrics are the project's too, and PromQL knows them by underscores.
      for (const metric of stack.node.findAll().filter((one): one is LoggingMetric => one instanceof LoggingMetric)) {
        metric.name = rawText(`\${replace(var.name, "-", "_")}_${metricOf(metric)}`);
      }
      stack.output('exporter_worker_pool', { description: 'Name of the worker pool.', value: workerPool.name });
      stack.output('check_job', { description: 'Name of the job.', value: job.name });
      accountOutputs(stack, principals);
      for (const [name, whose, block] of [
        ['importer', 'what imports for a gateway', importer.agentEnvironment],
        ['gateway', 'a gateway of open source', importer.gatewayEnvironment],
      ] as const) {
        stack.output(`${name}_environment`, {
          description: `Environment of ${whose}: the \`env\` of a container of Cloud Run, secrets by reference.`,
          value: block.toCloudRun(),
        });
      }
    },
  },
];
