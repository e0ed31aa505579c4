import { createCipheriv, createHash } from 'node:crypto';

export interface TableOptions {
  /** About how long its text is to be. */
  readonly bytes: number;
  /** The same seed gives the same table. */
  readonly seed: string;
  /** What the first service, of the route `/open`, proxies to on 127.0.0.1. Default: 80. */
  readonly upstreamPort?: number;
}

/** The path of a route that asks for nothing. */
export const openPath = '/open';

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const words = 'orders billing catalogue search media users payments stock audit mail geo price partner report'.split(
  ' ',
);
const madeAt = 1_700_000_000;

/**
 * A configuration as Kong's control plane sends it, of services, routes, plugins, consumers and their credentials: flat
 * lists, every field present, references by id. What people have in it compresses badly (random ids, keys, hashes of
 * passwords, PEM); a table that repeats itself would make every transfer of it look cheap.
 */
export function kongTable({ bytes, seed, upstreamPort = 80 }: TableOptions): Buffer {
  const random = new Random(seed);
  const lists: Record<string, object[]> = {};
  let size = 60;
  const add = (list: string, entity: object): void => {
    (lists[list] ??= []).push(entity);
    size += JSON.stringify(entity).length + 1;
  };
  const first = service(random, 'open', '127.0.0.1', upstreamPort);
  add('services', first);
  add('routes', route(random, first.id, openPath));
  for (let index = 0; size < bytes; index += 1) {
    // Of a thousand consumers and their credentials some dozens of services and routes: as a table grows, so does it by these.
    if (index % 40 === 0) {
      const name = `${words[index % words.length] ?? ''}-${random.hex(4)}`;
      const own = service(random, name, `${name}.svc.cluster.local`, 8080);
      add('services', own);
      add('routes', route(random, own.id, `/${name}/v${1 + (index % 4)}`));
      add('plugins', plugin(random, 'rate-limiting', { service: own.id }, rateLimiting(random)));
      add('plugins', plugin(random, 'request-transformer', { service: own.id }, transformer(random, name)));
      add('plugins', plugin(random, 'http-log', { service: own.id }, httpLog(random)));
    }
    const consumer = {
      ...entity(random),
      username: `${random.text(9)}@example.com`,
      custom_id: random.hex(12),
      tags: null,
    };
    add('consumers', consumer);
    add('acls', { ...entity(random), consumer: consumer.id, group: words[index % words.length], tags: null });
    const owner = { ...entity(random), consumer: consumer.id, tags: null };
    if (index % 8 === 0) add('jwt_secrets', { ...owner, ...jwt(random) });
    else if (index % 8 === 1) {
      add('basicauth_credentials', { ...owner, username: random.text(10), password: `$2b$12$${random.text(53)}` });
    } else add('keyauth_credentials', { ...owner, key: random.text(32), ttl: null });
  }
  return Buffer.from(JSON.stringify({ _format_version: '3.0', _transform: false, ...lists }));
}

/** A stream of bytes that its seed decides. */
class Random {
  readonly #cipher;
  #pool = Buffer.alloc(0);

  constructor(seed: string) {
    const key = createHash('sha256').update(seed).digest();
    this.#cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16));
  }

  bytes(count: number): Buffer {
    if (this.#pool.length < count) this.#pool = this.#cipher.update(Buffer.alloc(1 << 20));
    const taken = this.#pool.subarray(0, count);
    this.#pool = this.#pool.subarray(count);
    return taken;
  }

  hex(digits: number): string {
    return this.bytes(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits);
  }

  /** Letters and digits, as in a key. */
  text(length: number): string {
    let text = '';
    for (const byte of this.bytes(length)) text += base64url.charAt(byte & 63);
    return text;
  }

  uuid(): string {
    const hex = this.hex(32);
    return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20)].join(
      '-',
    );
  }
}

function entity(random: Random): { id: string; created_at: number; updated_at: number } {
  const at = madeAt + (random.bytes(4).readUInt32BE() % 60_000_000);
  return { id: random.uuid(), created_at: at, updated_at: at };
}

function service(random: Random, name: string, host: string, port: number) {
  return {
    ...entity(random),
    ...{ name, protocol: 'http', host, port, path: null, retries: 5, enabled: true, tags: null },
    ...{ connect_timeout: 60_000, read_timeout: 60_000, write_timeout: 60_000 },
    ...{ client_certificate: null, ca_certificates: null, tls_verify: null, tls_verify_depth: null },
  };
}

function route(random: Random, owner: string, path: string) {
  return {
    ...entity(random),
    ...{ name: null, service: owner, protocols: ['http', 'https'], methods: null, hosts: null, paths: [path] },
    ...{ headers: null, snis: null, sources: null, destinations: null, strip_path: true, preserve_host: false },
    ...{ path_handling: 'v0', regex_priority: 0, https_redirect_status_code: 426 },
    ...{ request_buffering: true, response_buffering: true, tags: null },
  };
}

function plugin(random: Random, name: string, scope: { service: string }, config: object) {
  return {
    ...entity(random),
    ...{ name, instance_name: null, service: scope.service, route: null, consumer: null, enabled: true },
    ...{ protocols: ['grpc', 'grpcs', 'http', 'https'], config, tags: null },
  };
}

function rateLimiting(random: Random) {
  return {
    ...{
      second: null,
      minute: random.bytes(1)[0],
      hour: null,
      day: null,
      month: null,
      year: null,
      limit_by: 'consumer',
    },
    ...{ header_name: null, path: null, policy: 'local', fault_tolerant: true, hide_client_headers: false },
    ...{ error_code: 429, error_message: 'API rate limit exceeded', sync_rate: -1 },
  };
}

function transformer(random: Random, name: string) {
  const nothing = { body: [], headers: [], querystring: [] };
  return {
    http_method: null,
    remove: { ...nothing, headers: ['x-internal-trace'] },
    add: {
      ...nothing,
      headers: [`x-tenant:${random.hex(16)}`, `x-upstream:https://${name}.example.com/${random.text(12)}`],
    },
    rename: nothing,
    replace: { ...nothing, uri: null },
    append: nothing,
  };
}

function httpLog(random: Random) {
  return {
    http_endpoint: `https://logs.example.com/ingest/${random.text(22)}?token=${random.hex(32)}`,
    ...{ method: 'POST', content_type: 'application/json', timeout: 10_000, keepalive: 60_000, headers: null },
    ...{ queue: { max_batch_size: 1, max_coalescing_delay: 1, max_entries: 10_000, initial_retry_delay: 0.01 } },
  };
}

function jwt(random: Random) {
  const lines = random.bytes(294).toString('base64').replace(/.{64}/g, '$&\n');
  return {
    ...{ key: random.text(32), secret: random.text(32), algorithm: 'RS256' },
    rsa_public_key: `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`,
  };
}
