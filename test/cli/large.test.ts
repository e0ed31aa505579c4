import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program, run, temporaryFolder } from '../support/program';
import { Cluster, exporterEnvironment, importerEnvironment, type Table } from './cluster';
import { minio } from './stores';

const key = '3.9.3/config.json';
const MiB = 2 ** 20;
const limit = { timeout: 180_000 };

/** Many certificates: each a text of its own, which compresses by no more than base64 does. */
function certificates(count: number): Table {
  const id = (n: number): string => `5b3fd30c-7a4f-4b5c-9d9a-${String(n).padStart(12, '0')}`;
  const list = Array.from({ length: count }, (_, n) => ({
    id: id(n),
    tags: null,
    cert: `-----BEGIN CERTIFICATE-----\n${randomBytes(6000).toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${randomBytes(6000).toString('base64')}\n-----END PRIVATE KEY-----\n`,
    cert_alt: null,
    created_at: 1795356376 + n,
  }));
  return {
    table: Buffer.from(JSON.stringify({ _format_version: '3.0', _transform: false, certificates: list, services: [] })),
  };
}

describe('a large configuration', () => {
  const kind = minio();
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  it.skipIf(kind.missing)('of 16 MiB in a frame goes through export and import byte for byte', limit, async () => {
    const large = certificates(1450);
    const frame = gzipSync(large.table, { level: 1 }).length;
    expect([large.table.length > 20 * MiB, frame > 16 * MiB, frame < 18 * MiB]).toEqual([true, true, true]);
    const bucket = await kind.bucket();
    const cluster = await Cluster.start({ maxPayloadBytes: 32 * MiB });
    cluster.publish(large);
    const environment = {
      ...cluster.environment,
      ...bucket.environment,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url('large'),
      KONG_CLUSTER_MAX_PAYLOAD: String(32 * MiB),
    };
    const { code, stderr } = await run(['export', '--once'], { ...environment, ...exporterEnvironment() });
    expect(code, stderr).toBe(0);
    const stored = await bucket.read(`large/${key}`);
    expect(stored?.bytes.subarray(0, large.table.length).equals(large.table)).toBe(true);
    expect(stored?.bytes.subarray(large.table.length).toString('latin1')).toMatch(/^[ \t\n]+$/);
    await cluster.down();
    const handover = join(temporaryFolder(), 'handover');
    const imported = await run(['import', '--strict'], { ...environment, ...importerEnvironment(handover) });
    expect(imported.code, imported.stderr).toBe(0);
    expect(readFileSync(join(handover, 'config.json')).equals(stored?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  it.skipIf(kind.missing)(
    'beyond KONG_CLUSTER_MAX_PAYLOAD is told with what to raise; what is stored stays',
    limit,
    async () => {
      const bucket = await kind.bucket();
      const cluster = await Cluster.start();
      const small = certificates(1);
      cluster.publish(small);
      const exporter = new Program(['run'], {
        ...cluster.environment,
        ...bucket.environment,
        ...exporterEnvironment(),
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
        KONG_CLUSTER_MAX_PAYLOAD: String(4 * MiB),
      });
      await exporter.waitFor('the small one is stored', async () => (await bucket.read(key)) !== undefined);
      const stored = await bucket.read(key);
      cluster.publish(certificates(360));
      expect(await exporter.logged('the limit', ({ code }) => code === 'KR_SOURCE_PAYLOAD')).toMatchObject({
        level: 'error',
        reason: `control plane 127.0.0.1:${cluster.port}: it sent a message of more than ${4 * MiB} bytes (compressed), the limit of this node.`,
        fix: expect.stringContaining('Raise KONG_CLUSTER_MAX_PAYLOAD'),
      });
      expect((await exporter.stop()).code).toBe(0);
      expect((await bucket.read(key))?.version).toBe(stored?.version);
    },
  );

  it('beyond KONG_RESILIENCE_MAX_CONFIG_BYTES is told on both ways', limit, async () => {
    const folder = temporaryFolder();
    const cluster = await Cluster.start();
    const table = certificates(100);
    cluster.publish(table);
    const environment = {
      ...cluster.environment,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `file://${folder}`,
      KONG_RESILIENCE_MAX_CONFIG_BYTES: String(MiB),
    };
    const exported = await run(['export', '--once', '--timeout', '8'], { ...environment, ...exporterEnvironment() });
    expect([exported.code, exported.stderr]).toMatchObject([6, expect.stringContaining('KR_CONFIG_TOO_LARGE')]);
    const unbounded = { ...environment, KONG_RESILIENCE_MAX_CONFIG_BYTES: undefined };
    expect((await run(['export', '--once'], { ...unbounded, ...exporterEnvironment() })).code).toBe(0);
    await cluster.down();
    const handover = join(temporaryFolder(), 'handover');
    const imported = await run(['import', '--strict'], { ...environment, ...importerEnvironment(handover) });
    expect([imported.code, imported.stderr]).toMatchObject([5, expect.stringContaining('KR_CONFIG_TOO_LARGE')]);
  });
});
