import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import { gunzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { ControlPlane, type ControlPlaneOptions } from '../../src/control-plane';
import { Secret } from '../../src/contract';
import { encodeBasicInfo, OUTLET_PATH } from '../../src/protocol';
import { silentLog } from '../../src/runtime/log';
import { type KeyPair, makeClusterCertificate, makePki } from '../support/certificates';
import { LogLines } from '../support/recorder';
import { until } from '../support/until';

const shared = await makeClusterCertificate();
const pki = await makePki();
const QUERY = 'node_id=11111111-2222-4333-8444-555555555555&node_hostname=dp-1';
const TABLE = Buffer.from('{"_format_version":"3.0","services":[{"name":"one"}],"plugins":[{"name":"cors"}]}');

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function controlPlane(
  changes: Partial<ControlPlaneOptions> = {},
): Promise<{ plane: ControlPlane; port: number }> {
  const plane = new ControlPlane({ version: '3.9.3', mtls: 'shared', ...shared, log: silentLog, ...changes });
  open.push(plane);
  return { plane, port: (await plane.listen({ host: '127.0.0.1', port: 0 })).port };
}

interface NodeOptions {
  readonly pair?: KeyPair | undefined;
  readonly path?: string;
  readonly version?: string;
}

/** A bare WebSocket client, which says nothing by itself. */
class Node {
  readonly webSocket: WebSocket;
  readonly frames: Buffer[] = [];
  readonly pongs: Buffer[] = [];
  readonly outcome: Promise<string>;

  constructor(port: number, { pair = shared, path = OUTLET_PATH, version = '3.9.3' }: NodeOptions = {}) {
    this.webSocket = new WebSocket(`wss://127.0.0.1:${port}${path}?${QUERY}${version && `&node_version=${version}`}`, {
      cert: pair.certificate,
      key: pair.key.reveal(),
      rejectUnauthorized: false,
      perMessageDeflate: false,
    });
    open.push({ close: () => this.webSocket.terminate() });
    this.webSocket.on('message', (data) => this.frames.push(data as Buffer));
    this.webSocket.on('pong', (data) => this.pongs.push(data));
    this.outcome = new Promise((resolve) => {
      this.webSocket.on('error', (error) => resolve(error.message));
      this.webSocket.on('close', (code) => resolve(`closed ${code}`));
    });
  }

  async introduce(plugins: { name: string; version?: string }[] = [{ name: 'cors' }]): Promise<this> {
    await once(this.webSocket, 'open');
    this.webSocket.send(encodeBasicInfo({ plugins, labels: {} }));
    return this;
  }

  /** Stops reading once the first bytes of a message have come. */
  async pauseInTheMiddle(): Promise<void> {
    const socket = (this.webSocket as unknown as { _socket: Socket })._socket;
    const pause = (): void => {
      if (socket.bytesRead > before) this.webSocket.pause();
    };
    const before = socket.bytesRead + 10_000;
    socket.on('data', pause);
    await until('the first bytes come', () => this.webSocket.isPaused);
    socket.off('data', pause);
  }

  /** The table of the n-th message. */
  async table(count = 1): Promise<unknown> {
    await until(`message ${count} arrives`, () => this.frames.length >= count);
    return this.message(count)['config_table'];
  }

  message(count = 1): Record<string, unknown> {
    return JSON.parse(gunzipSync(this.frames[count - 1] ?? Buffer.alloc(0)).toString()) as Record<string, unknown>;
  }
}

/** Asks with a raw TLS socket, and gives all that is answered. */
async function ask(port: number, request: string, pair?: KeyPair): Promise<string> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key.reveal() }),
  });
  open.push({ close: () => socket.destroy() });
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString()));
  socket.on('error', () => undefined);
  socket.write(request);
  await once(socket, 'close');
  return text;
}

const UPGRADE =
  'Host: cp\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const get = (target: string): string => `GET ${target} HTTP/1.1\r\n${UPGRADE}`;

