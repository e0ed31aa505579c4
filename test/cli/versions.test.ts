import { expect, it } from 'vitest';
import { Program, run } from '../support/program';
import { captured, Cluster, exporterEnvironment, named } from './cluster';
import { fileStore } from './stores';

const limit = { timeout: 120_000 };

it(
  'exports each version its own configuration, and a refused version is told, tried again, and holds no other up',
  limit,
  async () => {
    const bucket = await fileStore().bucket();
    const adapted = captured('3.5.0').table;
    let adapting = true;
    const cluster = await Cluster.start({
      adapt: (table, version) => (adapting && version === '3.5.0' ? adapted : table),
    });
    cluster.publish(captured('3.9.3'));
    const environment = {
      ...cluster.environment,
      ...exporterEnvironment(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3,3.5.0,3.10.0',
      // Each try is told at debug.
      KONG_LOG_LEVEL: 'debug',
    };
    const exporter = new Program(['run'], environment);
    const holds = (version: string, table: Uint8Array) => async (): Promise<boolean> => {
      const stored = await bucket.read(`${version}/config.json`);
      return stored?.bytes.subarray(0, table.length).equals(table) === true;
    };
    await exporter.waitFor('3.9.3 is stored', holds('3.9.3', captured('3.9.3').table));
    await exporter.waitFor('3.5.0 is stored', holds('3.5.0', adapted));
    expect(adapted.equals(captured('3.9.3').table)).toBe(false);
    const refused = await exporter.logged('a refusal', ({ code }) => code === 'KR_SOURCE_VERSION_REFUSED');
    expect(refused).toMatchObject({
      level: 'error',
      reason: `control plane 127.0.0.1:${cluster.port}: it accepted the connection of version 3.10.0 and closed it at once.`,
    });
    await exporter.waitFor(
      'it is tried again',
      () => exporter.log.filter(({ code }) => code === 'KR_SOURCE_VERSION_REFUSED').length >= 2,
    );
    expect(await bucket.read('3.10.0/config.json')).toBeUndefined();

    adapting = false;
    const next = named('next');
    cluster.publish(next);
    await exporter.waitFor('3.9.3 has the next', holds('3.9.3', next.table));
    await exporter.waitFor('3.5.0 has the next', holds('3.5.0', next.table));

    const status = await run(['status'], environment);
    expect(status.code).toBe(3);
    expect(status.stdout).toMatch(/^3\.10\.0 {2}\S+\n {2}nothing is stored$/m);

    // After its upgrade the control plane serves it.
    await cluster.down();
    await cluster.up({ version: '3.10.2' });
    cluster.publish(next);
    await exporter.waitFor('3.10.0 is stored', holds('3.10.0', next.table));
    expect((await exporter.stop()).code).toBe(0);
  },
);
