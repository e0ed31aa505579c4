import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResilienceError } from '../errors';
import { monotonicMs } from '../runtime';
import { canonicalHashes } from '../snapshot';
import { ask } from './ask';
import type { Child, Program } from './child';
import { DEMO_KEY, demoConfiguration } from './configuration';
import type { DataPlane } from './data-plane';
import { exporterEnvironment, importerEnvironment } from './environment';
import type { Load, LoadResult } from './load';
import { type DemoReport, grouped, milliseconds, summary } from './report';
import { type RunningControlPlane, Stage, stackOf } from './stage';

export interface DemoOptions {
  /** How this program is started; exporter and importer are real processes of it. */
  readonly program: Program;
  /** With true nothing is printed: the caller prints the report. */
  readonly json: boolean;
  /** Called with each line for people, as soon as it is known. */
  readonly print: (line: string) => void;
}

/** How long the nodes are under load in the outage, and again after the return. */
const trafficMs = 2_000;

/** One route that is open, and one whose callers need a key. */
const openPath = '/products/1';
const keyPath = '/orders/1';
const withKey = { apikey: DEMO_KEY };
const mix = [{ path: openPath }, { path: keyPath, headers: withKey }];
/** Routes that are added while the demo runs. */
const spring = '/spring-sale';
const summer = '/summer-sale';

/**
 * Shows the whole on this machine, with loopback addresses alone: a control plane, an exporter, a store, an outage, a
 * cold node with this program and one without it, and the return. Exporter and importer are processes of this program,
 * the control plane is its own, the nodes are simulated (data-plane.ts).
 *
 * Ends within 90 s and leaves neither process nor file behind, also after SIGINT and SIGTERM. Does not reject when a
 * promise is broken: the report's `ok` is false then.
 */
