import { afterEach, describe, expect, it } from 'vitest';

import { ControlPlane } from '../../src/control-plane';
import { Secret } from '../../src/contract';
import { silentLog } from '../../src/runtime/log';
import { hybridSource } from '../../src/source';
import { makePki, pkiSettings, sharedSettings, without } from '../support/certificates';
import { ConnectProxy } from '../support/connect-proxy';
import { Recorder } from '../support/recorder';
import { freePort } from '../support/servers/process';
import { until } from '../support/until';
import {
  closeAll,
  controlPlane,
  FRAME,
  NODE_ID,
  open,
  PUBLISHED,
  scripted,
  SENT,
  shared,
  sourceOptions,
  start,
  TABLE,
  TABLE_350,
} from './hybrid-harness';

const pki = await makePki();

afterEach(closeAll);

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

  it('of a captured frame of Kong 3.9.3, its table byte for byte', async () => {
    const { port } = await scripted({
      accepted: (webSocket) => webSocket.once('message', () => webSocket.send(FRAME)),
    });
    const configuration = await start(sharedSettings(shared, port)).configuration();
    expect(Buffer.from(configuration.table).toString('utf8')).toBe(TABLE);
    expect(configuration.configHash).toBe(SENT.config_hash);
    expect(configuration.hashes).toEqual(SENT.hashes);
  });

  it('and reports the hash that was sent, 32 zeros before', async () => {
    const { plane, port } = await controlPlane();
    const recorder = start(sharedSettings(shared, port, { labels: { zone: 'a' } }));
    await until('the node is connected', () => plane.nodes().length === 1);
    expect(plane.nodes()[0]).toMatchObject({
      nodeId: NODE_ID,
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

  it('through a proxy that speaks TLS, and is trusted', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const proxy = new ConnectProxy({
      credentials: 'me:secret',
      tls: await pki.authority.issue({ commonName: 'proxy', names: ['localhost'], usage: ['serverAuth'] }),
    });
    open.push(proxy);
    const url = new URL(`https://me:secret@localhost:${await proxy.listen()}`);
    const settings = { proxy: new Secret(url), trusted: [pki.authority.certificate] };
    await start(sharedSettings(shared, port, settings)).configuration();
    const { message } = await start(sharedSettings(shared, port, { proxy: new Secret(url) })).problem();
    expect(message).toMatch(/the proxy localhost:\d+ could not be reached: .*(SELF_SIGNED|UNABLE_TO)/);
  });

  it('with a shared certificate that an authority has signed, which is an anchor all the same', async () => {
    const signed = await pki.authority.issue({ commonName: 'kong_clustering' });
    const { plane, port } = await controlPlane(signed);
    plane.publish(PUBLISHED);
    await start(sharedSettings(signed, port)).configuration();
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
    const source = hybridSource(sourceOptions(sharedSettings(shared, port)));
    const recorder = new Recorder(source);
    open.push({ close: () => recorder.stop() });
    await recorder.configuration(1);
    source.refresh();
    await recorder.configuration(2);
    expect(recorder.problems).toEqual([]);
  });

  it('at once when it is asked to refresh in the pause before the next attempt', async () => {
    const { plane, port } = await controlPlane();
    plane.publish(PUBLISHED);
    const url = new URL(`http://127.0.0.1:${await freePort()}`);
    const source = hybridSource(
      sourceOptions(sharedSettings(shared, port, { proxy: new Secret(url) }), {
        timing: { backOffMs: [3_600_000, 3_600_000] },
      }),
    );
    const recorder = new Recorder(source);
    open.push({ close: () => recorder.stop() });
    expect((await recorder.problem(1)).code).toBe('KR_SOURCE_PROXY_UNREACHABLE');
    await until('another attempt is made', () => {
      source.refresh();
      return recorder.problems.length > 1;
    });
  });

  it('when the control plane comes back on the same port, after telling that it had gone', async () => {
    const first = new ControlPlane({ version: '3.9.3', mtls: 'shared', ...shared, log: silentLog });
    const { port } = await first.listen({ host: '127.0.0.1', port: await freePort() });
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
  it('introduces itself with one binary frame of plain JSON, every plugin that its version bundles and those of KONG_PLUGINS, names only', async () => {
    const messages: { text: string; isBinary: boolean }[] = [];
    const { plane, port } = await scripted({
      accepted: (webSocket) =>
        webSocket.on('message', (data, isBinary) => messages.push({ text: (data as Buffer).toString(), isBinary })),
    });
    start(sharedSettings(shared, port, { labels: { zone: 'a' } }), { plugins: ['my-auth', 'cors'] });
    await until('the first message arrives', () => messages.length === 1);
    expect(plane.requests).toEqual([`/v1/outlet?node_id=${NODE_ID}&node_hostname=exporter-1&node_version=3.9.3`]);
    expect(messages[0]?.isBinary).toBe(true);
    const message = JSON.parse(messages[0]?.text ?? '') as { plugins: object[] };
    expect(message).toEqual({
      type: 'basic_info',
      plugins: expect.any(Array),
      labels: { zone: 'a' },
      filters: {},
      process_conf: {},
    });
    for (const name of ['cors', 'openid-connect', 'rate-limiting-advanced', 'ai-proxy', 'my-auth']) {
      expect(message.plugins.filter((plugin) => JSON.stringify(plugin) === `{"name":"${name}"}`)).toHaveLength(1);
    }
    expect(message.plugins).not.toContainEqual({ name: 'datakit' });
  });

  it('pings at once, then regularly, then at once with the hash that it got; never with another length than 32', async () => {
    const pings: string[] = [];
    let webSocket: { send(frame: Buffer): void } | undefined;
    const { port } = await scripted({
      accepted: (accepted) => {
        webSocket = accepted;
        accepted.on('ping', (data: Buffer) => pings.push(data.toString()));
      },
    });
    const recorder = start(sharedSettings(shared, port), { timing: { pingMs: 20 } });
    await until('three pings came', () => pings.length >= 3);
    expect(new Set(pings)).toEqual(new Set(['0'.repeat(32)]));
    webSocket?.send(FRAME);
    await until('the new hash is pinged', () => pings.includes(SENT.config_hash));
    await recorder.stop();
    expect(new Set(pings.map((ping) => ping.length))).toEqual(new Set([32]));
  });

  it('pings a new hash without waiting for the regular ping', async () => {
    const pings: string[] = [];
    const { port } = await scripted({
      accepted: (webSocket) => {
        webSocket.once('message', () => webSocket.send(FRAME));
        webSocket.on('ping', (data: Buffer) => pings.push(data.toString()));
      },
    });
    start(sharedSettings(shared, port), { timing: { pingMs: 3_600_000 } });
    await until('the hash is pinged', () => pings.length === 2);
    expect(pings).toEqual(['0'.repeat(32), SENT.config_hash]);
  });

  it('needs a certificate', () => {
    expect(() => hybridSource(sourceOptions(without(sharedSettings(shared, 8005), 'certificate')))).toThrow(
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
