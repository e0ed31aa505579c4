import { MinioServiceAccount, MinioStore, MinioUser } from '../../constructs/minio';
import {
  certificateVariables,
  environmentOutputs,
  forceDestroy,
  prefix,
  secretEnvironmentOutputs,
  topology,
} from './common';
import { EACH_VERSION, type ModuleDefinition } from './module-stack';

export const minioModules: readonly ModuleDefinition[] = [
  {
    path: 'minio',
    title: 'Data-plane resilience for Kong Gateway on MinIO',
    variant: 'bucket, a user with two service accounts and their keys, environments',
    description: `Bucket (versioned, with a lifecycle that never reaches what is current), a user, and two service accounts of it: the exporter's may write, the gateways' may only read; and the environment of each node.

**The keys are in Terraform's state, in the clear**: keep it as you keep them.`,
    providers: { minio: { source: 'aminueza/minio', version: '>= 3.38, < 4.0' } },
    example: `  bucket_name      = "kong-fallback"
  endpoint         = "https://minio.example.com:9000"
  control_plane    = "cp.example.com:8005"
  gateway_versions = ["3.9.1"]`,
    exampleSetup: `provider "minio" {
  minio_server   = "minio.example.com:9000"
  minio_user     = "admin"
  minio_password = var.minio_password
  minio_ssl      = true
}

variable "minio_password" {
  type      = string
  sensitive = true
}
`,
    storageUrl: '^s3://kong-fallback/kong$',
    declare: (stack) => {
      const store = new MinioStore(stack, 'Store', {
        bucketName: stack.text('bucket_name', {
          description: 'Name of the bucket.',
          validation: [
            {
              condition: 'can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))',
              error: 'bucket_name must have 3 to 63 lower-case letters, digits, dots and hyphens.',
            },
          ],
        }),
        endpoint: stack.text('endpoint', {
          description: 'URL of MinIO, as the nodes reach it: AWS_CONFIG_STORAGE_ENDPOINT.',
          validation: [
            {
              condition: 'can(regex("^https?://[^/\\\\s]+/?$", var.endpoint))',
              error: 'endpoint must be an http:// or https:// URL without a path.',
            },
          ],
        }),
        region: stack.text('region', { description: 'Region that the nodes name: AWS_REGION.', default: 'us-east-1' }),
        prefix: prefix(stack),
        preventDestroy: false,
        forceDestroy: forceDestroy(stack, 'MinIO'),
      });
      store.addGatewayVersion(EACH_VERSION);
      const user = new MinioUser(stack, 'User', {
        userName: stack.text('user_name', {
          description: 'Name of the user whose service accounts the nodes have.',
          default: 'kong-resilience',
          validation: [
            {
              condition: 'can(regex("^[0-9A-Za-z=,.@_+-]{3,64}$", var.user_name))',
              error: 'user_name must have 3 to 64 letters, digits and "=,.@_+-".',
            },
          ],
        }),
      });
      const account = (id: string, name: string, description: string): MinioServiceAccount =>
        new MinioServiceAccount(stack, id, { user, accountName: name, description });
      const exporterAccount = account('ExporterAccount', 'kong-exporter', 'Writes the configurations of the gateways.');
      const importerAccount = account('ImporterAccount', 'kong-gateway', 'Reads the configurations of the gateways.');
      const principals = { exporter: exporterAccount, importer: importerAccount };
      const { exporter, importer } = topology(stack, store, principals, certificateVariables(stack));
      for (const [name, whose, block] of [
        ['exporter', 'the exporter', exporter.agentEnvironment],
        ['importer', 'what imports for a gateway', importer.agentEnvironment],
      ] as const) {
        secretEnvironmentOutputs(stack, name, whose, block);
      }
      environmentOutputs(stack, 'gateway', 'a gateway of open source', importer.gatewayEnvironment);
    },
  },
];
