import { ENTERPRISE_ENTITIES, ENTERPRISE_PLUGINS, GUARDING_PLUGINS, OPEN_SOURCE_FIELDS } from './editions';
import { emptyConfiguration, losesAuthentication, mixesWorkspaces, notAnObject } from './errors';
import type { JsonMember } from './json-scanner';
import type { ChunkSink } from './reader';
import { NOT_PROXIED, type TableInfo } from './table';
import { TableWalker } from './table-walker';

/** A plugin that an open-source gateway cannot run as it is configured. */
export interface RemovedPlugin {
  readonly name: string;
  readonly id: string;
  readonly enabled: boolean;
  /** What it was on: `every request`, or such as `route "orders"`, by name where there is one. */
  readonly on: string;
  /** Why: it is Enterprise-only, or a field of it is. */
  readonly why: string;
}

/** What an open-source node had to lose of an Enterprise configuration. */
export interface AdaptReport {
  /** Number of entities that had a `ws_id`. */
  readonly wsIds: number;
  /** Lists that are gone, with the number of entities in each; of `workspaces` all but `default` are. */
  readonly entities: Readonly<Record<string, number>>;
  readonly plugins: readonly RemovedPlugin[];
  /** Fields that are gone and held something, such as `consumers.type`, with the number of entities. */
  readonly fields: Readonly<Record<string, number>>;
}

type Entity = Record<string, unknown>;

const BATCH_LENGTH = 64 * 1024;

/** Whether a table has what only Enterprise writes, so that an open-source node needs it adapted. */
export function isEnterpriseTable(info: TableInfo): boolean {
  return info.hasWsId || Object.keys(info.entityCounts).some((name) => ENTERPRISE_ENTITIES.has(name));
}

/**
 * Makes an Enterprise table one that an open-source gateway takes, entity by entity: without `ws_id`, without entities,
 * fields and plugins that only Enterprise has (editions.ts). Everything else stays, in its order, `_transform` too.
 *
 * Nothing is lost silently: the report names it. What would let callers through that were refused before is an error:
 * - `KR_CONFIG_LOSES_AUTHENTICATION`: an enabled plugin that decides who may pass cannot be kept;
 * - `KR_CONFIG_MIXES_WORKSPACES`: entities of several workspaces. One workspace's consumers are strangers to another's
 *   routes; in an open-source gateway, which has one, their keys would open them.
 * Also `KR_CONFIG_EMPTY` when nothing is left, and what is wrong with the JSON. The sink has got a part by then: use it
 * only when this returns.
 *
 * The fields inside a plugin's `config` are left alone: what an open-source gateway does not know there, it refuses.
 *
 * @param table the text of a table, such as `ReadResult.tableRange` of what `readConfiguration` passed on
 */
export async function adaptToOpenSource(table: AsyncIterable<Uint8Array>, sink: ChunkSink): Promise<AdaptReport> {
  const adapter = new Adapter();
  const walker = new TableWalker(adapter);
  for await (const chunk of table) {
    walker.feed(chunk);
    if (adapter.length >= BATCH_LENGTH) await sink(adapter.take());
  }
  const kind = walker.end();
  if (kind !== undefined && kind !== 'object') throw notAnObject(kind);
  const report = adapter.conclude();
  await sink(adapter.take());
  return report;
}

class Adapter {
  #output = '{';
  /** The list whose elements are being written. */
  #openList: string | undefined;
  #first = true;
  #kept = 0;

  #wsIds = 0;
  readonly #wsIdsSeen = new Set<string>();
  readonly #entities = new Map<string, number>();
  readonly #fields = new Map<string, number>();
  readonly #plugins: { readonly entity: Entity; readonly why: string }[] = [];
  /** Names of routes and services by id, and of workspaces, to say what a plugin was on. */
  readonly #names = new Map<string, string>();

  /** Length of what `take` returns, in UTF-16 units. */
  get length(): number {
    return this.#output.length;
  }

