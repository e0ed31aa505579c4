import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  AgentConfigMap,
  AgentImage,
  EnvValue,
  IrsaRole,
  KongResilience,
  KongResilienceRules,
  KubernetesAlarms,
  KubernetesCheck,
  KubernetesExporter,
  KubernetesImporter,
  OidcProvider,
  S3Store,
} from 'cdktf-kong-resilience/aws';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy the bucket. Apply false, and only then destroy. */
const protect = true;

class KongOnEks extends TerraformStack {
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
    const namespace = this.variable('namespace', 'Namespace of exporter and gateways.', 'kong');
    const monitoringNamespace = this.variable('monitoring_namespace', 'Namespace of Prometheus.', 'monitoring');
    new AwsProvider(this, 'Aws', { region });

    const cluster = new DataAwsEksCluster(this, 'Cluster', { name: clusterName });
    const oidcProvider = OidcProvider.fromIssuerUrl(cluster.identity.get(0).oidc.get(0).issuer);
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

    // The program, for a stock image of Node: nothing has to be built.
    const agent = new AgentConfigMap(this, 'Agent', { namespace });
    const shared = { namespace, image: AgentImage.nodeWithConfigMap(agent) };
    const exporterPods = new KubernetesExporter(this, 'ExporterDeployment', {
      ...shared,
      exporter,
      serviceAccountName: 'kong-exporter',
      monitoringNamespace,
    });
    const gatewayPods = new KubernetesImporter(this, 'GatewayChart', {
      ...shared,
      importer: gateway,
      serviceAccountName: 'kong-gateway',
    });
    const check = new KubernetesCheck(this, 'Check', { importer: gatewayPods });
    const alarms = new KubernetesAlarms(this, 'Alarms', { exporter: exporterPods, check });

    new TerraformOutput(this, 'storage_url', { value: store.storageUrl });
    new TerraformOutput(this, 'agent_manifest', {
      description: 'kubectl apply --server-side -f -',
      value: agent.toYaml(),
      // No secret, but 740 KB, which a plan would show.
      sensitive: true,
    });
    new TerraformOutput(this, 'exporter_manifests', {
      description: 'kubectl apply --server-side -f -',
      value: exporterPods.toYaml(),
    });
    new TerraformOutput(this, 'check_manifests', {
      description: 'kubectl apply --server-side -f -, after the gateways',
      value: check.toYaml(),
    });
    new TerraformOutput(this, 'alarm_manifests', {
      description: 'kubectl apply --server-side -f -, where the Prometheus Operator runs',
      value: alarms.toYaml(),
    });
    new TerraformOutput(this, 'gateway_values', {
      description: "helm upgrade --install kong kong/kong -f: values of Kong's chart",
      value: gatewayPods.helmValuesToYaml(),
    });
  }

  private variable(name: string, description: string, defaultValue?: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }
}

const app = new App();
new KongOnEks(app, 'kong-aws-eks');
KongResilienceRules.addToStacks(app);
app.synth();
