import { gzipSync } from 'node:zlib';
import * as net from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { type GatewayVersion, Secret } from '../../src/contract';
import { makeClusterCertificate, makePki, pkiSettings, sharedSettings } from '../support/certificates';
import { ConnectProxy } from '../support/connect-proxy';
import { LogLines } from '../support/recorder';
import { nginxAnswer } from '../support/scripted-control-plane';
import { freePort } from '../support/servers/process';
import { until } from '../support/until';
import { closeAll, controlPlane, FRAME, open, PUBLISHED, scripted, SENT, shared, start } from './hybrid-harness';

const pki = await makePki();
const other = await makeClusterCertificate();

afterEach(closeAll);

const asPki = { mtls: 'pki', ...pki.server, authorities: [pki.authority.certificate] } as const;
const LONG_PAUSE = { backOffMs: [3_600_000, 3_600_000] } as const;

/** A TCP server on loopback that does nothing but what `serve` does. */
async function tcp(serve: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return (server.address() as net.AddressInfo).port;
}

describe('a silent control plane is told', () => {
  const custom = { table: Buffer.from('{"_format_version":"3.0","plugins":[{"name":"my-auth"}]}') };

  it('once, while the connection is kept: the configuration may still come', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(custom);
    const recorder = start(sharedSettings(shared, port), { silenceMs: 50 });
    expect(await recorder.problem()).toEqual({
      code: 'KR_SOURCE_SILENT',
      message: `control plane 127.0.0.1:${port}: connected, but no configuration came within 0.05 s. This usually means that a plugin which is configured on the control plane is not in the list of this node: one that 3.9.3 does not have, and then no gateway of 3.9.3 gets a configuration either; or a custom one, to be added to KONG_PLUGINS. Or the control plane has no configuration, or its database is down. The log of the control plane says which.`,
    });
    plane.publish(PUBLISHED);
    await recorder.configuration();
    expect(recorder.problems).toHaveLength(1);
    expect(recorder.states).toEqual(['connecting', 'waiting', 'live']);
  });

  it('and is not silent to a node whose KONG_PLUGINS has the plugin', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(custom);
    const recorder = start(sharedSettings(shared, port), { plugins: ['my-auth'] });
    expect(Buffer.from((await recorder.configuration()).table)).toEqual(custom.table);
  });

  it('for the version that lacks a bundled plugin, which another version gets', async () => {
    const { plane, port } = await controlPlane();
    const redirect = { table: Buffer.from('{"_format_version":"3.0","plugins":[{"name":"redirect"}]}') };
    plane.publish(redirect);
    const older: GatewayVersion = { text: '3.8.1', parts: [3, 8, 1], edition: 'open-source' };
    const recorder = start(sharedSettings(shared, port), { version: older, silenceMs: 50, reconnectMs: 200 });
    expect((await recorder.problem()).message).toContain('one that 3.8.1 does not have, and then no gateway of 3.8.1');
    const current = start(sharedSettings(shared, port));
    expect(Buffer.from((await current.configuration()).table)).toEqual(redirect.table);
    expect(recorder.configurations).toEqual([]);
    plane.publish(PUBLISHED);
    await recorder.configuration();
  });

  it('again for each renewal that brings nothing, and the state says so', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const recorder = start(sharedSettings(shared, port), { silenceMs: 50, reconnectMs: 200 });
    await recorder.configuration();
    plane.publish(custom);
    await recorder.problem(2);
    expect(new Set(recorder.problems.map((problem) => problem.code))).toEqual(new Set(['KR_SOURCE_SILENT']));
    expect(recorder.states).toEqual(['connecting', 'waiting', 'live', 'waiting']);
  });
});

