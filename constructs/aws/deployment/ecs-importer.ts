import type { EcsTaskDefinitionVolume } from '@cdktf/provider-aws/lib/ecs-task-definition';
import type { ITerraformDependable } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { show } from '../../../src/contract';
import type { EcsSecret, EcsVariable } from '../../environment';
import { isSecretVariable } from '../../environment/layers';
import { expressionOf, isKnown, throwProblems, warn, whenDeclared, type Problem } from '../../problems';
import { AGENT_UID, HANDOVER_DIR, START_SCRIPT, type ImporterNode } from '../../topology';
import { readsBashEnv } from '../../topology/entry-point';
import { gatewayDoubts } from '../../topology/gateway-container';
import { imageProblems } from '../../topology/image';
import { bareContainer } from '../../topology/named-files';
import { propOfVariable } from '../../topology/prop-of-variable';
import { readyCommand } from '../../topology/ready-command';
import { EcsExecutionRole } from '../ecs-execution-role';
import { nameByPath } from '../name-by-path';
import type { IAwsPrincipal } from '../principal';
import { checkRoleProps } from '../role-checks';
import { addPolicy, policiesOf } from './add-policy';
import { checkRetentionDays } from './checks';
import { awslogs, type EcsContainer, type EcsLogConfiguration } from './ecs-container';
import { checkExecutionRole, checkTaskRole } from './ecs-roles';
import { imageRights } from './image-rights';
import { declareLogGroup, logRights, type LogProps } from './log-group';
import { containerConflict, handoverMoved, lackingExecutionRole, noContainers } from './problems';
import {
  handoverUnreadable,
  inNoTask,
  noHandoverGroup,
  noSuchContainer,
  startScriptUnread,
  variableConflict,
} from './problems';
import { checkFiles, checkSecrets, secretRights, type SecretsProps } from './secret-rights';
import { Surroundings, type PlaceProps } from './surroundings';

export interface EcsImporterProps extends PlaceProps, LogProps, SecretsProps {
  /** The importer of the topology. Its principal is the task role: an `EcsTaskRole`, or an `ExistingRole`. */
  readonly importer: ImporterNode;
  /** Image of the agent, by full tag or digest: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0`. */
  readonly image: string;
  /**
   * Whether an import that fails keeps the gateway from starting, and so fails the task: `import --require`.
   *
   * @default false: whatever became of the import, the gateway starts, as it would without it
   */
  readonly require?: boolean;
  /**
   * User of the gateway's image, by name or number. Its group becomes that of the hand-over: the gateway runs as
   * `kong:10001`, say.
   *
   * @default "kong", as Kong's images have it
   */
  readonly gatewayUser?: string;
  /**
   * Existing group of CloudWatch Logs that takes the log of the import, in the region of the task. Its execution role must
   * be allowed to write there.
   *
   * @default one of its own
   */
  readonly logGroupName?: string;
  /**
   * Execution role of the task: an `EcsExecutionRole`, or an `ExistingRole`. What the import needs is added to it: the
   * secrets of both containers, the agent's image, the log.
   *
   * @default an EcsExecutionRole of its own
   */
  readonly executionRole?: IAwsPrincipal;
  /**
   * Path of its own execution role.
   *
   * @default "/"
   */
  readonly path?: string;
  /**
   * ARN of a managed policy that bounds what its own execution role may do.
   *
   * @default none
   */
  readonly permissionsBoundary?: string;
}

/** What a task definition gets: spread it into the props of an `EcsTaskDefinition`. */
export interface EcsTaskParts {
  /** The containers as JSON, the import's first. */
  readonly containerDefinitions: string;
  readonly volume: EcsTaskDefinitionVolume[];
  readonly taskRoleArn: string;
  readonly executionRoleArn: string;
  /** The policies of both roles: what runs the task has them from its first start on, for it waits for the task definition. */
  readonly dependsOn: ITerraformDependable[];
}

const importContainer = 'kong-resilience-import';
const volumeName = 'kong-resilience-handover';
/** Group of the gateway's process, and of what is handed over to it. It need not exist in an image. */
const handoverGroup = '10001';

