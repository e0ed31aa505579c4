import { Fn } from 'cdktf';
import { Construct } from 'constructs';
import { forJson, replacing, Text } from '../environment/text';
import { throwProblems, warn } from '../problems';
import { AGENT_UID, HANDOVER_DIR, SPOOL_DIR, START_SCRIPT, type IExporterNode, type ImporterNode } from '../topology';
import { exporterCommand } from '../topology/exporting';
import { gatewayDoubts } from '../topology/gateway-container';
import { imageProblems } from '../topology/image';
import { listProblems } from '../topology/lists';
import { readyCommand } from '../topology/ready-command';
import { isEnterprise } from '../topology/versions';

export interface ComposeFileProps {
  /** The exporter of the topology. */
  readonly exporter: IExporterNode;
  /** The importer of the topology: a gateway and what imports for it. */
  readonly importer: ImporterNode;
  /** Image of the agent, by full tag or digest: `registry.example.com/kong-resilience:0.1.0`. */
  readonly agentImage: string;
  /**
   * Image of the gateway, by full tag or digest. It needs bash, as Kong's images have it; Enterprise's `-distroless` ones
   * have none.
   *
   * @default `kong:<version>`, or for Enterprise `kong/kong-gateway:<version>`
   */
  readonly gatewayImage?: string;
  /**
   * Mounts of all three services, as Compose writes them, such as the folder with the cluster certificate:
   * `./cluster:/etc/kong/cluster:ro`.
   *
   * @default none
   */
  readonly volumes?: readonly string[];
  /** Published ports of the gateway, as Compose writes them. @default 8000:8000 and 8443:8443 */
  readonly ports?: readonly string[];
  /** An existing network in which store and control plane are. @default Compose makes one */
  readonly network?: string;
  /**
   * Number of the group that all three services are in, by which the gateway may read what the agent hands over. It need
   * not exist in any image. KONG_RESILIENCE_HANDOVER_GROUP of the importer takes its place.
   *
   * @default 10001
   */
  readonly handoverGroup?: number;
}

/** A service, as a compose file has it. */
export type ComposeService = Readonly<Record<string, unknown>>;

/** Compose reads `$NAME` as the operator's own variable, in a command too. */
const dollar = replacing(['$', '$$']);

/** Both nodes read variables of one name; by these prefixes the secrets of both stand in one `.env`. */
const secretsOf = { exporter: { secretPrefix: 'EXPORTER_' }, gateway: { secretPrefix: 'GATEWAY_' } };

/**
 * The compose file of a machine with an exporter and a gateway: the three services of Kong's own page, complete.
 *
 * The gateway's image and start command stay: `BASH_ENV` names the start script of the hand-over, which the image's entry
 * point reads at each start. A gateway that restarts alone decides anew. Secrets are not in the file: Compose takes them
 * from `.env` beside it, with the prefixes `EXPORTER_` and `GATEWAY_`.
 *
 * On machines of their own give each only its services and its secrets: one with a gateway should never have the key that
 * writes.
 */
export class ComposeFile extends Construct {
  /** `kong-exporter`, `kong-dp-importer` and `kong-dp`, to be put into a file of your own. */
  readonly services: Readonly<Record<string, ComposeService>>;
  /** The named volumes of the services. */
  readonly volumes: Readonly<Record<string, Readonly<Record<string, never>>>> = { spool: {}, handover: {} };
  readonly #props: ComposeFileProps;

  /** @throws DeclarationError when an image is not pinned, or a list is none */
  constructor(scope: Construct, id: string, props: ComposeFileProps) {
    super(scope, id);
    this.#props = props;
    const { exporter, importer, agentImage, volumes = [], ports = ['8000:8000', '8443:8443'] } = props;
    const { gatewayImage = imageOf(importer.gatewayVersion), handoverGroup = 10_001 } = props;
    throwProblems(this, [
      ...imageProblems('agentImage', agentImage),
      ...imageProblems('gatewayImage', gatewayImage),
      ...listProblems('volumes', volumes, '["./cluster:/etc/kong/cluster:ro"]'),
      ...listProblems('ports', ports, '["8000:8000"]'),
    ]);
    const container = { name: 'kong-dp', image: gatewayImage, variables: [] };
    for (const doubt of gatewayDoubts(importer, container)) warn(this, doubt);
    const given = importer.agentEnvironment.get('KONG_RESILIENCE_HANDOVER_GROUP');
    const group = given?.toString() ?? `${handoverGroup}`;
    const agent = {
      image: agentImage,
      user: `${AGENT_UID}:${AGENT_UID}`,
      group_add: [group],
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    };
    this.services = {
      'kong-exporter': {
        ...agent,
        command: [exporterCommand(exporter)],
        environment: exporter.agentEnvironment.toDockerCompose(secretsOf.exporter),
        healthcheck: {
          test: ['CMD', 'kong-resilience', 'health'],
          interval: '30s',
          timeout: '10s',
          start_period: '30s',
        },
        volumes: [`spool:${SPOOL_DIR}`, ...volumes],
        // More than the export in hand may take.
        stop_grace_period: '30s',
        restart: 'unless-stopped',
      },
      'kong-dp-importer': {
        ...agent,
        command: ['import'],
        environment: forJson({
          KONG_RESILIENCE_HANDOVER_GROUP: group,
          ...importer.agentEnvironment.toDockerCompose(secretsOf.gateway),
        }),
        volumes: [`handover:${HANDOVER_DIR}`, ...volumes],
      },
      'kong-dp': {
        image: gatewayImage,
        group_add: [group],
        environment: forJson({
          ...importer.gatewayEnvironment.toDockerCompose(secretsOf.gateway),
          BASH_ENV: START_SCRIPT,
        }),
        ports: [...ports],
        depends_on: { 'kong-dp-importer': { condition: 'service_completed_successfully' } },
        healthcheck: {
          test: ['CMD', ...readyCommand(importer.readinessProbe).map((word) => Text.of(word, dollar).toString())],
          interval: '10s',
          start_period: '60s',
        },
        // What is handed over is the agent's to write.
        volumes: [`handover:${HANDOVER_DIR}:ro`, ...volumes],
        restart: 'unless-stopped',
      },
    };
  }

  /** The text of `compose.yaml`, which holds no secret: an expression of Terraform, for an output or a file. */
  toYaml(): string {
    const { network } = this.#props;
    return Fn.yamlencode({
      services: this.services,
      volumes: this.volumes,
      ...(network === undefined ? {} : { networks: { default: { name: network, external: true } } }),
    });
  }

  /** The text of `.env` beside it. It may hold secrets: give it mode 0600, and an output with it `sensitive`. */
  toEnvFile(): string {
    const { exporter, importer } = this.#props;
    return [
      exporter.agentEnvironment.toDockerComposeEnvFile(secretsOf.exporter),
      importer.agentEnvironment.toDockerComposeEnvFile(secretsOf.gateway),
    ].join('');
  }
}

/** Kong's image of a version, which Terraform may know alone; then it counts as one of open source. */
function imageOf(version: string): string {
  return `${isEnterprise([version]) ? 'kong/kong-gateway' : 'kong'}:${version}`;
}
