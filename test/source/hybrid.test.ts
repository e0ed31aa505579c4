import { readFile } from 'node:fs/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { ControlPlane, type ControlPlaneOptions } from '../../src/control-plane';
import { Secret } from '../../src/contract';
import { silentLog } from '../../src/runtime/log';
import { hybridSource, type HybridSourceOptions } from '../../src/source';
import { makeClusterCertificate, makePki, pkiSettings, sharedSettings, without } from '../support/certificates';
import { ConnectProxy } from '../support/connect-proxy';
import { Recorder } from '../support/recorder';
import { until } from '../support/until';

const fixture = (name: string): Promise<Buffer> => readFile(new URL(`../fixtures/${name}`, import.meta.url));
const shared = await makeClusterCertificate();
const pki = await makePki();

/** The exact text of `config_table` in a captured message: it ends where the next member of the message begins. */
function tableText(message: Buffer): string {
  const text = message.toString('utf8');
  const start = text.indexOf('"config_table":') + '"config_table":'.length;
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{') depth += 1;
    else if (character === '}' && (depth -= 1) === 0) return text.slice(start, at + 1);
  }
  throw new Error('the fixture has no config_table');
}

const captured = await fixture('reconfigure-kong-3.9.3-for-node-3.9.3.json');
const TABLE = tableText(captured);
const SENT = JSON.parse(captured.toString('utf8')) as { config_hash: string; hashes: Record<string, string> };
const TABLE_350 = tableText(await fixture('reconfigure-kong-3.9.3-for-node-3.5.0.json'));
const PUBLISHED = { table: Buffer.from(TABLE), configHash: SENT.config_hash, hashes: SENT.hashes };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function controlPlane(
  changes: Partial<ControlPlaneOptions> = {},
): Promise<{ plane: ControlPlane; port: number }> {
  const plane = new ControlPlane({ version: '3.9.3', mtls: 'shared', ...shared, log: silentLog, ...changes });
  const { port } = await plane.listen({ host: '127.0.0.1', port: 0 });
  open.push(plane);
  return { plane, port };
}

const QUICK = { backOffMs: [10, 20] } as const;

function start(cluster: HybridSourceOptions['cluster'], changes: Partial<HybridSourceOptions> = {}): Recorder {
  const recorder = new Recorder(hybridSource(options(cluster, changes)));
  open.push({ close: () => recorder.stop() });
  return recorder;
}

function options(cluster: HybridSourceOptions['cluster'], changes: Partial<HybridSourceOptions>): HybridSourceOptions {
  const { timing, ...others } = changes;
  return {
    cluster,
    version: { text: '3.9.3', parts: [3, 9, 3], edition: 'open-source' },
    nodeId: '11111111-2222-4333-8444-555555555555',
    hostname: 'exporter-1',
    plugins: [],
    maxConfigBytes: 1024 * 1024,
    silenceMs: 30_000,
    reconnectMs: 900_000,
    log: silentLog,
    timing: { ...QUICK, ...timing },
    ...others,
  };
}