export async function runDemo({ program, json, print }: DemoOptions): Promise<DemoReport> {
  const say = json ? (): void => undefined : print;
  const folder = await mkdtemp(join(tmpdir(), 'kong-resilience-demo-'));
  try {
    const stage = await Stage.open(folder, program, say);
    const interrupt = (): void => stage.interrupt();
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const signal of signals) process.once(signal, interrupt);
    try {
      await tell(stage);
    } catch (error) {
      stage.check('The demo reaches its end', false, error instanceof ResilienceError ? error.message : stackOf(error));
    } finally {
      await stage.end();
      for (const signal of signals) process.off(signal, interrupt);
    }
    const report = stage.report();
    for (const line of summary(report)) say(line);
    return report;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the store holds when the outage begins. */
interface Before {
  readonly controlPlane: RunningControlPlane;
  readonly exporter: Child;
  readonly table: Uint8Array;
  readonly configHash: string;
  readonly warm: DataPlane;
  readonly warmLoad: Load;
}

async function tell(stage: Stage): Promise<void> {
  const { port: upstreamPort } = await stage.startUpstream();
  const before = await workAsUsual(stage, upstreamPort);
  const { controlPlane, exporter, warm, warmLoad } = before;

  await controlPlane.instance.close();
  await exporter.stop(stage.left());
  const outageAt = monotonicMs();
  stage.say('OUTAGE', 'the control plane is gone, and the exporter with it');
  const without = await startWithout(stage, before);
  const cold = await startWith(stage, before);
  const coldLoad = stage.startLoad(cold, mix);
  await traffic(stage);

  const { port } = controlPlane.address;
  const returned = await stage.startControlPlane(before.table, port);
  stage.say('control plane', 'is back, with the same configuration');
  const { reloads, received } = warm;
  const nodes = [warm, cold, without];
  await stage.until('the return to every node', async () => {
    const same = nodes.every((node) => node.configurationHash === before.configHash);
    return same && warm.received > received && (await statusOf(without, openPath)) === 200;
  });
  stage.measured.returnMs = Math.round(monotonicMs() - outageAt);
  stage.say('all nodes', 'have its configuration; the one without us serves only now');
  stage.check('The return costs the warm node no reload', warm.reloads === reloads, warm.reloads - reloads);
  returned.instance.publish({ table: demoConfiguration({ upstreamPort, campaigns: [spring, summer] }) });
  stage.say('control plane', `somebody adds the route ${summer}`);
  await stage.until('the next change on every node', async () => {
    const all = await Promise.all(nodes.map((node) => statusOf(node, summer)));
    return all.every((status) => status === 200);
  });
  stage.say('all nodes', 'serve it');

  await traffic(stage);
  stage.loads.warm = await warmLoad.stop();
  stage.loads.cold = await coldLoad.stop();
  for (const [name, { lost, requests, failures }] of Object.entries<LoadResult>(stage.loads)) {
    stage.check(
      `No request to the ${name} node is lost`,
      lost === 0 && requests > 0,
      `${requests} sent; ${failures.join('; ')}`,
    );
  }
}

/** A control plane, an exporter, a node under load, and a change: measures the RPO. */
async function workAsUsual(stage: Stage, upstreamPort: number): Promise<Before> {
  stage.say('demo', 'control plane and gateway nodes are simulated; exporter and importer are the real program');
  const first = demoConfiguration({ upstreamPort });
  const controlPlane = await stage.startControlPlane(first);
  stage.say('control plane', `has a configuration of ${grouped(first.length)} bytes, as a shop of 14 services has it`);
  const exporter = stage.startProcess('exporter', ['run'], exporterEnvironment(stage.folder, controlPlane.address));
  stage.say('exporter', 'starts, with the environment of a gateway node (EXPORT_DELAY 0 instead of 60 s)');
  await stage.until('the first export', () => stage.isStored(first), exporter);
  stage.say('store', `has ${stage.key}: the configuration, byte for byte`);

  const warm = await stage.startNode('warm', controlPlane.address);
  await stage.until('the configuration of the warm node', async () => (await statusOf(warm, openPath)) === 200);
  const warmLoad = stage.startLoad(warm, mix);
  stage.say('warm node', 'serves; from now on it has a request every few milliseconds');

  const table = demoConfiguration({ upstreamPort, campaigns: [spring] });
  const { configHash } = canonicalHashes(table);
  const changedAt = monotonicMs();
  controlPlane.instance.publish({ table });
  stage.say('control plane', `somebody adds the route ${spring}`);
  await stage.until('the export of the change', () => stage.isStored(table), exporter);
  const rpoMs = Math.round(monotonicMs() - changedAt);
  Object.assign(stage.measured, { rpoMs, stored: { key: stage.key, bytes: table.length, configHash } });
  stage.say(
    'store',
    `has the change after ${milliseconds(rpoMs)}: ${grouped(table.length)} bytes, config_hash ${configHash}`,
  );
  await stage.until('the change on the warm node', async () => (await statusOf(warm, spring)) === 200);
  return { controlPlane, exporter, table, configHash, warm, warmLoad };
}

/** The negative control: a node that has only its control plane. */
async function startWithout(stage: Stage, { controlPlane }: Before): Promise<DataPlane> {
  const node = await stage.startNode('without', controlPlane.address);
  const seen = { status: await statusOf(node, openPath), ready: await readinessOf(node) };
  stage.measured.without = seen;
  stage.say('cold node 1', `without us: ${seen.status} for every request, readiness ${seen.ready}`);
  const nothing = seen.status === 404 && seen.ready === 503;
  stage.check('Without us a cold node serves nothing in the outage: 404, not ready', nothing, seen);
  return node;
}

/** A node that starts from what was exported: measures the RTO. */
async function startWith(stage: Stage, { controlPlane, configHash }: Before): Promise<DataPlane> {
  const from = monotonicMs();
  const environment = importerEnvironment(stage.folder, controlPlane.address);
  const importer = stage.startProcess('importer', ['import', '--strict', '--json'], environment);
  const printed = await importer.finished(stage.left());
  const importMs = Math.round(monotonicMs() - from);
  // A real node decides this in its start script, with the LuaJIT of the gateway's image. The cache of this one is
  // empty, for which the decision is to use what was handed over.
  const node = await stage.startNode('cold', controlPlane.address, join(stage.folder.handover, 'config.json'));
  const status = await statusOf(node, openPath);
  const rtoMs = Math.round(monotonicMs() - from);
  Object.assign(stage.measured, { importMs, rtoMs });
  stage.say('importer', `stages what the store has, in ${milliseconds(importMs)}`);
  stage.say('cold node 2', `with us: ${status} after ${milliseconds(rtoMs)}`);

  const result = JSON.parse(printed) as { outcome?: string; from?: string; configHash?: string };
  const { outcome, from: origin } = result;
  const staged = outcome === 'staged' && origin === 'store' && result.configHash === configHash;
  stage.check('The import stages the configuration that was stored last', staged, result);
  stage.check('With us a cold node serves in the outage', status === 200, status);
  const change = await statusOf(node, spring);
  stage.check('Nothing is lost: the last change before the outage is served', change === 200, change);
  const keys = { without: await statusOf(node, keyPath), with: await statusOf(node, keyPath, withKey) };
  stage.say('cold node 2', `a route that wants a key: ${keys.without} without, ${keys.with} with it`);
  const enforced = keys.without === 401 && keys.with === 200;
  stage.check('Authentication survives: 401 without a key, 200 with it', enforced, keys);
  const ready = await readinessOf(node);
  stage.check('The cold node says that it is ready', ready === 200, ready);
  return node;
}

/** Lets the load go on for a while. */
async function traffic(stage: Stage): Promise<void> {
  const end = monotonicMs() + trafficMs;
  await stage.until('an interval of traffic', () => Promise.resolve(monotonicMs() >= end));
}

async function statusOf(
  node: DataPlane,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  return (await ask(`${node.proxyUrl}${path}`, { headers })).status;
}

async function readinessOf(node: DataPlane): Promise<number> {
  return (await ask(`${node.statusUrl}/status/ready`)).status;
}
