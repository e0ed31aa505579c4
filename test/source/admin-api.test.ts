import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { Secret } from '../../src/contract';
import { silentLog } from '../../src/runtime/log';
import { adminApiSource, type AdminApiSourceOptions } from '../../src/source';
import { Recorder } from '../support/recorder';
import { freePort } from '../support/servers/process';
import { until } from '../support/until';

type Answer = { status?: number; body?: string; headers?: Record<string, string>; hang?: boolean };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** An Admin API on loopback; `answers` may be changed while it runs. */
async function adminApi(answers: Record<string, Answer>): Promise<{ url: URL; requests: http.IncomingMessage[] }> {
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
    const { status = 200, body = '', headers = {}, hang = false } = answers[request.url ?? ''] ?? { status: 404 };
    response.writeHead(status, headers);
    if (hang) response.write(body || ' ');
    else response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), requests };
}

function start(url: URL, changes: Partial<AdminApiSourceOptions> = {}): Recorder {
  const recorder = new Recorder(source(url, changes));
  open.push({ close: () => recorder.stop() });
  return recorder;
}

function source(url: URL, changes: Partial<AdminApiSourceOptions> = {}): ReturnType<typeof adminApiSource> {
  return adminApiSource({
    url,
    version: { text: '3.9.3', parts: [3, 9, 3], edition: 'open-source' },
    pollMs: 10,
    timeoutMs: 10_000,
    maxConfigBytes: 100_000,
    log: silentLog,
    ...changes,
  });
}

const config = (yaml: string): Answer => ({ body: JSON.stringify({ config: yaml }) });
const YAML = `_format_version: '3.0'
_transform: false
services:
- name: one
  created_at: 1795356376
  enabled: true
  path: ~
  tags:
  - 2001-12-14
  - "on"
  - 0o17
  weight: 0.5
`;
const TABLE =
  '{"_format_version":"3.0","_transform":false,"services":[{"name":"one","created_at":1795356376,"enabled":true,"path":null,"tags":["2001-12-14","on","0o17"],"weight":0.5}]}';
const HASH = 'ab'.repeat(16);
const AT = 'without a path.';

