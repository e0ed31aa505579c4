import { describe, expect, it } from 'vitest';
import { DEMO_KEY, demoConfiguration } from '../../src/demo';
import { ask, type AskOptions } from '../../src/demo/ask';
import { checkTable } from '../../src/snapshot';
import { freePort } from '../support/servers/process';
import { capturedTable, type Echo, echo, fileWith, started, temporaryFolder, version } from './support';

type Client = (path: string, options?: AskOptions) => Promise<{ status: number; body: string }>;

/** A data plane that was started from this configuration. */
async function serving(table: string): Promise<Client> {
  const declarativeConfig = await fileWith(table);
  const node = await started({ prefix: await temporaryFolder(), version: version('3.9.1'), declarativeConfig });
  return (path, options) => ask(`${node.proxyUrl}${path}`, options);
}

async function captured(): Promise<{ get: Client; port: number }> {
  const { port } = await echo();
  return { get: await serving(capturedTable(port)), port };
}

/** What reached the service. */
async function echoed(answer: Promise<{ status: number; body: string }>): Promise<Echo> {
  const { status, body } = await answer;
  expect(status, body).toBe(200);
  return JSON.parse(body) as Echo;
}

describe('the simulated data plane serves the configuration of a real Kong 3.9.3', () => {
  it('strips the path of the route and puts that of the service before it, under the name of the service', async () => {
    const { get, port } = await captured();
    const { method, url, headers } = await echoed(get('/echo/a%20b?q=1&q=2'));
    expect([method, url, headers['host']]).toEqual(['GET', '/base/a%20b?q=1&q=2', `127.0.0.1:${port}`]);
    expect((await echoed(get('/echo'))).url).toBe('/base');
  });

  it('serves only the methods of the route', async () => {
    const { get } = await captured();
    expect((await echoed(get('/echo', { method: 'POST' }))).method).toBe('POST');
    expect((await get('/echo', { method: 'DELETE' })).status).toBe(404);
  });

  it.each([
    ['all of it', '/v12/x', 'api.example.test', '1', 200],
    ['another name below the wildcard, another of the values', '/v1/x', 'a.b.wild.test', '2', 200],
    ['the name of the wildcard itself', '/v1/x', 'wild.test', '1', 404],
    ['another host', '/v1/x', 'example.test', '1', 404],
    ['another value of the header', '/v1/x', 'api.example.test', '3', 404],
    ['a path that goes on after the end of the pattern', '/v1/xy', 'api.example.test', '1', 404],
    ['a path that begins before the pattern', '/a/v1/x', 'api.example.test', '1', 404],
  ])('matches host, header and pattern of a path: %s', async (_, path, host, value, status) => {
    const { get } = await captured();
    const answer = await get(path, { headers: { host, 'x-ver': value } });
    expect(answer.status).toBe(status);
    // strip_path is false.
    if (status === 200) expect((JSON.parse(answer.body) as Echo).url).toBe(`/base${path}`);
  });

  it('answers by itself where a route has request-termination', async () => {
    const { get } = await captured();
    expect(await get('/term')).toEqual({ status: 418, body: '{"message":"teapot"}' });
  });

  it('wants a key where a route has key-auth, and keeps the host where the route says so', async () => {
    const { get } = await captured();
    expect(await get('/ups')).toEqual({ status: 401, body: '{"message":"No API key found in request"}' });
    expect(await get('/ups', { headers: { apikey: 'mallory-key' } })).toEqual({
      status: 401,
      body: '{"message":"Unauthorized"}',
    });
    const { url, headers } = await echoed(
      get('/ups/1', { headers: { apikey: 'alice-key', host: 'shop.test', 'x-consumer-username': 'mallory' } }),
    );
    expect([url, headers['host'], headers['x-consumer-username']]).toEqual(['/u/1', 'shop.test', 'alice']);
    expect((await echoed(get('/ups?apikey=alice-key'))).headers['x-consumer-username']).toBe('alice');
  });

  it('does not pass on what a stranger says about who it is', async () => {
    const { port } = await echo();
    const get = await serving(capturedTable(port).replace('"anonymous":null', '"anonymous":"082f9d88"'));
    const { headers } = await echoed(get('/ups', { headers: { 'x-consumer-username': 'alice' } }));
    expect(headers['x-consumer-username']).toBeUndefined();
  });

  it('sends a request for an https route there', async () => {
    const { get } = await captured();
    expect(await get('/secure')).toEqual({ status: 301, body: '{"message":"Please use HTTPS protocol"}' });
  });

  it('answers 404 as Kong does where no route matches', async () => {
    const { get } = await captured();
    expect(await get('/')).toEqual({ status: 404, body: '{"message":"no Route matched with those values"}' });
  });

  it('answers 502 where the service does not listen', async () => {
    const get = await serving(capturedTable(await freePort()));
    expect(await get('/echo')).toEqual({
      status: 502,
      body: '{"message":"An invalid response was received from the upstream server"}',
    });
  });
});

