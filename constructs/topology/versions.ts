import { explainVersion, parseGatewayVersion } from '../../src/contract';
import { isKnown, type Problem } from '../problems';
import { listProblems } from './lists';
import { mixedEditions, notFullVersion, noVersions, versionListToken, versionTwice } from './problems';

/** What is wrong with a version, at the prop that has it; nothing for a token. */
export function versionProblems(prop: string, version: string): Problem[] {
  if (!isKnown(version) || parseGatewayVersion(version) !== undefined) return [];
  return [notFullVersion(prop, version, explainVersion(version))];
}

/** What is wrong with the versions that a store is given, which has rules for each of them. */
export function versionListProblems(versions: readonly string[]): Problem[] {
  return unjudged(versions, [versionListToken()]) ?? eachVersionProblems(versions);
}

/** What is wrong with the versions of an exporter. */
export function versionsProblems(versions: readonly string[]): Problem[] {
  const problems = unjudged(versions, []);
  if (problems !== undefined) return problems;
  if (versions.length === 0) return [noVersions()];
  const twice = new Set(versions.filter((version, index) => versions.indexOf(version) !== index));
  const editions = new Set(versions.map(editionOf).filter((edition) => edition !== undefined));
  return [
    ...eachVersionProblems(versions),
    ...[...twice].map((version) => versionTwice(version)),
    ...(editions.size > 1 ? [mixedEditions(versions.map((version) => `"${version}"`).join(', '))] : []),
  ];
}

/**
 * The problems of what cannot be judged as a list: what is none, and a token, of which `token` is said. Undefined for a list.
 */
function unjudged(versions: readonly string[], token: Problem[]): Problem[] | undefined {
  const noList = listProblems('gatewayVersions', versions, '["3.9.1"]');
  if (noList.length > 0) return noList;
  return isKnown(versions) ? undefined : token;
}

function eachVersionProblems(versions: readonly string[]): Problem[] {
  return versions.flatMap((version, index) => versionProblems(`gatewayVersions[${index}]`, version));
}

/** Whether the gateway is Enterprise, by the four parts of its version. One that is not known yet counts as open source. */
export function isEnterprise(versions: readonly string[]): boolean {
  return versions.some((version) => editionOf(version) === 'enterprise');
}

/** Whether an Enterprise gateway may write under this version, which elects a leader there; a token may be any. */
export function mayBeEnterprise(version: string): boolean {
  return !isKnown(version) || editionOf(version) === 'enterprise';
}

function editionOf(version: string): 'open-source' | 'enterprise' | undefined {
  return parseGatewayVersion(version)?.edition;
}