describe('a control plane refuses', () => {
  it('a request without node_id or node_version with 400', async () => {
    const { port } = await controlPlane();
    expect(await ask(port, get(`${OUTLET_PATH}?node_version=3.9.3`), shared)).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n[^]*<title>400 node_id is missing</,
    );
    expect(await ask(port, get(`${OUTLET_PATH}?node_id=1`), shared)).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n[^]*<title>400 node_version is missing</,
    );
  });

  it('another path with 404, upgrade or not', async () => {
    const { port } = await controlPlane();
    expect(await ask(port, get('/v2/outlet?node_id=1&node_version=3.9.3'), shared)).toMatch(
      /^HTTP\/1\.1 404 Not Found/,
    );
    expect(await ask(port, 'GET / HTTP/1.1\r\nHost: cp\r\nConnection: close\r\n\r\n', shared)).toMatch(
      /^HTTP\/1\.1 404 Not Found/,
    );
  });

  it('no client certificate, or another one, with a hang-up and not a byte of HTTP', async () => {
    const { port } = await controlPlane();
    const request = get(`${OUTLET_PATH}?${QUERY}&node_version=3.9.3`);
    expect(await ask(port, request)).toBe('');
    expect(await ask(port, request, await makeClusterCertificate())).toBe('');
  });

  it('with pki: no certificate, or one of another authority, with the 400 of nginx', async () => {
    const { port } = await controlPlane({ mtls: 'pki', ...pki.server, authorities: [pki.authority.certificate] });
    const request = get(`${OUTLET_PATH}?${QUERY}&node_version=3.9.3`);
    expect(await ask(port, request)).toContain('<title>400 No required SSL certificate was sent</title>');
    expect(await ask(port, request, shared)).toContain('<title>400 The SSL certificate error</title>');
  });

  it('with pki_check_cn: a common name that is not allowed', async () => {
    const rules = { mtls: 'pki_check_cn', ...pki.server, authorities: [pki.authority.certificate] } as const;
    const named = await controlPlane({ ...rules, allowedCommonNames: ['dp.other.test'] });
    const request = get(`${OUTLET_PATH}?${QUERY}&node_version=3.9.3`);
    expect(await ask(named.port, request, pki.node)).toBe('');
    const other = await pki.authority.issue({ commonName: 'dp.other.test', usage: ['clientAuth'] });
    const admitted = await new Node(named.port, { pair: other }).introduce();
    await until('it is connected', () => named.plane.nodes().length === 1);
    expect(admitted.webSocket.readyState).toBe(WebSocket.OPEN);
    const domain = await controlPlane(rules);
    expect(await ask(domain.port, request, other)).toBe('');
  });

  it.each([
    ['3.9.3', '3.10.0'],
    ['3.9.3', '2.8.0'],
    ['3.9.3', '4.0.0'],
    ['3.9.3', '3.9'],
    ['3.9.3', 'latest'],
  ])('as version %s a node of %s, with 101 and an empty close', async (version, nodeVersion) => {
    const { port } = await controlPlane({ version });
    expect(await new Node(port, { version: nodeVersion }).outcome).toBe('closed 1005');
  });

  it.each([
    ['3.9.3', '3.9.9'],
    ['3.9.3', '3.0.0'],
    ['3.9.3', '3.9.3.1'],
    ['3.10.0.2', '3.9.1'],
  ])('as version %s no node of %s', async (version, nodeVersion) => {
    const { plane, port } = await controlPlane({ version });
    plane.publish({ table: TABLE });
    expect(await (await new Node(port, { version: nodeVersion }).introduce()).table()).toBeDefined();
  });

  it('whoever does not introduce itself in time', async () => {
    const { port } = await controlPlane({ timing: { basicInfoMs: 50 } });
    expect(await new Node(port).outcome).toBe('closed 1005');
  });

  it.each([
    ['no JSON', Buffer.from('hello')],
    ['another type', Buffer.from('{"type":"basic","plugins":[]}')],
    ['no plugins', Buffer.from('{"type":"basic_info"}')],
    ['a plugin without a name', Buffer.from('{"type":"basic_info","plugins":[{}]}')],
  ])('a first message that is %s', async (_what, message) => {
    const { port } = await controlPlane();
    const node = new Node(port);
    node.webSocket.on('open', () => node.webSocket.send(message));
    expect(await node.outcome).toBe('closed 1005');
  });

  it.each([
    ['an empty ping', ''],
    ['a ping of 31 bytes', 'a'.repeat(31)],
    ['a ping of 33 bytes', 'a'.repeat(33)],
  ])('%s by closing', async (_what, ping) => {
    const { port } = await controlPlane();
    const node = await new Node(port).introduce();
    node.webSocket.ping(ping);
    expect(await node.outcome).toBe('closed 1005');
  });

  it('a fragmented message by closing', async () => {
    const { port } = await controlPlane();
    const node = new Node(port);
    await once(node.webSocket, 'open');
    const message = encodeBasicInfo({ plugins: [], labels: {} });
    node.webSocket.send(message.subarray(0, 10), { fin: false });
    node.webSocket.send(message.subarray(10), { fin: true });
    expect(await node.outcome).toBe('closed 1008');
  });

  it('a message over its limit; one of exactly that size is read', async () => {
    const message = encodeBasicInfo({ plugins: [{ name: 'cors' }], labels: {} });
    const fits = await controlPlane({ maxPayloadBytes: message.length });
    await new Node(fits.port).introduce();
    await until('it is connected', () => fits.plane.nodes().length === 1);
    const tight = await controlPlane({ maxPayloadBytes: message.length - 1 });
    expect(await (await new Node(tight.port).introduce()).outcome).toBe('closed 1009');
  });

  it('silence for longer than its limit, by closing; pings keep a node', async () => {
    const { plane, port } = await controlPlane({ timing: { deadMs: 2_000 } });
    const quiet = await new Node(port).introduce();
    const alive = await new Node(port).introduce();
    const timer = setInterval(() => alive.webSocket.ping('0'.repeat(32)), 100);
    open.push({ close: () => clearInterval(timer) });
    expect(await quiet.outcome).toBe('closed 1005');
    await until('it answered pings for longer than the limit', () => alive.pongs.length > 25);
    expect(plane.nodes()).toHaveLength(1);
  });

  it('to publish an empty configuration: a data plane would wipe itself', async () => {
    const { plane } = await controlPlane();
    expect(() => plane.publish({ table: Buffer.from('{"_format_version":"3.0","services":[]}') })).toThrow(
      'The configuration is empty: it has no entity besides "workspaces" and "parameters". Configure the control plane first; an empty configuration is never stored and never handed to a gateway.',
    );
  });

  it('to listen where somebody else does', async () => {
    const { port } = await controlPlane();
    const second = new ControlPlane({ version: '3.9.3', mtls: 'shared', ...shared, log: silentLog });
    await expect(second.listen({ host: '127.0.0.1', port })).rejects.toThrow(
      `The control plane cannot listen at 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}. Check that nothing else listens there, and that certificate and key belong together.`,
    );
  });

  it('a key that is none, without showing it', () => {
    const key = new Secret('-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n');
    let message = '';
    try {
      new ControlPlane({ version: '3.9.3', mtls: 'shared', certificate: shared.certificate, key, log: silentLog });
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(
      /^ResilienceError: The control plane cannot listen at any address: .*\. Check that nothing else/s,
    );
    expect(message).not.toContain('c2VjcmV0');
  });
});

