import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Environment, Program, run, temporaryFolder } from '../support/program';
import { freePort, Listener } from '../support/servers';
import { captured, Cluster, exporterEnvironment, named, type Table } from './cluster';
import { type Bucket, fileStore, minio, versitygw } from './stores';

const key = '3.9.3/config.json';
const limit = { timeout: 90_000 };

async function holds(bucket: Bucket, { table }: Table): Promise<boolean> {
  return (await bucket.read(key))?.bytes.subarray(0, table.length).equals(table) === true;
}

function environmentOf(cluster: Cluster, bucket: Bucket, more: Environment = {}): Environment {
  return {
    ...cluster.environment,
    ...bucket.environment,
    ...exporterEnvironment(),
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url('prefix').replace('/prefix', ''),
    ...more,
  };
}

/** A way to a store that can be closed and opened again at the same address. */
class Way {
  readonly #listener: Listener;

  private constructor(
    target: URL,
    private readonly port: number,
  ) {
    this.#listener = new Listener(
      createServer((client) => {
        const upstream = connect(Number(target.port), target.hostname);
        upstream.on('error', () => client.destroy());
        upstream.on('close', () => client.destroy());
        client.on('close', () => upstream.destroy());
        client.pipe(upstream).pipe(client);
      }),
    );
  }

  static async to(target: URL): Promise<Way> {
    const way = new Way(target, await freePort());
    onTestFinished(() => way.close());
    return way;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  open(): Promise<void> {
    return this.#listener.open(this.port);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }
}

describe('export --once', () => {
  const kind = minio();
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  it.skipIf(kind.missing)('ends with 0 when it is stored; what is equal is not written again', limit, async () => {
    const bucket = await kind.bucket();
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const environment = environmentOf(cluster, bucket);
    const first = await run(['export', '--once', '--json'], environment);
    expect([first.code, JSON.parse(first.stdout)]).toMatchObject([
      0,
      { versions: [{ exportsTotal: 1, unchangedTotal: 0 }] },
    ]);
    const stored = await bucket.read(key);
    expect(await holds(bucket, captured('3.9.3'))).toBe(true);

    const second = await run(['export', '--once', '--json'], environment);
    expect([second.code, JSON.parse(second.stdout)]).toMatchObject([
      0,
      { versions: [{ exportsTotal: 0, unchangedTotal: 1 }] },
    ]);
    expect((await bucket.read(key))?.version).toBe(stored?.version);

    const silent = await run(['export', '--once'], environment);
    expect([silent.code, silent.stdout]).toEqual([0, '']);
    cluster.publish(named('other'));
    const third = await run(['export', '--once'], environment);
    expect([third.code, await holds(bucket, named('other'))]).toEqual([0, true]);
  });

  it('ends with 6 when no configuration comes in time, and says which version is missing', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    const { code, stdout, stderr } = await run(['export', '--once', '--timeout', '2'], environmentOf(cluster, bucket));
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toMatch(/kong-resilience: KR_EXPORT_TIMED_OUT: No confirmed export within \d+ s for 3\.9\.3\.\n/);
  });

  it('that is stopped before ends with 6 and says that it was stopped, and by what', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const once = new Program(['export', '--once', '--json'], environmentOf(cluster, bucket));
      await once.logged('that it runs', ({ message }) => message === 'exports configurations');
      const { code, stdout, stderr } = await once.stop(signal);
      expect([code, stdout]).toEqual([6, '']);
      expect(stderr.slice(stderr.indexOf('kong-resilience: '))).toBe(
        `kong-resilience: KR_EXPORT_STOPPED: The export was asked to end (stopped by ${signal}) before it was confirmed for 3.9.3.\n` +
          'Run it again: it exports what is current then.\n',
      );
    }
  });

  it('is content when another exporter leads and has stored the same', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const leader = new Program(['run'], environmentOf(cluster, bucket));
    await leader.waitFor('it is stored', () => holds(bucket, captured('3.9.3')));
    const once = await run(['export', '--once', '--json'], environmentOf(cluster, bucket));
    expect([once.code, JSON.parse(once.stdout)]).toMatchObject([
      0,
      { versions: [{ role: 'follower', exportsTotal: 0 }] },
    ]);
    expect((await leader.stop()).code).toBe(0);
  });

  it('ends with 7 when the spool that was asked for cannot be used', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    const file = join(cluster.folder, 'cluster.crt');
    const spool = { KONG_RESILIENCE_SPOOL_DIR: `${file}/spool` };
    const { code, stderr } = await run(['export', '--once'], environmentOf(cluster, bucket, spool));
    expect(code).toBe(7);
    expect(stderr).toContain(`kong-resilience: KR_SPOOL_UNWRITABLE: ${file}/spool: the spool cannot be used: ENOTDIR`);
  });
});

