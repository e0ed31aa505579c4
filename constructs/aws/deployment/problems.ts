import { defineProblem, type Problem } from '../../problems';
import { AGENT_UID } from '../../topology';

/** A text in a message. */
const quote = (text: string): string => JSON.stringify(text);

export const deploymentName = defineProblem(
  'KR_TF_AWS_DEPLOYMENT_NAME',
  'The name of a deployment is one that ECS, Lambda or CloudWatch does not allow.',
  (value: string, longest: number) =>
    `name is ${quote(value)}: it must be 1 to ${longest} letters, digits, hyphens and underscores.`,
);

export const deploymentRange = defineProblem(
  'KR_TF_AWS_DEPLOYMENT_RANGE',
  'A number of a deployment is outside of what AWS allows.',
  (prop: string, value: number, minimum: number, maximum: number) =>
    `${prop} is ${value}: it must be a whole number from ${minimum} to ${maximum}.`,
);

export const emptyNetwork = defineProblem(
  'KR_TF_AWS_NETWORK',
  'A deployment is given a list of subnets or security groups without any in it.',
  (prop: string, without?: string) =>
    `${prop} is []: give the id of one at least${without === undefined ? '' : `, or leave it out for ${without}`}.`,
);

export const logRetention = defineProblem(
  'KR_TF_AWS_LOG_RETENTION',
  'A log is to be kept for a number of days that CloudWatch does not know.',
  (value: number, allowed: string) => `logRetentionDays is ${value}: it must be one of ${allowed}.`,
);

export const fargateSize = defineProblem(
  'KR_TF_ECS_SIZE',
  'CPU and memory of a task are no size that Fargate has.',
  (cpu: number, memory: number, allowed: string) => `cpu is ${cpu} and memoryMiB is ${memory}: ${allowed}`,
);

export const cpuArchitecture = defineProblem(
  'KR_TF_ECS_ARCHITECTURE',
  'The architecture of a task is none of Fargate.',
  (value: string) => `cpuArchitecture is ${quote(value)}: it must be "X86_64" or "ARM64", as the image is built.`,
);

export const ecsPrincipal = defineProblem(
  'KR_TF_ECS_PRINCIPAL',
  'A node that runs on ECS has a principal that ECS cannot attach.',
  (principal: string, otherAccount: boolean) =>
    otherAccount
      ? `the principal "${principal}" is a role of another account, and tasks run in the account of their role. Declare an ImporterNode by itself and its EcsImporter in a stack of that account, with the role there as an EcsTaskRole or ExistingRole; here grant the store to this one: store.grantImport(…).`
      : `the principal "${principal}" is no role that tasks of ECS take on. Give the node an EcsTaskRole, or an ExistingRole that trusts ecs-tasks.amazonaws.com.`,
);

export const executionRole = defineProblem(
  'KR_TF_ECS_EXECUTION_ROLE',
  'What is to start tasks of ECS is no role that can.',
  (principal: string) =>
    `the execution role "${principal}" is none. Give an EcsExecutionRole, or an ExistingRole that trusts ecs-tasks.amazonaws.com; or leave it out for one of its own.`,
);

export const shutdownTooLong = defineProblem(
  'KR_TF_ECS_SHUTDOWN',
  'An exporter may take longer to end than Fargate waits.',
  (seconds: number) =>
    `KONG_RESILIENCE_SHUTDOWN_SECONDS is ${seconds}, and Fargate kills a container 120 seconds after it was told to end. Set it to 115 or less.`,
);

export const handoverMoved = defineProblem(
  'KR_TF_ECS_HANDOVER_DIR',
  'The hand-over on ECS has another folder than the one that the image of the agent declares as a volume.',
  (given: string, folder: string) =>
    `KONG_RESILIENCE_HANDOVER_DIR is ${quote(given)}: on Fargate a volume belongs to root unless the image declares its path, and the image of the agent declares ${folder} alone. Leave the variable out.`,
);

export const noHandoverGroup = defineProblem(
  'KR_TF_ECS_HANDOVER_GROUP',
  'The group of the hand-over is a token, and users of containers are made of it.',
  () =>
    'KONG_RESILIENCE_HANDOVER_GROUP is a token, and users of containers are made of it: give the number, or leave it out for 10001.',
);

export const lackingExecutionRole = defineProblem(
  'KR_TF_ECS_ROLE_LACKS',
  'Containers of a task need rights of an execution role that knows of none of them.',
  (containers: string) =>
    `no executionRole is given, and the one that is made may read the secrets of the importer, pull the agent's image and write one log: ${containers} needs more, and the task would not start. Give the execution role that it has now: executionRole: ExistingRole.fromRoleArn(…).`,
);

const containerDiffers = defineProblem(
  'KR_TF_ECS_CONTAINER',
  'A container of a task definition has what the hand-over brings, and differs.',
  (container: string, what: string, fix: string) => `the container ${quote(container)} has ${what}. ${fix}`,
);

export const containerConflict = (container: string, what: string): Problem =>
  containerDiffers(container, what, 'Leave it out.');

