import { isKnown, type Problem } from '../problems';
import { AGENT_UID, type ImporterNode } from '../topology';
import { gatewayDoubts } from '../topology/gateway-container';
import { isMap, type HelmMap } from './merge-values';
import { actsAsAnother, otherUser } from './problems';

/** By which GKE lets pods act as a service account of Google, and no longer as themselves. */
const impersonation = 'iam.gke.io/gcp-service-account';

/** What is doubtful about values of Kong's chart that are merged with ours: what only one side says. */
export function valuesDoubts(importer: ImporterNode, values: HelmMap): Problem[] {
  const { unifiedRepoTag, repository, tag } = mapAt(values, 'image');
  const image = typeof unifiedRepoTag === 'string' ? unifiedRepoTag : `${String(repository)}:${String(tag)}`;
  const variables = Object.entries(mapAt(values, 'env')).map(([name, value]) => ({
    name: `KONG_${name.toUpperCase()}`,
    ...(isScalar(value) ? { value: `${value}` } : {}),
  }));
  const { runAsUser } = mapAt(values, 'containerSecurityContext');
  const account = mapAt(values, 'deployment', 'serviceAccount', 'annotations')[impersonation];
  const { podAccount } = importer.principal;
  const hasGroup = importer.agentEnvironment.get('KONG_RESILIENCE_HANDOVER_GROUP') !== undefined;
  const isImpersonated = podAccount?.annotations?.[impersonation] !== undefined;
  return [
    ...gatewayDoubts(importer, { name: 'proxy', image, variables }),
    ...(typeof runAsUser === 'number' && isKnown(runAsUser) && ![0, AGENT_UID].includes(runAsUser) && !hasGroup
      ? [otherUser(runAsUser, AGENT_UID)]
      : []),
    ...(typeof account === 'string' && podAccount !== undefined && !isImpersonated
      ? [actsAsAnother(impersonation)]
      : []),
  ];
}

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** The map at a path; an empty one where there is none. */
function mapAt(values: HelmMap, ...path: readonly string[]): HelmMap {
  return path.reduce<HelmMap>((map, key) => (isMap(map[key]) ? map[key] : {}), values);
}