describe('an outage of the store', () => {
  const kind = versitygw();
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  it.skipIf(kind.missing)(
    'at the start is told and tried again, and the latest is stored when it is over',
    limit,
    async () => {
      const bucket = await kind.bucket();
      const way = await Way.to(kind.endpoint);
      const cluster = await Cluster.start();
      cluster.publish(named('first'));
      // Each try is told at debug.
      const environment = environmentOf(cluster, bucket, {
        AWS_CONFIG_STORAGE_ENDPOINT: way.url,
        KONG_LOG_LEVEL: 'debug',
      });
      const exporter = new Program(['run'], environment);
      await exporter.logged('the outage', ({ code }) => code === 'KR_STORE_UNREACHABLE');
      cluster.publish(named('second'));
      await exporter.waitFor('the second arrived', () => {
        return exporter.log.filter(({ code }) => code === 'KR_STORE_UNREACHABLE').length >= 3;
      });
      const told = exporter.log.filter(({ code }) => code === 'KR_STORE_UNREACHABLE');
      expect(told.slice(0, 3)).toMatchObject([
        { level: 'error', message: 'the export did not succeed', tries: 1 },
        { level: 'debug', message: 'the export did not succeed', tries: 2 },
        { level: 'debug', message: 'the export did not succeed', tries: 3 },
      ]);
      await way.open();
      await exporter.waitFor('the second is stored', () => holds(bucket, named('second')));
      const over = await exporter.logged('the end', ({ message }) => message === 'the export succeeds again');
      expect(over).toMatchObject({ level: 'info', version: '3.9.3', sinceSeconds: expect.any(Number) });
      expect(over['tries']).toBeGreaterThanOrEqual(3);
      expect((await exporter.stop()).code).toBe(0);
    },
  );

  it.skipIf(kind.missing)(
    'and a crash and the loss of the control plane lose nothing: it is exported from the spool',
    limit,
    async () => {
      const bucket = await kind.bucket();
      const way = await Way.to(kind.endpoint);
      await way.open();
      const cluster = await Cluster.start();
      cluster.publish(named('first'));
      const spool = temporaryFolder();
      const environment = environmentOf(cluster, bucket, {
        AWS_CONFIG_STORAGE_ENDPOINT: way.url,
        KONG_RESILIENCE_SPOOL_DIR: spool,
        KONG_RESILIENCE_LEASE_SECONDS: '2',
      });
      const exporter = new Program(['run'], environment);
      // Stored is not yet answered: a way that closes in between leaves the first in the spool.
      await exporter.logged('that the first is exported', ({ event }) => event === 'exported');
      await exporter.waitFor('nothing is pending', () => readdirSync(spool).length === 0);
      await way.close();
      cluster.publish(named('second'));
      const file = `${spool}/3.9.3.spool`;
      await exporter.waitFor('the second waits in the spool', () => {
        return existsSync(file) && readFileSync(file).includes(named('second').table);
      });
      await exporter.stop('SIGKILL');
      await cluster.down();
      await way.open();

      const next = new Program(['run'], environment);
      await next.waitFor('the second is stored', () => holds(bucket, named('second')));
      await next.waitFor('the spool is empty', () => readdirSync(spool).length === 0);
      const status = await run(['status', '--json'], environment);
      expect(status.code).toBe(0);
      expect((await next.stop()).code).toBe(0);
    },
  );
});

