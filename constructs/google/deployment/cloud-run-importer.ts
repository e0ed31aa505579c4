import type {
  CloudRunV2ServiceTemplateContainers,
  CloudRunV2ServiceTemplateVolumes,
} from '@cdktf/provider-google/lib/cloud-run-v2-service';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { inform, isKnown, throwProblems, warn, type Problem } from '../../problems';
import { HANDOVER_DIR, START_SCRIPT, type ImporterNode } from '../../topology';
import { STATUS_PORT } from '../../topology/exporter-node';
import { gatewayDoubts } from '../../topology/gateway-container';
import { imageProblems } from '../../topology/image';
import { everyAddress } from '../../topology/ports';
import { serviceAccountOf } from './cloud-run';
import { deadlineTooLong, nameTaken, portTaken, sameUser } from './problems';
import { grantSecrets } from './secret-access';
import { secondsIn } from '../../environment/seconds';
import { fileProblems, runVariables } from './variables';

export interface CloudRunImporterProps {
  /** The importer of the topology. Its principal is the service account that the service runs as. */
  readonly importer: ImporterNode;
  /** Image of the agent, by full tag or digest, in Artifact Registry: `europe-docker.pkg.dev/acme/kong/kong-resilience:0.1.0`. */
  readonly image: string;
  /** Id of the project of the secrets. @default the project of the provider */
  readonly project?: string;
  /** Limit of memory of the agent's container, in which what is handed over counts. @default 1Gi */
  readonly memory?: string;
  /** Size of the volume for the hand-over, in memory: at least twice the configuration. @default 256Mi */
  readonly volumeSize?: string;
}

/** Seconds after which Cloud Run gives up a container that is starting. */
const longestStart = 240;
const importer = 'kong-resilience-import';
const volume = 'kong-resilience-handover';

/**
 * What an existing Cloud Run service with a gateway needs to come up from the store in an outage: a sidecar that imports
 * and stays, the volume between the two, and what the gateway's container gets.
 *
 * ```ts
 * template: {
 *   serviceAccount: importer.serviceAccount,
 *   containers: [importer.gatewayContainer({ name: 'kong', image: 'kong:3.9.1' }), importer.importContainer],
 *   volumes: importer.volumes,
 * }
 * ```
 *
 * The sidecar stays (`import --hold`), since an instance may end with a container that ends. It answers its startup probe
 * when the import is over, also a failed one, and only then does Cloud Run start the gateway; at each of its starts the
 * gateway's own container decides whether it uses what was handed over.
 */
export class CloudRunImporter extends Construct {
  /** Address of the account that the service must run as. */
  readonly serviceAccount: string;
  /** The sidecar. */
  readonly importContainer: CloudRunV2ServiceTemplateContainers;
  /** Volumes of the service's template. */
  readonly volumes: CloudRunV2ServiceTemplateVolumes[];
  /** Grants that the service must wait for: its `dependsOn`. */
  readonly dependsOn: ITerraformDependable[];
  readonly #importer: ImporterNode;

  /** @throws DeclarationError with everything that is wrong in the props, and for a principal that is no service account */
  constructor(scope: Construct, id: string, props: CloudRunImporterProps) {
    super(scope, id);
    const { image, memory = '1Gi', volumeSize = '256Mi' } = props;
    const { agentEnvironment, gatewayEnvironment, principal } = props.importer;
    const deadline = secondsIn(agentEnvironment, 'KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS');
    throwProblems(this, [
      ...imageProblems('image', image),
      ...fileProblems(agentEnvironment),
      ...(deadline > longestStart - 40 ? [deadlineTooLong(deadline)] : []),
      ...(props.importer.readinessProbe.port === STATUS_PORT ? [portTaken(STATUS_PORT)] : []),
    ]);
    const account = serviceAccountOf(this, principal);
    const env = runVariables(agentEnvironment, { KONG_RESILIENCE_STATUS_LISTEN: everyAddress(STATUS_PORT) });
    this.#importer = props.importer;
    this.serviceAccount = account.email;
    this.dependsOn = grantSecrets(this, account, [...env, ...gatewayEnvironment.toCloudRun()], props.project);
    this.volumes = [{ name: volume, emptyDir: { medium: 'MEMORY', sizeLimit: volumeSize } }];
    this.importContainer = {
      name: importer,
      image,
      args: ['import', '--hold'],
      env,
      // A probe a second: the gateway starts soon after the import is over.
      startupProbe: {
        httpGet: { path: '/startup', port: STATUS_PORT },
        periodSeconds: 1,
        timeoutSeconds: 1,
        failureThreshold: deadline + 30,
      },
      // One setting for the whole instance: the gateway needs CPU between requests.
      resources: { limits: { cpu: '1', memory }, cpuIdle: false },
      volumeMounts: [{ name: volume, mountPath: HANDOVER_DIR }],
    };
    inform(this, sameUser());
  }

  /**
   * The gateway's container with what it needs: the gateway's environment, `BASH_ENV` for the hand-over, the volume, its
   * turn after the import, CPU between requests (or it could not answer its control plane), and a startup probe on
   * `/status/ready`, unless the container has one: an instance without a configuration gets no traffic.
   *
   * @param container the container as it is: image, ports, resources and whatever else. Image and start command stay
   * @throws DeclarationError when it has a variable or a volume that the hand-over brings
   */
  gatewayContainer(container: CloudRunV2ServiceTemplateContainers): CloudRunV2ServiceTemplateContainers {
    const { gatewayEnvironment, readinessProbe } = this.#importer;
    const env = runVariables(gatewayEnvironment, { BASH_ENV: START_SCRIPT });
    const [ownEnv, ownMounts] = [listOf(container.env), listOf(container.volumeMounts)];
    const problems: Problem[] = [
      ...ownEnv
        .filter(({ name }) => env.some((other) => other.name === name))
        .map(({ name }) => nameTaken('a variable', name)),
      ...ownMounts
        .filter(({ name, mountPath }) => name === volume || mountPath === HANDOVER_DIR)
        .map(({ name }) => nameTaken('a volume', name)),
    ];
    throwProblems(this, problems);
    const { name = 'gateway', image } = container;
    for (const doubt of gatewayDoubts(this.#importer, { name, image, variables: ownEnv })) warn(this, doubt);
    const { path, port } = readinessProbe;
    return {
      startupProbe: { httpGet: { path, port }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: longestStart },
      ports: { containerPort: 8000 },
      ...container,
      dependsOn: [...new Set([...(container.dependsOn ?? []), importer])],
      env: [...ownEnv, ...env],
      resources: { ...container.resources, cpuIdle: false },
      volumeMounts: [...ownMounts, { name: volume, mountPath: HANDOVER_DIR }],
    };
  }
}

/** A list that Terraform alone knows cannot be added to here. */
function listOf<T>(list: T[] | object | undefined): T[] {
  if (list === undefined) return [];
  if (Array.isArray(list) && isKnown(list)) return list as T[];
  throw new TypeError('env and volumeMounts of the container must be lists, and not tokens.');
}
