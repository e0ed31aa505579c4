/** What JSON.parse and the rules of docs say of a configuration, without any code of the program. */
export interface Verdict {
  readonly formatVersion: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly hasWsId: boolean;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What V8 reads in bytes; undefined where they are no JSON. */
export function parsed(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(strict.decode(bytes)) as unknown };
  } catch {
    return undefined;
  }
}

/** How many containers are open at once at most. */
export function depth(value: unknown): number {
  let deepest = 0;
  const open: [unknown, number][] = [[value, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [held, at] = next;
    if (typeof held !== 'object' || held === null) continue;
    deepest = Math.max(deepest, at + 1);
    for (const inner of Object.values(held)) open.push([inner, at + 1]);
  }
  return deepest;
}

/** Undefined where it must be refused. */
export function judgeTable(value: unknown): Verdict | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const table = value as Record<string, unknown>;
  const format = Object.hasOwn(table, '_format_version') ? table['_format_version'] : undefined;
  if (typeof format !== 'string' || !/^[0-9]{1,3}\.[0-9]{1,3}$/.test(format) || format.endsWith('\n')) return undefined;
  if (!(Number(format.split('.')[0]) >= 1 && Number(format.split('.')[0]) <= 3)) return undefined;
  if (Object.hasOwn(table, '_transform') && typeof table['_transform'] !== 'boolean') return undefined;
  const counts: [string, number][] = [];
  let proxied = 0;
  let hasWsId = false;
  for (const [key, list] of Object.entries(table)) {
    if (Array.isArray(list)) {
      const entities = list as unknown[];
      hasWsId ||= entities.some(
        (entity) => typeof entity === 'object' && entity !== null && Object.hasOwn(entity, 'ws_id'),
      );
    }
    if (key.startsWith('_')) continue;
    const empty = typeof list === 'object' && list !== null && !Array.isArray(list) && Object.keys(list).length === 0;
    if (!Array.isArray(list) && list !== null && !empty) return undefined;
    const entities = Array.isArray(list) ? (list as unknown[]) : [];
    if (entities.some((entity) => typeof entity !== 'object' || entity === null || Array.isArray(entity)))
      return undefined;
    counts.push([key, entities.length]);
    if (key !== 'workspaces' && key !== 'parameters') proxied += entities.length;
  }
  return proxied === 0 ? undefined : { formatVersion: format, counts: Object.fromEntries(counts), hasWsId };
}

const secretEntity = { id: 'c1', username: 'ann', tags: ['a', 'ü𝒳'], custom_id: null };

/** Tables that are valid, one of Enterprise among them. */
export const tables: readonly unknown[] = [
  { _format_version: '3.0', _transform: false, services: [{ id: 's1', name: 'echo', host: 'h', port: 80 }] },
  {
    _format_version: '3.0',
    _transform: true,
    services: [{ id: 's1', name: 'echo', host: 'h', retries: 5, tags: [] }],
    routes: [{ id: 'r1', paths: ['/a', '/b'], service: { id: 's1' }, headers: { 'x-a': ['1'] } }],
    plugins: [{ id: 'p1', name: 'key-auth', enabled: true, config: { key_names: ['apikey'], anonymous: null } }],
    consumers: [secretEntity, { id: 'c2', username: 'bob' }],
    keyauth_credentials: [{ id: 'k1', key: 'K3Y-\\"quoted\\"', consumer: { id: 'c1' } }],
    certificates: [{ id: 'x', cert: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', key: 'PEM' }],
    parameters: [{ key: 'cluster_id', value: 'v' }],
    workspaces: [{ id: 'w1', name: 'default', config: {}, meta: {} }],
    upstreams: {},
    _comment: { any: 1.5e-7 },
  },
  {
    _format_version: '3.0',
    workspaces: [{ id: 'w1', name: 'default', config: { portal: null }, meta: { color: 'x' } }],
    services: [{ id: 's1', ws_id: 'w1', host: 'h', new_field: 1 }],
    rbac_roles: [{ id: 'r', name: 'admin' }],
    consumers: [{ id: 'c1', username: 'ann', ws_id: 'w1', type: 0 }],
    plugins: [
      { id: 'p1', name: 'openid-connect', enabled: false, ws_id: 'w1', config: { issuer: 'x' } },
      { id: 'p2', name: 'cors', ws_id: 'w1', ordering: null, route: { id: 'r1' } },
    ],
    routes: [{ id: 'r1', name: 'all', ws_id: 'w1', paths: ['/'] }],
  },
];
