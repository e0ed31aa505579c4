import { Construct } from 'constructs';
import { forJson } from '../environment/text';
import { isKnown, throwProblems, type Problem } from '../problems';
import { programOf } from './agent-image';
import type { KubernetesImporter } from './importer';
import { labelsOf, yamlStream, type KubernetesManifest } from './manifest';
import { labelProblems } from './names';
import { agentNetworkPolicy } from './network-policy';
import { agentContainer, agentPod, agentVolumes } from './pod';
import { agentPodProblems, type AgentPodProps } from './pod-props';
import { wrongSchedule } from './problems';
import { resourcesOf } from './resources';
import { mountSecrets } from './secret-mounts';

export interface KubernetesCheckProps extends AgentPodProps {
  /** The gateways for which is checked: as them, in their namespace, with their program. Their service account must exist. */
  readonly importer: KubernetesImporter;
  /**
   * Name of the cron job, at most 52 characters.
   *
   * @default the name of the gateways' service account, and `-check`
   */
  readonly name?: string;
  /**
   * When it runs, as cron writes it.
   *
   * @default every 15 minutes
   */
  readonly schedule?: string;
}

/** How long a run may take, in seconds. */
const endsWithin = 300;

/** How late a run may begin, in seconds; without a bound, a cron job that missed a hundred would never run again. */
const beginsWithin = 600;

const component = 'check';

/**
 * `kong-resilience check` as a cron job under the gateways' service account: whether what is stored for their version can be
 * read, is whole and fresh. A run that says no is a failed job, and `KubernetesAlarms` tells.
 */
export class KubernetesCheck extends Construct {
  readonly name: string;
  readonly namespace: string;
  readonly cronJob: KubernetesManifest;
  readonly networkPolicy: KubernetesManifest;
  /** Both. */
  readonly manifests: readonly KubernetesManifest[];

  /** @throws DeclarationError with everything that is wrong with its props */
  constructor(scope: Construct, id: string, props: KubernetesCheckProps) {
    super(scope, id);
    const { importer, schedule = '*/15 * * * *' } = props;
    const { namespace, serviceAccountName } = importer;
    const { agentEnvironment } = importer.importer;
    const name = props.name ?? `${serviceAccountName}-check`;
    throwProblems(this, propsProblems(props, name, schedule));
    const program = programOf(importer.image);
    const secrets = mountSecrets(props.secretMounts);
    const container = agentContainer(program, {
      name: 'kong-resilience',
      args: ['check'],
      env: agentEnvironment.toKubernetes(),
      resources: resourcesOf(props.resources),
      volumeMounts: secrets.volumeMounts,
    });
    const pod = agentPod(
      {
        serviceAccountName,
        imagePullSecrets: props.imagePullSecrets,
        volumes: [...agentVolumes(program), ...secrets.volumes],
      },
      container,
    );
    const labels = labelsOf(name, component);
    this.name = name;
    this.namespace = namespace;
    this.cronJob = forJson({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name, namespace, labels },
      spec: {
        schedule,
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: beginsWithin,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          spec: {
            backoffLimit: 1,
            activeDeadlineSeconds: endsWithin,
            template: { metadata: { labels }, spec: { ...pod, restartPolicy: 'Never' } },
          },
        },
      },
    });
    this.networkPolicy = agentNetworkPolicy({
      name,
      namespace,
      component,
      agentEnvironment,
      serviceAccountAnnotations: importer.serviceAccountAnnotations,
      egressPorts: props.egressPorts,
    });
    this.manifests = [this.networkPolicy, this.cronJob];
  }

  /** The manifests as one YAML stream, which Terraform writes when it applies: for `kubectl apply --server-side -f -`. */
  toYaml(): string {
    return yamlStream(this.manifests);
  }
}

function propsProblems(props: KubernetesCheckProps, name: string, schedule: string): Problem[] {
  return [
    // The controller adds eleven characters to the name of each job.
    ...labelProblems('name', name, 52),
    ...(isKnown(schedule) && !/^\s*(?:[\d*,/A-Za-z-]+\s+){4}[\d*,/A-Za-z-]+\s*$/.test(schedule)
      ? [wrongSchedule(schedule)]
      : []),
    ...agentPodProblems(props, props.importer.importer.agentEnvironment),
  ];
}
