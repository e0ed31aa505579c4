import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  AttachedServiceAccount,
  CloudRunCheck,
  CloudRunExporter,
  CloudRunImporter,
  EnvValue,
  GcsStore,
  KongResilience,
  KongResilienceRules,
} from 'cdktf-kong-resilience/google';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

/** Whether Terraform refuses to destroy the bucket and the gateway. Apply false, and only then destroy. */
const protect = true;

class KongOnCloudRun extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const project = this.variable('project', 'Project of everything here.');
    const location = this.variable('location', 'Region of everything here.', 'europe-west1');
    const controlPlane = this.variable('control_plane', 'host:port of the cluster listener of the control plane.');
    const image = this.variable('agent_image', 'Image of kong-resilience in Artifact Registry, by full tag or digest.');
    const network = this.variable('network', 'Network in which the control plane is reached.', 'default');
    const certificate = this.variable('cluster_certificate_secret', 'Secret with the PEM of the cluster certificate.');
    const key = this.variable('cluster_key_secret', 'Secret with the PEM of its private key.');
    new GoogleProvider(this, 'Google', { project });

    const kong = new KongResilience(this, 'Kong', {
      store: new GcsStore(this, 'Store', {
        bucketName: `${project}-kong-fallback`,
        location,
        preventDestroy: protect,
        forceDestroy: !protect,
      }),
      controlPlane,
      clusterCert: EnvValue.fromGoogleSecret(certificate),
      clusterCertKey: EnvValue.fromGoogleSecret(key),
    });
    const exporter = kong.addExporter('Exporter', {
      principal: new AttachedServiceAccount(this, 'ExporterAccount'),
      gatewayVersions: [gatewayVersion],
    });
    const importer = kong.addImporter('Gateway', {
      principal: new AttachedServiceAccount(this, 'GatewayAccount'),
      gatewayVersion,
    });

    const agent = { location, image, network };
    const { workerPool } = new CloudRunExporter(this, 'ExporterPool', { ...agent, exporter });
    new CloudRunCheck(this, 'Check', { ...agent, importer });

    const handover = new CloudRunImporter(this, 'Handover', { importer, image });
    const gateway = new CloudRunV2Service(this, 'GatewayService', {
      name: 'kong-gateway',
      location,
      ingress: 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER',
      deletionProtection: protect,
      template: {
        serviceAccount: handover.serviceAccount,
        scaling: { minInstanceCount: 1, maxInstanceCount: 10 },
        containers: [
          handover.gatewayContainer({
            name: 'kong',
            image: `kong:${gatewayVersion}`,
            resources: { limits: { cpu: '2', memory: '2Gi' } },
          }),
          handover.importContainer,
        ],
        volumes: handover.volumes,
        vpcAccess: { egress: 'PRIVATE_RANGES_ONLY', networkInterfaces: [{ network }] },
      },
      dependsOn: handover.dependsOn,
    });

    new TerraformOutput(this, 'storage_url', { value: kong.store.storageUrl });
    new TerraformOutput(this, 'exporter_worker_pool', { value: workerPool.name });
    new TerraformOutput(this, 'gateway_service', { value: gateway.name });
  }

  private variable(name: string, description: string, defaultValue?: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }
}

const app = new App();
new KongOnCloudRun(app, 'kong-google-cloud-run');
KongResilienceRules.addToStacks(app);
app.synth();
