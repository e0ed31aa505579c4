import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configKey, type GatewayVersion, parseGatewayVersion, type StorageUrl } from '../contract';
import { ControlPlane } from '../control-plane';
import { ResilienceError } from '../errors';
import { monotonicMs, silentLog } from '../runtime';
import { canonicalHashes, unsealedLength } from '../snapshot';
import { openReader } from '../store';
import { ask } from './ask';
import { type KeyPair, makeClusterCertificate } from './certificates';
import { Child, type Program } from './child';
import { DEMO_KEY, demoConfiguration } from './configuration';
import { DataPlane } from './data-plane';
import {
  type Address,
  clusterSettings,
  DEMO_VERSION,
  type DemoFolder,
  demoFolder,
  exporterEnvironment,
  importerEnvironment,
} from './environment';
import { interrupted, stepFailed } from './errors';
import { HttpListener } from './http-listener';
import { Load, type LoadResult } from './load';
import { type DemoReport, eventLine, grouped, milliseconds, summary } from './report';

export interface DemoOptions {
  /** How this program is started; exporter and importer are real processes of it. */
  readonly program: Program;
  /** With true nothing is printed: the caller prints the report. */
  readonly json: boolean;
  /** Called with each line for people, as soon as it is known. */
  readonly print: (line: string) => void;
}

/** Nothing of the demo takes longer than what is left of this. */
const totalLimitMs = 90_000;
const stepLimitMs = 20_000;
/** How long the nodes are under load in the outage, and again after the return. */
const trafficMs = 2_000;
/** A gateway waits 5–10 s before it tries its control plane again; the demo has no time for it. */
const reconnectMs = [200, 400] as const;

/** One route that is open, and one whose callers need a key. */
const openPath = '/products/1';
const keyPath = '/orders/1';
const withKey = { apikey: DEMO_KEY };
const load = [{ path: openPath }, { path: keyPath, headers: withKey }];
/** Routes that are added while the demo runs. */
const spring = '/spring-sale';
const summer = '/summer-sale';

