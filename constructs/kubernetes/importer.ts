import { Construct } from 'constructs';
import type { HelmValue, KubernetesVariable } from '../environment';
import { forJson } from '../environment/text';
import { throwProblems, warn, type Problem } from '../problems';
import { HANDOVER_DIR, START_SCRIPT, type ImporterNode } from '../topology';
import { isEnterprise } from '../topology/versions';
import { AgentConfigMap } from './agent-config-map';
import { AgentImage, programOf } from './agent-image';
import { yamlOf, yamlStream, type KubernetesManifest } from './manifest';
import { mergeHelmValues } from './merge-values';
import { labelProblems, subdomainProblems } from './names';
import { agentContainer, agentVolumes } from './pod';
import { accountAnnotations, podAccountProblems } from './pod-account';
import { bashEnvTaken, folderMoved } from './problems';
import { resourcesOf, resourcesProblems, type AgentResources } from './resources';
import { mountSecrets, secretMountProblems } from './secret-mounts';
import { valuesDoubts } from './values-doubts';

export interface KubernetesImporterProps {
  /** The node of the topology that these gateways are. */
  readonly importer: ImporterNode;
  /** Namespace of the gateways. */
  readonly namespace: string;
  /** Service account of the gateways' pods, which the chart makes: the one that the node's principal trusts. */
  readonly serviceAccountName: string;
  /**
   * Annotations of it, beside those that the node's principal needs (an `IrsaRole`, a `GkeImpersonation`).
   *
   * @default none
   */
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
  /**
   * What the init container runs.
   *
   * @default `AgentImage.nodeWithConfigMap` with a ConfigMap of its own, which is then in `manifests`
   */
  readonly image?: AgentImage;
  /**
   * Image of the gateway without its tag, which is the node's version.
   *
   * @default "kong"; "kong/kong-gateway" for a version of Enterprise
   */
  readonly gatewayRepository?: string;
  /** Processor and memory of the init container, which an autoscaler needs of every container. @default 100m, 128Mi to 512Mi */
  readonly resources?: AgentResources;
  /**
   * Secrets that hold files which the environment names, such as a CA: the name of the secret by the folder of its files, in
   * the init container and in the gateway.
   *
   * @default none
   */
  readonly secretMounts?: Readonly<Record<string, string>>;
}

/** What a pod of a gateway needs to be an importer, for a pod that Kong's chart does not make. */
export interface GatewayPodParts {
  /** For `initContainers`. It runs as 1000:1000: so must the gateway, or name a group in KONG_RESILIENCE_HANDOVER_GROUP. */
  readonly initContainer: object;
  /** For `volumes`. */
  readonly volumes: readonly object[];
  /** For `env` of the gateway's container. */
  readonly gatewayEnv: readonly KubernetesVariable[];
  /** For its `volumeMounts`. */
  readonly gatewayVolumeMounts: readonly object[];
  /** For its `readinessProbe`. */
  readonly gatewayReadinessProbe: object;
}

/** Values for Kong's Helm chart. */
export interface KongChartValues {
  readonly image: { readonly repository: string; readonly tag: string };
  readonly env: Readonly<Record<string, HelmValue>>;
  readonly customEnv: Readonly<Record<string, HelmValue>>;
  readonly ingressController: { readonly enabled: boolean };
  readonly manager: { readonly enabled: boolean };
  readonly status: { readonly enabled: boolean; readonly http: object };
  readonly readinessProbe: object;
  readonly deployment: {
    readonly serviceAccount: object;
    readonly initContainers: readonly object[];
    readonly userDefinedVolumes: readonly object[];
    readonly userDefinedVolumeMounts: readonly object[];
  };
}

/**
 * Gateways that come up from the store when their control plane does not answer: values for Kong's Helm chart, or the parts
 * for a pod of your own.
 *
 * An init container stages the configuration in a volume of the pod, in at most KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS; the
 * gateway's own entry point decides at each start whether it is used (`BASH_ENV`, docs/handover.md). Its image and command
 * stay. A failed import, or one whose program is missing, holds no gateway back.
 */
export class KubernetesImporter extends Construct {
  readonly importer: ImporterNode;
  readonly namespace: string;
  readonly serviceAccountName: string;
  readonly serviceAccountAnnotations: Readonly<Record<string, string>> | undefined;
  /** What the init container runs, for other constructs of the namespace to share. */
  readonly image: AgentImage;
  /** For a pod that Kong's chart does not make. */
  readonly podParts: GatewayPodParts;
  /** For Kong's chart; `autoscaling`, `proxy` and all others are left to you: see `helmValuesWith`. */
  readonly helmValues: KongChartValues;
  /** What must be applied before: the agent's ConfigMap where it is its own, else nothing. */
  readonly manifests: readonly KubernetesManifest[];