/**
 * What an existing task definition needs so that its gateway comes up from the store in an outage: a container that
 * imports before the gateway starts, the volume between the two, and what the gateway's container gets.
 *
 * ```ts
 * new EcsTaskDefinition(this, 'Gateway', {
 *   family: 'kong', requiresCompatibilities: ['FARGATE'], networkMode: 'awsvpc', cpu: '1024', memory: '2048',
 *   ...importer.taskDefinitionParts([{ name: 'kong', image: 'kong:3.9.1' }]),
 * });
 * ```
 *
 * The gateway's image and start command stay: the image's entry point is a bash script, which reads what `BASH_ENV` names,
 * and so decides at each start whether what was handed over is used. When ECS restarts the gateway's container alone, the
 * import does not run again, and what is staged is decided on anew.
 */
export class EcsImporter extends Construct {
  /** The container that imports. It ends, and is not essential. */
  readonly containerDefinition: EcsContainer;
  /** The volume of the task in which the configuration is handed over. */
  readonly volume: EcsTaskDefinitionVolume;
  /** ARN of the task role: the importer's principal. */
  readonly taskRoleArn: string;
  /** Execution role of the task. */
  readonly executionRole: IAwsPrincipal;
  /** What a task needs before it starts, of its two roles: `dependsOn` of the task definition. */
  readonly dependsOn: ITerraformDependable[];
  readonly #props: EcsImporterProps;
  readonly #group: string;
  #hasGateway = false;
  readonly #logConfiguration: (stream: string) => EcsLogConfiguration;

