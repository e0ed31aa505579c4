import { createHash } from 'node:crypto';

export interface DemoConfigurationOptions {
  /** Where every service of the shop is, on 127.0.0.1. */
  readonly upstreamPort: number;
  /** Paths of more routes to the catalogue, as somebody adds them over the day. */
  readonly campaigns?: readonly string[];
}

/** A key that a consumer of the demo's shop has; a secret in a real configuration. */
export const DEMO_KEY = 'demo-key-web-shop';

const madeAt = 1_700_000_000;

/** Services of the shop: their paths, and whether callers must have a key. */
const services = [
  { name: 'catalogue', paths: ['/products', '/categories', '/brands'], open: true },
  { name: 'search', paths: ['/search', '/suggest'], open: true },
  { name: 'media', paths: ['/images', '/videos'], open: true },
  { name: 'reviews', paths: ['/reviews', '/ratings'], open: true },
  { name: 'recommendations', paths: ['/similar', '/popular'], open: true },
  { name: 'login', paths: ['/login', '/logout', '/token'], open: true },
  { name: 'accounts', paths: ['/accounts', '/addresses'], open: false },
  { name: 'cart', paths: ['/cart', '/wishlist'], open: false },
  { name: 'checkout', paths: ['/checkout', '/vouchers'], open: false },
  { name: 'payments', paths: ['/payments', '/refunds'], open: false },
  { name: 'orders', paths: ['/orders', '/invoices', '/returns'], open: false },
  { name: 'shipping', paths: ['/shipments', '/tracking'], open: false },
  { name: 'inventory', paths: ['/stock', '/warehouses'], open: false },
  { name: 'partners', paths: ['/partners', '/feeds'], open: false },
];

const consumers = [
  'web-shop',
  'ios-app',
  'android-app',
  'point-of-sale',
  'warehouse',
  'call-centre',
  'partner-a',
  'partner-b',
];

/**
 * A shop's configuration as Kong's control plane sends it: a flat table, every field present, unset ones null,
 * references by id. The same options give the same bytes.
 *
 * `GET /products` is open, `GET /orders` wants `DEMO_KEY` in the header `apikey`, `GET /maintenance` answers 503 by itself.
 */
export function demoConfiguration({ upstreamPort, campaigns = [] }: DemoConfigurationOptions): Uint8Array {
  const closed = services.filter((service) => !service.open);
  const routes = [
    ...services.flatMap(({ name, paths }) => paths.map((path) => route(path, name))),
    ...campaigns.map((path) => route(path, 'catalogue')),
    route('/maintenance', null),
  ];
  const table = {
    _format_version: '3.0',
    _transform: false,
    workspaces: [{ ...entity('workspace', 'default'), name: 'default', comment: null, config: {}, meta: {} }],
    parameters: [{ key: 'cluster_id', value: idOf('cluster', 'demo'), created_at: null }],
    services: services.map(({ name }) => service(name)),
    routes,
    upstreams: services.map(({ name }) => upstream(name)),
    targets: services.map(({ name }) => ({
      ...entity('target', name),
      target: `127.0.0.1:${upstreamPort}`,
      upstream: idOf('upstream', name),
      weight: 100,
      tags: null,
    })),
    consumers: consumers.map((name) => ({ ...entity('consumer', name), username: name, custom_id: null, tags: null })),
    keyauth_credentials: consumers.map((name) => ({
      id: idOf('key', name),
      created_at: madeAt,
      consumer: idOf('consumer', name),
      key: `demo-key-${name}`,
      tags: null,
      ttl: null,
    })),
    acls: consumers.map((name) => ({
      id: idOf('acl', name),
      created_at: madeAt,
      consumer: idOf('consumer', name),
      group: name.startsWith('partner') ? 'partners' : 'own',
      tags: null,
    })),
    plugins: [
      plugin(
        'correlation-id',
        {},
        { generator: 'uuid#counter', header_name: 'Kong-Request-ID', echo_downstream: false },
      ),
      plugin('cors', {}, cors),
      ...closed.map(({ name }) => plugin('key-auth', { service: idOf('service', name) }, keyAuth)),
      ...closed.map(({ name }) =>
        plugin(
          'request-size-limiting',
          { service: idOf('service', name) },
          { allowed_payload_size: 8, size_unit: 'megabytes', require_content_length: false },
        ),
      ),
      plugin(
        'request-termination',
        { route: idOf('route', '/maintenance') },
        { ...termination, message: 'We are back soon' },
      ),
    ],
  };
  return Buffer.from(JSON.stringify(table));
}

