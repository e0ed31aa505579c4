import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseGatewayVersion, Secret } from '../src/contract';
import { ResilienceError } from '../src/errors';
import { Handover } from '../src/gateway';
import { fetchConfiguration } from '../src/importer/fetch';
import { silentLog } from '../src/runtime';
import { openReader } from '../src/store';
import { captured, Cluster, exporterEnvironment, importerEnvironment, type Table } from '../test/cli/cluster';
import { type Bucket, fakeGcs, minio, type StoreKind, versitygw } from '../test/cli/stores';
import { bundle, type Environment, Program, run, temporaryFolder } from '../test/support/program';
import { freePort } from '../test/support/servers';
import type { ExportOutcome, ImportOutcome } from './faults/fault';
import { storeFaults, type StoreInjection } from './faults/store';
import { cutAt, flipBit } from './faults/damage';
import { type Damage, DamagingProxy } from './support/damaging-proxy';
import { metricsOf } from './support/metrics';
import { nodeAhead } from './support/node-ahead';
import { testRows } from './support/pool';
import { writeFigure } from './support/figures';
import { random } from './support/random';
import { long, recordFolder, times } from './support/settings';
import { padded } from './support/tables';
import { expectSound, handedOver, isLine, usedHandover } from './support/trial';

const key = 'kong/3.9.3/config.json';
const earlier = captured('3.9.3');
const newest = padded('newest', 40_000);
const waitMs = 45_000;

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

/** An exporter has stored one configuration; with the fault comes the next one; without it, that is stored. */
async function exporting(scene: Scene, injection: StoreInjection, expected: ExportOutcome): Promise<void> {
  const { cluster, bucket } = scene;
  const listen = `127.0.0.1:${await freePort()}`;
  const always = { ...exporterEnvironment(), KONG_RESILIENCE_STATUS_LISTEN: listen };
  const command = injection.clockAheadSeconds === undefined ? undefined : nodeAhead(injection.clockAheadSeconds);
  const atStart = injection.environment !== undefined || command !== undefined;
  const faulty = scene.environment({ ...always, ...injection.environment?.(bucket) });
  const start = (environment: Environment): Program =>
    new Program(['run'], environment, command === undefined ? {} : { command });

  if (injection.empty !== true) {
    cluster.publish(earlier);
    if (atStart) expect((await run(['export', '--once'], scene.environment(always))).code).toBe(0);
  }
  if (atStart || injection.empty === true) await scene.inject(injection);
  let exporter = start(faulty);
  if (!atStart && injection.empty !== true) {
    await exporter.waitFor('the earlier one is stored', async () => (await scene.stored()) === 'the earlier one');
    await scene.inject(injection);
  }
  cluster.publish(newest);
  if (expected.log !== undefined) await exporter.logged(`the line of the fault`, isLine(expected.log));
  else await exporter.waitFor('the newest is stored', async () => (await scene.stored()) === 'the newest');
  expect(await metricsOf(listen, expected.metrics, 10_000)).toEqual(expected.metrics);
  expect(await scene.stored()).toBe(expected.stored);

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
  const gone = { KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:9' };
  if (injection.empty !== true) {
    cluster.publish(earlier);
    const exported = await run(['export', '--once'], scene.environment(exporterEnvironment()));
    expect(exported.code, exported.stderr).toBe(0);
  }
  const stored = (await bucket.read(key))?.bytes ?? Buffer.alloc(0);
  await scene.inject(injection);
  const command =
    injection.clockAheadSeconds === undefined
      ? ([process.execPath, bundle] as const)
      : nodeAhead(injection.clockAheadSeconds);
  const listen = `127.0.0.1:${await freePort()}`;
  const start = (args: readonly string[], more: Environment): { program: Program; folder: string } => {
    const folder = join(temporaryFolder(), 'handover');
    usedHandover(folder);
    const environment = {
      ...importerEnvironment(folder, { KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '6', ...more }),
      ...scene.environment({ ...gone, ...injection.environment?.(bucket) }),
      KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
    };
    return { program: new Program(args, environment, { command }), folder };
  };
  const strict = start(['import', '--strict', '--json'], {});
  const held = start(['import', '--hold'], { KONG_RESILIENCE_STATUS_LISTEN: listen });

  const { code, stderr } = await strict.program.exit;
  expect(code, stderr).toBe(expected.exitCode);
  await held.program.logged('the line of the fault', isLine(expected.log));
  expect(await metricsOf(listen, expected.metrics, 10_000)).toEqual(expected.metrics);
  expect((await held.program.stop()).code).toBe(0);
  for (const { program, folder } of [strict, held]) {
    expect(program.log.filter(isLine(expected.log))).toHaveLength(1);
    expectSound(program.log);
    expect(handedOver(folder, stored)).toBe(expected.handedOver);
  }
}

const network = storeFaults.filter(({ inject }) => inject.disk === undefined);

describe.each(kinds)('$kind.name', ({ scheme, kind }) => {
  beforeAll(() => kind.start());
  afterAll(() => kind.stop());

  const rows = network.filter(({ inject }) => inject.stores?.includes(scheme) ?? true);
  testRows(rows, 300, async ({ inject, expected }) => {
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
