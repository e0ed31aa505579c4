import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseGatewayVersion, Secret } from '../src/contract';
import { ResilienceError } from '../src/errors';
import { Handover } from '../src/gateway';
import { fetchConfiguration } from '../src/importer/fetch';
import { silentLog } from '../src/runtime';
import { openReader } from '../src/store';
import { captured, Cluster, exporterEnvironment, type Table } from '../test/cli/cluster';
import { type Bucket, fakeGcs, fileStore, folderBucket, minio, type StoreKind, versitygw } from '../test/cli/stores';
import { type Environment, type LogLine, Program, run, temporaryFolder } from '../test/support/program';
import type { ExportOutcome, ImportOutcome } from './faults/fault';
import { storeFaults, type StoreInjection } from './faults/store';
import { cutAt, flipBit } from './faults/damage';
import { type Damage, DamagingProxy } from './support/damaging-proxy';
import { metricsOf } from './support/metrics';
import { nodeAhead } from './support/node-ahead';
import { testRows } from './support/pool';
import { freePort } from '../test/support/servers';
import { writeFigure } from './support/figures';
import { random } from './support/random';
import { long, recordFolder, times } from './support/settings';
import { padded } from './support/tables';
import { expectImports, expectNothingTold, expectSound, isLine, metricsWithinMs } from './support/trial';
import { canMount, Volume } from './support/volume';

