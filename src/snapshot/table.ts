import { badFormatVersion, badTransform, emptyConfiguration, notAList, notAnEntity, notAnObject } from './errors';
import type { JsonKind } from './json-kind';
import { JsonScanner, type JsonScannerOptions, type JsonStructure } from './json-scanner';

/** What one pass over a configuration table tells about it. */
export interface TableInfo {
  /** `_format_version`, such as `3.0`. */
  readonly formatVersion: string;
  /** `_transform`; absent when the table has none. */
  readonly transform?: boolean;
  /** Whether a gateway hashes the basic-auth passwords in it when it loads it: it does unless `_transform` is false. */
  readonly hashesPasswords: boolean;
  /** Number of entities in each list, empty and null ones included, by the list's name. */
  readonly entityCounts: Readonly<Record<string, number>>;
  /** What each top-level key holds. */
  readonly topLevel: Readonly<Record<string, JsonKind>>;
  /** Whether any entity has a `ws_id`: Enterprise tables do, open-source ones do not. */
  readonly hasWsId: boolean;
}

/** What a scanner must look for, so that `describeTable` can say all of the above. */
export const TABLE_SCAN = {
  entityKey: 'ws_id',
  capture: new Set(['_format_version']),
} satisfies JsonScannerOptions;

/** Lists that say something about the control plane and nothing about what is proxied. */
export const NOT_PROXIED: ReadonlySet<string> = new Set(['workspaces', 'parameters']);

/**
 * Checks a scanned table's shape: `_format_version`, `_transform`, a list of objects under every other name, at
 * least one entity.
 *
 * Throws `KR_CONFIG_FORMAT_VERSION`, `KR_CONFIG_TRANSFORM`, `KR_CONFIG_NOT_A_LIST`, `KR_CONFIG_NOT_AN_ENTITY` or
 * `KR_CONFIG_EMPTY`.
 */
export function describeTable(table: JsonStructure): TableInfo {
  const formatVersion = formatVersionOf(table);
  const transform = transformOf(table);
  const counts: [string, number][] = [];
  for (const member of table.members.values()) {
    // Names with an underscore are Kong's and decK's notes about the file; every other one is a list of entities.
    if (member.key.startsWith('_')) continue;
    // Lua does not tell an empty list from an empty object: Kong may write `{}` for either.
    const empty = member.kind === 'object' && member.end - member.start === '{}'.length;
    if (member.kind !== 'array' && member.kind !== 'null' && !empty) throw notAList(member.key, member.kind);
    const { stranger } = member;
    if (stranger !== undefined) throw notAnEntity(member.key, stranger.index, stranger.kind);
    counts.push([member.key, member.count]);
  }
  if (!counts.some(([key, count]) => count > 0 && !NOT_PROXIED.has(key))) throw emptyConfiguration();
  return {
    formatVersion,
    ...(transform === undefined ? {} : { transform }),
    hashesPasswords: transform !== false,
    entityCounts: Object.fromEntries(counts),
    topLevel: Object.fromEntries([...table.members.values()].map((member) => [member.key, member.kind])),
    hasWsId: table.entityKeySeen,
  };
}

/** Checks a table in memory, in one pass, without parsing it. Throws as `describeTable`, and when it is no JSON object. */
export function checkTable(table: Uint8Array): TableInfo {
  const scanner = new JsonScanner(TABLE_SCAN);
  scanner.feed(table);
  scanner.end();
  const { rootKind } = scanner;
  if (rootKind !== undefined && rootKind !== 'object') throw notAnObject(rootKind);
  return describeTable(scanner.outer);
}

function formatVersionOf(table: JsonStructure): string {
  const member = table.members.get('_format_version');
  if (member === undefined) throw badFormatVersion('missing');
  if (member.kind !== 'string' || member.text === undefined) throw badFormatVersion('not a short string');
  const version = JSON.parse(member.text) as string;
  const major = /^(\d{1,3})\.\d{1,3}$/.exec(version)?.[1];
  if (major === undefined) throw badFormatVersion('not of the form "3.0"');
  if (Number(major) < 1 || Number(major) > 3) throw badFormatVersion(`"${version}"`);
  return version;
}

function transformOf(table: JsonStructure): boolean | undefined {
  const kind = table.members.get('_transform')?.kind;
  if (kind === undefined) return undefined;
  if (kind !== 'true' && kind !== 'false') throw badTransform(kind);
  return kind === 'true';
}