describe('a close is told by its time', () => {
  it('at once: the version is not served', async () => {
    const { port } = await controlPlane({ version: '3.8.1' });
    expect(await start(sharedSettings(shared, port)).problem()).toEqual({
      code: 'KR_SOURCE_VERSION_REFUSED',
      message: `control plane 127.0.0.1:${port}: it accepted the connection of version 3.9.3 and closed it at once. This usually means that it does not serve this version: it must be of the same major and of the same or a newer minor version than KONG_RESILIENCE_GATEWAY_VERSION. Its log has the reason.`,
    });
  });

  it('later, and before a configuration: the first message, or its own limit', async () => {
    // Counted from the node's first message: by then its own count has begun.
    const { port } = await scripted({
      accepted: (webSocket) => webSocket.once('message', () => setTimeout(() => webSocket.close(), 200)),
    });
    const recorder = start(sharedSettings(shared, port), { timing: { refusalMs: 20, ...LONG_PAUSE } });
    expect(await recorder.problem()).toEqual({
      code: 'KR_SOURCE_CLOSED_EARLY',
      message: `control plane 127.0.0.1:${port}: it closed before it had sent a configuration (code 1005). It may not have got the first message of this node in time, its configuration may exceed its own KONG_CLUSTER_MAX_PAYLOAD, or it is stopping. Its log has the reason.`,
    });
  });

  it('at once, and without a close frame: no word about the version', async () => {
    const { port } = await scripted({
      accepted: (webSocket) => webSocket.once('message', () => webSocket.terminate()),
    });
    const problem = await start(sharedSettings(shared, port)).problem();
    expect(problem.code).toBe('KR_SOURCE_CLOSED_EARLY');
    expect(problem.message).toContain('(code 1006)');
  });

  it('each time of a flapping control plane, which is tried again and again', async () => {
    const { port } = await scripted({ accepted: (webSocket) => webSocket.close() });
    const recorder = start(sharedSettings(shared, port));
    await recorder.problem(5);
    expect(new Set(recorder.problems.map((problem) => problem.code))).toEqual(new Set(['KR_SOURCE_VERSION_REFUSED']));
  });
});

describe('a refusal before the protocol is told', () => {
  it('hang-up after the handshake: another certificate than that of the cluster', async () => {
    const { port } = await controlPlane();
    const settings = sharedSettings(other, port, { trusted: [shared.certificate] });
    expect(await start(settings).problem()).toEqual({
      code: 'KR_SOURCE_HANG_UP',
      message: `control plane 127.0.0.1:${port}: it closed after the TLS handshake without an HTTP answer (socket hang up (ECONNRESET)). This usually means that it does not accept the certificate of this node: with KONG_CLUSTER_MTLS=shared both sides must hold the very same one. Compare KONG_CLUSTER_CERT here and there.`,
    });
  });

  it('hang-up with pki_check_cn: a common name of another domain', async () => {
    const { port } = await controlPlane({ ...asPki, mtls: 'pki_check_cn' });
    const node = await pki.authority.issue({ commonName: 'dp.elsewhere.test', usage: ['clientAuth'] });
    const settings = pkiSettings({ ...pki, node }, port, { mtls: 'pki_check_cn' });
    expect(await start(settings).problem()).toEqual({
      code: 'KR_SOURCE_HANG_UP',
      message: `control plane 127.0.0.1:${port}: it closed after the TLS handshake without an HTTP answer (socket hang up (ECONNRESET)). This usually means that it does not accept the certificate of this node: KONG_CLUSTER_MTLS must be pki_check_cn there too, and with pki_check_cn the common name must be allowed by KONG_CLUSTER_ALLOWED_COMMON_NAMES.`,
    });
  });

  it('400 with pki: a certificate of another authority', async () => {
    const { port } = await controlPlane(asPki);
    expect(await start(pkiSettings({ ...pki, node: other }, port)).problem()).toEqual({
      code: 'KR_SOURCE_CLIENT_CERTIFICATE',
      message: `control plane 127.0.0.1:${port}: it answered 400: The SSL certificate error. The certificate in KONG_CLUSTER_CERT must be signed by the authority in the KONG_CLUSTER_CA_CERT of the control plane, be valid now, and be fit for clientAuth.`,
    });
  });

  it('400 with pki: a certificate that is fit for serverAuth alone', async () => {
    const { port } = await controlPlane(asPki);
    const problem = await start(pkiSettings({ ...pki, node: pki.server }, port)).problem();
    expect(problem.code).toBe('KR_SOURCE_CLIENT_CERTIFICATE');
  });

  it.each([
    [
      nginxAnswer(400, 'No required SSL certificate was sent'),
      'KR_SOURCE_CLIENT_CERTIFICATE',
      'it answered 400: No required SSL certificate was sent. The certificate in KONG_CLUSTER_CERT must be signed by the authority in the KONG_CLUSTER_CA_CERT of the control plane, be valid now, and be fit for clientAuth.',
    ],
    [
      nginxAnswer(400, 'Bad Request'),
      'KR_SOURCE_BAD_REQUEST',
      'it answered 400: Bad Request. This node sends node_id, node_hostname and node_version, which is all that Kong asks for: check what stands between the two, such as a load balancer that speaks HTTP instead of passing TCP through.',
    ],
    [
      nginxAnswer(404, 'Not Found'),
      'KR_SOURCE_NOT_FOUND',
      'it answered 404: Not Found. This is not the cluster_listen of a control plane: KONG_CLUSTER_CONTROL_PLANE may name cluster_telemetry_listen (8006), the proxy or the Admin API instead of port 8005, or incremental sync alone is served there.',
    ],
    [
      `HTTP/1.1 503 X\r\nConnection: close\r\n\r\nno upstream\u0007 here\r\nsecond line`,
      'KR_SOURCE_STATUS',
      'it answered 503: no upstream here. A control plane answers 101: check what stands between, such as a load balancer or gateway; it must pass TCP through.',
    ],
    [
      'HTTP/1.1 301 X\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      'KR_SOURCE_STATUS',
      'it answered 301: no text. A control plane answers 101: check what stands between, such as a load balancer or gateway; it must pass TCP through.',
    ],
    [
      'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: nonsense\r\n\r\n',
      'KR_SOURCE_PROTOCOL',
      "its answer to the request for a WebSocket is not one: Invalid Sec-WebSocket-Accept header. Check what stands between: a load balancer must pass TCP through and leave WebSocket messages whole. Kong's own messages come in one frame.",
    ],
  ])('answer %#: %.40s', async (answer, code, message) => {
    const { port } = await scripted({ answer });
    expect(await start(sharedSettings(shared, port)).problem()).toEqual({
      code,
      message: `control plane 127.0.0.1:${port}: ${message}`,
    });
  });

  it('an endless body, of which no more than the beginning is read', async () => {
    const { port } = await scripted({ answer: `HTTP/1.1 500 X\r\n\r\n${'x'.repeat(100_000)}` });
    const { message } = await start(sharedSettings(shared, port)).problem();
    expect(message).toContain(`it answered 500: ${'x'.repeat(200)}. A control plane`);
  });
});

