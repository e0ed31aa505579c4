import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { captured, Cluster, exporterEnvironment, named } from '../test/cli/cluster';
import { type Bucket, fileStore } from '../test/cli/stores';
import { type Node, World } from '../test/exporter/simulation';
import { makeAuthority, makePki, type Pki } from '../test/support/certificates';
import { type Environment, type LogLine, Program } from '../test/support/program';
import { LogLines } from '../test/support/recorder';
import { ScriptedControlPlane } from '../test/support/scripted-control-plane';
import { freePort, startSilentServer } from '../test/support/servers';
import { type ControlPlaneInjection, controlPlaneFaults } from './faults/control-plane';
import type { ExportOutcome, ImportOutcome } from './faults/fault';
import { writeFigure } from './support/figures';
import { asExpected, metricsOf } from './support/metrics';
import { testRows } from './support/pool';
import { random } from './support/random';
import { recordFolder } from './support/settings';
import { expectImports, expectNothingTold, expectSound, isLine, metricsWithinMs } from './support/trial';

const key = '3.9.3/config.json';
const earlier = captured('3.9.3');
const newest = named('newest');
const afterwards = named('afterwards');
const tables = { 'the earlier one': earlier, 'the newest': newest, 'what came afterwards': afterwards };

/** A control plane with a fault, or none, at one address, and a store that holds an earlier configuration. */
class Scene {
  private constructor(
    readonly cluster: Cluster,
    readonly bucket: Bucket,
    private readonly pki: Pki | undefined,
  ) {}

  static async of({ by }: ControlPlaneInjection): Promise<Scene> {
    const pki = by.kind === 'certificate' ? await makePki() : undefined;
    const cluster = await Cluster.start(
      pki === undefined ? {} : { mtls: 'pki', ...pki.server, authorities: [pki.authority.certificate] },
    );
    await cluster.down();
    const bucket = await fileStore().bucket();
    await bucket.write(key, earlier.table);
    return new Scene(cluster, bucket, pki);
  }

  get environment(): Environment {
    const { cluster, bucket, pki } = this;
    const file = (name: string, content: string): string => {
      const path = join(cluster.folder, name);
      writeFileSync(path, content);
      return path;
    };
    const node =
      pki === undefined
        ? {}
        : {
            KONG_CLUSTER_MTLS: 'pki',
            KONG_CLUSTER_SERVER_NAME: 'cp.kong.test',
            KONG_CLUSTER_CA_CERT: file('ca.crt', pki.authority.certificate),
            KONG_CLUSTER_CERT: file('node.crt', pki.node.certificate),
            KONG_CLUSTER_CERT_KEY: file('node.key', pki.node.key.reveal()),
          };
    return {
      ...cluster.environment,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_CLUSTER_MAX_PAYLOAD: '4194304',
      KONG_RESILIENCE_MAX_CONFIG_BYTES: '4194304',
      KONG_RESILIENCE_SILENCE_SECONDS: '3',
      KONG_RESILIENCE_RECONNECT_SECONDS: '6',
      ...node,
    };
  }

  /** @returns what ends it */
  async inject({ by }: ControlPlaneInjection): Promise<() => Promise<void>> {
    const { cluster, pki } = this;
    switch (by.kind) {
      case 'refused':
        return () => Promise.resolve();
      case 'black-hole': {
        const server = await startSilentServer(cluster.port);
        return () => server.stop();
      }
      case 'certificate': {
        const authority = by.of === 'another authority' ? await makeAuthority('another') : pki?.authority;
        const pair = await authority?.issue({
          commonName: 'cp.kong.test',
          usage: ['serverAuth'],
          ...(by.of === 'another authority' ? {} : { days: [-3, -1] }),
        });
        if (pair === undefined) throw new Error('no authority');
        return scripted(new ScriptedControlPlane(pair, {}), cluster.port);
      }
      case 'script':
        return scripted(
          new ScriptedControlPlane(cluster.pair, {
            accepted: (webSocket) => by.accepted(webSocket, { earlier, newest }),
          }),
          cluster.port,
        );
      case 'real':
        await cluster.up();
        cluster.publish(by.then);
        return () => cluster.down();
      case 'simulated':
        throw new Error('no process');
    }
  }

  async stored(): Promise<string> {
    const bytes = (await this.bucket.read(key))?.bytes;
    const found = Object.entries(tables).find(
      ([, { table }]) => bytes?.subarray(0, table.length).equals(table) === true,
    );
    return found?.[0] ?? 'something else';
  }
}

async function scripted(plane: ScriptedControlPlane, port: number): Promise<() => Promise<void>> {
  await plane.listen(port);
  return () => plane.close();
}

