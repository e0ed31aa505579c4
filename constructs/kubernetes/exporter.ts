import { Fn, Op, Token } from 'cdktf';
import { Construct } from 'constructs';
import { environmentVariables } from '../../src/contract';
import type { EnvironmentBlock } from '../environment';
import { forJson } from '../environment/text';
import { isKnown, throwProblems, type Problem } from '../problems';
import { SPOOL_DIR, type IExporterNode } from '../topology';
import { exporterCommand } from '../topology/exporting';
import { AgentConfigMap } from './agent-config-map';
import { AgentImage, programOf } from './agent-image';
import { labelsOf, selectorOf, yamlStream, type KubernetesManifest } from './manifest';
import { labelProblems, subdomainProblems } from './names';
import { agentNetworkPolicy } from './network-policy';
import { agentContainer, agentPod, agentVolumes } from './pod';
import { accountAnnotations, podAccountProblems } from './pod-account';
import { agentPodProblems, type AgentPodProps } from './pod-props';
import { folderMoved, wrongReplicas } from './problems';
import { resourcesOf } from './resources';
import { mountSecrets } from './secret-mounts';

export interface KubernetesExporterProps extends AgentPodProps {
  /** The node of the topology that these pods are. */
  readonly exporter: IExporterNode;
  /** Namespace of the pods. */
  readonly namespace: string;
  /** Service account of the pods, which is made: the one that the node's principal trusts. */
  readonly serviceAccountName: string;
  /**
   * Annotations of it, beside those that the node's principal needs (an `IrsaRole`, a `GkeImpersonation`).
   *
   * @default none
   */
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
  /**
   * Name of the deployment and what belongs to it, at most 63 characters.
   *
   * @default the name of the service account
   */
  readonly name?: string;
  /**
   * What the pods run.
   *
   * @default `AgentImage.nodeWithConfigMap` with a ConfigMap of its own, which is then among the manifests
   */
  readonly image?: AgentImage;
  /**
   * How many pods, 1 to 3. One leads by its lease and the others take over: with one, an export waits for a new pod after
   * a node is lost.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * Namespace whose pods may read `/metrics` and `/status`.
   *
   * @default none: nobody but the kubelet reaches the pods
   */
  readonly monitoringNamespace?: string;
}

/** How long a pod may take to end beyond the export in hand, in seconds. */
const endsWithin = 5;

/**
 * A backup node as a deployment, under the restricted pod security standard, with its service account and its network
 * policy.
 *
 * A pod is alive while it answers (`/health`), and ready when each version is covered (`/ready`): nothing is routed by that,
 * but an update waits for it, so that a new pod that covers nothing never takes the place of an old one that does. There is
 * no disruption budget, and the pods' volumes keep no node from being drained: what is spooled is also at the control plane.
 */
export class KubernetesExporter extends Construct {
  readonly exporter: IExporterNode;
  readonly name: string;
  readonly namespace: string;
  /** What the pods run, for other constructs of the namespace to share. */
  readonly image: AgentImage;
  /** The namespace that may read the metrics, if there is one. */
  readonly monitoringNamespace: string | undefined;
  readonly serviceAccount: KubernetesManifest;
  readonly deployment: KubernetesManifest;
  readonly networkPolicy: KubernetesManifest;
  /** All of it, in the order in which it is applied: the agent's ConfigMap where it is its own, and the three above. */
  readonly manifests: readonly KubernetesManifest[];

  /** @throws DeclarationError with everything that is wrong with its props */
  constructor(scope: Construct, id: string, props: KubernetesExporterProps) {
    super(scope, id);
    const { exporter, namespace, serviceAccountName } = props;
    const annotations = accountAnnotations(exporter.principal, props);
    const { name = serviceAccountName, monitoringNamespace } = props;
    throwProblems(this, propsProblems(props));
    const configMap = props.image === undefined ? new AgentConfigMap(this, 'Agent', { namespace }) : undefined;
    const image = props.image ?? AgentImage.nodeWithConfigMap(configMap as AgentConfigMap);
    this.exporter = exporter;
    this.name = name;
    this.namespace = namespace;
    this.image = image;
    this.monitoringNamespace = monitoringNamespace;
    this.serviceAccount = forJson({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: serviceAccountName,
        namespace,
        labels: labelsOf(name, component),
        ...(annotations === undefined ? {} : { annotations }),
      },
      automountServiceAccountToken: false,
    });
    this.deployment = deploymentOf(props, name, image);
    const { port } = exporter.readinessProbe;
    this.networkPolicy = agentNetworkPolicy({
      name,
      namespace,
      component,
      agentEnvironment: exporter.agentEnvironment,
      serviceAccountAnnotations: annotations,
      egressPorts: props.egressPorts,
      ...(monitoringNamespace === undefined ? {} : { ingress: { namespace: monitoringNamespace, port } }),
    });
    this.manifests = [
      ...(configMap === undefined ? [] : [configMap.manifest]),
      this.serviceAccount,
      this.networkPolicy,
      this.deployment,
    ];
  }

  /** By which the pods are found. */
  get podLabels(): Readonly<Record<string, string>> {
    return selectorOf(this.name, component);
  }

  /** The manifests as one YAML stream, which Terraform writes when it applies: for `kubectl apply --server-side -f -`. */
  toYaml(): string {
    return yamlStream(this.manifests);
  }
}