describe('a connection that cannot be made is told', () => {
  it('refused', async () => {
    const port = await freePort();
    expect(await start(sharedSettings(shared, port)).problem()).toEqual({
      code: 'KR_SOURCE_REFUSED',
      message: `control plane 127.0.0.1:${port}: the connection was refused. The control plane is down, or the port in KONG_CLUSTER_CONTROL_PLANE is not that of its cluster_listen (8005 by default).`,
    });
  });

  it("refused at Kong's default address, which nobody has set", async () => {
    const port = await tcp(() => undefined);
    await closeAll();
    expect(await start(sharedSettings(shared, port, { controlPlaneIsDefault: true })).problem()).toMatchObject({
      message: expect.stringMatching(
        `^control plane 127\\.0\\.0\\.1:${port} \\(the default: KONG_CLUSTER_CONTROL_PLANE is not set\\): the connection was refused\\.`,
      ),
    });
  });

  it('a name that nobody knows', async () => {
    // A label of more than 63 characters exists nowhere: no resolver is asked.
    const host = `${'x'.repeat(64)}.test`;
    expect(await start(sharedSettings(shared, 8005, { controlPlane: { host, port: 8005 } })).problem()).toEqual({
      code: 'KR_SOURCE_UNKNOWN_HOST',
      message: `control plane ${host}:8005: the name ${host} could not be resolved (ENOTFOUND). Check the host in KONG_CLUSTER_CONTROL_PLANE and the DNS of this container.`,
    });
  });

  it('a time-out, with the step at which it stopped: TLS', async () => {
    const port = await tcp(() => undefined);
    expect(await start(sharedSettings(shared, port), { timing: { connectMs: 2_000 } }).problem()).toEqual({
      code: 'KR_SOURCE_CONNECT_TIMEOUT',
      message: `control plane 127.0.0.1:${port}: not connected within 2 s; it stopped at the TLS handshake. Check that a firewall or network policy lets this node reach KONG_CLUSTER_CONTROL_PLANE, and that the control plane is not overloaded.`,
    });
  });

  it('a time-out at the HTTP answer', async () => {
    const { port } = await scripted({ answer: 'HTTP/1.1 ' }, shared);
    const hanging = await tcp((socket) => {
      const target = net.connect(port, '127.0.0.1');
      target.on('error', () => undefined);
      socket.pipe(target);
      // The answer is held back once the handshake is through: only the first bytes pass.
      target.on('data', (data: Buffer) => data.subarray(0, 1)[0] === 0x16 && socket.write(data));
    });
    const { code, message } = await start(sharedSettings(shared, hanging), { timing: { connectMs: 3_000 } }).problem();
    expect(code).toBe('KR_SOURCE_CONNECT_TIMEOUT');
    expect(message).toContain('it stopped at the HTTP answer.');
  });

  it('what listens does not speak TLS', async () => {
    const port = await tcp((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await start(sharedSettings(shared, port)).problem()).toEqual({
      code: 'KR_SOURCE_TLS',
      message: `control plane 127.0.0.1:${port}: the TLS handshake failed: wrong version number (ERR_SSL_WRONG_VERSION_NUMBER). Check that KONG_CLUSTER_CONTROL_PLANE names cluster_listen, which speaks TLS (8005 by default), and that KONG_CLUSTER_CERT and KONG_CLUSTER_CERT_KEY belong together.`,
    });
  });

  it('a key that does not belong to its certificate, without a word of the key', async () => {
    const { port } = await controlPlane();
    const { code, message } = await start(sharedSettings({ ...shared, key: other.key }, port)).problem();
    expect(code).toBe('KR_SOURCE_TLS');
    expect(message).not.toContain('PRIVATE');
    expect(message).toContain('KONG_CLUSTER_CERT and KONG_CLUSTER_CERT_KEY belong together.');
  });

  it('shared: another certificate on the other side', async () => {
    const { port } = await controlPlane();
    expect(await start(sharedSettings(other, port)).problem()).toEqual({
      code: 'KR_SOURCE_TLS_UNTRUSTED',
      message: `control plane 127.0.0.1:${port}: its certificate is not trusted: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT). With KONG_CLUSTER_MTLS=shared both sides hold the same certificate: compare KONG_CLUSTER_CERT on this node and on the control plane. If the control plane uses its own PKI, set KONG_CLUSTER_MTLS=pki here too.`,
    });
  });

  it('pki: an authority that is not trusted', async () => {
    const { port } = await controlPlane(asPki);
    expect(await start(pkiSettings(pki, port, { trusted: [] })).problem()).toEqual({
      code: 'KR_SOURCE_TLS_UNTRUSTED',
      message: `control plane 127.0.0.1:${port}: its certificate is not trusted: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN). With KONG_CLUSTER_MTLS=pki put the authority that signed it into KONG_CLUSTER_CA_CERT or KONG_LUA_SSL_TRUSTED_CERTIFICATE; it must be fit for serverAuth.`,
    });
  });

  it('pki: another name than the expected one, which is said', async () => {
    const { port } = await controlPlane(asPki);
    expect(await start(pkiSettings(pki, port, { serverName: 'cp.example.com' })).problem()).toEqual({
      code: 'KR_SOURCE_TLS_NAME',
      message: `control plane 127.0.0.1:${port}: its certificate is not for the expected name cp.example.com: Hostname/IP does not match certificate's altnames: Host: cp.example.com. is not in the cert's altnames: DNS:localhost, DNS:cp.kong.test (ERR_TLS_CERT_ALTNAME_INVALID). Set KONG_CLUSTER_SERVER_NAME to a name in the control plane's certificate, or connect by such a name.`,
    });
  });

  it('shared: a certificate for another name than kong_clustering', async () => {
    const misnamed = await makeClusterCertificate({ commonName: 'my_cluster' });
    const { port } = await controlPlane(misnamed);
    const { code, message } = await start(sharedSettings(misnamed, port)).problem();
    expect(code).toBe('KR_SOURCE_TLS_NAME');
    expect(message).toContain('its certificate is not for the expected name kong_clustering:');
    expect(message).toContain(
      'With KONG_CLUSTER_MTLS=shared the certificate must be for kong_clustering, as `kong hybrid gen_cert` makes it; for a certificate of your own PKI set KONG_CLUSTER_MTLS=pki.',
    );
  });

  it('an expired certificate', async () => {
    const expired = await makeClusterCertificate({ days: [-30, -2] });
    const { port } = await controlPlane(expired);
    expect(await start(sharedSettings(expired, port)).problem()).toEqual({
      code: 'KR_SOURCE_TLS_EXPIRED',
      message: `control plane 127.0.0.1:${port}: its certificate is not valid now: certificate has expired (CERT_HAS_EXPIRED). Renew the cluster certificate on the control plane (with shared mTLS on every node), and check the clock of this machine.`,
    });
  });

  it('a proxy that wants other credentials, without showing ours', async () => {
    const proxy = new ConnectProxy({ credentials: 'me:right' });
    open.push(proxy);
    const port = await proxy.listen();
    const url = new URL(`http://me:wr0ng-secret@127.0.0.1:${port}`);
    const recorder = start(sharedSettings(shared, 8005, { proxy: new Secret(url) }));
    expect(await recorder.problem()).toEqual({
      code: 'KR_SOURCE_PROXY_REFUSED',
      message: `control plane 127.0.0.1:8005: the proxy 127.0.0.1:${port} answered 407 to CONNECT 127.0.0.1:8005. It wants credentials, or other ones: put them percent-encoded into KONG_PROXY_SERVER (http://user:password@host:port).`,
    });
    expect(JSON.stringify(recorder.problems) + String(recorder.problems[0]?.stack)).not.toContain('wr0ng-secret');
  });

  it('a proxy that does not allow the address', async () => {
    const proxy = new ConnectProxy({ status: 403 });
    open.push(proxy);
    const port = await proxy.listen();
    const url = new URL(`http://127.0.0.1:${port}`);
    expect((await start(sharedSettings(shared, 8005, { proxy: new Secret(url) })).problem()).message).toBe(
      `control plane 127.0.0.1:8005: the proxy 127.0.0.1:${port} answered 403 to CONNECT 127.0.0.1:8005. Allow this host and port at the proxy; many allow only port 443.`,
    );
  });

  it('a proxy that is not there', async () => {
    const port = await freePort();
    const url = new URL(`http://me:secret@127.0.0.1:${port}`);
    expect(await start(sharedSettings(shared, 8005, { proxy: new Secret(url) })).problem()).toEqual({
      code: 'KR_SOURCE_PROXY_UNREACHABLE',
      message: `control plane 127.0.0.1:8005: the proxy 127.0.0.1:${port} could not be reached: connect ECONNREFUSED 127.0.0.1:${port}. Check KONG_PROXY_SERVER, or set KONG_CLUSTER_USE_PROXY=off if this node needs no proxy.`,
    });
  });
});

describe('a connection that breaks is told', () => {
  it('a frame over KONG_CLUSTER_MAX_PAYLOAD; one of exactly that size is taken', async () => {
    const { port } = await scripted({
      accepted: (webSocket) => webSocket.once('message', () => webSocket.send(FRAME)),
    });
    await start(sharedSettings(shared, port, { maxPayloadBytes: FRAME.length })).configuration();
    const recorder = start(sharedSettings(shared, port, { maxPayloadBytes: FRAME.length - 1 }), { timing: LONG_PAUSE });
    expect(await recorder.problem()).toEqual({
      code: 'KR_SOURCE_PAYLOAD',
      message: `control plane 127.0.0.1:${port}: it sent a message of more than ${FRAME.length - 1} bytes (compressed), the limit of this node. Raise KONG_CLUSTER_MAX_PAYLOAD to the same value on the control plane and on all of its nodes.`,
    });
  });

  it('a fragmented message', async () => {
    const { port } = await scripted({
      accepted: (webSocket) =>
        webSocket.once('message', () => {
          webSocket.send(FRAME.subarray(0, 1_000), { fin: false });
          webSocket.send(FRAME.subarray(1_000), { fin: true });
        }),
    });
    const recorder = start(sharedSettings(shared, port), { timing: LONG_PAUSE });
    expect(await recorder.problem()).toEqual({
      code: 'KR_SOURCE_PROTOCOL',
      message: `control plane 127.0.0.1:${port}: it sent a fragmented message. Check what stands between: a load balancer must pass TCP through and leave WebSocket messages whole. Kong's own messages come in one frame.`,
    });
    expect(recorder.configurations).toEqual([]);
  });

  it('bytes that are no WebSocket frame', async () => {
    const { port } = await scripted({
      accepted: (_webSocket, _request, socket) => socket.write(Buffer.from([0xf3, 0xff, 0, 0])),
    });
    const { message } = await start(sharedSettings(shared, port), { timing: LONG_PAUSE }).problem();
    expect(message).toContain('it broke the WebSocket protocol: Invalid WebSocket frame: RSV2 and RSV3 must be clear.');
  });

  it('45 s without a byte, shortened here; pongs are life', async () => {
    const quiet = await scripted({ pongs: false });
    const timing = { pingMs: 10, deadMs: 90, ...LONG_PAUSE };
    const recorder = start(sharedSettings(shared, quiet.port), { timing });
    expect(await recorder.problem()).toEqual({
      code: 'KR_SOURCE_DEAD',
      message: `control plane 127.0.0.1:${quiet.port}: nothing was heard from it for 0.09 s, not even a pong. The connection was dropped and is made anew. If this repeats, check for a load balancer or firewall that forgets idle connections, and for an overloaded control plane.`,
    });

    let pings = 0;
    const alive = await scripted({ accepted: (webSocket) => webSocket.on('ping', () => (pings += 1)) });
    const living = start(sharedSettings(shared, alive.port), { timing: { pingMs: 50, deadMs: 3_000, ...LONG_PAUSE } });
    await until('it has pinged for longer than the limit', () => pings > 80);
    expect(living.problems).toEqual([]);
  });

  it('and a large frame on a slow line is life too', async () => {
    let slices = 0;
    const { port } = await scripted({
      pongs: false,
      accepted: (_webSocket, _request, socket) => {
        const header = Buffer.from([0x82, 126, 0, 0]);
        header.writeUInt16BE(FRAME.length, 2);
        const bytes = Buffer.concat([header, FRAME]);
        const step = Math.ceil(bytes.length / 40);
        const timer = setInterval(() => {
          if (slices >= 40) return clearInterval(timer);
          socket.write(bytes.subarray(slices * step, (slices += 1) * step));
        }, 100);
        socket.on('close', () => clearInterval(timer));
      },
    });
    const recorder = start(sharedSettings(shared, port), { timing: { deadMs: 3_000, ...LONG_PAUSE } });
    await recorder.configuration();
    expect(slices).toBe(40);
    expect(recorder.problems).toEqual([]);
  });
});

describe('a message that is no configuration', () => {
  const EMPTY = gzipSync(
    '{"type":"reconfigure","config_table":{"_format_version":"3.0","services":[]},"config_hash":"00000000000000000000000000000001"}',
  );

  it('is told, the previous one stays reported, and the next one is taken', async () => {
    const pings: string[] = [];
    let send: (frame: Buffer) => void = () => undefined;
    const { port } = await scripted({
      accepted: (webSocket) => {
        send = (frame) => webSocket.send(frame);
        webSocket.on('ping', (data: Buffer) => pings.push(data.toString()));
        webSocket.once('message', () => send(FRAME));
      },
    });
    const recorder = start(sharedSettings(shared, port), { timing: { pingMs: 20 } });
    await recorder.configuration();
    send(Buffer.from('{"type":"reconfigure"}'));
    expect((await recorder.problem(1)).code).toBe('KR_MESSAGE_NOT_RECONFIGURE');
    send(FRAME.subarray(0, 100));
    expect((await recorder.problem(2)).code).toBe('KR_CONFIG_BAD_GZIP');
    send(EMPTY);
    expect((await recorder.problem(3)).code).toBe('KR_CONFIG_EMPTY');
    const before = pings.length;
    await until('more pings came', () => pings.length > before + 2);
    expect(new Set(pings.slice(before))).toEqual(new Set([SENT.config_hash]));
    send(FRAME);
    await recorder.configuration(2);
    expect(recorder.states).toEqual(['connecting', 'waiting', 'live']);
  });

  it('is ignored when it is a text, with a line in the log', async () => {
    const log = new LogLines();
    const { port } = await scripted({
      accepted: (webSocket) =>
        webSocket.once('message', () => {
          webSocket.send('hello');
          webSocket.send(FRAME);
        }),
    });
    const recorder = start(sharedSettings(shared, port), { log });
    await recorder.configuration();
    expect(recorder.problems).toEqual([]);
    expect(log.lines).toContain(
      'debug the control plane sent a text frame, which the protocol does not have; ignored {"version":"3.9.3","bytes":5}',
    );
  });
});