describe('a control plane sends', () => {
  it('what is published, to whoever is connected and whoever connects later, with Kong’s hashes', async () => {
    const { plane, port } = await controlPlane();
    const first = await new Node(port).introduce();
    await until('it is connected', () => plane.nodes().length === 1);
    plane.publish({ table: TABLE });
    expect(await first.table()).toEqual(JSON.parse(TABLE.toString()));
    const message = first.message();
    expect(message['type']).toBe('reconfigure');
    expect(message['config_hash']).toMatch(/^[0-9a-f]{32}$/);
    expect(Object.keys(message['hashes'] as object).sort()).toEqual([
      'config',
      'plugins',
      'routes',
      'services',
      'targets',
      'upstreams',
    ]);
    const second = await new Node(port).introduce();
    expect(await second.table()).toEqual(JSON.parse(TABLE.toString()));
    expect(second.message()['config_hash']).toBe(message['config_hash']);
    plane.publish({ table: Buffer.from('{"_format_version":"3.0","services":[{"name":"two"}]}') });
    await first.table(2);
    await second.table(2);
    expect(first.message(2)['config_hash']).not.toBe(message['config_hash']);
  });

  it('the hashes that came with a table as they came', async () => {
    const { plane, port } = await controlPlane();
    plane.publish({ table: TABLE, configHash: 'a'.repeat(32), hashes: { config: 'a'.repeat(32) } });
    const node = await new Node(port).introduce();
    await node.table();
    expect(node.message()).toMatchObject({ config_hash: 'a'.repeat(32), hashes: { config: 'a'.repeat(32) } });
  });

  it('an adapted table to an older version, made once for all of its nodes', async () => {
    const versions: string[] = [];
    const { plane, port } = await controlPlane({
      adapt: (table, version) => {
        versions.push(version);
        return version === '3.5.0' ? Buffer.from('{"_format_version":"3.0","services":[{"name":"older"}]}') : table;
      },
    });
    plane.publish({ table: TABLE });
    const nodes = await Promise.all(
      ['3.5.0', '3.5.0', '3.9.3', '3.5.0'].map((version) => new Node(port, { version }).introduce()),
    );
    const tables = (await Promise.all(nodes.map((node) => node.table()))) as { services: { name: string }[] }[];
    expect(tables.map((table) => table.services[0]?.name)).toEqual(['older', 'older', 'one', 'older']);
    expect(versions.sort()).toEqual(['3.5.0', '3.9.3']);
    // Kong's hashes are those of the unadapted table.
    expect(new Set(nodes.map((node) => node.message()['config_hash'])).size).toBe(1);
  });

  it.each([
    ['lacks the plugin', [{ name: 'acl' }], "the plugin cors is configured, and not in the node's list"],
    [
      'has a newer minor version of it',
      [{ name: 'cors', version: '3.10.0' }],
      'the node has version 3.10.0 of the plugin cors, which is not compatible with 3.9.3',
    ],
    [
      'has another major version of it',
      [{ name: 'cors', version: '2.9.3' }],
      'the node has version 2.9.3 of the plugin cors, which is not compatible with 3.9.3',
    ],
  ])('nothing, without a word, to a node that %s', async (_what, plugins, problem) => {
    const log = new LogLines();
    const { plane, port } = await controlPlane({ log });
    plane.publish({ table: TABLE });
    const node = await new Node(port).introduce(plugins);
    node.webSocket.ping('0'.repeat(32));
    await until('it answers pings', () => node.pongs.length === 1);
    expect(node.frames).toEqual([]);
    expect(node.webSocket.readyState).toBe(WebSocket.OPEN);
    expect(log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      `warn a node is sent no configuration: ${problem} {"nodeId":"11111111-2222-4333-8444-555555555555","nodeVersion":"3.9.3"}`,
    ]);
  });

  it.each([
    ['an older patch of it', [{ name: 'cors', version: '3.9.0' }]],
    ['an older minor version of it', [{ name: 'cors', version: '3.0.0' }]],
    ['plugins that nobody knows', [{ name: 'cors' }, { name: 'no-such-plugin' }]],
  ])('it to a node with %s', async (_what, plugins) => {
    const { plane, port } = await controlPlane();
    plane.publish({ table: TABLE });
    expect(await (await new Node(port).introduce(plugins)).table()).toBeDefined();
  });

  it('empty pongs, and knows the hash of each node', async () => {
    const { plane, port } = await controlPlane();
    const node = await new Node(port).introduce();
    node.webSocket.ping('b'.repeat(32));
    node.webSocket.ping('c'.repeat(32));
    await until('both are answered', () => node.pongs.length === 2);
    expect(node.pongs.map((pong) => pong.length)).toEqual([0, 0]);
    expect(plane.nodes()).toEqual([
      {
        nodeId: '11111111-2222-4333-8444-555555555555',
        hostname: 'dp-1',
        ip: '127.0.0.1',
        version: '3.9.3',
        labels: {},
        hash: 'c'.repeat(32),
        lastSeen: expect.any(Date),
      },
    ]);
    node.webSocket.close();
    await until('it is forgotten', () => plane.nodes().length === 0);
  });

  it('an empty close to every node when it stops', async () => {
    const { plane, port } = await controlPlane();
    const nodes = [await new Node(port).introduce(), await new Node(port).introduce()];
    const silent = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    open.push({ close: () => silent.destroy() });
    silent.on('error', () => undefined);
    await once(silent, 'secureConnect');
    await until('both are connected', () => plane.nodes().length === 2);
    await plane.close();
    expect(await Promise.all(nodes.map((node) => node.outcome))).toEqual(['closed 1005', 'closed 1005']);
  });
});

