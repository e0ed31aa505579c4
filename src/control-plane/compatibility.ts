import { BUNDLED_PLUGINS, type NodePlugin } from '../protocol';

interface Version {
  readonly major: number;
  readonly minor: number;
}

function parse(text: string): Version | undefined {
  const parts = /^(\d+)\.(\d+)\.\d+(?:\.\d+)?$/.exec(text);
  return parts === null ? undefined : { major: Number(parts[1]), minor: Number(parts[2]) };
}

/** Whether one side may be given the other's things: same major version, and not a newer minor one. */
function serves(own: string, other: string): boolean {
  const mine = parse(own);
  const theirs = parse(other);
  return mine !== undefined && theirs !== undefined && mine.major === theirs.major && mine.minor >= theirs.minor;
}

/**
 * Whether a control plane serves a node's version: `X.Y.Z[.W]`, the same major, and a minor that is not newer than its
 * own. Kong's rule, as measured.
 */
export function servesVersion(own: string, node: string): boolean {
  return serves(own, node);
}

/**
 * Why a node cannot be sent a table that uses these plugins, or undefined: each one must be in the node's list, and a
 * version that the node gives must not be newer. A bundled plugin has the version of its gateway; the version of a
 * custom one is not known here, and is not compared.
 */
export function pluginProblem(
  own: string,
  used: readonly string[],
  announced: readonly NodePlugin[],
): string | undefined {
  const versions = new Map(announced.map((plugin) => [plugin.name, plugin.version]));
  for (const name of used) {
    if (!versions.has(name)) return `the plugin ${name} is configured, and not in the node's list`;
    const version = versions.get(name);
    if (version !== undefined && BUNDLED_PLUGINS.includes(name) && !serves(own, version)) {
      return `the node has version ${version} of the plugin ${name}, which is not compatible with ${own}`;
    }
  }
  return undefined;
}

/** The names of the plugins in a table, each once. */
export function pluginsOf(table: Uint8Array): readonly string[] {
  const parsed = JSON.parse(Buffer.from(table.buffer, table.byteOffset, table.byteLength).toString('utf8')) as {
    plugins?: readonly { readonly name?: unknown }[] | null;
  };
  const names = (parsed.plugins ?? []).map((plugin) => plugin.name);
  return [...new Set(names.filter((name): name is string => typeof name === 'string'))];
}
