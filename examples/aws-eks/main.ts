import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, Fn, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  EnvValue,
  IrsaRole,
  KongResilience,
  KongResilienceRules,
  OidcProvider,
  S3Store,
  type ExporterNode,
  type ImporterNode,
} from 'cdktf-kong-resilience/aws';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy the bucket. Apply false, and only then destroy. */
const protect = true;

/** Where the agent leaves the configuration for the gateway, and what it keeps for itself. */
const handover = '/var/lib/kong-resilience/handover';
const spool = '/var/lib/kong-resilience/spool';

/** As Kong's chart runs the gateway, so that it may read what is handed over. */
const securityContext = { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, allowPrivilegeEscalation: false };

class KongOnEks extends TerraformStack {
  private readonly agentImage: string;
  private readonly namespace: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const region = this.variable('region', 'Region of bucket and cluster.', 'eu-central-1');
    const clusterName = this.variable('cluster_name', 'Name of the EKS cluster; its OIDC provider must exist in IAM.');
    const controlPlane = this.variable('control_plane', 'host:port of the cluster listener of the control plane.');
    const certificate = this.variable(
      'cluster_certificate_secret',
      'Secret of the type kubernetes.io/tls in the namespace, with the cluster certificate.',
      'kong-cluster-cert',
    );
    this.agentImage = this.variable('agent_image', 'Image with the program kong-resilience as its entry point.');
    this.namespace = this.variable('namespace', 'Namespace of exporter and gateways.', 'kong');
    new AwsProvider(this, 'Aws', { region });

    const cluster = new DataAwsEksCluster(this, 'Cluster', { name: clusterName });
    const oidcProvider = OidcProvider.fromIssuerUrl(cluster.identity.get(0).oidc.get(0).issuer);
    const { namespace } = this;
    const exporterRole = new IrsaRole(this, 'ExporterRole', {
      oidcProvider,
      namespace,
      serviceAccount: 'kong-exporter',
    });
    const gatewayRole = new IrsaRole(this, 'GatewayRole', { oidcProvider, namespace, serviceAccount: 'kong-gateway' });

    const store = new S3Store(this, 'Store', {
      bucketPrefix: 'kong-fallback-',
      preventDestroy: protect,
      forceDestroy: !protect,
    });
    const kong = new KongResilience(this, 'Kong', {
      store,
      controlPlane,
      clusterCert: EnvValue.fromKubernetesSecret(certificate, 'tls.crt'),
      clusterCertKey: EnvValue.fromKubernetesSecret(certificate, 'tls.key'),
    });
    const exporter = kong.addExporter('Exporter', { principal: exporterRole, gatewayVersions: [gatewayVersion] });
    const gateway = kong.addImporter('Gateway', { principal: gatewayRole, gatewayVersion });

    new TerraformOutput(this, 'storage_url', { value: store.storageUrl });
    new TerraformOutput(this, 'exporter_manifests', {
      description: 'kubectl apply -f',
      value: this.exporterManifests(exporter, exporterRole),
    });
    new TerraformOutput(this, 'gateway_values', {
      description: "helm upgrade --install kong kong/kong -f: values of Kong's chart",
      value: this.gatewayValues(gateway, gatewayRole),
    });
  }

  private variable(name: string, description: string, defaultValue?: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }

  private exporterManifests(exporter: ExporterNode, role: IrsaRole): string {
    const metadata = { name: 'kong-exporter', namespace: this.namespace };
    const labels = { app: 'kong-exporter' };
    const { path, port } = exporter.readinessProbe;
    const serviceAccount = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...metadata, annotations: role.serviceAccountAnnotations },
    };
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

  private gatewayValues(gateway: ImporterNode, role: IrsaRole): string {
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
        serviceAccount: { create: true, name: 'kong-gateway', annotations: role.serviceAccountAnnotations },
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
new KongOnEks(app, 'kong-aws-eks');
KongResilienceRules.addToStacks(app);
app.synth();