/** With the fault nothing worse than what is stored comes into the store; without it, what is current then. */
async function exporting(injection: ControlPlaneInjection, expected: ExportOutcome): Promise<void> {
  const scene = await Scene.of(injection);
  const { cluster } = scene;
  const listen = `127.0.0.1:${await freePort()}`;
  const environment = { ...scene.environment, ...exporterEnvironment(), KONG_RESILIENCE_STATUS_LISTEN: listen };
  const { by } = injection;
  let lift: () => Promise<void>;
  let exporter: Program;
  if (by.kind === 'real') {
    // It has worked before.
    await cluster.up();
    cluster.publish(earlier);
    exporter = new Program(['run'], environment);
    await exporter.logged('that it works', ({ event }) => event === 'confirmed');
    cluster.publish(by.then);
    lift = () => Promise.resolve();
  } else {
    lift = await scene.inject(injection);
    exporter = new Program(['run'], environment);
  }
  if (expected.log !== undefined) await exporter.logged('the line of the fault', isLine(expected.log));
  else await exporter.waitFor('the newest is stored', async () => (await scene.stored()) === 'the newest');
  expect(await metricsOf(listen, expected.metrics, metricsWithinMs)).toEqual(expected.metrics);
  expect(await scene.stored()).toBe(expected.stored);
  if (expected.log === undefined) expectNothingTold(exporter.log);

  await lift();
  if (by.kind !== 'real') await cluster.up();
  cluster.publish(afterwards);
  await exporter.waitFor(
    'what is current afterwards is stored',
    async () => (await scene.stored()) === 'what came afterwards',
  );
  const { code, stderr } = await exporter.stop();
  expect(code, stderr).toBe(expected.exitCode);
  expectSound(exporter.log);
  await cluster.down();
}

async function importing(injection: ControlPlaneInjection, expected: ImportOutcome): Promise<void> {
  const scene = await Scene.of(injection);
  const lift = await scene.inject(injection);
  try {
    await expectImports(expected, {
      environment: {
        ...scene.environment,
        KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '8',
        KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '30',
      },
      stored: earlier.table,
    });
  } finally {
    await lift();
  }
}

const real = controlPlaneFaults.filter(({ inject }) => inject.by.kind !== 'simulated');

describe('a control plane', () => {
  testRows(real, 600, async ({ inject, expected }) => {
    await Promise.all([
      expected.export && exporting(inject, expected.export),
      expected.import && importing(inject, expected.import),
    ]);
  });
});

/** A line of `LogLines` as one of the program's own log. */
function lineOf(text: string): LogLine {
  const [, level = '', message = '', fields = ''] = /^(\w+) (.*?) (\{.*\})$/s.exec(text) ?? [];
  return { level, message, ...(JSON.parse(fields) as object) };
}

describe('for an hour of simulated time', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each(
    controlPlaneFaults.filter(({ inject }) => inject.by.kind === 'simulated').map((row) => [row.id, row] as const),
  )('%s', async (id, { expected }) => {
    const chance = random(id);
    const world = new World({ seed: chance.below(2 ** 31), nodes: 1, exportDelayMs: 0 });
    const [one] = world.nodes as [Node];
    const log = new LogLines();
    one.log = log;
    one.start();
    let flaps = 0;
    for (; world.nowMs < 3_600_000; flaps++) {
      await world.pass(chance.below(4_000));
      one.source.deaf(chance.below(4_000));
      await world.pass(chance.below(2_000));
      world.push(chance.below(4));
    }
    await world.pass(60_000);
    if (expected.export?.log === undefined) throw new Error('nothing is expected');
    expect(expected.export.stored).toBe('the newest');
    expect(world.storedContent).toBe(world.history[world.position]);
    const status = one.process?.exporter.status;
    const metrics: Readonly<Record<string, number | undefined>> = {
      kong_resilience_source_problems_total: status?.sourceProblemsTotal,
      kong_resilience_pending: Number(status?.pending),
    };
    expect(asExpected(expected.export.metrics, (name) => metrics[name] ?? Number.NaN)).toEqual(expected.export.metrics);
    expect(status?.sourceProblemsTotal).toBeGreaterThan(flaps / 2);
    const told = log.lines.map(lineOf).filter(({ level, event }) => level === 'error' && event === 'source_failed');
    expect(told.filter(isLine(expected.export.log))).toEqual(told);
    expect(told).not.toEqual([]);
    // Not a line for each of them.
    expect(told.length).toBeLessThanOrEqual(flaps);
    writeFigure(recordFolder, { suite: 'control-plane', what: 'outages in an hour of simulated time', count: flaps });
  });
});