  /** @throws DeclarationError with everything that is wrong with its props, or for a value that the chart cannot carry */
  constructor(scope: Construct, id: string, props: KubernetesImporterProps) {
    super(scope, id);
    const { importer, namespace, serviceAccountName } = props;
    throwProblems(this, propsProblems(props));
    const configMap = props.image === undefined ? new AgentConfigMap(this, 'Agent', { namespace }) : undefined;
    this.importer = importer;
    this.namespace = namespace;
    this.serviceAccountName = serviceAccountName;
    this.serviceAccountAnnotations = accountAnnotations(importer.principal, props);
    this.image = props.image ?? AgentImage.nodeWithConfigMap(configMap as AgentConfigMap);
    this.manifests = configMap === undefined ? [] : [configMap.manifest];
    this.podParts = podPartsOf(props, this.image);
    this.helmValues = forJson(helmValuesOf(props, this.podParts, this.serviceAccountAnnotations));
  }

  /** The manifests as one YAML stream, which Terraform writes when it applies; empty without any. */
  toYaml(): string {
    return yamlStream(this.manifests);
  }

  /**
   * Your values of the chart and these as one document. Two documents would replace each other's lists: Helm merges maps alone.
   *
   * Maps are merged, our init container, volumes and mounts follow yours, and what both say alike stands once. A mount of
   * `secretMounts` that the chart's own `secretVolumes` makes is left to the chart.
   *
   * @param values yours, as an object: `load(readFileSync('values.yaml', 'utf8'))` of js-yaml. Texts are literal but for tokens
   * @throws DeclarationError with all that both say, and differently; or when they are no object
   */
  helmValuesWith(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const merged = mergeHelmValues(this, values, { ...this.helmValues });
    for (const doubt of valuesDoubts(this.importer, merged)) warn(this, doubt);
    return forJson(merged);
  }

  /**
   * The values as YAML, which Terraform writes when it applies: for `helm upgrade -f`, and `values` of `helm_release`.
   *
   * @param values yours, merged as by `helmValuesWith`. Default: none
   * @throws DeclarationError as `helmValuesWith`
   */
  helmValuesToYaml(values?: Readonly<Record<string, unknown>>): string {
    return yamlOf(values === undefined ? this.helmValues : this.helmValuesWith(values));
  }
}

function propsProblems(props: KubernetesImporterProps): Problem[] {
  const { importer, namespace, serviceAccountName, image } = props;
  const { agentEnvironment, gatewayEnvironment } = importer;
  return [
    ...labelProblems('namespace', namespace),
    ...subdomainProblems('serviceAccountName', serviceAccountName),
    ...podAccountProblems(importer.principal, props),
    ...(image === undefined ? [] : programOf(image).problems(namespace)),
    ...resourcesProblems(props.resources),
    ...secretMountProblems(props.secretMounts, agentEnvironment),
    ...(agentEnvironment.get('KONG_RESILIENCE_HANDOVER_DIR') === undefined
      ? []
      : [folderMoved('KONG_RESILIENCE_HANDOVER_DIR', HANDOVER_DIR)]),
    ...(gatewayEnvironment.get('BASH_ENV') === undefined ? [] : [bashEnvTaken()]),
  ];
}

/** The chart has volumes of its own, whose names it makes of the release's. */
const handoverVolume = 'kong-resilience-handover';

function podPartsOf(props: KubernetesImporterProps, image: AgentImage): GatewayPodParts {
  const { agentEnvironment, gatewayEnvironment, readinessProbe } = props.importer;
  const program = programOf(image);
  const secrets = mountSecrets(props.secretMounts);
  const volumeMounts = [{ name: handoverVolume, mountPath: HANDOVER_DIR }, ...secrets.volumeMounts];
  return {
    initContainer: agentContainer(
      program,
      {
        name: 'kong-resilience-import',
        args: ['import'],
        env: agentEnvironment.toKubernetes(),
        resources: resourcesOf(props.resources),
        volumeMounts,
      },
      true,
    ),
    volumes: [...agentVolumes(program, true), { name: handoverVolume, emptyDir: {} }, ...secrets.volumes],
    gatewayEnv: [...gatewayEnvironment.toKubernetes(), { name: 'BASH_ENV', value: START_SCRIPT }],
    gatewayVolumeMounts: volumeMounts,
    gatewayReadinessProbe: { httpGet: { path: readinessProbe.path, port: readinessProbe.port } },
  };
}

function helmValuesOf(
  props: KubernetesImporterProps,
  parts: GatewayPodParts,
  annotations: Readonly<Record<string, string>> | undefined,
): KongChartValues {
  const { importer, serviceAccountName } = props;
  const { gatewayVersion, gatewayEnvironment, readinessProbe } = importer;
  const { gatewayRepository = isEnterprise([gatewayVersion]) ? 'kong/kong-gateway' : 'kong' } = props;
  const { env, customEnv } = gatewayEnvironment.toHelmValues();
  return {
    image: { repository: gatewayRepository, tag: gatewayVersion },
    env,
    customEnv: { ...customEnv, BASH_ENV: START_SCRIPT },
    ingressController: { enabled: false },
    // A data plane has none, and the chart would open it on each node.
    manager: { enabled: false },
    status: { enabled: true, http: { enabled: true, containerPort: readinessProbe.port } },
    readinessProbe: { httpGet: { path: readinessProbe.path } },
    deployment: {
      serviceAccount: {
        create: true,
        name: serviceAccountName,
        ...(annotations === undefined ? {} : { annotations }),
      },
      initContainers: [parts.initContainer],
      userDefinedVolumes: parts.volumes,
      userDefinedVolumeMounts: parts.gatewayVolumeMounts,
    },
  };
}
