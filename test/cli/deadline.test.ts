import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundle, type Environment, run, temporaryFolder } from '../support/program';
import { startSilentServer } from '../support/servers';
import { captured, Cluster, importerEnvironment } from './cluster';
import { fileStore } from './stores';

/** Everything but the deadline waits for an hour: that the import ends at all before the test gives up is due to the deadline. */
const patient: Environment = {
  KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
  KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '2',
  KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: '3600',
  KONG_RESILIENCE_SILENCE_SECONDS: '3600',
};
/** A deadline, in seconds, within which a slow machine too comes to what is told at its end. */
const untilTold = '8';
const s3: Environment = {
  KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket/prefix',
  AWS_REGION: 'us-east-2',
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 'b',
};
const limit = { timeout: 90_000 };
/** Whether a process may have a resolv.conf of its own. */
const ownMounts = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

async function silent(): Promise<URL> {
  const server = await startSilentServer();
  onTestFinished(() => server.stop());
  return server.endpoint;
}

async function nodeEnvironment(more: Environment): Promise<Environment> {
  const cluster = await Cluster.start();
  await cluster.down();
  const handover = join(temporaryFolder(), 'handover');
  return { ...cluster.environment, ...importerEnvironment(handover), ...patient, ...more };
}

/** The import ends with 0 when its deadline has passed, and says what it was waiting for. */
async function expectDeadline(environment: Environment, code: RegExp, command?: [string, ...string[]]): Promise<void> {
  const ended = await run(['import', '--json'], environment, command === undefined ? undefined : { command });
  expect([ended.code, ended.signal], ended.stderr).toEqual([0, null]);
  expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'failed', error: { code: expect.stringMatching(code) } });
  expect(ended.stderr).toContain('"event":"import_failed"');
}

describe('an import does not outlast its deadline', () => {
  it.each(['s3', 'gcs'])('where control plane and %s store take connections and stay silent', limit, async (scheme) => {
    const { href, host } = await silent();
    const environment = await nodeEnvironment({
      ...s3,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `${scheme}://bucket/prefix`,
      KONG_CLUSTER_CONTROL_PLANE: host,
      AWS_CONFIG_STORAGE_ENDPOINT: href,
      KONG_RESILIENCE_GCS_ENDPOINT: href,
    });
    await expectDeadline(environment, /^KR_IMPORT_TIMED_OUT$/);
  });

  it('where the names of control plane and store do not exist', limit, async () => {
    const environment = await nodeEnvironment({
      ...s3,
      KONG_CLUSTER_CONTROL_PLANE: 'control-plane.invalid:8005',
      AWS_CONFIG_STORAGE_ENDPOINT: 'https://store.invalid/',
    });
    await expectDeadline(environment, /^KR_(STORE_UNREACHABLE|IMPORT_TIMED_OUT)$/);
  });

  it.runIf(ownMounts)('where no name server answers', limit, async () => {
    const server = createSocket('udp4');
    await new Promise<void>((resolve) => server.bind(53, '127.94.1.53', resolve));
    onTestFinished(() => void server.close());
    const folder = temporaryFolder();
    // Longer than the test waits, where Node can end while a lookup is on its way; else no longer than it must be.
    const options = 'execve' in process ? 'timeout:30 attempts:5' : 'timeout:1 attempts:1';
    writeFileSync(join(folder, 'resolv.conf'), `nameserver 127.94.1.53\noptions ${options}\n`);
    const script = `mount --bind ${folder}/resolv.conf /etc/resolv.conf && exec "$@"`;
    const environment = await nodeEnvironment({
      ...s3,
      KONG_CLUSTER_CONTROL_PLANE: 'control-plane.invalid:8005',
      AWS_CONFIG_STORAGE_ENDPOINT: 'https://store.invalid/',
    });
    const node = ['unshare', '-m', '/bin/sh', '-c', script, 'sh', process.execPath, bundle] as [string, ...string[]];
    await expectDeadline(environment, /^KR_(STORE_UNREACHABLE|IMPORT_TIMED_OUT)$/, node);
  });

  it('where what gives an identity stays silent', limit, async () => {
    const { href } = await silent();
    const environment = await nodeEnvironment({
      ...s3,
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${href}credentials`,
      AWS_CONFIG_STORAGE_ENDPOINT: href,
    });
    await expectDeadline(environment, /^KR_(STORE_|IMPORT_TIMED_OUT$)/);
  });

  it('where the proxy to the control plane stays silent, and nothing is stored', limit, async () => {
    const bucket = await fileStore().bucket();
    const { href } = await silent();
    const environment = await nodeEnvironment({
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: untilTold,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_CLUSTER_USE_PROXY: 'on',
      KONG_PROXY_SERVER: href,
    });
    await expectDeadline(environment, /^KR_IMPORT_ABSENT$/);
  });

  it('where the gateway that is to be posted to stays silent, asked and posted to', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write('3.9.3/config.json', captured('3.9.3').table);
    const { href } = await silent();
    const environment = {
      ...importerEnvironment(join(temporaryFolder(), 'handover')),
      ...patient,
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: untilTold,
      KONG_DATABASE: 'off',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
      KONG_RESILIENCE_ADMIN_URL: href,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    };
    await expectDeadline(environment, /^KR_GATEWAY_UNREACHABLE$/);
  });

  it('where what it waits for is collected by a busy collector', limit, async () => {
    const { href, host } = await silent();
    const preload = join(temporaryFolder(), 'collect.cjs');
    writeFileSync(preload, 'setInterval(() => globalThis.gc(), 50).unref();');
    const environment = await nodeEnvironment({
      ...s3,
      KONG_CLUSTER_CONTROL_PLANE: host,
      AWS_CONFIG_STORAGE_ENDPOINT: href,
    });
    await expectDeadline(environment, /^KR_IMPORT_TIMED_OUT$/, [
      process.execPath,
      '--expose-gc',
      '--require',
      preload,
      bundle,
    ]);
  });
});

describe('a mistake of the program', () => {
  it('does not hold a gateway back either: the import says so with its stack and ends with 0', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write('3.9.3/config.json', captured('3.9.3').table);
    const preload = join(temporaryFolder(), 'break.cjs');
    writeFileSync(preload, "require('node:fs/promises').rename = () => { throw new TypeError('broken on purpose'); };");
    const command = [process.execPath, '--require', preload, bundle] as [string, ...string[]];
    const environment = await nodeEnvironment({
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '60',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    });
    await expectDeadline(environment, /^KR_IMPORT_UNEXPECTED$/, command);
    const strict = await run(['import', '--strict'], environment, { command });
    expect(strict.code).toBe(1);
    expect(strict.stderr).toMatch(/"err":\{"type":"TypeError","message":"broken on purpose","stack":/);
  });
});