/** @param prop where the value is given instead */
export const variableConflict = (
  container: string,
  { name, own, brought }: Readonly<Record<'name' | 'own' | 'brought', string>>,
  prop: string | undefined,
): Problem =>
  containerDiffers(
    container,
    `the variable ${name} = ${own}, and the hand-over brings ${brought}`,
    prop === undefined ? 'Leave it out.' : `Leave it out; where it is to differ, give ${prop}.`,
  );

export const startScriptUnread = defineProblem(
  'KR_TF_ECS_ENTRY_POINT',
  "A gateway's container has an entry point that never reads the start script of the hand-over.",
  (container: string, entryPoint: readonly string[]) =>
    `the container ${quote(container)} has entryPoint ${JSON.stringify(entryPoint)}, which is no bash that reads BASH_ENV, so that what is imported is never used. Leave it out, or start it by bash: entryPoint ${JSON.stringify(['bash', '-c', 'exec "$@"', 'bash', ...entryPoint])}, with the command as it is.`,
);

export const handoverUnreadable = defineProblem(
  'KR_TF_ECS_USER',
  "A gateway's container runs in a group that has no right to read the hand-over.",
  (container: string, user: string, uid: string, group: string) =>
    `the container ${quote(container)} has user ${quote(user)}, and what is imported may be read by the group ${group} and the user ${AGENT_UID} alone. Set user to ${quote(uid)}, which gets that group, or to ${quote(`${uid}:${group}`)}.`,
);

export const inNoTask = defineProblem(
  'KR_TF_ECS_IN_NO_TASK',
  'An EcsImporter is declared, and no container of a gateway is given to it.',
  () =>
    'no task definition has it: its gateways start as they would without. Spread taskDefinitionParts([…]) into the EcsTaskDefinition of these gateways.',
);

export const noContainers = defineProblem(
  'KR_TF_ECS_CONTAINERS',
  'The containers of a task definition are not given as a list of objects with a name.',
  (prop: string, kind: string) =>
    `${prop} is ${kind}: give the containers themselves, as in [{ name: "kong", image: "kong:3.9.1" }]; those of a JSON text are JSON.parse(text).`,
);

export const noSuchContainer = defineProblem(
  'KR_TF_ECS_NO_GATEWAY',
  'A task definition has no container of the name that the gateway is said to have.',
  (name: string, given: readonly string[], likely: string | undefined) =>
    likely === undefined
      ? `gatewayName is ${quote(name)}, and there are no containers. Give the one that runs the gateway.`
      : `gatewayName is ${quote(name)}, and the containers are ${given.map(quote).join(', ')}. Name the one that runs the gateway: pass taskDefinitionParts([...], ${quote(likely)}).`,
);

export const lambdaPrincipal = defineProblem(
  'KR_TF_LAMBDA_PRINCIPAL',
  'A node that runs on Lambda has a principal that Lambda cannot attach.',
  (principal: string) =>
    `the principal "${principal}" is no role that functions take on. Give the node a LambdaRole, or an ExistingRole that trusts lambda.amazonaws.com.`,
);

export const lambdaRuntime = defineProblem(
  'KR_TF_LAMBDA_RUNTIME',
  'The runtime of a function is not one on which the agent runs.',
  (value: string) => `runtime is ${quote(value)}: it must be "nodejs22.x" or "nodejs24.x".`,
);

export const noInterval = defineProblem(
  'KR_TF_LAMBDA_INTERVAL',
  'How often a function runs is a token, and the windows of its alarms are made of it.',
  () => 'intervalMinutes is a token: give the number, since the schedule and the windows of the alarms are made of it.',
);

export const securityGroupsAlone = defineProblem(
  'KR_TF_LAMBDA_SUBNETS',
  'A function is given security groups and no subnets.',
  () => 'securityGroups is set, and subnets is not: a function outside of a VPC has none. Give both, or neither.',
);

export const nobodyTold = defineProblem(
  'KR_TF_AWS_ALARMS_UNHEARD',
  'Alarms are declared, and nobody is told of them.',
  () =>
    'alarms are declared without alarmActions: nobody is told when exports stop. Give the ARN of an SNS topic, or set alarms to false where something else watches.',
);

export const topicArn = defineProblem(
  'KR_TF_AWS_ALARM_ACTION',
  'An action of an alarm is not given by an ARN.',
  (value: string) =>
    `alarmActions has ${quote(value)}: it must be an ARN, such as that of an SNS topic, arn:<partition>:sns:<region>:<account>:<topic>.`,
);

export const logUnseen = defineProblem(
  'KR_TF_AWS_ALARM_LOG',
  'The log of an exporter is set so that its alarms cannot see it.',
  (name: string, value: string) =>
    `${name} is ${quote(value)}: the alarms are made of the lines of JSON that the exporter logs at "info", and would be raised for ever. Leave it out, or set alarms to false.`,
);

export const lambdaRegion = defineProblem(
  'KR_TF_LAMBDA_REGION',
  'A function is to run in another region than its store, and could not reach it.',
  (region: string, store: string) =>
    `region is ${quote(region)}, and the store is in ${quote(store)}: Lambda sets AWS_REGION to its own, by which the agent reaches the store. Leave region out, or set it to that of the store.`,
);
