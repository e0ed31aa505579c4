import { describe, expect, it } from 'vitest';
import { Program, run } from '../support/program';
import { captured, Cluster, exporterEnvironment, named } from './cluster';
import { fileStore } from './stores';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const key = '3.9.3/config.json';
const limit = { timeout: 90_000 };

describe('a configuration that does not change', () => {
  it('is confirmed at each reconnection, and written again where it was deleted or replaced', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    const { table } = captured('3.9.3');
    cluster.publish(captured('3.9.3'));
    const environment = {
      ...cluster.environment,
      ...exporterEnvironment(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_RESILIENCE_RECONNECT_SECONDS: '1',
    };
    const exporter = new Program(['run'], environment);
    const stored = async (): Promise<boolean> =>
      (await bucket.read(key))?.bytes.subarray(0, table.length).equals(table) === true;
    const confirmedAt = async (): Promise<number> => {
      const { versions } = JSON.parse((await run(['status', '--json'], environment)).stdout) as {
        versions: { lease: { confirmedAt: string | null } | null }[];
      };
      return Date.parse(versions[0]?.lease?.confirmedAt ?? '1970-01-01T00:00:00Z');
    };
    await exporter.waitFor('it is stored', stored);
    await exporter.waitFor('it is confirmed', async () => (await confirmedAt()) > 0);
    const bytes = (await bucket.read(key))?.bytes;
    const first = await confirmedAt();
    await exporter.waitFor('it is confirmed again', async () => (await confirmedAt()) > first);
    expect((await bucket.read(key))?.bytes.equals(bytes ?? Buffer.alloc(0))).toBe(true);

    rmSync(join(bucket.name, key));
    await exporter.waitFor('it is written again', stored);
    await bucket.write(key, named('foreign').table);
    await exporter.waitFor('it has replaced a foreign one', stored);
    expect((await exporter.stop()).code).toBe(0);
  });
});

describe('export --once of several versions', () => {
  it('stores what it can, and names the version that is missing', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const { code, stderr } = await run(['export', '--once', '--timeout', '8'], {
      ...cluster.environment,
      ...exporterEnvironment(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3,3.10.0',
    });
    expect(code).toBe(6);
    expect(stderr).toMatch(/KR_EXPORT_TIMED_OUT: No confirmed export within \d+ s for 3\.10\.0\.\n/);
    expect(await bucket.read(key)).toBeDefined();
    const events = stderr.split('\n').filter((line) => line.startsWith('{'));
    const last = JSON.parse(events.at(-1) ?? '{}') as object;
    expect(last).toMatchObject({
      level: 'error',
      event: 'export_failed',
      versions: ['3.9.3', '3.10.0'],
      code: 'KR_EXPORT_TIMED_OUT',
    });
  });
});