const component = 'exporter';

function propsProblems(props: KubernetesExporterProps): Problem[] {
  const { exporter, namespace, serviceAccountName, name, replicas, image } = props;
  const { agentEnvironment } = exporter;
  return [
    ...labelProblems('namespace', namespace),
    ...subdomainProblems('serviceAccountName', serviceAccountName),
    ...podAccountProblems(exporter.principal, props),
    ...labelProblems('name', name ?? serviceAccountName),
    ...labelProblems('monitoringNamespace', props.monitoringNamespace),
    ...(isKnown(replicas) && !(Number.isInteger(replicas) && replicas >= 1 && replicas <= 3)
      ? [wrongReplicas(replicas)]
      : []),
    ...(image === undefined ? [] : programOf(image).problems(namespace)),
    ...agentPodProblems(props, agentEnvironment),
    ...(agentEnvironment.get('KONG_RESILIENCE_SPOOL_DIR') === undefined
      ? []
      : [folderMoved('KONG_RESILIENCE_SPOOL_DIR', SPOOL_DIR)]),
  ];
}

function deploymentOf(props: KubernetesExporterProps, name: string, image: AgentImage): KubernetesManifest {
  const { exporter, namespace, serviceAccountName, imagePullSecrets, replicas = 1 } = props;
  const { agentEnvironment, readinessProbe } = exporter;
  const matchLabels = selectorOf(name, component);
  const program = programOf(image);
  const secrets = mountSecrets(props.secretMounts);
  const health = { httpGet: { path: '/health', port: 'status' } };
  const container = agentContainer(program, {
    name: 'kong-resilience',
    args: [exporterCommand(exporter)],
    env: agentEnvironment.toKubernetes(),
    resources: resourcesOf(props.resources, '1Gi'),
    volumeMounts: [
      { name: 'spool', mountPath: SPOOL_DIR },
      { name: 'tmp', mountPath: '/tmp' },
      ...secrets.volumeMounts,
    ],
    more: {
      ports: [{ name: 'status', containerPort: readinessProbe.port }],
      startupProbe: { ...health, periodSeconds: 2, failureThreshold: 30 },
      livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
      readinessProbe: { httpGet: { path: readinessProbe.path, port: 'status' }, periodSeconds: 5, timeoutSeconds: 5 },
    },
  });
  const pod = agentPod(
    {
      serviceAccountName,
      imagePullSecrets,
      volumes: [
        ...agentVolumes(program),
        { name: 'spool', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
        ...secrets.volumes,
      ],
    },
    container,
  );
  const spread = (topologyKey: string): object => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels },
  });
  return forJson({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: labelsOf(name, component) },
    spec: {
      replicas,
      revisionHistoryLimit: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels },
      template: {
        metadata: {
          labels: labelsOf(name, component),
          // Its volumes are the pod's own, for which the cluster autoscaler would keep a node.
          annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' },
        },
        spec: {
          ...pod,
          terminationGracePeriodSeconds: gracePeriodOf(agentEnvironment),
          topologySpreadConstraints: [spread('kubernetes.io/hostname'), spread('topology.kubernetes.io/zone')],
        },
      },
    },
  });
}

/** Longer than the export in hand may take. */
function gracePeriodOf(block: EnvironmentBlock): number {
  const seconds = secondsOf(block, 'KONG_RESILIENCE_SHUTDOWN_SECONDS');
  return isKnown(seconds)
    ? Number(Math.ceil(seconds)) + endsWithin
    : Token.asNumber(Op.add(Fn.ceil(seconds), endsWithin));
}

/** A number of seconds in an environment, or its default; a token where Terraform alone knows it. */
export function secondsOf(block: EnvironmentBlock, name: string): number {
  const text = block.get(name)?.toString() ?? environmentVariables.find((variable) => variable.name === name)?.default;
  return isKnown(text) ? Number(text) : Fn.tonumber(text);
}