describe('a large configuration', () => {
  // Random, so that the frame stays as large as the table.
  const large = (name: string): Buffer =>
    Buffer.from(
      JSON.stringify({
        _format_version: '3.0',
        services: [{ name, tags: Array.from({ length: 300 }, () => randomBytes(16 * 1024).toString('base64')) }],
      }),
    );

  it('reaches a slow reader as one whole frame, with the pongs between the frames', async () => {
    const { plane, port } = await controlPlane();
    const node = await new Node(port).introduce();
    await until('it is connected', () => plane.nodes().length === 1);
    const table = large('slow');
    const paused = node.pauseInTheMiddle();
    plane.publish({ table });
    await paused;
    for (let count = 0; count < 5; count += 1) node.webSocket.ping('d'.repeat(32));
    await until('the pings have arrived', () => plane.nodes()[0]?.hash === 'd'.repeat(32));
    expect([node.frames.length, node.pongs.length]).toEqual([0, 0]);
    node.webSocket.resume();
    await until('the frame is whole', () => node.frames.length === 1);
    await until('each ping is answered', () => node.pongs.length === 5);
    expect(node.frames[0]?.length).toBeGreaterThan(4_000_000);
    expect(await node.table()).toEqual(JSON.parse(table.toString()));
    expect(node.webSocket.readyState).toBe(WebSocket.OPEN);
  });

  it('is followed by the latest alone, when others were published while it was being written', async () => {
    const { plane, port } = await controlPlane();
    const node = await new Node(port).introduce();
    await until('it is connected', () => plane.nodes().length === 1);
    const paused = node.pauseInTheMiddle();
    plane.publish({ table: large('first') });
    await paused;
    const tables = ['second', 'third', 'last'].map((name) =>
      Buffer.from(`{"_format_version":"3.0","services":[{"name":"${name}"}]}`),
    );
    for (const table of tables) plane.publish({ table });
    node.webSocket.ping('0'.repeat(32));
    node.webSocket.resume();
    expect(await node.table(2)).toEqual(JSON.parse(tables[2]?.toString() ?? ''));
    await until('the ping is answered', () => node.pongs.length === 1);
    expect(node.frames).toHaveLength(2);
  });

  it('does not keep a control plane from stopping, when its reader has stopped reading', async () => {
    const { plane, port } = await controlPlane();
    const node = await new Node(port).introduce();
    await until('it is connected', () => plane.nodes().length === 1);
    const paused = node.pauseInTheMiddle();
    plane.publish({ table: large('stuck') });
    await paused;
    await plane.close();
    expect(plane.nodes()).toEqual([]);
  });
});