/** Routes that answer with their own name. */
function routes(list: readonly { id: string; [field: string]: unknown }[], plugins: readonly object[] = []): string {
  return JSON.stringify({
    _format_version: '3.0',
    routes: list,
    plugins: [
      ...plugins,
      ...list.map(({ id }) => ({
        name: 'request-termination',
        route: id,
        config: { status_code: 200, body: id, content_type: 'text/plain' },
      })),
    ],
    consumers: [{ id: 'c', username: 'ann' }],
    keyauth_credentials: [{ consumer: 'c', key: 'ann-key' }],
  });
}

describe('the simulated data plane chooses a route', () => {
  it('with the longest path, whatever the order', async () => {
    const get = await serving(
      routes([
        { id: 'short', paths: ['/a'] },
        { id: 'long', paths: ['/a/b'] },
        { id: 'root', paths: ['/'] },
      ]),
    );
    const chosen = await Promise.all(['/a/b/c', '/a/c', '/c'].map(async (path) => (await get(path)).body));
    expect(chosen).toEqual(['long', 'short', 'root']);
  });

  it('by a host with a star at either end', async () => {
    const get = await serving(routes([{ id: 'wild', hosts: ['shop.*', '*.Wild.test'] }]));
    const answers = [
      'shop.example:80',
      'a.WILD.test',
      'ashop.example',
      'shopping.example',
      'wild.test',
      'a.wild.test.org',
    ].map((host) => get('/', { headers: { host } }));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 404, 404, 404, 404]);
  });

  it('by a pattern before a prefix, by more conditions before fewer, the older before the newer', async () => {
    const get = await serving(
      routes([
        { id: 'prefix', paths: ['/a/bcdddd'] },
        { id: 'pattern', paths: ['~/a/.*d'] },
        { id: 'lesser', paths: ['~/a/bcddd.'], regex_priority: -1 },
        { id: 'host', paths: ['/a'], hosts: ['h.test'] },
        { id: 'newer', paths: ['/n'], created_at: 2 },
        { id: 'older', paths: ['/n'], created_at: 1 },
      ]),
    );
    expect((await get('/a/bcdddd')).body).toBe('pattern');
    expect((await get('/a/bcdddd', { headers: { host: 'h.test:8000' } })).body).toBe('host');
    expect((await get('/n')).body).toBe('older');
  });
});

describe('the simulated data plane and the scope of key-auth', () => {
  const list = [
    { id: 'one', paths: ['/one'], service: 's' },
    { id: 'two', paths: ['/two'] },
  ];
  const statuses = async (...plugins: object[]): Promise<number[]> => {
    const get = await serving(routes(list, plugins));
    return Promise.all(['/one', '/two'].map(async (path) => (await get(path)).status));
  };

  it('is everywhere when global, else where its service or route is', async () => {
    expect(await statuses({ name: 'key-auth' })).toEqual([401, 401]);
    expect(await statuses({ name: 'key-auth', service: 's' })).toEqual([401, 200]);
    expect(await statuses({ name: 'key-auth', route: 'two' })).toEqual([200, 401]);
    expect(await statuses({ name: 'key-auth', enabled: false })).toEqual([200, 200]);
  });

  it('takes the settings of the narrowest: a route may let strangers in', async () => {
    const open = { name: 'key-auth', route: 'one', config: { anonymous: 'c' } };
    expect(await statuses(open, { name: 'key-auth' })).toEqual([200, 401]);
    expect(await statuses({ name: 'key-auth', service: 's' }, open)).toEqual([200, 200]);
  });

  it('reads the key from the header that the plugin names', async () => {
    const get = await serving(routes(list, [{ name: 'key-auth', config: { key_names: ['X-Key'] } }]));
    expect((await get('/one', { headers: { 'x-key': 'ann-key' } })).body).toBe('one');
    expect((await get('/one', { headers: { apikey: 'ann-key' } })).status).toBe(401);
  });
});

describe("the demo's own configuration", () => {
  it('is one that is stored and imported: services, routes, plugins, keys, as a control plane sends them', async () => {
    const table = demoConfiguration({ upstreamPort: 1, campaigns: ['/sale'] });
    const { entityCounts, hashesPasswords, hasWsId } = checkTable(table);
    expect([hashesPasswords, hasWsId]).toEqual([false, false]);
    expect(entityCounts).toMatchObject({
      services: 14,
      routes: 33,
      consumers: 8,
      keyauth_credentials: 8,
      upstreams: 14,
    });
    expect(demoConfiguration({ upstreamPort: 1, campaigns: ['/sale'] })).toEqual(table);
    const ids = [...table.toString().matchAll(/"id":"([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is served: open routes, routes with a key, and one that answers by itself', async () => {
    const get = await serving(demoConfiguration({ upstreamPort: (await echo()).port }).toString());
    expect((await echoed(get('/products/1'))).url).toBe('/products/1');
    expect((await get('/orders/1')).status).toBe(401);
    expect((await echoed(get('/orders/1', { headers: { apikey: DEMO_KEY } }))).headers['x-consumer-username']).toBe(
      'web-shop',
    );
    expect(await get('/maintenance')).toEqual({ status: 503, body: '{"message":"We are back soon"}' });
  });
});
