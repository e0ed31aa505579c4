import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Environment, Program, run, temporaryFolder } from '../support/program';
import { freePort, startSilentServer } from '../support/servers';
import { captured, Cluster, importerEnvironment } from './cluster';
import { fileStore } from './stores';

const key = '3.9.3/config.json';
const limit = { timeout: 90_000 };

interface Held {
  readonly handover: string;
  readonly environment: Environment;
  /** Status and document of a path of the listener; for /metrics, its text. */
  readonly get: (path: string) => Promise<readonly [number, unknown]>;
}

/** A node whose control plane is gone, with a listener of its own. */
async function node(more: Environment): Promise<Held> {
  const cluster = await Cluster.start();
  await cluster.down();
  const handover = join(temporaryFolder(), 'handover');
  const listen = `127.0.0.1:${await freePort()}`;
  return {
    handover,
    environment: {
      ...cluster.environment,
      ...importerEnvironment(handover),
      KONG_RESILIENCE_STATUS_LISTEN: listen,
      ...more,
    },
    get: async (path) => {
      const answer = await fetch(`http://${listen}${path}`);
      const text = await answer.text();
      return [answer.status, path === '/metrics' ? text : JSON.parse(text)];
    },
  };
}

/** A store that takes connections and stays silent, with all the time in the world. */
async function silentStore(deadlineSeconds: string): Promise<Environment> {
  const silent = await startSilentServer();
  onTestFinished(() => silent.stop());
  return {
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket/prefix',
    AWS_REGION: 'us-east-2',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'canary-secret',
    AWS_CONFIG_STORAGE_ENDPOINT: silent.endpoint.href,
    KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
    KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: deadlineSeconds,
    KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: '3600',
  };
}

function samples(text: unknown): Record<string, number> {
  const lines = String(text).matchAll(/^kong_resilience_(\w+)\{version="3\.9\.3"\} (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name ?? '', Number(value)]));
}

describe('import --hold', () => {
  it('imports, says so at its startup probe, and stays until SIGTERM, which ends it with 0', limit, async () => {
    const bucket = await fileStore().bucket();
    const { table } = captured('3.9.3');
    await bucket.write(key, table);
    const { handover, environment, get } = await node({ KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url() });
    const importer = new Program(['import', '--hold', '--json'], environment);
    await importer.logged('that it stays', ({ message }) => message.includes('answers probes'));
    expect(readFileSync(join(handover, 'config.json')).equals(table)).toBe(true);
    const result: unknown = JSON.parse(readFileSync(join(handover, 'result.json'), 'utf8'));
    // Of two streams neither is ahead for certain.
    await importer.waitFor('it has printed', () => importer.stdout.endsWith('}\n'));
    expect(JSON.parse(importer.stdout)).toEqual(result);

    expect(await get('/startup')).toEqual([200, { started: true, outcome: 'staged', error: null }]);
    expect(await get('/ready')).toEqual([200, { ready: true, waiting: [], outcome: 'staged', error: null }]);
    expect(await get('/health')).toEqual([200, { healthy: true }]);
    expect(await get('/status')).toEqual([
      200,
      { program: expect.stringMatching(/^kong-resilience \d/), version: '3.9.3', import: result },
    ]);
    expect(samples((await get('/metrics'))[1])).toEqual({
      import_ended: 1,
      import_failed: 0,
      import_duration_seconds: (result as { tookMs: number }).tookMs / 1000,
      import_staged_bytes: table.length,
      import_staged_age_seconds: (result as { ageSeconds: number }).ageSeconds,
    });
    for (const what of ['health', 'ready']) expect((await run([what], environment)).code).toBe(0);

    expect(importer.ended).toBe(false);
    expect(await importer.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('says not yet while it imports, with the start script in its place; SIGTERM stops that too', limit, async () => {
    const { handover, environment, get } = await node(await silentStore('3600'));
    const importer = new Program(['import', '--hold', '--json'], environment);
    await importer.logged('that the store is asked', ({ message }) => message.includes('asking the store'));
    expect(existsSync(join(handover, 'start.sh'))).toBe(true);
    expect(await get('/startup')).toEqual([503, { started: false }]);
    expect(await get('/ready')).toEqual([503, { ready: false, waiting: ['3.9.3'] }]);
    expect(await get('/health')).toEqual([200, { healthy: true }]);
    expect(await get('/status')).toMatchObject([200, { version: '3.9.3', import: null }]);
    expect(samples((await get('/metrics'))[1])).toEqual({ import_ended: 0 });
    expect((await run(['ready'], environment)).code).toBe(1);

    const { code, signal, stdout } = await importer.stop('SIGINT');
    expect([code, signal]).toEqual([0, null]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'failed', error: { code: 'KR_IMPORT_STOPPED' } });
  });

  it('says yes after a failed import as well, with its code and without a secret', limit, async () => {
    const { environment, get } = await node(await silentStore('2'));
    const importer = new Program(['import', '--hold'], environment);
    await importer.logged('that it stays', ({ message }) => message.includes('answers probes'));
    const failed = { outcome: 'failed', error: 'KR_IMPORT_TIMED_OUT' };
    expect(await get('/startup')).toEqual([200, { started: true, ...failed }]);
    expect(await get('/ready')).toEqual([200, { ready: true, waiting: [], ...failed }]);
    const { import_duration_seconds: took, ...others } = samples((await get('/metrics'))[1]);
    expect(others).toEqual({ import_ended: 1, import_failed: 1 });
    expect(took).toBeGreaterThanOrEqual(1);
    const pages = [await get('/status'), await get('/startup')];
    const exit = await importer.stop();
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(JSON.stringify([pages, exit])).not.toContain('canary-secret');
  });

  it.each(['--strict', '--require'])('ends with the code of a failed import with %s', limit, async (option) => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, 'no JSON');
    const { environment } = await node({ KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url() });
    const { code, stdout } = await run(['import', '--hold', option, '--json'], environment);
    expect([code, JSON.parse(stdout)]).toMatchObject([5, { outcome: 'failed', error: { code: 'KR_CONFIG_NOT_JSON' } }]);
    await bucket.write(key, captured('3.9.3').table);
    const importer = new Program(['import', '--hold', option], environment);
    await importer.logged('that it stays', ({ message }) => message.includes('answers probes'));
    expect(await importer.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('ends with 2 at once, and imports nothing, without a listener or where it cannot be opened', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, captured('3.9.3').table);
    const { handover, environment } = await node({ KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url() });
    for (const listen of [undefined, 'off']) {
      const off = await run(['import', '--hold'], { ...environment, KONG_RESILIENCE_STATUS_LISTEN: listen });
      expect([off.code, off.stdout, off.stderr]).toEqual([
        2,
        '',
        'kong-resilience: KR_ENV_HOLD_LISTEN_OFF: KONG_RESILIENCE_STATUS_LISTEN is off, and `import --hold` is there to answer the startup probe at it.\n' +
          'Set it to the address that the probe asks, e.g. KONG_RESILIENCE_STATUS_LISTEN=0.0.0.0:8101, or leave --hold out.\n',
      ]);
    }
    const other = await startSilentServer();
    onTestFinished(() => other.stop());
    const { host } = other.endpoint;
    const taken = await run(['import', '--hold'], { ...environment, KONG_RESILIENCE_STATUS_LISTEN: host });
    expect([taken.code, taken.stdout]).toEqual([2, '']);
    expect(taken.stderr).toContain(`KR_STATUS_LISTEN_FAILED: KONG_RESILIENCE_STATUS_LISTEN=${host}: `);
    expect(existsSync(handover)).toBe(false);
  });
});
