import type { IncomingMessage, ServerResponse } from 'node:http';
import { causeOf } from '../errors';
import { cannotServe } from './errors';
import { answer, forward } from './forward';
import {
  type KongPlugin,
  type KongRoute,
  type KongService,
  type KongTable,
  type KongTarget,
  type KongUpstream,
  parseKongTable,
} from './kong-table';
import { Router, type RouteMatch } from './router';

/** What a request asks for: the path, and the query with its `?` or nothing. */
interface Target {
  readonly path: string;
  readonly search: string;
}

/**
 * One configuration, ready to serve: routes, services, upstreams, and of the plugins `key-auth` and
 * `request-termination`. Every other plugin is ignored, as are plugins for one consumer, expiry of keys, weights and
 * health of targets, retries and time limits.
 */
export class Serving {
  private readonly router: Router;
  private readonly services: ReadonlyMap<string, KongService>;
  private readonly upstreams: ReadonlyMap<string, KongUpstream>;
  private readonly targets: readonly KongTarget[];
  private readonly plugins: readonly KongPlugin[];
  /** User name, or id, of a key's consumer. */
  private readonly consumers: ReadonlyMap<string, string>;
  private turn = 0;

  /** @throws KR_DEMO_CONFIGURATION when it is not JSON, or asks for what cannot be simulated */
  constructor(table: Uint8Array) {
    const parsed = tableOf(table);
    this.router = new Router(parsed.routes ?? []);
    this.services = new Map((parsed.services ?? []).map((service) => [service.id, service]));
    this.upstreams = new Map((parsed.upstreams ?? []).map((upstream) => [upstream.name, upstream]));
    this.targets = (parsed.targets ?? []).filter((target) => target.weight !== 0);
    this.plugins = (parsed.plugins ?? []).filter((plugin) => plugin.enabled !== false && plugin.consumer === undefined);
    const names = new Map((parsed.consumers ?? []).map(({ id, username }) => [id, username ?? id]));
    this.consumers = new Map(
      (parsed.keyauth_credentials ?? []).map(({ key, consumer }) => [key, names.get(consumer) ?? consumer]),
    );
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const [path = '/', ...query] = (request.url ?? '/').split('?');
    const url: Target = { path, search: query.length === 0 ? '' : `?${query.join('?')}` };
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const found = this.router.match({
      method: request.method ?? 'GET',
      path,
      host,
      headers: request.headers,
    });
    if (found === undefined) return answer(response, 404, 'no Route matched with those values');
    const { route } = found;
    if (route.protocols !== undefined && !route.protocols.includes('http'))
      return wantsHttps(route, host, url, response);
    const keyAuth = this.plugin('key-auth', route);
    if (keyAuth !== undefined && !this.authenticate(keyAuth, request, url, response)) return;
    const termination = this.plugin('request-termination', route);
    if (termination !== undefined) return terminate(termination, response);
    this.proxy(found, request, url, response);
  }

  /** The plugin of this name that holds for a route: its own, else its service's, else the global one. */
  private plugin(name: string, route: KongRoute): KongPlugin | undefined {
    const weight = (plugin: KongPlugin): number =>
      (plugin.route === undefined ? 0 : 2) + (plugin.service === undefined ? 0 : 1);
    return this.plugins
      .filter(
        (plugin) =>
          plugin.name === name &&
          (plugin.route === undefined || plugin.route === route.id) &&
          (plugin.service === undefined || plugin.service === route.service),
      )
      .sort((a, b) => weight(b) - weight(a))[0];
  }

  /** Whether the request may go on; otherwise it is answered. */
  private authenticate(
    { config }: KongPlugin,
    request: IncomingMessage,
    url: Target,
    response: ServerResponse,
  ): boolean {
    const names = (config?.['key_names'] as readonly string[] | undefined) ?? ['apikey'];
    const query = new URLSearchParams(url.search);
    const key = names
      .map((name) => request.headers[name.toLowerCase()]?.toString() ?? query.get(name))
      .find((value) => typeof value === 'string' && value !== '');
    const consumer = this.consumers.get(key ?? '');
    if (consumer !== undefined) {
      request.headers['x-consumer-username'] = consumer;
      return true;
    }
    // A client's own word about who it is must not reach the service.
    delete request.headers['x-consumer-username'];
    if (config?.['anonymous'] !== undefined) return true;
    const message = typeof key !== 'string' ? 'No API key found in request' : 'Unauthorized';
    answer(response, 401, message, { 'www-authenticate': 'Key' });
    return false;
  }

  private proxy({ route, matched }: RouteMatch, request: IncomingMessage, url: Target, response: ServerResponse): void {
    const service = this.services.get(route.service ?? '');
    if (service === undefined || service.enabled === false) {
      return answer(response, 503, 'no Service found with those values');
    }
    const protocol = service.protocol === 'https' ? 'https' : 'http';
    const place = this.placeOf(service, protocol === 'https' ? 443 : 80);
    if (place === undefined) return answer(response, 503, 'failure to get a peer from the ring-balancer');
    const rest = route.strip_path === false ? url.path : url.path.slice(matched.length);
    forward(request, response, {
      protocol,
      host: place.host,
      port: place.port,
      path: joinPaths(service.path ?? '/', rest) + url.search,
      headers: { ...request.headers, host: route.preserve_host === true ? request.headers.host : place.name },
    });
  }

  /** Address and name of a service: its own, or those of the next target when its host is an upstream. */
  private placeOf(service: KongService, defaultPort: number): { host: string; port: number; name: string } | undefined {
    const upstream = this.upstreams.get(service.host);
    if (upstream === undefined) {
      const port = service.port ?? defaultPort;
      return { host: service.host, port, name: port === defaultPort ? service.host : `${service.host}:${port}` };
    }
    const targets = this.targets.filter((target) => target.upstream === upstream.id);
    const target = targets[this.turn++ % targets.length]?.target;
    if (target === undefined) return undefined;
    const { hostname, port } = new URL(`http://${target}`);
    return { host: hostname, port: Number(port || 8000), name: upstream.host_header ?? target };
  }
}

function tableOf(table: Uint8Array): KongTable {
  try {
    return parseKongTable(table);
  } catch (error) {
    throw cannotServe(`it is not JSON: ${causeOf(error)}`, error);
  }
}

/** `/base` and `x`, `/x` or nothing are `/base/x` and `/base`. */
function joinPaths(base: string, rest: string): string {
  const path = [base.replace(/\/$/, ''), rest.replace(/^\//, '')].filter((part) => part !== '').join('/');
  return path.startsWith('/') ? path : `/${path}`;
}

function wantsHttps(route: KongRoute, host: string, url: Target, response: ServerResponse): void {
  const status = route.https_redirect_status_code ?? 426;
  const message = 'Please use HTTPS protocol';
  if (status === 426) answer(response, 426, message, { connection: 'Upgrade', upgrade: 'TLS/1.2, HTTP/1.1' });
  else answer(response, status, message, { location: `https://${host}${url.path}${url.search}` });
}

function terminate({ config }: KongPlugin, response: ServerResponse): void {
  const { status_code: status, message, body, content_type: type } = config ?? {};
  const code = typeof status === 'number' ? status : 503;
  if (typeof body === 'string') {
    response.writeHead(code, { 'content-type': typeof type === 'string' ? type : 'application/json; charset=utf-8' });
    response.end(body);
  } else {
    answer(response, code, typeof message === 'string' ? message : 'Service unavailable');
  }
}
