import type { GatewayVersion, Secret } from '../contract';
import { ResilienceError } from '../errors';
import { EMPTY_HASH } from '../protocol';
import { pause, type Log } from '../runtime';
import { checkTable, type Configuration, type TableInfo } from '../snapshot';
import { adminDenied, adminInvalid, adminNotDbless, adminStatus, adminTooLarge, adminUnreachable } from './errors';
import { quotable } from './open-outlet';
import type { ConfigurationSource, SourceListener, SourceState } from './source';

import { decoded } from './tunnel';

export interface AdminApiSourceOptions {
  /** KONG_RESILIENCE_ADMIN_URL: the Admin API of a gateway with database=off. Credentials in it are sent as Basic. */
  readonly url: URL;
  /** KONG_ADMIN_TOKEN, sent as `Kong-Admin-Token`. */
  readonly token?: Secret;
  readonly version: GatewayVersion;
  readonly pollMs: number;
  /** Total limit of one request, its body included. */
  readonly timeoutMs: number;
  readonly maxConfigBytes: number;
  readonly log: Log;
}

/** Bound of what aliases may multiply; Kong writes one only where two entities share a table. */
const MAX_ALIASES = 10_000;

/**
 * The Admin API of a DB-less gateway as the source of its configuration: `GET /config`, polled. The table is the JSON
 * of the YAML that it answers; `config_hash` is the gateway's own `configuration_hash`, where its `/status` has one.
 */
export function adminApiSource(options: AdminApiSourceOptions): ConfigurationSource {
  const base = new URL(options.url);
  const credentials = `${decoded(base.username)}:${decoded(base.password)}`;
  base.username = '';
  base.password = '';
  const name = `Admin API ${base.href.replace(/\/$/, '')}`;
  const headers = new Headers({ accept: 'application/json' });
  if (credentials !== ':') headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  if (options.token !== undefined) headers.set('kong-admin-token', options.token.reveal());

  let skipPause = new AbortController();
  return {
    name,
    run: async (listener, signal) => {
      const poll = new AdminApiPoll({ ...options, base, headers, name }, signal);
      let told: SourceState | undefined;
      const tell = (state: SourceState): void => {
        if (state !== told && !signal.aborted) listener.onState((told = state));
      };
      tell('connecting');
      while (!signal.aborted) {
        await once(poll, listener, tell, signal);
        skipPause = new AbortController();
        await pause(options.pollMs, signal, skipPause.signal);
      }
    },
    refresh: () => skipPause.abort(),
  };
}

async function once(
  poll: AdminApiPoll,
  listener: SourceListener,
  tell: (state: SourceState) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const configuration = await poll.ask();
    if (signal.aborted) return;
    tell('live');
    listener.onConfiguration(configuration);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ResilienceError)) throw error;
    tell('connecting');
    listener.onProblem(error);
  }
}

interface PollOptions extends AdminApiSourceOptions {
  readonly base: URL;
  readonly headers: Headers;
  readonly name: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

class AdminApiPoll {
  /** The last answer and what came of it: the same YAML is not parsed twice. */
  #last: { readonly yaml: string; readonly table: Uint8Array; readonly info: TableInfo } | undefined;

  constructor(
    private readonly options: PollOptions,
    private readonly signal: AbortSignal,
  ) {}

  async ask(): Promise<Configuration> {
    const before = await this.#hash();
    const yaml = this.#yaml(await this.#get('/config'));
    const receivedAt = new Date();
    // The hash belongs to this answer only if it was the same before and after it.
    const after = await this.#hash();
    if (this.#last?.yaml !== yaml) this.#last = { yaml, ...(await this.#table(yaml)) };
    const { table, info } = this.#last;
    return before !== undefined && before === after
      ? { table, info, receivedAt, configHash: before }
      : { table, info, receivedAt };
  }

  #yaml(answer: Answer): string {
    const { name } = this.options;
    const { status, text } = answer;
    if (status === 401 || status === 403) throw adminDenied(name, status);
    if (status === 400 || status === 404) throw adminNotDbless(name, status, said(text));
    if (status !== 200) throw adminStatus(name, status, said(text));
    const config = member(text, 'config');
    if (typeof config !== 'string')
      throw adminInvalid(name, 'its answer to GET /config is not JSON with a text "config"');
    return config;
  }

  async #table(yaml: string): Promise<{ table: Uint8Array; info: TableInfo }> {
    const { parseDocument } = await import('yaml');
    // Kong's YAML library reads and writes YAML 1.1 without time stamps: a bare date is a text to it.
    const document = parseDocument(yaml, {
      version: '1.1',
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:timestamp'),
      logLevel: 'silent',
    });
    // The parser's message quotes the text, which holds secrets; its code and place do not.
    const problem = document.errors[0];
    if (problem !== undefined) throw this.#notYaml(`${problem.code} at character ${problem.pos[0]}`);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch {
      throw this.#notYaml('too many aliases');
    }
    let json: string;
    try {
      json = JSON.stringify(value ?? null, onlyJson);
    } catch {
      throw this.#notYaml('it holds what JSON cannot say, or an alias of what it stands in');
    }
    const table = Buffer.from(json);
    return { table, info: checkTable(table) };
  }

  #notYaml(why: string): ResilienceError {
    return adminInvalid(this.options.name, `the "config" that it answers is not YAML (${why})`);
  }

  async #hash(): Promise<string | undefined> {
    try {
      const { status, text } = await this.#get('/status');
      const hash = status === 200 ? member(text, 'configuration_hash') : undefined;
      return typeof hash === 'string' && /^[0-9a-f]{32}$/.test(hash) && hash !== EMPTY_HASH ? hash : undefined;
    } catch (error) {
      // The hash is a convenience: whatever is wrong, the request for /config tells it.
      this.options.log.debug({ err: error }, `${this.options.name}: no configuration_hash from /status`);
      return undefined;
    }
  }

  async #get(path: string): Promise<Answer> {
    const { base, headers, timeoutMs, name, maxConfigBytes } = this.options;
    const limit = new AbortController();
    const stop = (): void => limit.abort(this.signal.reason);
    if (this.signal.aborted) stop();
    this.signal.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => limit.abort(new Error(`not complete within ${timeoutMs / 1000} s`)), timeoutMs);
    try {
      const url = new URL(base.pathname.replace(/\/$/, '') + path, base);
      // A redirect is not followed: the token is for this address alone.
      const response = await fetch(url, { headers, redirect: 'manual', signal: limit.signal });
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of response.body ?? []) {
        size += (chunk as Uint8Array).length;
        if (size > maxConfigBytes) throw adminTooLarge(name, maxConfigBytes);
        chunks.push(chunk as Uint8Array);
      }
      return { status: response.status, text: Buffer.concat(chunks).toString('utf8') };
    } catch (error) {
      if (error instanceof ResilienceError) throw error;
      throw adminUnreachable(name, error);
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener('abort', stop);
    }
  }
}

/** For JSON.stringify, which makes something else of these without a word. */
function onlyJson(this: unknown, key: string, value: unknown): unknown {
  const held = (this as Record<string, unknown>)[key];
  const lost = typeof held === 'number' && !Number.isFinite(held);
  if (lost || held instanceof Uint8Array || held instanceof Set || held instanceof Map) throw new TypeError('not JSON');
  return value;
}

function member(text: string, key: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}

/** Kong's `message`, or the page's title or first line. */
function said(text: string): string {
  const message = member(text, 'message');
  return quotable(typeof message === 'string' ? message : text);
}
