import {
  compareGatewayVersions,
  configKey,
  parseGatewayVersion,
  versionsPrefix,
  type GatewayVersion,
  type StorageUrl,
} from '../contract';
import type { CallOptions, ObjectReader } from '../store';

/** An object that may serve a node of some version. */
export interface Candidate {
  readonly version: GatewayVersion;
  readonly key: string;
}

/** The node's own object: the only one that is tried first. */
export function ownCandidate(storage: StorageUrl, version: GatewayVersion): Candidate {
  return { version, key: configKey(storage, version) };
}

/**
 * The stored versions that a node may fall back on, best first: older ones of the same major and edition, the nearest
 * first, so that another patch comes before another minor. Never a newer one: a gateway refuses fields it does not know.
 */
export async function olderCandidates(
  reader: ObjectReader,
  storage: StorageUrl,
  version: GatewayVersion,
  options: CallOptions,
): Promise<readonly Candidate[]> {
  const folders = await reader.listFolders(versionsPrefix(storage), options);
  return folders
    .map((name) => parseGatewayVersion(name))
    .filter((other): other is GatewayVersion => other !== undefined)
    .filter(
      (other) =>
        other.edition === version.edition &&
        other.parts[0] === version.parts[0] &&
        compareGatewayVersions(other, version) < 0,
    )
    .sort((a, b) => compareGatewayVersions(b, a))
    .map((other) => ({ version: other, key: configKey(storage, other) }));
}