/** A tiny reading of Prometheus's text format: the samples by name and labels; throws where a line is none. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const type = /^# TYPE (\w+) (gauge|counter)$/.exec(line);
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '');
    if (/^# (HELP \w+ \S.*|TYPE \w+ \w+)$/.test(line)) continue;
    const sample = /^(\w+)(\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? (-?[\d.e+]+|NaN)$/.exec(line);
    if (sample === null) throw new SyntaxError(line);
    const name = sample[1] ?? '';
    if (types.get(name) !== (name.endsWith('_total') ? 'counter' : 'gauge'))
      throw new SyntaxError(`the type of ${name}`);
    found.set(`${name}${sample[2] ?? ''}`, Number(sample[3]));
  }
  return found;
}

describe('the status listener', () => {
  it('tells the truth before and after the first export; health and ready ask it', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    const listen = `127.0.0.1:${await freePort()}`;
    const environment = environmentOf(cluster, bucket, { KONG_RESILIENCE_STATUS_LISTEN: listen });
    const get = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`http://${listen}${path}`);
      return [answer.status, await answer.text()];
    };
    const probe = async (what: string, ...args: string[]): Promise<readonly unknown[]> => {
      const { code, stdout } = await run([what, ...args], environment);
      return [code, stdout];
    };
    expect(await probe('health')).toEqual([1, `no: "connect ECONNREFUSED ${listen}"\n`]);

    const exporter = new Program(['run'], environment);
    await exporter.logged('that it serves', ({ message }) => message.startsWith('serves /status'));
    // No configuration yet: it lives, and covers nothing.
    expect(await get('/health')).toEqual([200, '{\n  "healthy": true\n}\n']);
    expect(await get('/startup')).toEqual([200, '{\n  "started": true\n}\n']);
    expect(await get('/ready')).toMatchObject([503, expect.stringContaining('"3.9.3"')]);
    expect(await probe('health')).toEqual([0, 'yes\n']);
    expect(await probe('ready')).toEqual([1, 'no: {"ready":false,"waiting":["3.9.3"]}\n']);
    const early = samples((await get('/metrics'))[1]);
    expect(early.get('kong_resilience_exports_total{version="3.9.3"}')).toBe(0);
    expect(early.has('kong_resilience_last_confirmed_timestamp_seconds{version="3.9.3"}')).toBe(false);

    cluster.publish(captured('3.9.3'));
    await exporter.waitFor('it is ready', async () => (await get('/ready'))[0] === 200);
    expect(await probe('ready')).toEqual([0, 'yes\n']);
    const [code, stdout] = await probe('ready', '--json');
    expect([code, JSON.parse(String(stdout))]).toEqual([0, { ready: true, detail: { ready: true, waiting: [] } }]);
    const stored = await bucket.read(key);
    expect(JSON.parse((await get('/status'))[1])).toMatchObject({
      program: expect.stringMatching(/^kong-resilience \d/),
      versions: [
        {
          version: '3.9.3',
          source: 'live',
          role: 'leader',
          term: 1,
          pending: false,
          exportsTotal: 1,
          stored: { bytes: stored?.bytes.length, configHash: captured('3.9.3').configHash },
          sourceProblem: null,
          exportProblem: null,
        },
      ],
    });
    const metrics = samples((await get('/metrics'))[1]);
    const value = (name: string): number | undefined => metrics.get(`kong_resilience_${name}{version="3.9.3"}`);
    expect(value('exports_total')).toBe(1);
    expect(value('leader')).toBe(1);
    expect(value('source_live')).toBe(1);
    expect(value('pending')).toBe(0);
    expect(value('stored_bytes')).toBe(stored?.bytes.length);
    expect(value('last_confirmed_timestamp_seconds')).toBeGreaterThan(1.7e9);
    expect((await get('/nothing'))[0]).toBe(404);
    expect((await fetch(`http://${listen}/status`, { method: 'POST' })).status).toBe(405);

    // Neither depends on the control plane.
    await cluster.down();
    expect(await probe('health')).toEqual([0, 'yes\n']);
    expect(await probe('ready')).toEqual([0, 'yes\n']);
    expect((await exporter.stop()).code).toBe(0);
    expect((await probe('ready'))[0]).toBe(1);
  });

  it('is off by default, which the probes say; an address that is taken is an error', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    const off = await run(['health'], environmentOf(cluster, bucket));
    expect(off.code).toBe(2);
    expect(off.stderr).toMatch(/^kong-resilience: KR_ENV_STATUS_LISTEN_OFF: /);
    const taken = environmentOf(cluster, bucket, { KONG_RESILIENCE_STATUS_LISTEN: `127.0.0.1:${cluster.port}` });
    const busy = await run(['run'], taken);
    expect(busy.code, busy.stderr).toBe(2);
    expect(busy.stderr).toContain(`KR_STATUS_LISTEN_FAILED: KONG_RESILIENCE_STATUS_LISTEN=127.0.0.1:${cluster.port}: `);
    const other = await run(['health'], taken);
    expect([other.code, other.stdout]).toMatchObject([1, expect.stringMatching(/^no: /)]);
  });
});

describe('a control plane that sends nothing', () => {
  it('is told with its code; with the plugin in KONG_PLUGINS it sends', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    const custom = named('custom', { plugins: [{ id: '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0002', name: 'acme-auth' }] });
    cluster.publish(custom);
    const environment = environmentOf(cluster, bucket, { KONG_RESILIENCE_SILENCE_SECONDS: '1' });
    const exporter = new Program(['run'], environment);
    expect(await exporter.logged('the silence', ({ code }) => code === 'KR_SOURCE_SILENT')).toMatchObject({
      level: 'error',
      reason: `control plane 127.0.0.1:${cluster.port}: connected, but no configuration came within 1 s.`,
      fix: expect.stringContaining('or a custom one, to be added to KONG_PLUGINS'),
    });
    expect((await exporter.stop()).code).toBe(0);
    const knowing = await run(['export', '--once'], { ...environment, KONG_PLUGINS: 'bundled,acme-auth' });
    expect([knowing.code, await holds(bucket, custom)]).toEqual([0, true]);
  });
});

describe('SIGTERM', () => {
  it('during the delay exports what waits, gives the lease back and ends with 0', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    cluster.publish(named('first'));
    const listen = `127.0.0.1:${await freePort()}`;
    const exporter = new Program(
      ['run'],
      environmentOf(cluster, bucket, {
        KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '300',
        KONG_RESILIENCE_STATUS_LISTEN: listen,
      }),
    );
    await exporter.waitFor('the first is stored', () => holds(bucket, named('first')));
    const received = async (total: number): Promise<boolean> => {
      const { versions } = (await (await fetch(`http://${listen}/status`)).json()) as {
        versions: { receivedTotal: number; pending: boolean }[];
      };
      return versions[0]?.receivedTotal === total && versions[0].pending;
    };
    cluster.publish(named('second'));
    await exporter.waitFor('the second waits', () => received(2));
    cluster.publish(named('third'));
    await exporter.waitFor('the third waits', () => received(3));
    expect(await holds(bucket, named('first'))).toBe(true);
    const { code, signal } = await exporter.stop();
    expect([code, signal]).toEqual([0, null]);
    expect(await holds(bucket, named('third'))).toBe(true);
    const lease = JSON.parse((await bucket.read('3.9.3/kong-resilience.json'))?.bytes.toString() ?? '') as object;
    expect(lease).toMatchObject({ released: true, writing: null });
  });

  it(
    'ends within the shutdown limit with 0 where the store does not answer, and keeps the rest in the spool',
    limit,
    async () => {
      const cluster = await Cluster.start();
      const spool = temporaryFolder();
      const way = await Way.to(new URL('http://127.0.0.1:9'));
      cluster.publish(named('first'));
      const exporter = new Program(['run'], {
        ...cluster.environment,
        ...exporterEnvironment(),
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket/prefix',
        AWS_REGION: 'us-east-2',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_CONFIG_STORAGE_ENDPOINT: way.url,
        KONG_RESILIENCE_SPOOL_DIR: spool,
        KONG_RESILIENCE_SHUTDOWN_SECONDS: '1',
      });
      await exporter.waitFor('it waits in the spool', () => existsSync(`${spool}/3.9.3.spool`));
      const { code, signal, stderr } = await exporter.stop();
      expect([code, signal]).toEqual([0, null]);
      expect(stderr).toContain('stopped with a configuration that is not exported; it stays in the spool');
      expect(readdirSync(spool)).toEqual(['3.9.3.spool']);
    },
  );

  it('a second one ends the program at once', limit, async () => {
    const cluster = await Cluster.start();
    const bucket = await fileStore().bucket();
    const exporter = new Program(['run'], environmentOf(cluster, bucket));
    await exporter.logged('that it runs', ({ message }) => message === 'exports configurations');
    exporter.kill('SIGTERM');
    exporter.kill('SIGTERM');
    const { code } = await exporter.exit;
    expect([0, 143]).toContain(code);
  });
});
