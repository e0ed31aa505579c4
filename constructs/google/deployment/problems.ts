import { defineProblem } from '../../problems';

export const noServiceAccount = defineProblem(
  'KR_TF_RUN_SERVICE_ACCOUNT',
  'A node that runs on Cloud Run has a principal that Cloud Run cannot attach.',
  (principal: string) =>
    `the principal "${principal}" is no service account, and Cloud Run runs an instance as one. Give the node an AttachedServiceAccount.`,
);

export const wrongRunName = defineProblem(
  'KR_TF_RUN_NAME',
  'The name of a Cloud Run resource is not a legal one.',
  (value: string) =>
    `name is "${value}": it must have 1 to 49 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen.`,
);

export const wrongInstanceCount = defineProblem(
  'KR_TF_RUN_INSTANCES',
  'The number of instances of an exporter is out of its range.',
  (value: number) =>
    `instanceCount is ${value}: it must be a whole number from 1 to 10. One exports; a second takes over within the lease when it is gone.`,
);

export const deadlineTooLong = defineProblem(
  'KR_TF_RUN_DEADLINE',
  'An import may take longer than Cloud Run waits for a container.',
  (seconds: number) =>
    `KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS is ${seconds}, and Cloud Run gives up a container that has not started within 240 seconds. Set it to 200 or less.`,
);

export const nameTaken = defineProblem(
  'KR_TF_RUN_CONTAINER',
  'A container of a service has a name or volume that the hand-over needs.',
  (what: string, name: string) =>
    `the gateway's container has ${what} "${name}" already, which the hand-over brings. Leave it out.`,
);

export const sameUser = defineProblem(
  'KR_TF_RUN_USERS',
  "What is handed over on Cloud Run can be read only where the gateway's image runs as the agent's user.",
  () =>
    "Cloud Run runs each container as its image's user and knows no groups: the gateway can read what is handed over only when its user is 1000, as the agent's. `docker run --rm --entrypoint id <gateway image>` tells; where it is another, build the agent's image with that user (docs/platforms/google-cloud-run.md).",
);

export const portTaken = defineProblem(
  'KR_TF_RUN_PORT',
  "The gateway's status listener has the port of the agent beside it.",
  (port: number) =>
    `the importer's gatewayStatusPort is ${port}, which the agent has: the containers of an instance share their ports. Choose another, such as 8100.`,
);
