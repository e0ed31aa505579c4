import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/contract';
import { postConfig } from '../../src/gateway';
import { silentLog as log } from '../../src/runtime/log';
import { freePort } from '../support/servers/process';
import { fixture } from './tools';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

describe('POST /config of a running gateway', () => {
  const file = fixture('declarative-started-from-file.json');
  let servers: Server[];
  beforeEach(() => {
    servers = [];
  });
  afterEach(() => Promise.all(servers.map((server) => new Promise((done) => server.close(done)))));

  const listen = async (server: Server): Promise<URL> => {
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  };
  /** A gateway that gives one answer after the other, and the last for ever. */
  const gateway = async (...answers: ((response: ServerResponse) => void)[]) => {
    const received: Received[] = [];
    const url = await listen(
      createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const { method, url: target, headers } = request;
          const answer = answers[Math.min(received.length, answers.length - 1)];
          received.push({ method, url: target, headers, body: Buffer.concat(chunks) });
          answer?.(response);
        });
      }),
    );
    return { url, received };
  };
  const status =
    (code: number, headers: Record<string, string> = {}, body = '') =>
    (response: ServerResponse): void => {
      response.writeHead(code, headers).end(body);
    };
  const post = (url: URL, more: Partial<Parameters<typeof postConfig>[0]> = {}) =>
    postConfig({ url, file, timeoutMs: 20_000, log, ...more });

  it.each([
    [201, 'loaded'],
    [200, 'loaded'],
    [304, 'unchanged'],
  ])('sends the file as it is; %i is %s', async (code, outcome) => {
    const { url, received } = await gateway(status(code));
    expect(await post(new URL('/kong/', url), { token: new Secret('s3cret') })).toEqual({ outcome });
    const [request] = received;
    expect([request?.method, request?.url]).toEqual(['POST', '/kong/config?check_hash=1']);
    expect(request?.headers).toMatchObject({ 'content-type': 'text/yaml', 'kong-admin-token': 's3cret' });
    expect(request?.body.equals(readFileSync(file))).toBe(true);
  });

  it('sends no token when there is none', async () => {
    const { url, received } = await gateway(status(201));
    await post(url);
    expect(received[0]?.headers).not.toHaveProperty('kong-admin-token');
  });

  it.each([
    [
      401,
      'KR_GATEWAY_DENIED',
      'the gateway denied the caller (HTTP 401). Set KONG_ADMIN_TOKEN to a token that may write the configuration.',
    ],
    [
      403,
      'KR_GATEWAY_DENIED',
      'the gateway denied the caller (HTTP 403). Set KONG_ADMIN_TOKEN to a token that may write the configuration.',
    ],
    [
      404,
      'KR_GATEWAY_NOT_DBLESS',
      'there is no such endpoint (HTTP 404). Let KONG_RESILIENCE_ADMIN_URL name the Admin API of a gateway with KONG_DATABASE=off and without hybrid mode.',
    ],
    [
      405,
      'KR_GATEWAY_NOT_DBLESS',
      'there is no such endpoint (HTTP 405). Let KONG_RESILIENCE_ADMIN_URL name the Admin API of a gateway with KONG_DATABASE=off and without hybrid mode.',
    ],
    [
      413,
      'KR_GATEWAY_FULL',
      'the configuration of 15832 bytes is too large (HTTP 413). Raise KONG_LMDB_MAP_SIZE, and KONG_NGINX_ADMIN_CLIENT_MAX_BODY_SIZE, of the gateway.',
    ],
    [
      504,
      'KR_GATEWAY_TIMED_OUT',
      'the gateway did not finish loading the configuration in its own time limit (HTTP 504). Compare configuration_hash in its GET /status; import again when it is not the new one.',
    ],
    [
      500,
      'KR_GATEWAY_UNEXPECTED',
      'the answer was HTTP 500. Check that KONG_RESILIENCE_ADMIN_URL names the Admin API itself, and read its error log.',
    ],
  ])('tells %i as %s, and does not try again', async (code, name, message) => {
    const { url, received } = await gateway(status(code));
    await expect(post(url)).rejects.toMatchObject({
      code: name,
      message: `${url.origin}/config: ${message}`.replace('//config', '/config'),
    });
    expect(received).toHaveLength(1);
  });

  const refusal = async (body: string): Promise<string> => {
    const { url } = await gateway(status(400, {}, body));
    const error = await post(url).catch((reason: unknown) => reason as { code: string; reason: string });
    expect(error).toMatchObject({ code: 'KR_GATEWAY_REFUSED' });
    return 'reason' in error ? error.reason.slice(`${url.origin}/config: `.length) : '';
  };

  it('names entity and field of each refusal, and never a value', async () => {
    const body = JSON.stringify({
      code: 14,
      message: 'declarative config is invalid: {}',
      fields: { consumers: [{ keyauth_credentials: ['s3cret'] }] },
      flattened_errors: [
        {
          entity_type: 'plugin',
          entity_name: 'key-auth',
          entity: { config: { password: 's3cret' } },
          errors: [
            { field: 'config.key_names', message: 'expected one of: \'s3cret\', "s3cret"', type: 'field' },
            { field: 'protocols', message: 'expected a set\nof strings', type: 'field' },
          ],
        },
        {
          entity_type: 'route',
          entity_id: '8f1',
          entity: {},
          errors: [{ message: 'must set one of', type: 'entity' }],
        },
      ],
    });
    expect(await refusal(body)).toBe(
      'the gateway refused the configuration: plugin key-auth: config.key_names: expected one of: [hidden], [hidden]; plugin key-auth: protocols: expected a set of strings; route 8f1: must set one of.',
    );
  });

  it('tells the first 20 refusals and how many more there are', async () => {
    const errors = (count: number) =>
      JSON.stringify({
        flattened_errors: Array.from({ length: count }, (_, n) => ({
          entity_type: 'service',
          entity_name: `s${n}`,
          errors: [{ field: 'host', message: 'required' }],
        })),
      });
    expect((await refusal(errors(20))).endsWith('; service s19: host: required.')).toBe(true);
    expect((await refusal(errors(22))).endsWith('; service s19: host: required; and 2 more.')).toBe(true);
  });

  it('tells a refusal without a list, and one that is no JSON', async () => {
    expect(await refusal('{"message":"failed parsing: \'s3cret\'"}')).toBe(
      'the gateway refused the configuration: failed parsing: [hidden].',
    );
    expect(await refusal('<html>')).toBe(
      'the gateway refused the configuration: it says no more (its answer is not JSON).',
    );
  });

  it('waits for a busy gateway as long as it asks, in seconds or until a date of its own clock', async () => {
    const { url, received } = await gateway(
      status(429, { 'retry-after': '0' }),
      status(429, { 'retry-after': 'Thu, 01 Jan 1970 00:00:01 GMT', date: 'Thu, 01 Jan 1970 00:00:01 GMT' }),
      status(429, { 'retry-after': 'Thu, 01 Jan 1970 00:00:01 GMT', date: 'Thu, 01 Jan 1970 00:00:09 GMT' }),
      status(503, { 'retry-after': '0' }),
      status(201),
    );
    expect(await post(url)).toEqual({ outcome: 'loaded' });
    expect(received).toHaveLength(5);
  });

  it('does not wait where the time limit does not allow it', async () => {
    const busy = await gateway(status(429, { 'retry-after': '21' }));
    await expect(post(busy.url)).rejects.toMatchObject({
      code: 'KR_GATEWAY_BUSY',
      reason: `${busy.url.origin}/config: the gateway is still loading another configuration (HTTP 429), and the limit of 20000 ms does not allow to wait longer.`,
    });
    const exiting = await gateway(status(503, { 'retry-after': '21' }));
    await expect(post(exiting.url)).rejects.toMatchObject({ code: 'KR_GATEWAY_EXITING' });
    expect([busy.received.length, exiting.received.length]).toEqual([1, 1]);
  });

  it('waits a second where the gateway does not say how long', async () => {
    const exiting = await gateway(status(503));
    await expect(post(exiting.url, { timeoutMs: 2_500 })).rejects.toMatchObject({ code: 'KR_GATEWAY_EXITING' });
    expect(exiting.received.length).toBeLessThanOrEqual(3);
  });

  it('tells what the gateway said when the limit cuts the next try short', async () => {
    const busy = await gateway(status(429, { 'retry-after': '0' }), () => undefined);
    await expect(post(busy.url, { timeoutMs: 3_000 })).rejects.toMatchObject({ code: 'KR_GATEWAY_BUSY' });
    expect(busy.received).toHaveLength(2);
  });

  it('tells a gateway that nobody runs, one that hangs up and one that hangs', async () => {
    const gone = new URL(`http://127.0.0.1:${await freePort()}`);
    await expect(post(gone)).rejects.toMatchObject({
      code: 'KR_GATEWAY_UNREACHABLE',
      reason: `${gone.origin}/config: the gateway did not answer: connect ECONNREFUSED ${gone.host}.`,
    });
    const cut = await gateway((response) => response.socket?.destroy());
    await expect(post(cut.url)).rejects.toMatchObject({ code: 'KR_GATEWAY_UNREACHABLE' });
    const silent = await gateway(() => undefined);
    await expect(post(silent.url, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'KR_GATEWAY_UNREACHABLE',
      reason: `${silent.url.origin}/config: the gateway did not answer: no answer within 200 ms.`,
    });
  });

  it('counts an answer that comes before the whole file was sent', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kong-post-'));
    try {
      const large = join(dir, 'large.json');
      writeFileSync(large, Buffer.alloc(32 << 20, ' '));
      const server = createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => {
          socket.end('HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        });
      });
      await expect(post(await listen(server), { file: large })).rejects.toMatchObject({ code: 'KR_GATEWAY_FULL' });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("ends with the signal's reason, also while it waits", async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const { url } = await gateway((response) => {
      status(429, { 'retry-after': '10' })(response);
      response.on('close', () => controller.abort(reason));
    });
    await expect(post(url, { signal: controller.signal })).rejects.toBe(reason);
    await expect(post(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('tells a file that is not there', async () => {
    const { url } = await gateway(status(201));
    await expect(post(url, { file: '/missing.json' })).rejects.toMatchObject({
      code: 'KR_HANDOVER_FAILED',
      reason:
        "/missing.json: reading the configuration failed: ENOENT: no such file or directory, stat '/missing.json'.",
    });
  });
});
