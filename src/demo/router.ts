import type { IncomingHttpHeaders } from 'node:http';
import { causeOf } from '../errors';
import { cannotServe } from './errors';
import type { KongRoute } from './kong-table';

/** What a route is chosen by. */
export interface RoutedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without a port, in lower case. */
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
}

export interface RouteMatch {
  readonly route: KongRoute;
  /** The beginning of the path that the route matched; empty for a route without paths. */
  readonly matched: string;
}

/** A route with one of its paths, ready to be compared. */
interface Candidate {
  readonly route: KongRoute;
  readonly path: string;
  /** Undefined for a prefix. */
  readonly pattern: RegExp | undefined;
}

/**
 * Chooses a route as Kong's traditional router does, as far as hosts, paths, methods and headers go: the route that
 * says most, then a regular expression before a prefix, a longer path before a shorter one, an older route before a
 * newer one. Not simulated: SNIs, stream routes, expressions, patterns in headers.
 *
 * @throws KR_DEMO_CONFIGURATION for a regular expression that JavaScript does not read
 */
export class Router {
  private readonly candidates: readonly Candidate[];

  constructor(routes: readonly KongRoute[]) {
    this.candidates = routes.filter(servesHttp).flatMap(candidatesOf).sort(byPriority);
  }

  match(request: RoutedRequest): RouteMatch | undefined {
    for (const candidate of this.candidates) {
      const matched = matchedPath(candidate, request.path);
      if (matched !== undefined && matchesRest(candidate.route, request)) return { route: candidate.route, matched };
    }
    return undefined;
  }
}

function servesHttp({ protocols }: KongRoute): boolean {
  return protocols === undefined || protocols.includes('http') || protocols.includes('https');
}

function candidatesOf(route: KongRoute): Candidate[] {
  const paths = route.paths === undefined || route.paths.length === 0 ? [''] : route.paths;
  return paths.map((path) => ({ route, path, pattern: path.startsWith('~') ? patternOf(route, path) : undefined }));
}

function patternOf(route: KongRoute, path: string): RegExp {
  try {
    return new RegExp(`^(?:${path.slice(1)})`);
  } catch (error) {
    throw cannotServe(`the path ${path} of the route ${route.name ?? route.id}: ${causeOf(error)}`, error);
  }
}

function byPriority(a: Candidate, b: Candidate): number {
  return (
    conditions(b.route) - conditions(a.route) ||
    Number(b.pattern !== undefined) - Number(a.pattern !== undefined) ||
    (a.pattern === undefined ? 0 : (b.route.regex_priority ?? 0) - (a.route.regex_priority ?? 0)) ||
    b.path.length - a.path.length ||
    (a.route.created_at ?? 0) - (b.route.created_at ?? 0)
  );
}

function conditions({ hosts, paths, methods, headers }: KongRoute): number {
  const lists = [hosts, paths, methods, Object.keys(headers ?? {})];
  return lists.filter((list) => list !== undefined && list.length > 0).length;
}

function matchedPath({ path, pattern }: Candidate, requested: string): string | undefined {
  if (pattern !== undefined) return pattern.exec(requested)?.[0];
  return requested.startsWith(path) ? path : undefined;
}

function matchesRest({ hosts, methods, headers }: KongRoute, request: RoutedRequest): boolean {
  if (hosts !== undefined && hosts.length > 0 && !hosts.some((host) => matchesHost(host.toLowerCase(), request.host))) {
    return false;
  }
  if (methods !== undefined && methods.length > 0 && !methods.includes(request.method)) return false;
  return Object.entries(headers ?? {}).every(([name, allowed]) => {
    const value = request.headers[name.toLowerCase()]?.toString().toLowerCase();
    return value !== undefined && allowed.some((one) => one.toLowerCase() === value);
  });
}

/** A host with a `*` at its beginning or end matches one name or more there. */
function matchesHost(allowed: string, host: string): boolean {
  if (allowed.startsWith('*.')) return host.endsWith(allowed.slice(1));
  if (allowed.endsWith('.*')) return host.startsWith(allowed.slice(0, -1));
  return host === allowed;
}
