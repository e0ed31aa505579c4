import { expect, it } from 'vitest';
import { type LogLine, Program, run } from '../support/program';
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
    expect(status.stdout).toMatch(/^3\.10\.0 {2}\S+\n {2}nothing is stored: look at the log/m);

    // After its upgrade the control plane serves it.
    await cluster.down();
    await cluster.up({ version: '3.10.2' });
    cluster.publish(next);
    await exporter.waitFor('3.10.0 is stored', holds('3.10.0', next.table));
    expect((await exporter.stop()).code).toBe(0);
  },
);

it(
  "never replaces an older version's good configuration with one that its gateways cannot take, and says so",
  limit,
  async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    cluster.publish(named('good'));
    const exporter = new Program(['run'], {
      ...cluster.environment,
      ...exporterEnvironment(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_RESILIENCE_GATEWAY_VERSION: '3.8.1,3.9.3',
      KONG_RESILIENCE_SILENCE_SECONDS: '5',
    });
    const holds =
      (version: string, { table }: { table: Uint8Array }) =>
      async (): Promise<boolean> => {
        const stored = await bucket.read(`${version}/config.json`);
        return stored?.bytes.subarray(0, table.length).equals(table) === true;
      };
    for (const version of ['3.8.1', '3.9.3']) {
      await exporter.waitFor(`${version} is stored`, holds(version, named('good')));
    }
    // The plugin is new in 3.9.
    const redirect = named('redirect', { plugins: [{ id: '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0003', name: 'redirect' }] });
    cluster.publish(redirect);
    await exporter.waitFor('3.9.3 has the plugin', holds('3.9.3', redirect));
    // A new connection, as at each renewal, is sent nothing.
    await cluster.down();
    await cluster.up();
    cluster.publish(redirect);
    const silent = (line: LogLine): boolean => line['code'] === 'KR_SOURCE_SILENT' && line['version'] === '3.8.1';
    expect(await exporter.logged('the silence', silent)).toMatchObject({
      level: 'error',
      version: '3.8.1',
      fix: expect.stringContaining('one that 3.8.1 does not have, and then no gateway of 3.8.1 gets a configuration'),
    });
    expect(await holds('3.8.1', named('good'))()).toBe(true);

    const without = named('without');
    cluster.publish(without);
    for (const version of ['3.8.1', '3.9.3']) {
      await exporter.waitFor(`${version} goes on`, holds(version, without));
    }
    expect((await exporter.stop()).code).toBe(0);
  },
);

it('exports ten versions without a warning', limit, async () => {
  const bucket = await fileStore().bucket();
  const cluster = await Cluster.start();
  const table = named('ten');
  cluster.publish(table);
  const versions = Array.from({ length: 10 }, (_, patch) => `3.8.${patch}`);
  const exporter = new Program(['run'], {
    ...cluster.environment,
    ...exporterEnvironment(),
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    KONG_RESILIENCE_GATEWAY_VERSION: versions.join(','),
  });
  for (const version of versions) {
    await exporter.waitFor(
      `${version} is stored`,
      async () => (await bucket.read(`${version}/config.json`)) !== undefined,
    );
  }
  expect((await exporter.stop()).code).toBe(0);
  expect(exporter.log.filter(({ level }) => level !== 'info')).toEqual([]);
});
