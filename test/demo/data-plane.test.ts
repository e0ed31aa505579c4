import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ClusterSettings } from '../../src/contract';
import { ControlPlane } from '../../src/control-plane';
import { type DataPlane, DataPlane as SimulatedDataPlane, type KeyPair, makeClusterCertificate } from '../../src/demo';
import { ask } from '../../src/demo/ask';
import { clusterSettings } from '../../src/demo/environment';
import { EMPTY_HASH } from '../../src/protocol';
import { silentLog } from '../../src/runtime';
import { canonicalHashes } from '../../src/snapshot';
import { freePort } from '../support/servers/process';
import { fileWith, oneRoute, started, temporaryFolder, until, version } from './support';

const kong = version('3.9.1');
const reconnectMs = [50, 100] as const;
let shared: KeyPair;

beforeAll(async () => {
  shared = await makeClusterCertificate();
});

async function status(node: DataPlane, path: string): Promise<number> {
  return (await ask(`${node.proxyUrl}${path}`)).status;
}

async function ready(node: DataPlane): Promise<number> {
  return (await ask(`${node.statusUrl}/status/ready`)).status;
}

/** A control plane on a port that nobody else is given, so that it can go and return. */
async function controlPlane(
  text: string,
  more: { port?: number; emptied?: () => boolean } = {},
): Promise<{ plane: ControlPlane; cluster: ClusterSettings; port: number }> {
  const plane = new ControlPlane({
    version: '3.9.1',
    mtls: 'shared',
    ...shared,
    log: silentLog,
    adapt: (table) => (more.emptied?.() === true ? Buffer.from('{"_format_version":"3.0","_transform":false}') : table),
  });
  plane.publish({ table: Buffer.from(text) });
  const address = await plane.listen({ host: '127.0.0.1', port: more.port ?? (await freePort()) });
  onTestFinished(() => plane.close());
  return { plane, cluster: clusterSettings(address, shared), port: address.port };
}

/** A prefix whose cache a control plane has filled, and which nobody uses any more. */
async function prefixWithCache(path: string): Promise<string> {
  const prefix = await temporaryFolder();
  const { plane, cluster } = await controlPlane(oneRoute(path));
  const node = await started({ prefix, version: kong, cluster, reconnectMs });
  await until(async () => (await status(node, path)) === 200);
  await plane.close();
  await node.stop();
  return prefix;
}

describe('the start of the simulated data plane, its control plane down', () => {
  it('with an empty prefix and no file: serves nothing, and is not ready', async () => {
    const node = await started({ prefix: join(await temporaryFolder(), 'new'), version: kong });
    const answer = await ask(`${node.proxyUrl}/anything`);
    expect(answer).toEqual({ status: 404, body: '{"message":"no Route matched with those values"}' });
    expect(await ready(node)).toBe(503);
    expect(node.configurationHash).toBe(EMPTY_HASH);
  });

  it('with an empty prefix and a file: serves the file, is ready, and its hash is the MD5 of the bytes', async () => {
    const text = `${oneRoute('/file')}\n  \t\n`;
    const node = await started({
      prefix: await temporaryFolder(),
      version: kong,
      declarativeConfig: await fileWith(text),
    });
    expect(await status(node, '/file')).toBe(200);
    expect(await ready(node)).toBe(200);
    const told = JSON.parse((await ask(`${node.statusUrl}/status`)).body);
    expect(told).toEqual({ configuration_hash: createHash('md5').update(text).digest('hex') });
  });

  it('with a cache and no file: serves the cache, under the hash that it came with', async () => {
    const node = await started({ prefix: await prefixWithCache('/cached'), version: kong });
    expect(await status(node, '/cached')).toBe(200);
    expect(await ready(node)).toBe(200);
    expect(node.configurationHash).toBe(canonicalHashes(Buffer.from(oneRoute('/cached'))).configHash);
  });

  it('with a cache and a file: the file overwrites the cache, for the next start too', async () => {
    const prefix = await prefixWithCache('/cached');
    const file = await fileWith(oneRoute('/file'));
    const node = await started({ prefix, version: kong, declarativeConfig: file });
    expect([await status(node, '/file'), await status(node, '/cached')]).toEqual([200, 404]);
    await node.stop();
    const next = await started({ prefix, version: kong });
    expect([await status(next, '/file'), await status(next, '/cached')]).toEqual([200, 404]);
  });

  it('with a cache of another minor version: starts as with an empty prefix', async () => {
    const prefix = await prefixWithCache('/cached');
    const node = await started({ prefix, version: version('3.10.0') });
    expect([await status(node, '/cached'), await ready(node)]).toEqual([404, 503]);
  });

  it('with a cache of another patch version: serves it', async () => {
    const prefix = await prefixWithCache('/cached');
    const node = await started({ prefix, version: version('3.9.0') });
    expect(await status(node, '/cached')).toBe(200);
  });

  it.each([
    ['not JSON', 'config.json', '{"_format_version":', /The configuration is not JSON: /],
    ['empty', 'config.json', '{"_format_version":"3.0"}', /The configuration is empty: /],
    ['named as nothing that Kong reads', 'config.txt', oneRoute('/x'), /its name must end in \.json\./],
  ])('with a file that is %s: does not start at all', async (_, name, text, reason) => {
    const path = await fileWith(text, name);
    const start = SimulatedDataPlane.start({
      prefix: await prefixWithCache('/cached'),
      version: kong,
      declarativeConfig: path,
    });
    const error: unknown = await start.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'KR_DEMO_DATA_PLANE_START', message: expect.stringMatching(reason) as string });
  });

  it('with a file that is missing: does not start at all, and says so', async () => {
    const path = join(await temporaryFolder(), 'missing.json');
    const start = SimulatedDataPlane.start({ prefix: await temporaryFolder(), version: kong, declarativeConfig: path });
    await expect(start).rejects.toThrow(
      `The simulated data plane does not start: ${path}: ENOENT: no such file or directory, open '${path}'. ` +
        'Name a JSON file that holds a Kong configuration, or none.',
    );
  });
});

