import { parseGatewayVersion } from '../../src/contract';
import { isKnown, type Problem } from '../problems';
import type { ImporterNode } from './importer-node';
import { oneSided, otherImageVersion } from './problems';

/** What an existing container of a gateway says of itself. */
export interface GivenContainer {
  readonly name: string;
  readonly image: string;
  /** Names of its own variables, secret ones too. */
  readonly variables: readonly string[];
}

/** What is doubtful about a gateway's container beside an importer: how it reaches its control plane, and which version it is. */
export function gatewayDoubts(importer: ImporterNode, { name, image, variables }: GivenContainer): Problem[] {
  const known = importer.gatewayEnvironment.names;
  const alone = variables.filter((variable) => variable.startsWith('KONG_CLUSTER_') && !known.includes(variable));
  const tag = isKnown(image) ? /:(\d+(?:\.\d+)+)(?:-[\w.-]+)?(?:@.*)?$/.exec(image)?.[1] : undefined;
  const { gatewayVersion } = importer;
  const other =
    tag !== undefined && isKnown(gatewayVersion) && parseGatewayVersion(tag) !== undefined && tag !== gatewayVersion;
  return [
    ...(alone.length === 0 ? [] : [oneSided(name, alone.join(', '))]),
    ...(other ? [otherImageVersion(image, gatewayVersion)] : []),
  ];
}
