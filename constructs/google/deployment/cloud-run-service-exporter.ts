import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { Construct } from 'constructs';
import { exporterCommand } from '../../topology/exporting';
import { generatedRunName } from '../names';
import { checkRun, instanceProblems, serviceAccountOf, vpcAccess } from './cloud-run';
import type { CloudRunExporterProps } from './cloud-run-exporter';
import { addExporterAlarms } from './exporter-alarms';
import { grantSecrets } from './secret-access';
import { fileProblems, runVariables } from './variables';

/** As those of a worker pool. */
export type CloudRunServiceExporterProps = CloudRunExporterProps;

/**
 * An exporter on a Cloud Run service, for regions without worker pools: a fixed number of instances that have CPU all the
 * time, since an idle one could not answer its control plane. Only the project's own networks reach its status pages, and
 * nobody is allowed to call it.
 */
export class CloudRunServiceExporter extends Construct {
  /** The service, for what this construct has no prop for. */
  readonly service: CloudRunV2Service;

  /** @throws DeclarationError with everything that is wrong in the props, and for a principal that is no service account */
  constructor(scope: Construct, id: string, props: CloudRunServiceExporterProps) {
    super(scope, id);
    const { exporter, image, location, project, instanceCount = 1, cpu = '1', memory = '1Gi' } = props;
    checkRun(this, props, [...instanceProblems(instanceCount), ...fileProblems(exporter.agentEnvironment)]);
    const account = serviceAccountOf(this, exporter.principal);
    const env = runVariables(exporter.agentEnvironment);
    const { port } = exporter.readinessProbe;
    // Whether versions are covered is for the alarms: a restart would not mend it.
    const health = { httpGet: { path: '/health', port } };
    this.service = new CloudRunV2Service(this, 'Resource', {
      name: props.name ?? generatedRunName(this),
      location,
      project,
      labels: props.labels,
      // What protects the configurations is the store; an exporter may be replaced at any time.
      deletionProtection: false,
      ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      template: {
        serviceAccount: account.email,
        scaling: { minInstanceCount: instanceCount, maxInstanceCount: instanceCount },
        containers: [
          {
            name: 'kong-resilience',
            image,
            args: [exporterCommand(exporter)],
            env,
            ports: { containerPort: port },
            startupProbe: { ...health, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 12 },
            livenessProbe: { ...health, periodSeconds: 30, timeoutSeconds: 5, failureThreshold: 3 },
            resources: { limits: { cpu, memory }, cpuIdle: false },
          },
        ],
        ...vpcAccess(props),
      },
      dependsOn: grantSecrets(this, account, env, project),
    });
    addExporterAlarms(this, props, {
      exporter,
      logs: `resource.type="cloud_run_revision" AND resource.labels.service_name="${this.service.name}" AND resource.labels.location="${location}"`,
    });
  }
}