describe('the simulated data plane and its control plane', () => {
  it('is sent a configuration that replaces what it started with, and keeps it when the control plane goes', async () => {
    const { plane, cluster } = await controlPlane(oneRoute('/sent'));
    const prefix = await temporaryFolder();
    const declarativeConfig = await fileWith(oneRoute('/file'));
    const node = await started({ prefix, version: kong, declarativeConfig, cluster, reconnectMs });
    await until(async () => (await status(node, '/sent')) === 200);
    expect(await status(node, '/file')).toBe(404);
    await until(() => plane.nodes()[0]?.hash === node.configurationHash);
    await plane.close();
    expect(await status(node, '/sent')).toBe(200);
  });

  it('ignores a configuration with the hash that it runs: no reload when the control plane returns', async () => {
    const { plane, cluster, port } = await controlPlane(oneRoute('/sent'));
    const node = await started({ prefix: await temporaryFolder(), version: kong, cluster, reconnectMs });
    await until(() => node.reloads === 1);
    await plane.close();
    const { plane: returned } = await controlPlane(oneRoute('/sent'), { port });
    await until(() => node.received === 2);
    returned.publish({ table: Buffer.from(oneRoute('/changed')) });
    await until(async () => (await status(node, '/changed')) === 200);
    expect(node.reloads).toBe(2);
  });

  it('serves nothing that it has not in its cache', async () => {
    const prefix = await temporaryFolder();
    const { plane, cluster } = await controlPlane(oneRoute('/first'));
    const node = await started({ prefix, version: kong, cluster, reconnectMs });
    await until(async () => (await status(node, '/first')) === 200);
    const before = node.configurationHash;
    // Nothing can be put into the place of a folder that holds something.
    await rm(join(prefix, 'cache.json'));
    await mkdir(join(prefix, 'cache.json', 'in-the-way'), { recursive: true });
    plane.publish({ table: Buffer.from(oneRoute('/second')) });
    await until(() => node.received === 2);
    await plane.close();
    await node.stop();
    expect([node.configurationHash, node.reloads]).toEqual([before, 1]);
  });

  it('takes an empty configuration and wipes itself, its cache too', async () => {
    let empty = false;
    const { plane, cluster } = await controlPlane(oneRoute('/sent'), { emptied: () => empty });
    const prefix = await temporaryFolder();
    const node = await started({ prefix, version: kong, cluster, reconnectMs });
    await until(async () => (await ready(node)) === 200);
    empty = true;
    plane.publish({ table: Buffer.from(oneRoute('/other')) });
    await until(async () => (await ready(node)) === 503);
    expect([await status(node, '/sent'), node.configurationHash]).toEqual([404, EMPTY_HASH]);
    await node.stop();
    expect(await ready(await started({ prefix, version: kong }))).toBe(503);
  });

  it('refuses a configuration that it cannot serve, and keeps the old one', async () => {
    const { plane, cluster } = await controlPlane(oneRoute('/sent'));
    const problems: unknown[] = [];
    const log = { ...silentLog, error: (fields: object) => void problems.push(fields) };
    const node = await started({ prefix: await temporaryFolder(), version: kong, cluster, reconnectMs, log });
    await until(() => node.reloads === 1);
    plane.publish({ table: Buffer.from(oneRoute('~/(')) });
    await until(() => problems.length === 1);
    expect(problems).toEqual([
      {
        reason: expect.stringContaining(
          'The simulated data plane cannot serve this configuration: the path ~/( of the route one: ',
        ),
      },
    ]);
    expect([await status(node, '/sent'), node.reloads]).toEqual([200, 1]);
  });
});
