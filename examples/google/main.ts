import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  AgentConfigMap,
  AgentImage,
  EnvValue,
  GcsStore,
  GkeWorkloadIdentity,
  KongResilience,
  KongResilienceRules,
  KubernetesAlarms,
  KubernetesCheck,
  KubernetesExporter,
  KubernetesImporter,
} from 'cdktf-kong-resilience/google';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy the bucket. Apply false, and only then destroy. */
const protect = true;

class KongOnGke extends TerraformStack {
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
    const namespace = this.variable('namespace', 'Namespace of exporter and gateways.', 'kong');
    const monitoringNamespace = this.variable('monitoring_namespace', 'Namespace of Prometheus.', 'monitoring');
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
    const exporter = kong.addExporter('Exporter', {
      principal: new GkeWorkloadIdentity(this, 'ExporterPods', { namespace, serviceAccountName: 'kong-exporter' }),
      gatewayVersions: [gatewayVersion],
    });
    const gateway = kong.addImporter('Gateway', {
      principal: new GkeWorkloadIdentity(this, 'GatewayPods', { namespace, serviceAccountName: 'kong-gateway' }),
      gatewayVersion,
    });

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
new KongOnGke(app, 'kong-google');
KongResilienceRules.addToStacks(app);
app.synth();