  /** @throws DeclarationError with everything that is wrong in the props, and for a principal that is no role */
  constructor(scope: Construct, id: string, props: EcsImporterProps) {
    super(scope, id);
    const { importer, image } = props;
    const { agentEnvironment, gatewayEnvironment } = importer;
    const folder = agentEnvironment.get('KONG_RESILIENCE_HANDOVER_DIR')?.toString() ?? HANDOVER_DIR;
    const group = agentEnvironment.get('KONG_RESILIENCE_HANDOVER_GROUP')?.toString() ?? handoverGroup;
    throwProblems(this, [
      ...imageProblems('image', image),
      ...checkTaskRole(importer.principal),
      ...checkExecutionRole(props.executionRole),
      ...checkRetentionDays(props.logRetentionDays),
      ...checkSecrets(props),
      ...checkFiles(agentEnvironment, bareContainer),
      ...checkRoleProps({ path: props.path, permissionsBoundary: props.permissionsBoundary }),
      ...(folder === HANDOVER_DIR ? [] : [handoverMoved(folder, HANDOVER_DIR)]),
      ...(isKnown(group) ? [] : [noHandoverGroup()]),
    ]);
    this.#props = props;
    this.#group = group;
    const surroundings = new Surroundings(this, props);
    const log = props.logGroupName === undefined ? declareLogGroup(this, nameByPath(this), props) : undefined;
    this.#logConfiguration = (stream) => awslogs(props.logGroupName ?? log?.name ?? '', surroundings.region, stream);
    this.executionRole = props.executionRole ?? this.#ownExecutionRole();
    const started = addPolicy(this.executionRole, 'Start', this, [
      ...(log === undefined ? [] : [logRights(log)]),
      ...secretRights([agentEnvironment, gatewayEnvironment], props, surroundings),
      ...imageRights(image, surroundings),
    ]);
    this.dependsOn = [...started, ...policiesOf(importer.principal as IAwsPrincipal, this)];
    this.taskRoleArn = (importer.principal as IAwsPrincipal).arn;
    this.volume = { name: volumeName };
    whenDeclared(this, () => {
      if (!this.#hasGateway) warn(this, inNoTask());
    });
    const { environment, secrets } = agentEnvironment.toEcs();
    const groups = agentEnvironment.get('KONG_RESILIENCE_HANDOVER_GROUP') === undefined;
    this.containerDefinition = {
      name: importContainer,
      image,
      command: props.require === true ? ['import', '--require'] : ['import'],
      essential: false,
      // Whose group is that of the hand-over may give its files to it.
      user: `${AGENT_UID}:${group}`,
      readonlyRootFilesystem: true,
      environment: groups ? [...environment, { name: 'KONG_RESILIENCE_HANDOVER_GROUP', value: group }] : environment,
      secrets,
      mountPoints: [{ sourceVolume: volumeName, containerPath: HANDOVER_DIR }],
      logConfiguration: this.logConfiguration('import'),
    };
  }

  /**
   * A log configuration that writes to the same group, for other containers of the task.
   *
   * @param stream what the names of the streams start with
   */
  logConfiguration(stream: string): EcsLogConfiguration {
    return this.#logConfiguration(stream);
  }

  /**
   * A gateway's container with what it needs: the gateway's environment and secrets, `BASH_ENV` for the hand-over, the
   * volume, its turn after the import, the group of the hand-over for a user without one; and, unless it has its own, a
   * user, a health check on `/status/ready`, and a restart policy.
   *
   * @param container the container as it is: image, ports, log and whatever else. Image and start command stay
   * @throws DeclarationError when it has a variable or a mount that the hand-over brings, and differs
   */
  gatewayContainer(container: EcsContainer): EcsContainer {
    this.#hasGateway = true;
    const { importer, gatewayUser = 'kong', require = false } = this.#props;
    const added = importer.gatewayEnvironment.toEcs();
    const environment = [...added.environment, { name: 'BASH_ENV', value: START_SCRIPT }];
    throwProblems(this, containerProblems([container]));
    throwProblems(this, conflicts(this, container, environment, added.secrets));
    const { name, image, environment: plain = [], secrets = [] } = container;
    const variables = [...plain, ...secrets.map((secret) => ({ name: secret.name }))];
    const doubts = [
      ...gatewayDoubts(importer, { name, image, variables }),
      ...entryPointDoubts(container),
      ...userDoubts(container, this.#group),
    ];
    for (const doubt of doubts) warn(this, doubt);
    return {
      ...container,
      essential: true,
      user: container.user === undefined ? `${gatewayUser}:${this.#group}` : withGroup(container.user, this.#group),
      environment: merged(container.environment, environment),
      secrets: merged(container.secrets, added.secrets),
      mountPoints: [
        ...(container.mountPoints ?? []),
        { sourceVolume: volumeName, containerPath: HANDOVER_DIR, readOnly: true },
      ],
      dependsOn: [
        ...(container.dependsOn ?? []),
        { containerName: importContainer, condition: require ? 'SUCCESS' : 'COMPLETE' },
      ],
      healthCheck: container.healthCheck ?? {
        command: ['CMD', ...readyCommand(importer.readinessProbe)],
        interval: 10,
        timeout: 6,
        retries: 3,
        startPeriod: 60,
      },
      // Sooner there again than a new task. One that ends within the period ends the task.
      restartPolicy: container.restartPolicy ?? { enabled: true, restartAttemptPeriod: 60 },
    };
  }

  /**
   * What a task definition with these containers gets.
   *
   * @param containers the containers as they are: the gateway's, and others beside it
   * @param gatewayName name of the gateway's container
   * @throws DeclarationError as `gatewayContainer`, and when no container has that name
   */
  taskDefinitionParts(containers: readonly EcsContainer[], gatewayName = 'kong'): EcsTaskParts {
    throwProblems(this, containerProblems(containers));
    const names = containers.map(({ name }) => name);
    const likely = containers.find(({ name, image }) => /kong/.test(`${name} ${image}`)) ?? containers[0];
    throwProblems(this, [
      ...(names.includes(gatewayName) ? [] : [noSuchContainer(gatewayName, names, likely?.name)]),
      ...(names.includes(importContainer)
        ? [containerConflict(importContainer, 'the name of the one that imports')]
        : []),
    ]);
    const all = containers.map((container) =>
      container.name === gatewayName && !isWired(container) ? this.gatewayContainer(container) : container,
    );
    if (this.#props.executionRole === undefined) this.#tellWhatTheRoleLacks(containers);
    return {
      containerDefinitions: JSON.stringify([this.containerDefinition, ...all]),
      volume: [this.volume],
      taskRoleArn: this.taskRoleArn,
      executionRoleArn: this.executionRole.arn,
      dependsOn: this.dependsOn,
    };
  }

  /** What an own execution role cannot know of containers that are not ours. */
  #tellWhatTheRoleLacks(containers: readonly EcsContainer[]): void {
    const ours = new Set(this.#props.importer.gatewayEnvironment.toEcs().secrets.map(({ name }) => name));
    const groupOf = (log: EcsLogConfiguration | undefined): string =>
      expressionOf(this, log?.options?.['awslogs-group'] ?? '');
    const group = groupOf(this.#logConfiguration(''));
    const lacking = containers.filter(
      ({ secrets = [], image, logConfiguration }) =>
        secrets.some(({ name }) => !ours.has(name)) ||
        (isKnown(image) && /\.dkr[.-]ecr/.test(image) && image !== this.#props.image) ||
        (logConfiguration?.logDriver === 'awslogs' && groupOf(logConfiguration) !== group),
    );
    if (lacking.length > 0)
      warn(this, lackingExecutionRole(lacking.map(({ name }) => JSON.stringify(name)).join(', ')));
  }

  #ownExecutionRole(): EcsExecutionRole {
    const { path, permissionsBoundary, provider, tags } = this.#props;
    return new EcsExecutionRole(this, 'ExecutionRole', { path, permissionsBoundary, provider, tags });
  }
}

/** Whether `gatewayContainer` has made it. */
const isWired = ({ mountPoints = [] }: EcsContainer): boolean =>
  mountPoints.some(({ sourceVolume, containerPath }) => sourceVolume === volumeName && containerPath === HANDOVER_DIR);

/** An entry point that passes the start script by. */
function entryPointDoubts({ name, entryPoint = [], command = [] }: EcsContainer): Problem[] {
  if (![entryPoint, command, ...entryPoint, ...command].every(isKnown)) return [];
  return readsBashEnv(entryPoint, command) === false ? [startScriptUnread(name, entryPoint)] : [];
}

/** A user without a group gets the one that may read the hand-over. What a token stands for may have one, and stays. */
const withGroup = (user: string, group: string): string =>
  isKnown(user) && !user.includes(':') ? `${user}:${group}` : user;

/** A user who may not read the hand-over: its files belong to the import's user and to the group, and to nobody else. */
function userDoubts({ name, user }: EcsContainer, handedTo: string): Problem[] {
  if (!isKnown(user)) return [];
  const [uid = '', group] = user.split(':');
  // Root reads everything.
  if (group === undefined || group === handedTo || ['0', 'root', `${AGENT_UID}`].includes(uid)) return [];
  return [handoverUnreadable(name, user, uid, handedTo)];
}

/** What is no list of containers, where nothing checks types. */
function containerProblems(containers: unknown): Problem[] {
  if (!Array.isArray(containers)) return [noContainers('containers', kindOf(containers))];
  return containers.flatMap((container: unknown, index) =>
    typeof container === 'object' && container !== null && typeof (container as EcsContainer).name === 'string'
      ? []
      : [noContainers(`containers[${index}]`, kindOf(container))],
  );
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'a text';
  return typeof value === 'object' && value !== null ? 'an object without a name' : String(value);
}

/** What of a container would be said twice, and differently. */
function conflicts(
  construct: IConstruct,
  { name: container, environment = [], secrets = [], mountPoints = [] }: EcsContainer,
  addedEnvironment: readonly EcsVariable[],
  addedSecrets: readonly EcsSecret[],
): Problem[] {
  const told = (name: string, text: string): string =>
    isSecretVariable(name) ? 'a secret' : isKnown(text) ? show(text) : expressionOf(construct, text);
  const all = (variables: readonly EcsVariable[], from: readonly EcsSecret[]): readonly (readonly [string, Said])[] => [
    ...variables.map(
      ({ name, value }) => [name, { is: `value ${expressionOf(construct, value)}`, shown: told(name, value) }] as const,
    ),
    ...from.map(
      ({ name, valueFrom }) =>
        [
          name,
          { is: `secret ${expressionOf(construct, valueFrom)}`, shown: `the secret ${told('', valueFrom)}` },
        ] as const,
    ),
  ];
  const added = new Map(all(addedEnvironment, addedSecrets));
  return [
    ...all(environment, secrets).flatMap(([name, own]) => {
      const other = added.get(name);
      if (other === undefined || other.is === own.is) return [];
      return [variableConflict(container, { name, own: own.shown, brought: other.shown }, propOfVariable(name))];
    }),
    ...mountPoints
      .filter(({ containerPath }) => containerPath === HANDOVER_DIR)
      .map(({ sourceVolume }) =>
        containerConflict(
          container,
          `a mount of ${told('', sourceVolume)} at ${HANDOVER_DIR}, and the hand-over brings one of "${volumeName}"`,
        ),
      ),
  ];
}

/** What a container says for a name: as Terraform compares it, and as a message shows it. */
interface Said {
  readonly is: string;
  readonly shown: string;
}

/** Entries by name, the container's own first. */
function merged<T extends { readonly name: string }>(own: readonly T[] = [], added: readonly T[]): readonly T[] {
  return [...own, ...added.filter(({ name }) => !own.some((other) => other.name === name))];
}
