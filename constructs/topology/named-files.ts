import type { EnvironmentBlock } from '../environment';
import { isKnown, type Problem } from '../problems';
import { notMounted } from './problems';

const ofCluster = ['KONG_CLUSTER_CERT', 'KONG_CLUSTER_CERT_KEY', 'KONG_CLUSTER_CA_CERT'];
const all = [...ofCluster, 'KONG_LUA_SSL_TRUSTED_CERTIFICATE', 'GOOGLE_APPLICATION_CREDENTIALS'];

/** The files that the agent's variables name: variable and path. */
export function namedFiles(
  block: EnvironmentBlock,
  names: readonly string[] = all,
): (readonly [name: string, path: string])[] {
  return names.flatMap((name) => {
    const value = block.get(name);
    if (value === undefined || value.isSecret || !isKnown(value.toString())) return [];
    const paths = value
      .toString()
      .split(',')
      .map((path) => path.trim())
      .filter((path) => path.startsWith('/'));
    return paths.map((path) => [name, path] as const);
  });
}

/** A container of the agent, which has no more than its image. */
export const bareContainer = "the agent's container, where nothing is mounted";

/**
 * Which files of the cluster are named where nothing mounts any, so that the agent would end at its start. Trusted
 * certificates may be in its image, and an exporter that asks the Admin API needs none of the cluster's.
 *
 * @param place what has no such file
 * @param fix how the PEM is given there instead
 */
export function unmountedProblems(block: EnvironmentBlock, place: string, fix: string): Problem[] {
  if (block.get('KONG_RESILIENCE_ADMIN_URL') !== undefined) return [];
  return namedFiles(block, ofCluster).map(([name, path]) => notMounted(name, path, place, fix));
}
