import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { type Environment, Program, run, temporaryFolder } from '../support/program';
import { startStub } from '../support/servers';
import { captured, exporterEnvironment } from './cluster';
import { fileStore } from './stores';

const key = '3.9.3/config.json';
const limit = { timeout: 60_000 };
const empty = '0'.repeat(32);

/** The Admin API of a DB-less gateway, as far as the reference tells: GET /status, GET /config, POST /config. */
class Gateway {
  hash = empty;
  config = '_format_version: "3.0"\n';
  /** Answered before the next POST is taken. */
  readonly answers: (readonly [number, Readonly<Record<string, string>>, object])[] = [];
  readonly posts: { readonly url: string; readonly body: Buffer; readonly token: string | undefined }[] = [];
  readonly #server: Server;
  url = '';

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const answer = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): void => {
          response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
        };
        const path = new URL(request.url ?? '', 'http://gateway').pathname;
        if (path === '/status') return answer(200, { configuration_hash: this.hash });
        if (path !== '/config') return answer(404, { message: 'Not found' });
        if (request.method === 'GET') return answer(200, { config: this.config });
        const token = request.headers['kong-admin-token'];
        this.posts.push({ url: request.url ?? '', body: Buffer.concat(chunks), token: token?.toString() });
        const before = this.answers.shift();
        if (before !== undefined) return answer(before[0], before[2], before[1]);
        this.hash = 'a884d4352f2f2ba2322fea67b7d29d01';
        answer(201, {});
      });
    });
  }

  static async start(): Promise<Gateway> {
    const gateway = new Gateway();
    await new Promise<void>((resolve) => gateway.#server.listen(0, '127.0.0.1', resolve));
    gateway.url = `http://127.0.0.1:${(gateway.#server.address() as AddressInfo).port}`;
    onTestFinished(async () => {
      gateway.#server.closeAllConnections();
      await new Promise((resolve) => gateway.#server.close(resolve));
    });
    return gateway;
  }
}

function environmentOf(gateway: Gateway, storage: string): Environment {
  return {
    KONG_DATABASE: 'off',
    KONG_RESILIENCE_ADMIN_URL: gateway.url,
    KONG_ADMIN_TOKEN: 'token',
    KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: storage,
  };
}

const table = captured('3.9.3').table;

describe('a DB-less gateway without hybrid mode', () => {
  it('is exported through GET /config, and again when it has changed', limit, async () => {
    const gateway = await Gateway.start();
    const parsed = JSON.parse(table.toString()) as Record<string, unknown>;
    gateway.config = stringify(parsed);
    gateway.hash = 'a884d4352f2f2ba2322fea67b7d29d01';
    const bucket = await fileStore().bucket();
    const environment = { ...environmentOf(gateway, bucket.url()), ...exporterEnvironment() };
    const exporter = new Program(['run'], environment);
    await exporter.waitFor('it is stored', async () => (await bucket.read(key)) !== undefined);
    expect(JSON.parse((await bucket.read(key))?.bytes.toString() ?? '')).toEqual(parsed);
    const changed = { ...parsed, consumers: [] };
    gateway.config = stringify(changed);
    gateway.hash = 'b884d4352f2f2ba2322fea67b7d29d02';
    await exporter.waitFor('the change is stored', async () => {
      return (JSON.parse((await bucket.read(key))?.bytes.toString() ?? '') as typeof changed).consumers.length === 0;
    });
    expect((await exporter.stop()).code).toBe(0);
    const again = await run(['export', '--once', '--json'], environment);
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { versions: [{ exportsTotal: 0 }] }]);
  });

  it('that is empty is told to an exporter, and nothing is stored', limit, async () => {
    const gateway = await Gateway.start();
    const bucket = await fileStore().bucket();
    const environment = { ...environmentOf(gateway, bucket.url()), ...exporterEnvironment() };
    const { code, stderr } = await run(['export', '--once', '--timeout', '6'], environment);
    expect(code).toBe(6);
    expect(stderr).toContain('KR_CONFIG_EMPTY');
    expect(await bucket.read(key)).toBeUndefined();
  });

  it('that is empty gets what is stored, byte for byte, after a wait where it is busy', limit, async () => {
    const gateway = await Gateway.start();
    gateway.answers.push([429, { 'retry-after': '1' }, { message: 'busy' }]);
    const bucket = await fileStore().bucket();
    await bucket.write(key, table);
    const handover = join(temporaryFolder(), 'handover');
    const environment = { ...environmentOf(gateway, bucket.url()), KONG_RESILIENCE_HANDOVER_DIR: handover };
    const first = await run(['import', '--strict', '--json'], environment);
    expect([first.code, JSON.parse(first.stdout)], first.stderr).toMatchObject([
      0,
      { outcome: 'posted', from: 'store' },
    ]);
    expect(gateway.posts.map(({ url, token }) => [url, token])).toEqual([
      ['/config?check_hash=1', 'token'],
      ['/config?check_hash=1', 'token'],
    ]);
    for (const { body } of gateway.posts) expect(body.equals(table)).toBe(true);
    expect(JSON.parse(readFileSync(join(handover, 'result.json'), 'utf8'))).toEqual(JSON.parse(first.stdout));

    // It has a configuration now, which may be newer.
    const second = await run(['import', '--strict', '--json'], environment);
    expect([second.code, JSON.parse(second.stdout)]).toMatchObject([0, { outcome: 'unchanged' }]);
    expect(gateway.posts).toHaveLength(2);
  });

  it('that refuses what is stored is told: 5 with --strict, else 0', limit, async () => {
    const gateway = await Gateway.start();
    const refusal = [
      400,
      {},
      {
        message: 'declarative config is invalid',
        flattened_errors: [
          {
            entity_type: 'plugin',
            entity_name: 'acme',
            errors: [{ message: "plugin 'acme' not enabled", type: 'field', field: 'name' }],
          },
        ],
      },
    ] as const;
    gateway.answers.push(refusal, refusal);
    const bucket = await fileStore().bucket();
    await bucket.write(key, table);
    const environment = {
      ...environmentOf(gateway, bucket.url()),
      KONG_RESILIENCE_HANDOVER_DIR: join(temporaryFolder(), 'handover'),
    };
    const strict = await run(['import', '--strict', '--json'], environment);
    expect([strict.code, JSON.parse(strict.stdout)]).toMatchObject([
      5,
      { outcome: 'failed', error: { code: 'KR_GATEWAY_REFUSED' } },
    ]);
    expect((await run(['import'], environment)).code).toBe(0);
  });

  it('that is gone is told, with what failed: 6 with --strict', limit, async () => {
    const gateway = await Gateway.start();
    const gone = await startStub(() => undefined);
    await gone.stop();
    const bucket = await fileStore().bucket();
    await bucket.write(key, table);
    const handover = join(temporaryFolder(), 'handover');
    const { code, stdout, stderr } = await run(['import', '--strict', '--json'], {
      ...environmentOf(gateway, bucket.url()),
      KONG_RESILIENCE_ADMIN_URL: gone.endpoint.href,
      KONG_RESILIENCE_HANDOVER_DIR: handover,
    });
    expect([code, JSON.parse(stdout)]).toMatchObject([
      6,
      { outcome: 'failed', error: { code: 'KR_GATEWAY_UNREACHABLE' } },
    ]);
    expect(stderr).toContain(
      `"reason":"connect ECONNREFUSED ${gone.endpoint.host}","message":"the gateway does not say whether it has a configuration"`,
    );
    expect(existsSync(join(handover, 'result.json'))).toBe(true);
  });
});