function service(name: string): object {
  return {
    ...entity('service', name),
    name,
    protocol: 'http',
    host: `${name}.upstream`,
    port: 80,
    path: null,
    retries: 5,
    connect_timeout: 60_000,
    read_timeout: 60_000,
    write_timeout: 60_000,
    enabled: true,
    client_certificate: null,
    ca_certificates: null,
    tls_verify: null,
    tls_verify_depth: null,
    tags: ['shop'],
  };
}

function route(path: string, serviceName: string | null): object {
  return {
    ...entity('route', path),
    name: path.slice(1),
    service: serviceName === null ? null : idOf('service', serviceName),
    protocols: ['http', 'https'],
    methods: null,
    hosts: null,
    paths: [path],
    headers: null,
    snis: null,
    sources: null,
    destinations: null,
    strip_path: false,
    preserve_host: false,
    path_handling: 'v0',
    regex_priority: 0,
    https_redirect_status_code: 426,
    request_buffering: true,
    response_buffering: true,
    tags: ['shop'],
  };
}

function upstream(name: string): object {
  return {
    ...entity('upstream', name),
    name: `${name}.upstream`,
    algorithm: 'round-robin',
    slots: 10_000,
    hash_on: 'none',
    hash_on_header: null,
    hash_on_cookie: null,
    hash_on_cookie_path: '/',
    hash_on_query_arg: null,
    hash_on_uri_capture: null,
    hash_fallback: 'none',
    hash_fallback_header: null,
    hash_fallback_query_arg: null,
    hash_fallback_uri_capture: null,
    host_header: null,
    client_certificate: null,
    use_srv_name: false,
    healthchecks: {
      threshold: 0,
      active: {
        type: 'http',
        timeout: 1,
        concurrency: 10,
        http_path: '/',
        https_sni: null,
        https_verify_certificate: true,
        headers: null,
        healthy: { interval: 0, successes: 0, http_statuses: [200, 302] },
        unhealthy: { interval: 0, tcp_failures: 0, timeouts: 0, http_failures: 0, http_statuses: [429, 500, 503] },
      },
      passive: {
        type: 'http',
        healthy: { successes: 0, http_statuses: [200, 201, 204, 301, 302, 304] },
        unhealthy: { tcp_failures: 0, timeouts: 0, http_failures: 0, http_statuses: [429, 500, 503] },
      },
    },
    tags: null,
  };
}

const cors = {
  origins: ['https://shop.example'],
  methods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS'],
  headers: null,
  exposed_headers: null,
  credentials: true,
  max_age: 3600,
  preflight_continue: false,
  private_network: false,
};

const keyAuth = {
  key_names: ['apikey'],
  key_in_header: true,
  key_in_query: true,
  key_in_body: false,
  hide_credentials: false,
  anonymous: null,
  realm: null,
  run_on_preflight: true,
};

const termination = { status_code: 503, body: null, content_type: null, echo: false, trigger: null };

function plugin(name: string, scope: { service?: string; route?: string }, config: object): object {
  return {
    ...entity('plugin', `${name} ${scope.service ?? ''} ${scope.route ?? ''}`),
    name,
    instance_name: null,
    service: scope.service ?? null,
    route: scope.route ?? null,
    consumer: null,
    enabled: true,
    protocols: ['grpc', 'grpcs', 'http', 'https'],
    config,
    tags: null,
  };
}

function entity(kind: string, name: string): { id: string; created_at: number; updated_at: number } {
  return { id: idOf(kind, name), created_at: madeAt, updated_at: madeAt };
}

/** A UUID (version 8) that is always the same for the same entity. */
function idOf(kind: string, name: string): string {
  const hex = createHash('sha256').update(`${kind} ${name}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
