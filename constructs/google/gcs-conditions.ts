/**
 * The conditions of the grants, in the subset of CEL that IAM documents for resource names: startsWith, endsWith, extract.
 * IAM allows 12 logical operators in one; these have at most 4.
 */
import { keyRootOf, type GcsPlace } from './gcs-place';

/** Google knows an object by this name in conditions. */
function objectName(place: GcsPlace, key: string): string {
  return `projects/_/buckets/${place.bucketName}/objects/${key}`;
}

/**
 * Read and list under the prefix. A listing is a request to the bucket, which no object's name can match; IAM gives its
 * prefix in an attribute, which is empty for every other request.
 *
 * @returns undefined for the whole bucket, which needs no condition
 */
export function readCondition(place: GcsPlace): string | undefined {
  const root = keyRootOf(place);
  if (root === '') return undefined;
  return (
    `resource.name.startsWith('${objectName(place, root)}') || ` +
    `api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('${root}')`
  );
}

/** Create and replace configurations, leases and, where asked, what Enterprise elects its leader with; nothing else. */
export function writeCondition(place: GcsPlace, election: boolean): string {
  const root = objectName(place, keyRootOf(place));
  return (
    `resource.name.startsWith('${root}') && ` +
    // The versions' folders; a config.json of the prefix itself is none of ours.
    `resource.name.extract('${root}{version}/') != '' && (` +
    `resource.name.endsWith('/config.json') || ` +
    `resource.name.endsWith('/kong-resilience.json')` +
    (election ? ` || resource.name.extract('${root}{version}/election/') != ''` : '') +
    `)`
  );
}
