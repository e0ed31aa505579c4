import { CloudRunV2WorkerPool } from '@cdktf/provider-google/lib/cloud-run-v2-worker-pool';
import { Construct } from 'constructs';
import type { IExporterNode } from '../../topology';
import { exporterCommand } from '../../topology/exporting';
import { generatedRunName } from '../names';
import { checkRun, instanceProblems, serviceAccountOf, vpcAccess, type CloudRunProps } from './cloud-run';
import { addExporterAlarms, type ExporterAlarmOptions } from './exporter-alarms';
import { grantSecrets } from './secret-access';
import { fileProblems, runVariables } from './variables';

export interface CloudRunExporterProps extends CloudRunProps, ExporterAlarmOptions {
  /** The exporter of the topology. Its principal must be a service account: `AttachedServiceAccount`. */
  readonly exporter: IExporterNode;
  /** How many instances run: one exports, another takes over within the lease when it is gone. Each is billed all the time. @default 1 */
  readonly instanceCount?: number;
  /** Limit of CPU of an instance. @default 1 */
  readonly cpu?: string;
  /** Limit of memory of an instance; the spool is in memory on Cloud Run and counts. @default 1Gi */
  readonly memory?: string;
}

/**
 * An exporter on a Cloud Run worker pool: an instance without a URL that runs all the time.
 *
 * Its secrets are read by Cloud Run when an instance starts, with the identity of the exporter's service account, which is
 * let in to exactly these. What is not exported yet is lost with the instance, since Cloud Run has no disk; the control
 * plane sends it again to the next one. Where worker pools are not offered: {@link CloudRunServiceExporter}.
 */
export class CloudRunExporter extends Construct {
  /** The worker pool, for what this construct has no prop for. */
  readonly workerPool: CloudRunV2WorkerPool;

  /** @throws DeclarationError with everything that is wrong in the props, and for a principal that is no service account */
  constructor(scope: Construct, id: string, props: CloudRunExporterProps) {
    super(scope, id);
    const { exporter, image, location, project, instanceCount = 1, cpu = '1', memory = '1Gi' } = props;
    checkRun(this, props, [...instanceProblems(instanceCount), ...fileProblems(exporter.agentEnvironment)]);
    const account = serviceAccountOf(this, exporter.principal);
    const env = runVariables(exporter.agentEnvironment);
    this.workerPool = new CloudRunV2WorkerPool(this, 'Resource', {
      name: props.name ?? generatedRunName(this),
      location,
      project,
      labels: props.labels,
      // What protects the configurations is the store; an exporter may be replaced at any time.
      deletionProtection: false,
      scaling: { scalingMode: 'MANUAL', manualInstanceCount: instanceCount },
      template: {
        serviceAccount: account.email,
        containers: [
          {
            name: 'kong-resilience',
            image,
            args: [exporterCommand(exporter)],
            env,
            resources: { limits: { cpu, memory } },
          },
        ],
        ...vpcAccess(props),
      },
      dependsOn: grantSecrets(this, account, env, project),
    });
    addExporterAlarms(this, props, {
      exporter,
      logs: `resource.type="cloud_run_worker_pool" AND resource.labels.worker_pool_name="${this.workerPool.name}" AND resource.labels.location="${location}"`,
    });
  }
}