const key = 'kong/3.9.3/config.json';
const earlier = captured('3.9.3');
const newest = padded('newest', 40_000);
const waitMs = 45_000;
const gone = { KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:9' };
/** Of an import: most faults last until its deadline. */
const importLimits = ({ deadlineSeconds = 8 }: StoreInjection = {}): Environment => ({
  KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
  KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: String(deadlineSeconds),
});

const kinds = [
  { scheme: 's3', kind: versitygw() },
  { scheme: 'gcs', kind: fakeGcs() },
  ...(long ? [{ scheme: 's3', kind: minio() } as const] : []),
] as const;

/** A store behind a proxy, as a program is told of it. */
class Scene {
  private constructor(
    readonly bucket: Bucket,
    readonly proxy: DamagingProxy,
    readonly cluster: Cluster,
    private readonly storeTimeoutSeconds: number,
  ) {}

  static async of(kind: StoreKind, { storeTimeoutSeconds = 10 }: StoreInjection = {}): Promise<Scene> {
    const bucket = await kind.bucket();
    const endpoint =
      bucket.environment['AWS_CONFIG_STORAGE_ENDPOINT'] ?? bucket.environment['KONG_RESILIENCE_GCS_ENDPOINT'];
    return new Scene(
      bucket,
      await DamagingProxy.start(new URL(endpoint ?? '')),
      await Cluster.start(),
      storeTimeoutSeconds,
    );
  }

  /** @param more what the fault changes */
  environment(more: Environment = {}): Environment {
    const { bucket, proxy, cluster, storeTimeoutSeconds } = this;
    const endpoints = Object.keys(bucket.environment).filter((name) => name.endsWith('_ENDPOINT'));
    return {
      ...cluster.environment,
      ...bucket.environment,
      ...Object.fromEntries(endpoints.map((name) => [name, proxy.endpoint.href])),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url('kong'),
      KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: String(storeTimeoutSeconds),
      KONG_RESILIENCE_LEASE_SECONDS: '4',
      KONG_RESILIENCE_SHUTDOWN_SECONDS: '2',
      ...more,
    };
  }

  /** Which configuration the store holds, asked without the proxy. */
  async stored(): Promise<string> {
    const object = await this.bucket.read(key);
    if (object === undefined) return 'nothing';
    const holds = ({ table }: Table): boolean => object.bytes.subarray(0, table.length).equals(table);
    return holds(earlier) ? 'the earlier one' : holds(newest) ? 'the newest' : 'something else';
  }

  async inject({ damage }: StoreInjection): Promise<void> {
    if (damage === 'refused') await this.proxy.close();
    else this.proxy.damage = damage;
  }

  async lift({ damage }: StoreInjection): Promise<void> {
    this.proxy.damage = undefined;
    if (damage === 'refused') await this.proxy.open();
  }

  async end(): Promise<void> {
    await this.proxy.close();
    await this.cluster.down();
  }
}

const told = ({ event }: LogLine): boolean => event === 'exported';

/** An exporter has stored one configuration; with the fault comes the next one; without it, that is stored. */
async function exporting(scene: Scene, injection: StoreInjection, expected: ExportOutcome): Promise<void> {
  const { cluster, bucket } = scene;
  const listen = `127.0.0.1:${await freePort()}`;
  const spool = injection.disk === undefined ? undefined : new Volume(temporaryFolder(), 16);
  const always = {
    ...exporterEnvironment(spool === undefined ? {} : { KONG_RESILIENCE_SPOOL_DIR: spool.folder }),
    KONG_RESILIENCE_STATUS_LISTEN: listen,
  };
  const { clockAheadSeconds } = injection;
  const command = clockAheadSeconds === undefined ? spool?.command() : nodeAhead(clockAheadSeconds);
  const atStart = injection.environment !== undefined || clockAheadSeconds !== undefined;
  const faulty = scene.environment({ ...always, ...injection.environment?.(bucket) });
  const start = (environment: Environment): Program =>
    new Program(['run'], environment, command === undefined ? {} : { command });

  if (injection.empty !== true) {
    cluster.publish(earlier);
    if (atStart) {
      expect((await run(['export', '--once'], scene.environment(always))).code).toBe(0);
      // Stores date by whole seconds: sooner, what that one wrote could be newer than what the next one receives.
      await delay(2_500);
    }
  }
  if (atStart || injection.empty === true) await scene.inject(injection);
  let exporter = start(faulty);
  if (!atStart && injection.empty !== true) {
    // What is stored already may not be answered yet.
    await exporter.logged('that the earlier one is stored', told);
    await scene.inject(injection);
    if (injection.disk?.state === 'read-only') spool?.remount(exporter.pid, 'ro');
  }
  cluster.publish(newest);
  if (expected.log !== undefined) await exporter.logged(`the line of the fault`, isLine(expected.log));
  else await exporter.waitFor('the newest is stored', async () => (await scene.stored()) === 'the newest');
  expect(await metricsOf(listen, expected.metrics, metricsWithinMs)).toEqual(expected.metrics);
  expect(await scene.stored()).toBe(expected.stored);
  if (expected.log === undefined) expectNothingTold(exporter.log);

  await scene.lift(injection);
  if (injection.environment !== undefined) {
    const { code, stderr } = await exporter.stop();
    expect(code, stderr).toBe(expected.exitCode);
    exporter = start(scene.environment(always));
  }
  await exporter.waitFor(
    'the newest is stored afterwards',
    async () => (await scene.stored()) === 'the newest',
    waitMs,
  );
  const { code, stderr } = await exporter.stop();
  expect(code, stderr).toBe(expected.exitCode);
  expectSound(exporter.log);
}

/** A configuration is stored, the control plane is gone, and the store has the fault. */
async function importing(scene: Scene, injection: StoreInjection, expected: ImportOutcome): Promise<void> {
  const { cluster, bucket } = scene;
  if (injection.empty !== true) {
    cluster.publish(earlier);
    const exported = await run(['export', '--once'], scene.environment(exporterEnvironment()));
    expect(exported.code, exported.stderr).toBe(0);
  }
  const stored = (await bucket.read(key))?.bytes ?? Buffer.alloc(0);
  await scene.inject(injection);
  await expectImports(expected, {
    environment: scene.environment({ ...gone, ...importLimits(injection), ...injection.environment?.(bucket) }),
    stored,
    options: injection.clockAheadSeconds === undefined ? {} : { command: nodeAhead(injection.clockAheadSeconds) },
  });
}

/** As `exporting`, into a folder on a volume of its own. */
async function exportingToVolume(state: 'full' | 'read-only', expected: ExportOutcome): Promise<void> {
  const cluster = await Cluster.start();
  cluster.publish(earlier);
  const volume = new Volume(temporaryFolder(), 256);
  const listen = `127.0.0.1:${await freePort()}`;
  const large = padded('newest', 400_000);
  const environment = {
    ...cluster.environment,
    ...exporterEnvironment(),
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `file://${volume.folder}`,
    KONG_RESILIENCE_LEASE_SECONDS: '4',
    KONG_RESILIENCE_STATUS_LISTEN: listen,
  };
  const exporter = new Program(['run'], environment, { command: volume.command() });
  const holds = async ({ table }: Table): Promise<boolean> => {
    const object = await folderBucket(volume.seenBy(exporter.pid)).read('3.9.3/config.json');
    return object?.bytes.subarray(0, table.length).equals(table) === true;
  };
  await exporter.logged('that the earlier one is stored', told);
  if (state === 'read-only') volume.remount(exporter.pid, 'ro');
  cluster.publish(large);
  if (expected.log !== undefined) await exporter.logged('the line of the fault', isLine(expected.log));
  expect(await metricsOf(listen, expected.metrics, metricsWithinMs)).toEqual(expected.metrics);
  expect(await holds(earlier)).toBe(expected.stored === 'the earlier one');
  volume.remount(exporter.pid, state === 'full' ? 'size=16384k' : 'rw,size=16384k');
  await exporter.waitFor('the newest is stored afterwards', () => holds(large), waitMs);
  // What the exporter writes besides comes and goes.
  await exporter.waitFor('nothing of what had no room is left', () => {
    const left = readdirSync(join(volume.seenBy(exporter.pid), '3.9.3')).filter((name) => !name.endsWith('.meta'));
    return Promise.resolve(left.sort().join() === 'config.json,kong-resilience.json');
  });
  const { code, stderr } = await exporter.stop();
  expect(code, stderr).toBe(expected.exitCode);
  expectSound(exporter.log);
  await cluster.down();
}

/** An import into a hand-over folder on a volume of its own. */
async function importingToVolume(state: 'full' | 'read-only', expected: ImportOutcome): Promise<void> {
  const cluster = await Cluster.start();
  await cluster.down();
  const bucket = await fileStore().bucket();
  const { table } = padded('newest', 400_000);
  await bucket.write('3.9.3/config.json', table);
  await expectImports(expected, {
    environment: {
      ...cluster.environment,
      ...gone,
      ...importLimits(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    },
    stored: table,
    volume: { sizeKb: 256, readOnly: state === 'read-only' },
  });
}

const local = storeFaults.filter(({ inject: { disk } }) => disk !== undefined && disk.of !== 'spool');

describe.skipIf(!canMount)(`a volume${canMount ? '' : ' (NOT RUN, needs root on Linux)'}`, () => {
  testRows(local, 600, async ({ inject, expected }) => {
    const { state } = inject.disk ?? { state: 'full' };
    if (expected.export !== undefined) await exportingToVolume(state, expected.export);
    if (expected.import !== undefined) await importingToVolume(state, expected.import);
  });
});

const network = storeFaults.filter((row) => !local.includes(row) && (canMount || row.inject.disk === undefined));

describe.each(kinds)('$kind.name', ({ scheme, kind }) => {
  beforeAll(() => kind.start());
  afterAll(() => kind.stop());

  const rows = network.filter(
    ({ inject: { stores } }) => stores?.some((store) => [scheme, kind.name].includes(store)) ?? true,
  );
  testRows(rows, 600, async ({ inject, expected }) => {
    const within = async (part: (scene: Scene) => Promise<void>): Promise<void> => {
      const scene = await Scene.of(kind, inject);
      try {
        await part(scene);
      } finally {
        await scene.end();
      }
    };
    await Promise.all([
      expected.export && within((scene) => exporting(scene, inject, expected.export as ExportOutcome)),
      expected.import && within((scene) => importing(scene, inject, expected.import as ImportOutcome)),
    ]);
  });
});

/** Where damage can be: bytes and bits that the seed chooses, and the edges. */
function places(name: string, count: number, edges: readonly number[], limit: number): readonly number[] {
  const chosen = new Set(edges);
  const chance = random(name);
  while (chosen.size < Math.min(count, limit)) chosen.add(chance.below(limit));
  return [...chosen];
}

describe.each(kinds)('each place of what $kind.name sends, through the library in one process', ({ scheme, kind }) => {
  beforeAll(() => kind.start());
  afterAll(() => kind.stop());

  it.each([
    ['small, which is parsed', earlier, { cuts: 64, flips: { short: 1_000, long: 20_000 } }],
    [
      'large, of which the digest is proof',
      padded('large', 1_200_000),
      { cuts: 64, flips: { short: 50, long: 2_000 } },
    ],
  ])('%s: never handed over damaged', { timeout: 3_600_000 }, async (what, table, { cuts, flips }) => {
    const scene = await Scene.of(kind);
    scene.cluster.publish(table);
    const exported = await run(['export', '--once'], scene.environment(exporterEnvironment()));
    expect(exported.code, exported.stderr).toBe(0);
    const whole = (await scene.bucket.read(key))?.bytes ?? Buffer.alloc(0);
    const dir = join(temporaryFolder(), 'handover');
    const handover = await Handover.open({ dir, log: silentLog });
    const version = parseGatewayVersion('3.9.3');
    if (version === undefined) throw new Error('no version');
    const endpoint = scene.proxy.endpoint;
    const secret = (name: string): string => scene.bucket.environment[name] ?? '';
    const reader = await openReader(
      { scheme, bucket: scene.bucket.name, prefix: 'kong' },
      {
        aws: {
          endpoint,
          region: secret('AWS_REGION'),
          credentials: new Secret({
            accessKeyId: secret('AWS_ACCESS_KEY_ID'),
            secretAccessKey: secret('AWS_SECRET_ACCESS_KEY'),
          }),
          putSettings: {},
        },
        google: { endpoint },
        timeoutMs: 10_000,
      },
    );
    const fetched = async (): Promise<string> => {
      const options = { reader, handover, maxConfigBytes: 2 ** 28, node: version, log: silentLog };
      try {
        const { staging } = await fetchConfiguration(
          { version, key },
          { ...options, signal: new AbortController().signal },
        );
        await staging.flush();
        const bytes = readFileSync(staging.path);
        await staging.abort();
        return bytes.equals(whole) ? 'whole' : 'damaged';
      } catch (error) {
        return error instanceof ResilienceError ? error.code : String(error);
      }
    };
    try {
      expect(await fetched()).toBe('whole');
      const outcomes = new Map<string, number>();
      const attempt = async (damage: Damage): Promise<void> => {
        scene.proxy.damage = damage;
        const outcome = await fetched();
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      };
      const offsets = places(`cut ${kind.name} ${what}`, cuts, [0, 1, whole.length - 1], whole.length);
      for (const offset of offsets) await attempt(cutAt(() => offset));
      const cutCodes = [...outcomes.keys()];
      outcomes.clear();
      const bits = places(`flip ${kind.name} ${what}`, times(flips), [0, whole.length * 8 - 1], whole.length * 8);
      for (const bit of bits) await attempt(flipBit(() => bit));
      expect(cutCodes.filter((code) => code !== 'KR_STORE_CORRUPT')).toEqual([]);
      expect(
        [...outcomes.keys()].filter((code) => !/^KR_(STORE_CORRUPT|IMPORT_DIGEST_MISMATCH|CONFIG_[A-Z_]+)$/.test(code)),
      ).toEqual([]);
      // Nothing is left of any of them.
      expect(readdirSync(dir)).toEqual([]);
      writeFigure(recordFolder, { suite: 'store', what: `body cut, ${kind.name}, ${what}`, count: offsets.length });
      writeFigure(recordFolder, { suite: 'store', what: `bit flipped, ${kind.name}, ${what}`, count: bits.length });
    } finally {
      reader.close();
      await scene.end();
    }
  });
});