  take(): Uint8Array {
    const bytes = Buffer.from(this.#output);
    this.#output = '';
    return bytes;
  }

  element(key: string, json: string): void {
    if (ENTERPRISE_ENTITIES.has(key)) return;
    const value = JSON.parse(json) as unknown;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.#write(key, json);
    const entity = value as Entity;
    this.#remember(key, entity);
    if (key === 'workspaces') return this.#workspace(entity, json);
    if (key === 'plugins') {
      const why = whyRemoved(entity);
      if (why !== undefined) {
        this.#plugins.push({ entity, why });
        return;
      }
    }
    this.#write(key, this.#strip(key, entity) ? JSON.stringify(entity) : json);
    if (!NOT_PROXIED.has(key)) this.#kept++;
  }

  member(member: JsonMember, json: string): void {
    const { key, kind } = member;
    if (ENTERPRISE_ENTITIES.has(key)) {
      this.#entities.set(key, member.count);
    } else if (kind !== 'array') {
      this.#startMember(key);
      this.#output += json;
    } else if (this.#openList === key) {
      this.#output += ']';
    } else {
      this.#startMember(key);
      this.#output += '[]';
    }
    this.#openList = undefined;
  }

  conclude(): AdaptReport {
    const plugins = this.#plugins.map(({ entity, why }) => this.#describe(entity, why));
    const lost = plugins.filter((plugin) => plugin.enabled && GUARDING_PLUGINS.has(plugin.name));
    if (lost.length > 0) throw losesAuthentication(lost);
    if (this.#wsIdsSeen.size > 1) {
      throw mixesWorkspaces([...this.#wsIdsSeen].map((id) => this.#names.get(id) ?? id).sort());
    }
    if (this.#kept === 0) throw emptyConfiguration();
    this.#output += '}';
    return {
      wsIds: this.#wsIds,
      entities: Object.fromEntries(this.#entities),
      plugins,
      fields: Object.fromEntries(this.#fields),
    };
  }

  #startMember(key: string): void {
    this.#output += `${this.#first ? '' : ','}${JSON.stringify(key)}:`;
    this.#first = false;
  }

  #write(key: string, json: string): void {
    if (this.#openList === key) {
      this.#output += `,${json}`;
    } else {
      this.#startMember(key);
      this.#openList = key;
      this.#output += `[${json}`;
    }
  }

  #remember(key: string, { id, name, ws_id: wsId }: Entity): void {
    if ((key === 'routes' || key === 'services' || key === 'workspaces') && typeof id === 'string') {
      if (typeof name === 'string') this.#names.set(id, name);
    }
    if (wsId !== undefined) this.#wsIds++;
    if (typeof wsId === 'string') this.#wsIdsSeen.add(wsId);
  }

  /** An open-source gateway has one workspace, `default`, without the settings of Enterprise's portal. */
  #workspace(entity: Entity, json: string): void {
    if (entity['name'] !== 'default') return count(this.#entities, 'workspaces');
    let changed = this.#strip('workspaces', entity);
    for (const field of ['config', 'meta']) {
      const settings = Object.values(entity[field] ?? {}) as unknown[];
      if (settings.length === 0) continue;
      if (settings.some((setting) => setting !== null)) count(this.#fields, `workspaces.${field}`);
      entity[field] = {};
      changed = true;
    }
    this.#write('workspaces', changed ? JSON.stringify(entity) : json);
  }

  /** Removes what an open-source gateway does not know; returns whether there was any. */
  #strip(key: string, entity: Entity): boolean {
    const known = OPEN_SOURCE_FIELDS.get(key);
    let changed = false;
    for (const [field, value] of Object.entries(entity)) {
      if (field !== 'ws_id' && (known === undefined || known.has(field) || isNested(value))) continue;
      if (field !== 'ws_id' && value !== null) count(this.#fields, `${key}.${field}`);
      delete entity[field];
      changed = true;
    }
    return changed;
  }

  #describe(plugin: Entity, why: string): RemovedPlugin {
    const on = (['route', 'service', 'consumer', 'consumer_group'] as const).flatMap((scope) => {
      const id = referenced(plugin[scope]);
      return id === undefined ? [] : [`${scope.replace('_', ' ')} "${this.#names.get(id) ?? id}"`];
    });
    return {
      name: typeof plugin['name'] === 'string' ? plugin['name'] : 'without name',
      id: typeof plugin['id'] === 'string' ? plugin['id'] : 'without id',
      enabled: plugin['enabled'] !== false,
      on: on.length === 0 ? 'every request' : on.join(' and '),
      why,
    };
  }
}

/** Why a plugin cannot be kept; undefined when it can. */
function whyRemoved(plugin: Entity): string | undefined {
  if (ENTERPRISE_PLUGINS.has(plugin['name'] as string)) return 'only Enterprise has it';
  const known = OPEN_SOURCE_FIELDS.get('plugins');
  const field = Object.entries(plugin).find(
    // Without any other field it would run elsewhere or otherwise than configured; `ordering` only changes its turn.
    ([name, value]) => value !== null && name !== 'ws_id' && name !== 'ordering' && known?.has(name) === false,
  )?.[0];
  return field === undefined ? undefined : `only Enterprise has its "${field}"`;
}

/** Entities inside an entity, as people write them: the gateway knows them, or refuses them. */
function isNested(value: unknown): boolean {
  return Array.isArray(value) && value.some((element) => typeof element === 'object' && element !== null);
}

function referenced(reference: unknown): string | undefined {
  if (typeof reference === 'string') return reference;
  if (typeof reference !== 'object' || reference === null) return undefined;
  const { id, name } = reference as Entity;
  return typeof id === 'string' ? id : typeof name === 'string' ? name : undefined;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