/**
 * Shows the whole on this machine, with loopback addresses alone: a control plane, an exporter, a store, an outage, a
 * cold node with this program and one without it, and the return. Control plane and store are this program's own,
 * exporter and importer are processes of it; the nodes are simulated (data-plane.ts).
 *
 * Ends within 90 s, leaves neither process nor file behind, and does not reject when a promise is broken: the report's
 * `ok` is false then.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const folder = await mkdtemp(join(tmpdir(), 'kong-resilience-demo-'));
  const demo = new Demo(options, folder);
  const interrupt = (): void => demo.interrupt();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, interrupt);
  try {
    await demo.run();
  } catch (error) {
    demo.check('The demo reaches its end', false, error instanceof ResilienceError ? error.message : stackOf(error));
  } finally {
    await demo.end();
    for (const signal of signals) process.off(signal, interrupt);
    await rm(folder, { recursive: true, force: true });
  }
  const report = demo.report();
  if (!options.json) for (const line of summary(report)) options.print(line);
  return report;
}

type Measured = { -readonly [K in keyof DemoReport]?: DemoReport[K] };

class Demo {
  private readonly startedAt = monotonicMs();
  private readonly folder: DemoFolder;
  private readonly version: GatewayVersion;
  private readonly storage: StorageUrl;
  private readonly timeline: DemoReport['timeline'][number][] = [];
  private readonly checks: DemoReport['checks'][number][] = [];
  private readonly measured: Measured = {};
  private readonly loads: { warm?: LoadResult; cold?: LoadResult } = {};
  /** What must be ended, the newest last. */
  private readonly ends: (() => Promise<unknown>)[] = [];

  private interrupted = false;

  constructor(
    private readonly options: DemoOptions,
    folder: string,
  ) {
    this.folder = demoFolder(folder);
    const version = parseGatewayVersion(DEMO_VERSION);
    if (version === undefined) throw new TypeError(`${DEMO_VERSION} is no version`);
    this.version = version;
    this.storage = { scheme: 'file', bucket: this.folder.store, prefix: '' };
  }

  async run(): Promise<void> {
    const certificate = await this.writeCertificate();
    const shop = new HttpListener((request, response) => {
      request.resume();
      response.end(`${request.method ?? ''} ${request.url ?? ''}\n`);
    });
    await shop.listen();
    this.ends.push(() => shop.close());
    const first = demoConfiguration({ upstreamPort: shop.port });
    const changed = demoConfiguration({ upstreamPort: shop.port, campaigns: [spring] });
    const afterwards = demoConfiguration({ upstreamPort: shop.port, campaigns: [spring, summer] });

    this.say('demo', 'control plane and gateway nodes are simulated; exporter and importer are the real program');
    const controlPlane = await this.startControlPlane(certificate, first, { host: '127.0.0.1', port: 0 });
    this.say('control plane', `has a configuration of ${grouped(first.length)} bytes, as a shop of 14 services has it`);

    const exporter = new Child(
      'exporter',
      this.options.program,
      ['run'],
      exporterEnvironment(this.folder, controlPlane.address),
    );
    this.ends.push(() => exporter.kill());
    this.say('exporter', 'starts, with the environment of a gateway node (EXPORT_DELAY 0 instead of 60 s)');
    await this.until(
      'the first export',
      () => this.isStored(first),
      () => exporter.log,
    );
    const key = configKey(this.storage, this.version);
    this.say('store', `has ${key}: the configuration byte for byte`);

    const node = {
      prefix: '',
      version: this.version,
      cluster: clusterSettings(controlPlane.address, certificate),
      reconnectMs,
    };
    const warm = await this.startNode({ ...node, prefix: this.folder.prefix('warm') });
    await this.until('the configuration of the warm node', async () => (await statusOf(warm, openPath)) === 200);
    const warmLoad = this.startLoad(warm);
    this.say('warm node', 'serves; from now on it has a request every few milliseconds');

    const changedAt = monotonicMs();
    controlPlane.instance.publish({ table: changed });
    this.say('control plane', `somebody adds the route ${spring}`);
    await this.until(
      'the export of the change',
      () => this.isStored(changed),
      () => exporter.log,
    );
    this.measured.rpoMs = monotonicMs() - changedAt;
    const { configHash } = canonicalHashes(changed);
    this.measured.stored = { key, bytes: changed.length, configHash };
    this.say('store', `has the change after ${milliseconds(this.measured.rpoMs)}, config_hash ${configHash}`);
    await this.until('the change on the warm node', async () => (await statusOf(warm, spring)) === 200);

    await controlPlane.instance.close();
    await exporter.stop(this.left(stepLimitMs));
    const outageAt = monotonicMs();
    this.say('OUTAGE', 'the control plane is gone, and the exporter with it');

    const without = await this.startNode({ ...node, prefix: this.folder.prefix('without') });
    const refused = { status: await statusOf(without, openPath), ready: await readinessOf(without) };
    this.measured.without = refused;
    this.say('cold node 1', `without us: ${refused.status} for every request, readiness ${refused.ready}`);
    this.check(
      'Without us a cold node serves nothing in the outage: 404, not ready',
      refused.status === 404 && refused.ready === 503,
      refused,
    );

    const importAt = monotonicMs();
    const importer = new Child(
      'importer',
      this.options.program,
      ['import', '--strict', '--json'],
      importerEnvironment(this.folder, controlPlane.address),
    );
    this.ends.push(() => importer.kill());
    const result = JSON.parse(await importer.finished(this.left(stepLimitMs))) as {
      outcome?: string;
      from?: string;
      configHash?: string;
    };
    this.measured.importMs = monotonicMs() - importAt;
    // A real node decides in its start script, with the LuaJIT of the gateway's image. This one has an empty cache, for
    // which the decision is always the same.
    const cold = await this.startNode({
      ...node,
      prefix: this.folder.prefix('cold'),
      declarativeConfig: join(this.folder.handover, 'config.json'),
    });
    const served = await statusOf(cold, openPath);
    this.measured.rtoMs = monotonicMs() - importAt;
    const coldLoad = this.startLoad(cold);
    this.say('importer', `staged what the store has, in ${milliseconds(this.measured.importMs)}`);
    this.say('cold node 2', `with us: ${served} after ${milliseconds(this.measured.rtoMs)}`);
    this.check(
      'The import staged the stored configuration',
      result.outcome === 'staged' && result.from === 'store' && result.configHash === configHash,
      result,
    );
    this.check('With us a cold node serves in the outage', served === 200, served);
    const change = await statusOf(cold, spring);
    this.check('Nothing is lost: the last change before the outage is served', change === 200, change);
    const keys = { without: await statusOf(cold, keyPath), with: await statusOf(cold, keyPath, withKey) };
    this.say('cold node 2', `a route that wants a key: ${keys.without} without, ${keys.with} with it`);
    this.check(
      'Authentication survives: 401 without a key, 200 with it',
      keys.without === 401 && keys.with === 200,
      keys,
    );
    const ready = await readinessOf(cold);
    this.check('The cold node says that it is ready', ready === 200, ready);

    await this.traffic();

    const returned = await this.startControlPlane(certificate, changed, controlPlane.address);
    this.say('control plane', 'is back, with the same configuration');
    await this.until(
      'the return of the control plane',
      async () =>
        [warm, cold, without].every((one) => one.configurationHash === configHash) &&
        (await statusOf(without, openPath)) === 200,
    );
    this.measured.without = { ...refused, downMs: monotonicMs() - outageAt };
    this.say('all nodes', 'have its configuration again; so has the one without us, which serves only now');
    const { reloads } = warm;
    returned.instance.publish({ table: afterwards });
    this.say('control plane', `somebody adds the route ${summer}`);
    await this.until('the next change on every node', async () => {
      const all = await Promise.all([warm, cold, without].map((one) => statusOf(one, summer)));
      return all.every((status) => status === 200);
    });
    this.say('all nodes', 'serve it');
    this.check('The return costs the warm node no reload', reloads === 2, reloads);

    await this.traffic();
    this.loads.warm = await warmLoad.stop();
    this.loads.cold = await coldLoad.stop();
    for (const [name, { lost, requests, failures }] of Object.entries<LoadResult>(this.loads)) {
      this.check(
        `No request to the ${name} node was lost`,
        lost === 0 && requests > 0,
        failures.join('; ') || 'no requests',
      );
    }
  }

  check(promise: string, held: boolean, seen: unknown): void {
    const text = typeof seen === 'string' ? seen : JSON.stringify(seen);
    this.checks.push(held ? { promise, held } : { promise, held, seen: text });
  }

  /** The step in hand ends, and none is begun after it. */
  interrupt(): void {
    this.interrupted = true;
  }

  /** Ends everything that runs, the newest first, whatever fails to. */
  async end(): Promise<void> {
    for (const end of this.ends.reverse()) {
      try {
        await end();
      } catch (error) {
        this.check('Everything that was started ends', false, stackOf(error));
      }
    }
  }

  report(): DemoReport {
    return {
      ok: this.checks.every((check) => check.held),
      checks: this.checks,
      ...this.measured,
      load: this.loads,
      timeline: this.timeline,
      tookMs: this.elapsed(),
    };
  }

  private elapsed(): number {
    return monotonicMs() - this.startedAt;
  }

  /** What is left of a limit under the limit of the whole. */
  private left(limitMs: number): number {
    return Math.max(0, Math.min(limitMs, totalLimitMs - this.elapsed()));
  }

  private say(who: string, what: string): void {
    const event = { atMs: Math.round(this.elapsed()), who, what };
    this.timeline.push(event);
    if (!this.options.json) this.options.print(eventLine(event));
  }

  /** @param log of the process that should have brought it about */
  private async until(what: string, condition: () => Promise<boolean>, log = (): string => ''): Promise<void> {
    const limitMs = this.left(stepLimitMs);
    const from = monotonicMs();
    while (!(await condition())) {
      if (this.interrupted) throw interrupted();
      if (monotonicMs() - from > limitMs)
        throw stepFailed(what, limitMs, log() === '' ? '' : ` Its process said:\n${log()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Lets the load go on for a while. */
  private async traffic(): Promise<void> {
    const end = monotonicMs() + trafficMs;
    await this.until('an interval of traffic', () => Promise.resolve(monotonicMs() >= end));
  }

  private async writeCertificate(): Promise<KeyPair> {
    const pair = await makeClusterCertificate();
    await mkdir(this.folder.store, { recursive: true });
    await writeFile(this.folder.certificate, pair.certificate);
    await writeFile(this.folder.key, pair.key.reveal(), { mode: 0o600 });
    return pair;
  }

  private async startControlPlane(
    { certificate, key }: KeyPair,
    table: Uint8Array,
    at: Address,
  ): Promise<{ instance: ControlPlane; address: Address }> {
    const instance = new ControlPlane({ version: DEMO_VERSION, mtls: 'shared', certificate, key, log: silentLog });
    instance.publish({ table });
    const address = await instance.listen(at);
    this.ends.push(() => instance.close());
    return { instance, address };
  }

  private async startNode(options: Parameters<typeof DataPlane.start>[0]): Promise<DataPlane> {
    const node = await DataPlane.start(options);
    this.ends.push(() => node.stop());
    return node;
  }

  private startLoad(node: DataPlane): Load {
    const started = new Load(node.proxyUrl, load);
    this.ends.push(() => started.stop());
    return started;
  }

  /** Whether the store holds exactly this configuration; what follows it may be white space alone. */
  private async isStored(table: Uint8Array): Promise<boolean> {
    const reader = await openReader(this.storage, { aws: { putSettings: {} }, google: {}, timeoutMs: stepLimitMs });
    try {
      const object = await reader.get(configKey(this.storage, this.version));
      const chunks: Uint8Array[] = [];
      for await (const chunk of object.body) chunks.push(chunk);
      const stored = Buffer.concat(chunks);
      return stored.subarray(0, unsealedLength(stored)).equals(table);
    } catch (error) {
      // Not yet there; whatever else is wrong shows when the time is up.
      if (error instanceof ResilienceError) return false;
      throw error;
    } finally {
      reader.close();
    }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
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
