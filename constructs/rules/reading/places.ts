import type { IConstruct } from 'constructs';
import { parseGatewayVersion } from '../../../src/contract';
import { ExporterImporterNode, ExporterNode, ImporterNode, type IConfigurationStore } from '../../topology';
import type { App } from './app';
import type { NodeGroup } from './nodes';
import { equals, isWhole } from './text';
import type { Answer } from './answer';
import { allOf, fromBoolean } from './answer';

/** A bucket and a prefix in which configurations are stored. */
export interface Place {
  readonly scheme: 's3' | 'gcs';
  readonly bucket: string;
  /** Without a slash at its end; may be empty. */
  readonly prefix: string;
}

/** A place that the app uses as a store, by whoever said so first. */
export interface StorePlace extends Place {
  readonly construct: IConstruct;
  /** Those that are known; none for any. */
  readonly versions: readonly string[];
}

/** Somebody who exports or imports a version. */
export interface VersionUse {
  readonly construct: IConstruct;
  /** Undefined where Terraform alone knows. */
  readonly place: Place | undefined;
  readonly version: string | undefined;
}

/** The store constructs of this library: whatever implements their interface. */
export function isStore(construct: IConstruct): construct is IConfigurationStore {
  const { storageUrl, importStorageUrl, addGatewayVersion } = construct as Partial<IConfigurationStore>;
  return (
    typeof storageUrl === 'string' && typeof importStorageUrl === 'string' && typeof addGatewayVersion === 'function'
  );
}

/** Reads a storage URL in which names may be placeholders; undefined for `file://` and what is no such URL. */
export function parsePlace(url: string): Place | undefined {
  const match = /^(s3|gcs|gs):\/\/([^/]+)\/?(.*)$/s.exec(url);
  const [, scheme, bucket = '', prefix = ''] = match ?? [];
  if (scheme === undefined) return undefined;
  return { scheme: scheme === 's3' ? 's3' : 'gcs', bucket, prefix: prefix.replace(/\/$/, '') };
}

export function samePlace(a: Place, b: Place): Answer {
  return allOf([fromBoolean(a.scheme === b.scheme), equals(a.bucket, b.bucket), equals(a.prefix, b.prefix)]);
}

/** All uses of versions: nodes of this library, and containers that are told their version. */
export function versionUses(
  app: App,
  groups: readonly NodeGroup[],
): { readonly exports: readonly VersionUse[]; readonly imports: readonly VersionUse[] } {
  const exports: VersionUse[] = [];
  const imports: VersionUse[] = [];
  for (const construct of app.constructs) {
    const isNode =
      construct instanceof ExporterNode ||
      construct instanceof ImporterNode ||
      construct instanceof ExporterImporterNode;
    if (!isNode) continue;
    const url = construct.agentEnvironment.get('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE')?.toString() ?? '';
    const place = parsePlace(app.textAt(construct, url));
    const versions = construct instanceof ImporterNode ? [construct.gatewayVersion] : construct.gatewayVersions;
    const uses = versions.map((version) => ({ construct, place, version: known(app.textAt(construct, version)) }));
    if (!(construct instanceof ImporterNode)) exports.push(...uses);
    if (!(construct instanceof ExporterNode)) imports.push(...uses);
  }
  for (const { construct, containers } of groups) {
    for (const container of containers) {
      const place = parsePlace(container.text('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE') ?? '');
      const uses = container.versions.map((version) => ({ construct, place, version: known(version) }));
      if (container.exports === 'yes') exports.push(...uses);
      if (container.imports === 'yes') imports.push(...uses);
    }
  }
  return { exports, imports };
}

function known(version: string): string | undefined {
  return isWhole(version) ? version : undefined;
}

/** Where configurations are stored, by the stores of the app, its nodes and the variables of its containers. */
export function storePlaces(app: App, groups: readonly NodeGroup[]): readonly StorePlace[] {
  const { exports, imports } = versionUses(app, groups);
  const uses = [...exports, ...imports];
  const found = new Map<string, StorePlace>();
  const add = (construct: IConstruct, place: Place | undefined) => {
    if (place === undefined) return;
    const key = `${place.scheme} ${place.bucket} ${place.prefix}`;
    if (found.has(key)) return;
    const here = uses.filter((use) => use.place !== undefined && samePlace(use.place, place) !== 'no');
    const versions = here.flatMap(({ version }) => version ?? []);
    found.set(key, { ...place, construct, versions: versions.length < here.length ? [] : [...new Set(versions)] });
  };
  for (const construct of app.constructs) {
    if (!isStore(construct)) continue;
    add(construct, parsePlace(app.textAt(construct, construct.storageUrl)));
    add(construct, parsePlace(app.textAt(construct, construct.importStorageUrl)));
  }
  for (const { construct, place } of uses) add(construct, place);
  for (const { construct, containers } of groups) {
    for (const container of containers) {
      if (container.exports === 'no' && container.imports === 'no') continue;
      add(construct, parsePlace(container.text('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE') ?? ''));
    }
  }
  return [...found.values()];
}

/** What the keys of a place begin with. */
export function rootOf(place: Place): string {
  return place.prefix === '' ? '' : `${place.prefix}/`;
}

/**
 * Keys of configurations and leases in a place, under its versions; where those are not known, under versions that a
 * pattern of somebody else's may mean.
 */
export function keysOf(place: StorePlace, pattern: string): readonly string[] {
  const root = rootOf(place);
  const versions = place.versions.length > 0 ? place.versions : ['3.9.1', '3.10.0.2', ...versionsLike(pattern, root)];
  return versions.flatMap((version) => [`${root}${version}/config.json`, `${root}${version}/kong-resilience.json`]);
}

function versionsLike(pattern: string, root: string): string[] {
  const begun = pattern.startsWith(root) ? (/^[\d.]+/.exec(pattern.slice(root.length))?.[0] ?? '') : '';
  return ['', '0', '0.0', '0.0.0', '.0', '.0.0', '.0.0.0']
    .map((rest) => `${begun}${rest}`)
    .filter((version) => parseGatewayVersion(version) !== undefined);
}
