import { environmentVariables, parseGatewayVersion } from '../../src/contract';
import { isKnown, type Problem } from '../problems';
import type { ImporterNode } from './importer-node';
import { movingImage, oneSided, otherImageVersion } from './problems';

/** A variable of a container's own; without a value where it is a secret. */
export interface GivenVariable {
  readonly name: string;
  readonly value?: string;
}

/** What an existing container of a gateway says of itself. */
export interface GivenContainer {
  readonly name: string;
  readonly image: string;
  readonly variables: readonly GivenVariable[];
}

/** Variables of the way to the control plane that a topology need not have, and the prop that says each to all its nodes. */
const ways: ReadonlyMap<string, string | undefined> = new Map([
  ['KONG_CLUSTER_MTLS', 'clusterMtls'],
  ['KONG_CLUSTER_CA_CERT', 'clusterCaCert'],
  ['KONG_CLUSTER_SERVER_NAME', 'clusterServerName'],
  ['KONG_CLUSTER_USE_PROXY', undefined],
  ['KONG_CLUSTER_MAX_PAYLOAD', undefined],
]);

/** What is doubtful about a gateway's container beside an importer: how it reaches its control plane, and which version it is. */
export function gatewayDoubts(importer: ImporterNode, { name, image, variables }: GivenContainer): Problem[] {
  const known = importer.gatewayEnvironment.names;
  const alone = variables
    .filter((variable) => ways.has(variable.name) && !known.includes(variable.name) && !isDefault(variable))
    .map((variable) => variable.name);
  return [
    ...(alone.length === 0 ? [] : [oneSided(name, alone.join(', '), alone.map(propOf).join(', '))]),
    ...imageDoubts(image, importer.gatewayVersion),
  ];
}

/** Without the variable the agent takes it to be this. */
function isDefault({ name, value }: GivenVariable): boolean {
  return value !== undefined && value === environmentVariables.find((variable) => variable.name === name)?.default;
}

function propOf(name: string): string {
  const prop = ways.get(name);
  return prop === undefined ? `environment.${name} to its nodes` : `${prop} to KongResilience`;
}

function imageDoubts(image: string, gatewayVersion: string): Problem[] {
  if (!isKnown(image)) return [];
  const [named = '', digest] = image.split('@');
  const [, repository = '', tag = 'latest'] = /^(.*?)(?::([^:/]*))?$/.exec(named) ?? [];
  // A longer first number is a date or a build: Kong's has one digit.
  const version = /^(\d(?:\.\d+)+)(?:-[\w.-]+)?$/.exec(tag)?.[1] ?? '';
  if (parseGatewayVersion(version) !== undefined) {
    return isKnown(gatewayVersion) && version !== gatewayVersion ? [otherImageVersion(image, gatewayVersion)] : [];
  }
  return digest === undefined && movesOn(repository, tag) ? [movingImage(image)] : [];
}

/** A word, such as `latest` or `ubuntu`, moves on; so does a series, which in an image of another name may be a build. */
function movesOn(repository: string, tag: string): boolean {
  const isSeries = /^\d(\.\d+)?(-[a-z][\w.]*)?$/.test(tag) && /(^|\/)kong[^/]*$/.test(repository);
  return isSeries || /^[a-z]+(-[a-z]+)*$/i.test(tag);
}
