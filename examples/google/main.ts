import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { App, Fn, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  EnvValue,
  GcsStore,
  GkeWorkloadIdentity,
  KongResilience,
  KongResilienceRules,
  type ExporterNode,
  type ImporterNode,
} from 'cdktf-kong-resilience/google';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy the bucket. Apply false, and only then destroy. */
const protect = true;

/** Where the agent leaves the configuration for the gateway, and what it keeps for itself. */
const handover = '/var/lib/kong-resilience/handover';
const spool = '/var/lib/kong-resilience/spool';

/** As Kong's chart runs the gateway, so that it may read what is handed over. */
const securityContext = { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, allowPrivilegeEscalation: false };

class KongOnGke extends TerraformStack {
  private readonly agentImage: string;
  private readonly namespace: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const project = this.variable('project', 'Project of bucket and cluster.');
    const location = this.variable('location', 'Region, dual-region or multi-region of the bucket.', 'EU');
    const controlPlane = this.variable('control_plane', 'host:port of the cluster listener of the control plane.');
    const certificate = this.variable(
      'cluster_certificate_secret',
      'Secret of the type kubernetes.io/tls in the namespace, with the cluster certificate.',
      'kong-cluster-cert',
    );
    this.agentImage = this.variable('agent_image', 'Image with the program kong-resilience as its entry point.');
    this.namespace = this.variable('namespace', 'Namespace of exporter and gateways.', 'kong');
    new GoogleProvider(this, 'Google', { project });

    const store = new GcsStore(this, 'Store', {
      bucketName: `${project}-kong-fallback`,
      location,
      preventDestroy: protect,
      forceDestroy: !protect,
    });
    const kong = new KongResilience(this, 'Kong', {
      store,
      controlPlane,
      clusterCert: EnvValue.fromKubernetesSecret(certificate, 'tls.crt'),
      clusterCertKey: EnvValue.fromKubernetesSecret(certificate, 'tls.key'),
    });
    const { namespace } = this;
    const exporter = kong.addExporter('Exporter', {
      principal: new GkeWorkloadIdentity(this, 'ExporterPods', { namespace, serviceAccountName: 'kong-exporter' }),
      gatewayVersions: [gatewayVersion],
    });
    const gateway = kong.addImporter('Gateway', {
      principal: new GkeWorkloadIdentity(this, 'GatewayPods', { namespace, serviceAccountName: 'kong-gateway' }),
      gatewayVersion,
    });

    new TerraformOutput(this, 'storage_url', { value: store.storageUrl });
    new TerraformOutput(this, 'exporter_manifests', {
      description: 'kubectl apply -f',
      value: this.exporterManifests(exporter),
    });
    new TerraformOutput(this, 'gateway_values', {
      description: "helm upgrade --install kong kong/kong -f: values of Kong's chart",
      value: this.gatewayValues(gateway),
    });
  }

  private variable(name: string, description: string, defaultValue?: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }

  private exporterManifests(exporter: ExporterNode): string {
    const metadata = { name: 'kong-exporter', namespace: this.namespace };
    const labels = { app: 'kong-exporter' };
    const { path, port } = exporter.readinessProbe;
    // Let in directly: it needs no annotation.
    const serviceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: metadata.name,
            // So that the spool is this user's.
            securityContext: { fsGroup: 1000 },
            containers: [
              {
                name: 'kong-resilience',
                image: this.agentImage,
                args: ['run'],
                env: exporter.agentEnvironment.toKubernetes(),
                ports: [{ name: 'status', containerPort: port }],
                readinessProbe: { httpGet: { path, port: 'status' } },
                livenessProbe: { httpGet: { path: '/health', port: 'status' } },
                securityContext,
                volumeMounts: [{ name: 'spool', mountPath: spool }],
              },
            ],
            volumes: [{ name: 'spool', emptyDir: {} }],
          },
        },
      },
    };
    return `${Fn.yamlencode(serviceAccount)}---\n${Fn.yamlencode(deployment)}`;
  }

  private gatewayValues(gateway: ImporterNode): string {
    const { env, customEnv } = gateway.gatewayEnvironment.toHelmValues();
    const { path, port } = gateway.readinessProbe;
    const volumeMount = { name: 'handover', mountPath: handover };
    return Fn.yamlencode({
      image: { repository: 'kong', tag: gatewayVersion },
      env,
      // The image's entry point is a bash script: at each start this decides whether what was handed over is used.
      customEnv: { ...customEnv, BASH_ENV: `${handover}/start.sh` },
      ingressController: { enabled: false },
      status: { http: { containerPort: port } },
      readinessProbe: { httpGet: { path } },
      deployment: {
        serviceAccount: { create: true, name: 'kong-gateway' },
        initContainers: [
          {
            name: 'import',
            image: this.agentImage,
            args: ['import'],
            env: gateway.agentEnvironment.toKubernetes(),
            securityContext,
            volumeMounts: [volumeMount],
          },
        ],
        userDefinedVolumes: [{ name: 'handover', emptyDir: {} }],
        userDefinedVolumeMounts: [volumeMount],
      },
    });
  }
}

const app = new App();
new KongOnGke(app, 'kong-google');
KongResilienceRules.addToStacks(app);
app.synth();
