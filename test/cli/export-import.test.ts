import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Environment, Program, run, temporaryFolder } from '../support/program';
import { captured, Cluster, exporterEnvironment, importerEnvironment } from './cluster';
import { type Bucket, fakeGcs, fileStore, minio, type StoreKind, versitygw } from './stores';

const { table, configHash } = captured('3.9.3');
const limit = { timeout: 90_000 };

interface Lease {
  readonly term: number;
  readonly released: boolean;
  readonly confirmed_at: string | null;
}

async function lease(bucket: Bucket, prefix: string): Promise<Lease> {
  const stored = await bucket.read(`${prefix}3.9.3/kong-resilience.json`);
  return JSON.parse(stored?.bytes.toString('utf8') ?? 'null') as Lease;
}

const kinds: readonly StoreKind[] = [fileStore(), minio(), versitygw(), fakeGcs()];

describe.each(kinds.map((kind) => [kind.name, kind] as const))('export, outage, import through %s', (_, kind) => {
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  it.skipIf(kind.missing).each([
    ['without a prefix', ''],
    ['below a prefix', 'test-prefix/eu'],
  ])(
    'stores the captured configuration byte for byte, tells of it, and stages it again: %s',
    limit,
    async (__, prefix) => {
      const bucket = await kind.bucket();
      const cluster = await Cluster.start();
      cluster.publish(captured('3.9.3'));
      const folder = prefix === '' ? '' : `${prefix}/`;
      const store = bucket.url(prefix).replace(/\/$/, '');
      // Of a folder the whole path is the store; a bucket's prefix belongs to the key.
      const keyThere = `${kind.name === 'file' ? '' : folder}3.9.3/config.json`;
      const key = `${folder}3.9.3/config.json`;
      // The block of Kong's page, its mistakes mended, and the version: no more than that.
      const block: Environment = {
        ...cluster.environment,
        ...bucket.environment,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(prefix),
        KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
      };
      const exporter = new Program(['run'], { ...block, KONG_RESILIENCE_SPOOL_DIR: temporaryFolder() });
      await exporter.waitFor('the configuration is stored', async () => (await bucket.read(key)) !== undefined);

      const stored = await bucket.read(key);
      const bytes = stored?.bytes ?? Buffer.alloc(0);
      expect(bytes.subarray(0, table.length).equals(table)).toBe(true);
      expect(bytes.subarray(table.length).toString('latin1')).toMatch(/^[ \t\n]+$/);
      await exporter.waitFor('the lease says that it is current', async () => {
        return (await lease(bucket, folder)).confirmed_at !== null;
      });

      const told = await run(['status'], block);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect([told.code, told.stderr]).toEqual([0, '']);
      const lines = told.stdout.split('\n');
      expect(lines[0]).toBe(`3.9.3  ${store}/3.9.3/config.json`);
      expect(lines[1]).toMatch(/^ {2}\d+\.\d KiB, written \d+ s ago \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/);
      expect(lines[2]).toBe(`  config hash ${configHash}, SHA-256 ${sha256}`);
      expect(lines[3]).toMatch(new RegExp(`^ {2}by ${hostname()}/kong-resilience \\d+\\.\\d+\\.\\d+`));
      expect(lines[4]).toBe('  content not examined; `kong-resilience check` examines it');
      expect(lines[5]).toMatch(
        new RegExp(`^ {2}last confirmed current \\d+ s ago; led by ${hostname()} \\(term 1\\)$`),
      );
      const { code, stdout } = await run(['status', '--json'], block);
      const document = JSON.parse(stdout) as { versions: { configuration: object; lease: object }[] };
      expect(code).toBe(0);
      expect(document).toEqual({
        store,
        versions: [
          {
            version: '3.9.3',
            key: keyThere,
            configuration: {
              bytes: bytes.length,
              writtenAt: expect.stringMatching(/Z$/),
              ageSeconds: expect.any(Number),
              sha256,
              configHash,
              receivedAt: expect.stringMatching(/Z$/),
              by: expect.stringContaining(hostname()),
              content: 'not examined; `kong-resilience check` examines it',
            },
            lease: {
              term: 1,
              host: hostname(),
              held: true,
              confirmedAt: expect.stringMatching(/Z$/),
              confirmedAgeSeconds: expect.any(Number),
            },
            error: null,
          },
        ],
      });

      const ended = await exporter.stop();
      expect([ended.code, ended.signal, ended.stdout]).toEqual([0, null, '']);
      expect((await lease(bucket, folder)).released).toBe(true);
      await cluster.down();

      const handover = join(temporaryFolder(), 'handover');
      const imported = await run(['import', '--json'], {
        ...cluster.environment,
        ...bucket.environment,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(prefix),
        ...importerEnvironment(handover),
      });
      expect(imported.code).toBe(0);
      expect(readFileSync(join(handover, 'config.json')).equals(bytes)).toBe(true);
      expect(statSync(join(handover, 'config.json')).mode & 0o777).toBe(0o600);
      expect(readdirSync(handover).sort()).toEqual([
        'cache.lua',
        'config.json',
        'handed-over',
        'result.json',
        'start.sh',
      ]);
      const result = JSON.parse(imported.stdout) as object;
      expect(JSON.parse(readFileSync(join(handover, 'result.json'), 'utf8'))).toEqual(result);
      expect(result).toMatchObject({
        outcome: 'staged',
        from: 'store',
        key: keyThere,
        configHash,
        sha256,
        digestVerified: true,
      });
      const after = await run(['status', '--json'], block);
      expect(JSON.parse(after.stdout)).toMatchObject({ versions: [{ lease: { held: false, term: 1 } }] });
    },
  );
});

describe('run with both roles', () => {
  it('imports first, then exports until it is stopped', limit, async () => {
    const bucket = await fileStore().bucket();
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const handover = join(temporaryFolder(), 'handover');
    const both = new Program(['run'], {
      ...cluster.environment,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      ...importerEnvironment(handover),
      ...exporterEnvironment(),
      KONG_RESILIENCE_IMPORT: 'always',
    });
    await both.waitFor('it is stored', async () => (await bucket.read('3.9.3/config.json')) !== undefined);
    expect(readFileSync(join(handover, 'config.json')).equals(table)).toBe(true);
    expect((await both.stop()).code).toBe(0);
  });
});
