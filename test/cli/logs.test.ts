import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundle, Program, run, temporaryFolder } from '../support/program';
import { captured, Cluster, exporterEnvironment, importerEnvironment } from './cluster';
import { fileStore } from './stores';

const limit = { timeout: 60_000 };

describe('the log', () => {
  it(
    'is JSON lines on stderr, warnings of Node and of libraries among them; stdout holds data alone',
    limit,
    async () => {
      const bucket = await fileStore().bucket();
      const cluster = await Cluster.start();
      cluster.publish(captured('3.9.3'));
      const preload = join(temporaryFolder(), 'warn.cjs');
      writeFileSync(
        preload,
        `setInterval(() => {
         process.emitWarning('an SDK\\nwarns', 'DeprecationWarning', 'LIB001');
         process.emitWarning('a module of Node is deprecated', 'DeprecationWarning', 'DEP0040');
         process.emitWarning(Object.assign(new Error('it is experimental'), { name: 'ExperimentalWarning' }));
       }, 100).unref();`,
      );
      const environment = {
        ...cluster.environment,
        ...exporterEnvironment(),
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
        KONG_RESILIENCE_LOG_FORMAT: 'json',
        KONG_LOG_LEVEL: 'debug',
      };
      const exporter = new Program(['run'], environment, { command: [process.execPath, '--require', preload, bundle] });
      const warned = await exporter.logged('a warning', ({ message }) => message === 'an SDK warns');
      expect(warned).toMatchObject({ level: 'warn', warning: 'DeprecationWarning' });
      await exporter.logged('another', ({ warning }) => warning === 'ExperimentalWarning');
      const ofNode = await exporter.logged("Node's own", ({ message }) => message === 'a module of Node is deprecated');
      expect(ofNode).toMatchObject({ level: 'debug', warning: 'DeprecationWarning' });
      expect(await exporter.logged('that it runs', ({ event }) => event === 'started')).toMatchObject({
        level: 'info',
        store: bucket.url(),
        versions: ['3.9.3'],
      });
      expect(await exporter.logged('an export', ({ event }) => event === 'exported')).toMatchObject({ level: 'info' });
      expect(await exporter.logged('its confirmation', ({ event }) => event === 'confirmed')).toMatchObject({
        level: 'info',
        version: '3.9.3',
        confirmedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      const { code, stdout, stderr } = await exporter.stop();
      expect([code, stdout]).toEqual([0, '']);
      for (const line of stderr.trimEnd().split('\n')) {
        expect(JSON.parse(line)).toMatchObject({
          level: expect.stringMatching(/^(debug|info|warn|error)$/),
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          message: expect.any(String),
        });
      }
    },
  );

  it("has what the AWS SDK says of Node's age at debug alone", limit, async () => {
    const environment = {
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/test-prefix',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
      KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: '1',
      AWS_CONFIG_STORAGE_ENDPOINT: 'http://127.0.0.1:1/',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    const { code, stderr } = await run(['status'], environment);
    expect([code, stderr]).toEqual([6, '']);
    const debug = await run(['status'], {
      ...environment,
      KONG_LOG_LEVEL: 'debug',
      KONG_RESILIENCE_LOG_FORMAT: 'json',
    });
    const node = Number(process.versions.node.split('.')[0]);
    const told = debug.stderr.split('\n').filter((line) => line.includes('NodeVersionSupportWarning: The AWS SDK'));
    expect(told.map((line) => JSON.parse(line) as unknown)).toEqual(
      node < 22 ? [expect.objectContaining({ level: 'debug', warning: 'Warning' })] : [],
    );
  });

  it('is as quiet as KONG_LOG_LEVEL says: nothing but data where nothing is wrong', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write('3.9.3/config.json', captured('3.9.3').table);
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const { code, stdout, stderr } = await run(['import', '--json'], {
      ...cluster.environment,
      ...importerEnvironment(join(temporaryFolder(), 'handover')),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_LOG_LEVEL: 'error',
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'not-needed' });
  });

  it(
    'is for people with KONG_RESILIENCE_LOG_FORMAT=pretty, without colours where there is no terminal',
    limit,
    async () => {
      const bucket = await fileStore().bucket();
      const cluster = await Cluster.start();
      cluster.publish(captured('3.9.3'));
      const { code, stderr } = await run(['export', '--once'], {
        ...cluster.environment,
        ...exporterEnvironment(),
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
        KONG_RESILIENCE_LOG_FORMAT: 'pretty',
      });
      expect(code).toBe(0);
      expect(stderr).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: exports configurations$/m);
      expect(stderr).not.toContain('\u001b');
    },
  );
});

describe('streams that nobody reads', () => {
  it('change nothing of what an import does, nor its exit code', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write('3.9.3/config.json', captured('3.9.3').table);
    const cluster = await Cluster.start();
    await cluster.down();
    const handover = join(temporaryFolder(), 'handover');
    const environment = {
      ...cluster.environment,
      ...importerEnvironment(handover),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    };
    const { code, signal } = await run(['import', '--json'], environment, { unread: ['stdout', 'stderr'] });
    expect([code, signal]).toEqual([0, null]);
    expect(readFileSync(join(handover, 'config.json')).equals(captured('3.9.3').table)).toBe(true);
  });

  it.runIf(existsSync('/dev/full'))('or on a full disk are the same to an import', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write('3.9.3/config.json', captured('3.9.3').table);
    const cluster = await Cluster.start();
    await cluster.down();
    const handover = join(temporaryFolder(), 'handover');
    const environment = {
      ...cluster.environment,
      ...importerEnvironment(handover),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    };
    const full = ['/bin/sh', '-c', 'exec "$0" "$@" >/dev/full 2>/dev/full', process.execPath, bundle] as const;
    const { code, signal } = await run(['import', '--json'], environment, { command: [...full] });
    expect([code, signal]).toEqual([0, null]);
    expect(readFileSync(join(handover, 'config.json')).equals(captured('3.9.3').table)).toBe(true);
  });

  it('do not end an exporter', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const environment = {
      ...cluster.environment,
      ...exporterEnvironment(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_LOG_LEVEL: 'debug',
    };
    const exporter = new Program(['run'], environment, { unread: ['stdout', 'stderr'] });
    await exporter.waitFor('it is stored', async () => (await bucket.read('3.9.3/config.json')) !== undefined);
    expect(await exporter.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('are no error of a program whose data is read in part', limit, async () => {
    const { code, stderr } = await run(['--help'], {}, { unread: ['stdout'] });
    expect([code, stderr]).toEqual([0, '']);
  });
});