describe('an Admin API as a source', () => {
  it('gives the table of GET /config as JSON, with the types that Kong’s YAML means, at every poll', async () => {
    const { url } = await adminApi({ '/config': config(YAML) });
    const recorder = start(url);
    const configuration = await recorder.configuration(3);
    expect(Buffer.from(configuration.table).toString()).toBe(TABLE);
    expect(configuration.configHash).toBeUndefined();
    expect(configuration.hashes).toBeUndefined();
    expect(recorder.states).toEqual(['connecting', 'live']);
    expect(recorder.problems).toEqual([]);
  });

  it('with the gateway’s own hash where /status has one', async () => {
    const { url } = await adminApi({
      '/config': config(YAML),
      '/status': { body: JSON.stringify({ configuration_hash: HASH }) },
    });
    expect((await start(url).configuration()).configHash).toBe(HASH);
  });

  it.each([['0'.repeat(32)], ['abc'], [7]])('without the hash %s', async (hash) => {
    const { url } = await adminApi({
      '/config': config(YAML),
      '/status': { body: JSON.stringify({ configuration_hash: hash }) },
    });
    expect((await start(url).configuration()).configHash).toBeUndefined();
  });

  it('sends token and credentials in headers, and names neither', async () => {
    const { url, requests } = await adminApi({ '/config': { status: 401 } });
    url.username = 'me';
    url.password = 'p%40ss';
    const recorder = start(url, { token: new Secret('t0ken') });
    const { message } = await recorder.problem();
    expect(requests[0]?.headers).toMatchObject({
      'kong-admin-token': 't0ken',
      authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    });
    expect(message).toBe(
      `Admin API http://${url.host}: it answered 401. Set KONG_ADMIN_TOKEN to the token of an administrator who may read /config.`,
    );
  });

  it('asks again at once when it is asked to refresh', async () => {
    const { url } = await adminApi({ '/config': config(YAML) });
    const polled = source(url, { pollMs: 3_600_000 });
    const recorder = new Recorder(polled);
    open.push({ close: () => recorder.stop() });
    await recorder.configuration(1);
    await until('the second arrives', () => {
      polled.refresh();
      return recorder.configurations.length > 1;
    });
  });

  it('takes up a change, and comes back after a problem', async () => {
    const answers: Record<string, Answer> = { '/config': config(YAML) };
    const { url } = await adminApi(answers);
    const recorder = start(url);
    await recorder.configuration();
    answers['/config'] = { status: 500, body: '{"message":"An unexpected error occurred"}' };
    expect((await recorder.problem()).message).toBe(
      `Admin API ${url.origin}: it answered 500: An unexpected error occurred. Check KONG_RESILIENCE_ADMIN_URL and the log of the gateway; it is asked again.`,
    );
    answers['/config'] = config(YAML.replace('one', 'two'));
    await until('the change arrives', () => Buffer.from(recorder.configurations.at(-1)?.table ?? '').includes('"two"'));
    expect(recorder.states).toEqual(['connecting', 'live', 'connecting', 'live']);
  });

  it.each<[string, Answer, string, string]>([
    [
      'a gateway with a database',
      {
        status: 400,
        body: '{"message":"this endpoint is only available when Kong is configured to not use a database"}',
      },
      'KR_ADMIN_NOT_DBLESS',
      'it answered 400: this endpoint is only available when Kong is configured to not use a database. Only a gateway with database=off serves its configuration there. For a control plane use KONG_CLUSTER_CONTROL_PLANE instead of KONG_RESILIENCE_ADMIN_URL.',
    ],
    [
      'something else',
      { status: 404, body: '<html><head><title>404 Not Found</title></head></html>' },
      'KR_ADMIN_NOT_DBLESS',
      'it answered 404: Not Found. Only a gateway with database=off serves its configuration there. For a control plane use KONG_CLUSTER_CONTROL_PLANE instead of KONG_RESILIENCE_ADMIN_URL.',
    ],
    [
      'one that forbids',
      { status: 403 },
      'KR_ADMIN_DENIED',
      'it answered 403. Set KONG_ADMIN_TOKEN to the token of an administrator who may read /config.',
    ],
    [
      'a redirect, which is not followed',
      { status: 302, headers: { location: '/status' } },
      'KR_ADMIN_STATUS',
      'it answered 302: no text. Check KONG_RESILIENCE_ADMIN_URL and the log of the gateway; it is asked again.',
    ],
    [
      'a web page',
      { body: '<html>' },
      'KR_ADMIN_INVALID',
      `its answer to GET /config is not JSON with a text "config". Check that KONG_RESILIENCE_ADMIN_URL is the Admin API of a gateway with database=off, ${AT}`,
    ],
    [
      'JSON without a configuration',
      { body: '{"config":null}' },
      'KR_ADMIN_INVALID',
      `its answer to GET /config is not JSON with a text "config". Check that KONG_RESILIENCE_ADMIN_URL is the Admin API of a gateway with database=off, ${AT}`,
    ],
    [
      'broken YAML, without quoting it',
      config('secret: "unfinished'),
      'KR_ADMIN_INVALID',
      `the "config" that it answers is not YAML (MISSING_CHAR at character 19). Check that KONG_RESILIENCE_ADMIN_URL is the Admin API of a gateway with database=off, ${AT}`,
    ],
    ...(
      [
        ['an alias of the list that it stands in, which once ended the exporter', '&a [*a]'],
        ['bytes, which JSON cannot say', '!!binary aGVsbG8='],
        ['a set, which JSON cannot say', '!!set {a, b}'],
        ['a number without end, which JSON cannot say', '[.inf]'],
      ] as const
    ).map(([what, value]): [string, Answer, string, string] => [
      what,
      config(YAML.replace('path: ~', `path: ${value}`)),
      'KR_ADMIN_INVALID',
      `the "config" that it answers is not YAML (it holds what JSON cannot say, or an alias of what it stands in). Check that KONG_RESILIENCE_ADMIN_URL is the Admin API of a gateway with database=off, ${AT}`,
    ]),
  ])('tells %s', async (_what, answer, code, message) => {
    const { url } = await adminApi({ '/config': answer });
    expect(await start(url).problem()).toEqual({ code, message: `Admin API ${url.origin}: ${message}` });
  });

  it('tells an empty configuration', async () => {
    const { url } = await adminApi({ '/config': config("_format_version: '3.0'\nservices: []\n") });
    expect((await start(url).problem()).code).toBe('KR_CONFIG_EMPTY');
  });

  it('tells an answer over the limit; one of exactly that size is taken', async () => {
    const answer = config(YAML);
    const size = answer.body?.length ?? 0;
    const { url } = await adminApi({ '/config': answer });
    await start(url, { maxConfigBytes: size }).configuration();
    expect(await start(url, { maxConfigBytes: size - 1 }).problem()).toEqual({
      code: 'KR_ADMIN_TOO_LARGE',
      message: `Admin API ${url.origin}: the answer has more than ${size - 1} bytes. Raise KONG_RESILIENCE_MAX_CONFIG_BYTES if the configuration is really that large.`,
    });
  });

  it('tells an answer that does not end', async () => {
    const { url } = await adminApi({ '/config': { hang: true } });
    expect(await start(url, { timeoutMs: 200 }).problem()).toEqual({
      code: 'KR_ADMIN_UNREACHABLE',
      message: `Admin API ${url.origin}: no answer: not complete within 0.2 s. Check KONG_RESILIENCE_ADMIN_URL and the admin_listen of the gateway, which is 127.0.0.1 alone by default.`,
    });
  });

  it('tells that nobody listens', async () => {
    const url = new URL(`http://127.0.0.1:${await freePort()}`);
    expect(await start(url).problem()).toEqual({
      code: 'KR_ADMIN_UNREACHABLE',
      message: `Admin API ${url.origin}: no answer: connect ECONNREFUSED ${url.host}. Check KONG_RESILIENCE_ADMIN_URL and the admin_listen of the gateway, which is 127.0.0.1 alone by default.`,
    });
  });
});
