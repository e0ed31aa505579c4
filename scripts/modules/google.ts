import { LoggingMetric } from '@cdktf/provider-google/lib/logging-metric';
import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import { ProjectIamCustomRole } from '@cdktf/provider-google/lib/project-iam-custom-role';
import { SecretManagerSecretIamMember } from '@cdktf/provider-google/lib/secret-manager-secret-iam-member';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { TerraformCount } from 'cdktf';
import { EnvValue } from '../../constructs';
import {
  AttachedServiceAccount,
  CloudRunCheck,
  CloudRunExporter,
  CloudRunImporter,
  GcsRoles,
  GcsStore,
  GkeWorkloadIdentity,
  type IGcsStore,
  type IGooglePrincipal,
} from '../../constructs/google';
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
import { resolved } from './hcl';
import {
  EACH_VERSION,
  known,
  ofEachVersion,
  rawNumber,
  rawText,
  snakeCased,
  type ModuleDefinition,
  type ModuleStack,
} from './module-stack';

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
    labels: stack.variable('labels', {
      type: 'map(string)',
      description: 'Labels of everything that takes them.',
      default: {},
    }).value as Record<string, string>,
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
  certificates: Certificates,
  settled?: readonly string[],
): Nodes {
  const declared = topology(stack, configurations, principals, certificates, settled);
  for (const role of stack.node.findAll()) {
    if (role instanceof ProjectIamCustomRole)
      role.description = rawText('Bound to ${var.bucket_name}, with a condition.');
  }
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

function onCloudRun(stack: ModuleStack): void {
  const principals = accounts(stack);
  const { exporter, importer } = nodes(stack, store(stack), principals, certificateSecrets(stack), [
    ...settledByAlarms,
    'KONG_RESILIENCE_HANDOVER_DIR',
    'KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS',
    'KONG_RESILIENCE_RECONNECT_SECONDS',
    'KONG_RESILIENCE_STATUS_LISTEN',
    'KONG_STATUS_LISTEN',
  ]);
  const run = {
    location: stack.text('region', { description: 'Region of worker pool and job.' }),
    image: agentImage(stack, 'Image of kong-resilience in Artifact Registry, by full tag or digest.'),
    project: rawText('${var.project}'),
    labels: known<Record<string, string>>('${var.labels}'),
    network: stack.text('network', {
      description:
        'Network through which the control plane is reached (Direct VPC egress). Without one only a control plane with a public address is.',
      default: null,
    }),
    subnetwork: stack.text('subnetwork', {
      description: 'Subnetwork of network; by default that of the same name in the region.',
      default: null,
    }),
    notificationChannels: stack.texts('notification_channels', {
      description:
        'Names of the notification channels that are told of alarms; with [] incidents show in the console alone.',
      default: [],
      validation: [
        {
          condition:
            'alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])',
          error: 'notification_channels must be names: projects/<project>/notificationChannels/<id>.',
        },
      ],
    }),
  };
  stack.text('name', {
    description: 'What the names of worker pool, job, metrics and alarms start with; unique in the project.',
    default: 'kong',
    validation: [
      {
        condition: 'can(regex("^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$", var.name))',
        error: 'name must have 1 to 22 lower-case letters, digits and hyphens, and begin with a letter.',
      },
    ],
  });
  const named = (what: string): string => rawText(`\${var.name}-${what}`);
  const { workerPool } = new CloudRunExporter(stack, 'ExporterPool', { ...run, name: named('exporter'), exporter });
  const check = new CloudRunCheck(stack, 'Check', { ...run, name: named('check'), importer });
  const handover = new CloudRunImporter(stack, 'Handover', { importer, image: run.image, project: run.project });
  nameByModule(stack, check.node.findChild('Caller') as ServiceAccount);
  stack.output('exporter_worker_pool', { description: 'Name of the worker pool.', value: workerPool.name });
  stack.output('check_job', { description: 'Name of the job.', value: check.job.name });
  accountOutputs(stack, principals);
  const gateway = handover.gatewayContainer({
    name: 'kong',
    image: stack.text('gateway_image', { description: 'Image of the gateway, with bash: kong:3.9.1.' }),
  });
  stack.output('gateway_containers', {
    description:
      "Containers for the template of a gateway's service: the gateway, and what imports before it and stays. The service runs as importer_service_account_email. Whoever uses them waits until that account may read the secrets.",
    value: snakeCased([gateway, handover.importContainer]),
    dependsOn: handover.dependsOn,
  });
  stack.output('gateway_volumes', {
    description: 'Volumes of that template, for the hand-over between the two.',
    value: snakeCased(handover.volumes),
  });
}

/** The certificates, each as a secret of Secret Manager by itself. */
function certificateSecrets(stack: ModuleStack): Certificates {
  const secret = (name: string, what: string, value?: null): EnvValue =>
    EnvValue.fromGoogleSecret(
      stack.place(name, {
        description: `Secret of Secret Manager, by its id or as projects/<project>/secrets/<id>, with the PEM of ${what}`,
        default: value,
        condition: `can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", var.${name}))`,
        error: `${name} must be the id of a secret of Secret Manager, or projects/<project>/secrets/<id>; its text has no place in a variable, which is shown.`,
      }),
    );
  return {
    clusterCert: secret('cluster_certificate_secret', 'the cluster certificate: KONG_CLUSTER_CERT.'),
    clusterCertKey: secret('cluster_key_secret', 'its private key: KONG_CLUSTER_CERT_KEY.'),
    clusterCaCert: secret('cluster_ca_secret', authority, null),
  };
}

/** What is the project's has the module's name in its own: the same module may be there twice. */
function nameByModule(stack: ModuleStack, caller: ServiceAccount): void {
  caller.accountId = rawText('${var.name}-check');
  caller.displayName = rawText('Runs ${var.name}-check');
  for (const one of stack.node.findAll()) {
    // PromQL knows metrics by underscores.
    if (one instanceof LoggingMetric) one.name = rawText(`\${replace(var.name, "-", "_")}_${metricOf(one)}`);
    if (one instanceof MonitoringAlertPolicy) {
      const path = one.displayNameInput?.replace(/^(.*) \(.*\)$/, '$1') ?? '';
      one.displayName = rawText(`${path} (\${var.name})`);
    }
    if (one instanceof SecretManagerSecretIamMember) {
      const wanted = String(resolved(stack, one.secretIdInput)).includes('cluster_ca_secret');
      if (wanted) one.count = TerraformCount.of(rawNumber('${local.cluster_ca_secret == null ? 0 : 1}'));
    }
  }
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
    variant: 'bucket, a service account for the exporter and one for the gateways, environments',
    description: `Bucket on Cloud Storage (uniform access, public access prevention, versioning, soft delete, a lifecycle that never reaches what is current), a service account for the exporter, which may write, another for the gateways, which may only read, and the environment of each node.

Pods of GKE without accounts: [modules/gke](modules/gke). With a running exporter and the scheduled check: [modules/cloud-run](modules/cloud-run). A bucket and accounts that exist already: [modules/existing-bucket](modules/existing-bucket).`,
    notes: `Nothing runs from it yet. Start the exporter with \`kong-resilience run\` and \`exporter_environment\`; run \`kong-resilience import\` with \`importer_environment\` before each gateway, both with a volume at \`/var/lib/kong-resilience/handover\`; and give the gateway \`gateway_environment\` and \`BASH_ENV=/var/lib/kong-resilience/handover/start.sh\`, by which it decides at each start whether it uses what was handed over ([the hand-over](../../docs/handover.md)). The certificate is a file in the container: \`cluster_cert\` and \`cluster_cert_key\` say where.`,
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
    variant: 'rights of two service accounts that exist; what to merge into the bucket comes out as values',
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
    variant: 'bucket, rights of two service accounts of Kubernetes (Workload Identity Federation), environments',
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
    variant:
      'also the running exporter on a worker pool, the scheduled check, alarms for both, and the containers of a gateway’s service',
    description:
      'As [the module for Google Cloud](../..), with the exporter running on a worker pool, the scheduled check as a job, and alarms for both, and what the service of a gateway needs: the container that imports before it and stays, its own, and the volume between them. [The example](examples/basic/main.tf) has the whole service.\n\nBefore: the agent’s image, one user for both images, the certificates as secrets, the network: [the page on Cloud Run](../../../../docs/platforms/google-cloud-run.md#before).',
    providers,
    example: `${arguments_}
  region                     = "europe-west1"
  image                      = "europe-docker.pkg.dev/example-project/kong/kong-resilience:0.1.0"
  cluster_certificate_secret = "kong-cluster-cert"
  cluster_key_secret         = "kong-cluster-key"
  gateway_image              = "europe-docker.pkg.dev/example-project/kong/kong:3.9.1"`,
    exampleSetup: setup,
    exampleUse: `resource "google_cloud_run_v2_service" "gateway" {
  name     = "kong-gateway"
  location = "europe-west1"
  ingress  = "INGRESS_TRAFFIC_INTERNAL_ONLY"

  template {
    service_account = module.kong_resilience.importer_service_account_email

    # The gateway, and what imports before it. What is yours, such as limits, is merged into the first.
    dynamic "containers" {
      for_each = module.kong_resilience.gateway_containers
      content {
        name       = containers.value.name
        image      = containers.value.image
        args       = try(containers.value.args, null)
        depends_on = try(containers.value.depends_on, null)

        dynamic "env" {
          for_each = containers.value.env
          content {
            name  = env.value.name
            value = try(env.value.value, null)
            dynamic "value_source" {
              for_each = try([env.value.value_source], [])
              content {
                secret_key_ref {
                  secret  = value_source.value.secret_key_ref.secret
                  version = value_source.value.secret_key_ref.version
                }
              }
            }
          }
        }
        dynamic "ports" {
          for_each = try([containers.value.ports], [])
          content {
            container_port = ports.value.container_port
          }
        }
        resources {
          limits   = try(containers.value.resources.limits, null)
          cpu_idle = containers.value.resources.cpu_idle
        }
        startup_probe {
          period_seconds    = containers.value.startup_probe.period_seconds
          timeout_seconds   = containers.value.startup_probe.timeout_seconds
          failure_threshold = containers.value.startup_probe.failure_threshold
          http_get {
            path = containers.value.startup_probe.http_get.path
            port = containers.value.startup_probe.http_get.port
          }
        }
        dynamic "volume_mounts" {
          for_each = containers.value.volume_mounts
          content {
            name       = volume_mounts.value.name
            mount_path = volume_mounts.value.mount_path
          }
        }
      }
    }

    dynamic "volumes" {
      for_each = module.kong_resilience.gateway_volumes
      content {
        name = volumes.value.name
        empty_dir {
          medium     = volumes.value.empty_dir.medium
          size_limit = volumes.value.empty_dir.size_limit
        }
      }
    }
  }
}
`,
    storageUrl: '^gcs://example-kong-fallback/kong$',
    declare: onCloudRun,
  },
];
