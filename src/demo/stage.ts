import { mkdir, writeFile } from 'node:fs/promises';
import { configKey, type GatewayVersion, parseGatewayVersion, type StorageUrl } from '../contract';
import { ControlPlane } from '../control-plane';
import { ResilienceError } from '../errors';
import { monotonicMs, silentLog } from '../runtime';
import { unsealedLength } from '../snapshot';
import { openReader } from '../store';
import { type KeyPair, makeClusterCertificate } from './certificates';
import { Child, type Program } from './child';
import { DataPlane } from './data-plane';
import { type Address, clusterSettings, DEMO_VERSION, type DemoFolder, demoFolder } from './environment';
import { interrupted, stepFailed } from './errors';
import { HttpListener } from './http-listener';
import { Load, type LoadRequest } from './load';
import { type DemoReport, eventLine } from './report';

/** Nothing of the demo takes longer than what is left of this. */
const totalLimitMs = 90_000;
const stepLimitMs = 20_000;
/** A gateway waits 5–10 s before it tries its control plane again; the demo has no time for it. */
const reconnectMs = [200, 400] as const;

/** What is measured while the story goes on. */
type Measured = { -readonly [K in 'rpoMs' | 'rtoMs' | 'importMs' | 'stored' | 'without' | 'returnMs']?: DemoReport[K] };

export interface RunningControlPlane {
  readonly instance: ControlPlane;
  readonly address: Address;
}

/** Everything that the story of the demo needs: it starts and ends the actors, waits, keeps times, and keeps the report. */
export class Stage {
  readonly folder: DemoFolder;
  readonly measured: Measured = {};
  readonly loads: { -readonly [K in keyof DemoReport['load']]: DemoReport['load'][K] } = {};
  /** Key of the stored configuration. */
  readonly key: string;
  private readonly version: GatewayVersion;
  private readonly storage: StorageUrl;
  private readonly startedAt = monotonicMs();
  private readonly timeline: DemoReport['timeline'][number][] = [];
  private readonly checks: DemoReport['checks'][number][] = [];
  /** What must be ended, the newest last. */
  private readonly ends: (() => Promise<unknown>)[] = [];
  private interrupted = false;

  private constructor(
    folder: string,
    private readonly program: Program,
    private readonly print: (line: string) => void,
    private readonly certificate: KeyPair,
  ) {
    this.folder = demoFolder(folder);
    const version = parseGatewayVersion(DEMO_VERSION);
    if (version === undefined) throw new TypeError(`${DEMO_VERSION} is no version`);
    this.version = version;
    this.storage = { scheme: 'file', bucket: this.folder.store, prefix: '' };
    this.key = configKey(this.storage, version);
  }

  /** @param folder an empty one, for all files of the demo */
  static async open(folder: string, program: Program, print: (line: string) => void): Promise<Stage> {
    const certificate = await makeClusterCertificate();
    const stage = new Stage(folder, program, print, certificate);
    await mkdir(stage.folder.store);
    await writeFile(stage.folder.certificate, certificate.certificate);
    await writeFile(stage.folder.key, certificate.key.reveal(), { mode: 0o600 });
    return stage;
  }

  say(who: string, what: string): void {
    const event = { atMs: Math.round(this.elapsed()), who, what };
    this.timeline.push(event);
    this.print(eventLine(event));
  }

  /** Records a promise; what was seen is shown where it does not hold. */
  check(promise: string, held: boolean, seen: unknown): void {
    const text = typeof seen === 'string' ? seen : JSON.stringify(seen);
    this.checks.push(held ? { promise, held } : { promise, held, seen: text });
  }

  /**
   * Waits until it is so.
   *
   * @param child the process that should bring it about; its log is told when it does not
   * @throws KR_DEMO_STEP after 20 s, or when the demo as a whole has no time left; KR_DEMO_PROCESS when the process has
   *   ended; KR_DEMO_INTERRUPTED
   */
  async until(what: string, condition: () => Promise<boolean>, child?: Child): Promise<void> {
    const limitMs = this.left();
    const from = monotonicMs();
    while (!(await condition())) {
      if (this.interrupted) throw interrupted();
      child?.mustRun();
      if (monotonicMs() - from > limitMs) throw stepFailed(what, limitMs, child?.log ?? '');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The time that a step may take, in milliseconds. */
  left(): number {
    return Math.max(0, Math.min(stepLimitMs, totalLimitMs - this.elapsed()));
  }

  /** The wait in hand ends, and so does the demo. */
  interrupt(): void {
    this.interrupted = true;
  }

  /** What stands behind the gateway. */
  async startUpstream(): Promise<HttpListener> {
    const upstream = new HttpListener((request, response) => {
      request.resume();
      response.end(`${request.method ?? ''} ${request.url ?? ''}\n`);
    });
    await upstream.listen();
    this.ends.push(() => upstream.close());
    return upstream;
  }

  /** @param port 0: any free one */
  async startControlPlane(table: Uint8Array, port = 0): Promise<RunningControlPlane> {
    const { certificate, key } = this.certificate;
    const instance = new ControlPlane({ version: DEMO_VERSION, mtls: 'shared', certificate, key, log: silentLog });
    instance.publish({ table });
    const address = await instance.listen({ host: '127.0.0.1', port });
    this.ends.push(() => instance.close());
    return { instance, address };
  }

  /** Starts a process of this program. */
  startProcess(name: string, args: readonly string[], environment: Readonly<Record<string, string>>): Child {
    const child = new Child(name, this.program, args, environment);
    this.ends.push(() => child.kill());
    return child;
  }

  /** Starts a simulated node with an empty prefix. */
  async startNode(name: string, controlPlane: Address, declarativeConfig?: string): Promise<DataPlane> {
    const node = await DataPlane.start({
      prefix: this.folder.prefix(name),
      version: this.version,
      cluster: clusterSettings(controlPlane, this.certificate),
      reconnectMs,
      ...(declarativeConfig === undefined ? {} : { declarativeConfig }),
    });
    this.ends.push(() => node.stop());
    return node;
  }

  startLoad(node: DataPlane, mix: readonly LoadRequest[]): Load {
    const load = new Load(node.proxyUrl, mix);
    this.ends.push(() => load.stop());
    return load;
  }

  /** Whether the store holds exactly this configuration, byte for byte, and after it at most our mark in white space. */
  async isStored(table: Uint8Array): Promise<boolean> {
    const reader = await openReader(this.storage, { aws: { putSettings: {} }, google: {}, timeoutMs: stepLimitMs });
    try {
      const object = await reader.get(this.key);
      const chunks: Uint8Array[] = [];
      for await (const chunk of object.body) chunks.push(chunk);
      const stored = Buffer.concat(chunks);
      return stored.subarray(0, unsealedLength(stored)).equals(table);
    } catch (error) {
      // Not there yet; whatever else is wrong ends the step when its time is up.
      if (error instanceof ResilienceError) return false;
      throw error;
    } finally {
      reader.close();
    }
  }

  /** Ends everything that runs, the newest first, also where one of them cannot be ended. */
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
      tookMs: Math.round(this.elapsed()),
    };
  }

  private elapsed(): number {
    return monotonicMs() - this.startedAt;
  }
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