describe('a hybrid source receives the configuration', () => {
  it('over mTLS with a shared certificate, table and hashes as they were sent', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const recorder = start(sharedSettings(shared, port));

    const configuration = await recorder.configuration();
    expect(Buffer.from(configuration.table).toString('utf8')).toBe(TABLE);
    expect(configuration.configHash).toBe(SENT.config_hash);
    expect(configuration.hashes).toEqual(SENT.hashes);
    expect(recorder.states).toEqual(['connecting', 'waiting', 'live']);
    expect(recorder.problems).toEqual([]);
  });

  it('and reports the hash that was sent, 32 zeros before', async () => {
    const { plane, port } = await controlPlane();
    const recorder = start(sharedSettings(shared, port, { labels: { zone: 'a' } }));
    await until('the node is connected', () => plane.nodes().length === 1);
    expect(plane.nodes()[0]).toMatchObject({
      nodeId: '11111111-2222-4333-8444-555555555555',
      hostname: 'exporter-1',
      version: '3.9.3',
      ip: '127.0.0.1',
      labels: { zone: 'a' },
      hash: '0'.repeat(32),
    });
    plane.publish(PUBLISHED);
    await recorder.configuration();
    await until('its hash is reported', () => plane.nodes()[0]?.hash === SENT.config_hash);
  });

  it('with pki, verifying KONG_CLUSTER_SERVER_NAME', async () => {
    const { plane, port } = await controlPlane({
      mtls: 'pki',
      ...pki.server,
      authorities: [pki.authority.certificate],
    });
    plane.publish(PUBLISHED);
    await start(pkiSettings(pki, port)).configuration();
  });

  it('with pki, verifying the host where no server name is set', async () => {
    const { plane, port } = await controlPlane({
      mtls: 'pki',
      ...pki.server,
      authorities: [pki.authority.certificate],
    });
    plane.publish(PUBLISHED);
    const settings = pkiSettings(pki, port, { controlPlane: { host: 'localhost', port } });
    await start(without(settings, 'serverName')).configuration();
  });

  it('with pki_check_cn, when its common name has the parent domain of the control plane', async () => {
    const { plane, port } = await controlPlane({
      mtls: 'pki_check_cn',
      ...pki.server,
      authorities: [pki.authority.certificate],
    });
    plane.publish(PUBLISHED);
    await start(pkiSettings(pki, port, { mtls: 'pki_check_cn' })).configuration();
  });

  it('through a proxy, with the percent-decoded credentials in the first request', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const proxy = new ConnectProxy({ credentials: 'me:p@ss/word' });
    open.push(proxy);
    const url = new URL(`http://me:p%40ss%2Fword@127.0.0.1:${await proxy.listen()}`);
    await start(sharedSettings(shared, port, { proxy: new Secret(url) })).configuration();
    expect(proxy.requests).toEqual([
      {
        target: `127.0.0.1:${port}`,
        authorization: `Basic ${Buffer.from('me:p@ss/word').toString('base64')}`,
      },
    ]);
  });

  it('through a proxy that wants no credentials', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const proxy = new ConnectProxy();
    open.push(proxy);
    const url = new URL(`http://127.0.0.1:${await proxy.listen()}`);
    await start(sharedSettings(shared, port, { proxy: new Secret(url) })).configuration();
    expect(proxy.requests[0]?.authorization).toBeUndefined();
  });

  it('of each version as that version is served, two versions at once', async () => {
    const { plane, port } = await controlPlane({
      adapt: (table, version) => (version === '3.5.0' ? Buffer.from(TABLE_350) : table),
    });
    plane.publish(PUBLISHED);
    const older = start(sharedSettings(shared, port), {
      version: { text: '3.5.0', parts: [3, 5, 0], edition: 'open-source' },
      nodeId: '11111111-2222-4333-8444-666666666666',
    });
    const same = start(sharedSettings(shared, port));
    const refused = start(sharedSettings(shared, port), {
      version: { text: '3.10.0', parts: [3, 10, 0], edition: 'open-source' },
      nodeId: '11111111-2222-4333-8444-777777777777',
    });
    expect(Buffer.from((await older.configuration()).table).toString('utf8')).toBe(TABLE_350);
    expect(Buffer.from((await same.configuration()).table).toString('utf8')).toBe(TABLE);
    expect((await refused.problem()).code).toBe('KR_SOURCE_VERSION_REFUSED');
    expect(older.configurations[0]?.configHash).toBe(same.configurations[0]?.configHash);
    expect([older.problems, same.problems]).toEqual([[], []]);
  });

  it('again at each renewal, without a problem and without leaving the live state', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const recorder = start(sharedSettings(shared, port), { reconnectMs: 50 });
    await recorder.configuration(4);
    expect(recorder.problems).toEqual([]);
    expect(recorder.states).toEqual(['connecting', 'waiting', 'live']);
  });

  it('again at once when it is asked to refresh', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const source = hybridSource(options(sharedSettings(shared, port), {}));
    const recorder = new Recorder(source);
    open.push({ close: () => recorder.stop() });
    await recorder.configuration(1);
    source.refresh();
    await recorder.configuration(2);
    expect(recorder.problems).toEqual([]);
  });

  it('when the control plane comes back on the same port, after telling that it had gone', async () => {
    const first = new ControlPlane({ version: '3.9.3', mtls: 'shared', ...shared, log: silentLog });
    const { port } = await first.listen({ host: '127.0.0.1', port: 0 });
    first.publish(PUBLISHED);
    const recorder = start(sharedSettings(shared, port));
    await recorder.configuration(1);
    await first.close();
    expect(await recorder.problem()).toEqual({
      code: 'KR_SOURCE_CLOSED',
      message: `control plane 127.0.0.1:${port}: it closed the connection (code 1005). It may be restarting; this node connects again within 10 s. If this repeats, its log has the reason.`,
    });
    expect(recorder.states.at(-1)).toBe('connecting');
    await until('an attempt is refused', () =>
      recorder.problems.some((problem) => problem.code === 'KR_SOURCE_REFUSED'),
    );
    const second = new ControlPlane({ version: '3.9.3', mtls: 'shared', ...shared, log: silentLog });
    open.push(second);
    await second.listen({ host: '127.0.0.1', port });
    second.publish(PUBLISHED);
    await recorder.configuration(2);
    expect(recorder.states.at(-1)).toBe('live');
  });

  it('of a control plane that changes it, the last one in the end', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const recorder = start(sharedSettings(shared, port));
    await recorder.configuration();
    for (let round = 1; round <= 20; round += 1) {
      plane.publish({ table: Buffer.from(`{"_format_version":"3.0","services":[{"name":"s${round}"}]}`) });
    }
    await until('the last configuration arrives', () =>
      Buffer.from(recorder.configurations.at(-1)?.table ?? '').includes('"s20"'),
    );
    await until('its hash is reported', () => plane.nodes()[0]?.hash === recorder.configurations.at(-1)?.configHash);
  });
});

describe('a hybrid source', () => {
  it('needs a certificate', () => {
    expect(() => hybridSource(options(without(sharedSettings(shared, 8005), 'certificate'), {}))).toThrow(
      new TypeError('a hybrid source needs the cluster certificate and its key'),
    );
  });

  it('ends soon after its signal, also in the pause before the next attempt', async () => {
    const recorder = start(sharedSettings(shared, 1), { timing: { backOffMs: [3_600_000, 3_600_000] } });
    await recorder.problem();
    await recorder.stop();
    expect(recorder.configurations).toEqual([]);
  });
});
