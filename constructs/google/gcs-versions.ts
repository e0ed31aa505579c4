import { Aspects } from 'cdktf';
import type { IConstruct } from 'constructs';
import { parseGatewayVersion } from '../../src/contract';
import { isKnown, warn, type Problem } from '../problems';
import { noVersion, notAVersion, versionListToken } from './problems';

/** One version; a token is not checked. */
export function versionProblems(version: string): Problem[] {
  return !isKnown(version) || parseGatewayVersion(version) !== undefined ? [] : [notAVersion(version)];
}

/** A list of versions, which must not be a token as a whole. */
export function versionListProblems(versions: readonly string[] | undefined): Problem[] {
  if (versions === undefined) return [];
  return isKnown(versions) ? versions.flatMap(versionProblems) : [versionListToken()];
}

/** Whether a gateway of that version elects a leader among exporters in the store; a token may turn out so. */
export function mayBeEnterprise(version: string): boolean {
  return !isKnown(version) || parseGatewayVersion(version)?.edition === 'enterprise';
}

/** Says, once everything is declared, that a store knows no version; nodes may still add theirs until then. */
export function warnWithoutVersion(store: IConstruct, versions: readonly string[]): void {
  Aspects.of(store).add({
    visit: (node) => {
      if (node === store && versions.length === 0) warn(store, noVersion());
    },
  });
}
