import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterSettings, GatewayVersion } from '../contract';
import { causeOf } from '../errors';
import { EMPTY_HASH } from '../protocol';
import { type Log, silentLog } from '../runtime';
import { canonicalHashes, checkTable, type Configuration } from '../snapshot';
import { hybridSource } from '../source/hybrid';
import { Cache, type Loaded } from './cache';
import { cannotStart } from './errors';
import { answer } from './forward';
import { HttpListener } from './http-listener';
import { Serving } from './serving';

export interface DataPlaneOptions {
  /** Folder of the cache; made when it does not exist. Like a gateway's, it belongs to one data plane at a time. */
  readonly prefix: string;
  readonly version: GatewayVersion;
  /** A JSON file, as in KONG_DECLARATIVE_CONFIG: it overwrites the cache at this start. Default: none. */
  readonly declarativeConfig?: string;
  /** How the control plane is reached. Default: there is none. */
  readonly cluster?: ClusterSettings;
  /** Bounds of the random pause before the control plane is tried again, in milliseconds. Default: Kong's 5–10 s. */
  readonly reconnectMs?: readonly [min: number, max: number];
  readonly log?: Log;
}

const dayMs = 86_400_000;

/**
 * A simulated data plane, for the demo and for tests. It starts as a gateway does (see `start`), serves the routes that
 * it was given, and tells on a status port whether it is ready. It is no evidence about the real gateway.
 *
 * Both ports are free ones of the loopback interface.
 */
export class DataPlane {
  private serving: Serving | undefined;
  private hash = EMPTY_HASH;
  private reloadCount = 0;
  private receivedCount = 0;
  /** Configurations are applied one after the other; never rejects. */
  private applying: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();
  private readonly proxy = new HttpListener((request, response) => this.serve(request, response));
  private readonly status = new HttpListener((request, response) => this.tell(request, response));
  private connection: Promise<void> = Promise.resolve();
  private readonly cache: Cache;
  private readonly log: Log;

  private constructor(private readonly options: DataPlaneOptions) {
    this.cache = new Cache(options.prefix, options.version);
    this.log = options.log ?? silentLog;
  }

  /**
   * Starts in Kong's order: a declarative file overwrites the cache, and its hash is the MD5 of its bytes; without one,
   * the cache is served, unless it is of another minor version; else nothing is, and every request is a 404. Then the
   * control plane is tried until it answers, and what it sends replaces all of it, unless it has the same hash.
   *
   * @throws KR_DEMO_DATA_PLANE_START when the declarative file is missing or invalid
   */
  static async start(options: DataPlaneOptions): Promise<DataPlane> {
    const node = new DataPlane(options);
    await mkdir(options.prefix, { recursive: true });
    const { declarativeConfig } = options;
    if (declarativeConfig === undefined) {
      const cached = await node.cache.read();
      if (cached !== undefined) node.load(cached);
    } else {
      try {
        const file = await readDeclarative(declarativeConfig);
        node.load(file);
        await node.cache.write(file);
      } catch (error) {
        throw cannotStart(declarativeConfig, error);
      }
    }
    await node.proxy.listen();
    await node.status.listen();
    if (options.cluster !== undefined) node.connection = node.connect(options.cluster);
    return node;
  }

  /** `http://127.0.0.1:port` of the proxy. */
  get proxyUrl(): string {
    return this.proxy.url;
  }

  /** `http://127.0.0.1:port` of `/status` and `/status/ready`. */
  get statusUrl(): string {
    return this.status.url;
  }

  /** Hash of the configuration that is served; 32 zeros when there is none. */
  get configurationHash(): string {
    return this.hash;
  }

  /** How often the control plane has sent a configuration since the start, those with the same hash included. */
  get received(): number {
    return this.receivedCount;
  }

  /** How often a configuration has replaced another one since the start. */
  get reloads(): number {
    return this.reloadCount;
  }

  /** Ends the connections; the cache stays for the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.connection;
    await this.applying;
    await Promise.all([this.proxy.close(), this.status.close()]);
  }

  private async connect(cluster: ClusterSettings): Promise<void> {
    const { version, reconnectMs, log = silentLog } = this.options;
    const source = hybridSource({
      cluster,
      version,
      nodeId: randomUUID(),
      hostname: 'simulated-data-plane',
      plugins: [],
      maxConfigBytes: 268_435_456,
      silenceMs: 60_000,
      // A gateway keeps its connection.
      reconnectMs: dayMs,
      log,
      ...(reconnectMs === undefined ? {} : { timing: { backOffMs: reconnectMs } }),
    });
    await source.run(
      {
        onConfiguration: (configuration) => this.inTurn(() => this.apply(configuration)),
        onProblem: (problem) => {
          // The agent takes an empty configuration for a mistake; a gateway takes it, and wipes itself.
          if (problem.code === 'KR_CONFIG_EMPTY') this.inTurn(() => this.wipe());
          else this.log.debug(problem.toJSON(), 'the control plane does not serve this data plane');
        },
        onState: (state) => this.log.debug({ state }, 'connection to the control plane'),
      },
      this.stopping.signal,
    );
  }

  private inTurn(work: () => Promise<void>): void {
    this.applying = this.applying.then(work).catch((error: unknown) => {
      this.log.error({ reason: causeOf(error) }, 'the configuration could not be applied; the old one stays');
    });
  }

  private async apply({ table, configHash }: Configuration): Promise<void> {
    this.receivedCount += 1;
    const hash = configHash ?? canonicalHashes(table).configHash;
    if (hash === this.hash) return;
    const loaded = { hash, table };
    // As a gateway: what it serves is what it has in its cache, also when it is killed right afterwards.
    await this.cache.write(loaded);
    this.load(loaded);
    this.reloadCount += 1;
  }

  private async wipe(): Promise<void> {
    if (this.serving === undefined) return;
    await this.cache.write({ hash: EMPTY_HASH, table: new Uint8Array() });
    this.serving = undefined;
    this.hash = EMPTY_HASH;
    this.reloadCount += 1;
  }

  /** From the next request on; one that is being served is not touched. */
  private load({ hash, table }: Loaded): void {
    this.serving = new Serving(table);
    this.hash = hash;
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.serving === undefined) answer(response, 404, 'no Route matched with those values');
    else this.serving.handle(request, response);
  }

  private tell(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/status/ready') {
      if (this.serving !== undefined) answer(response, 200, 'ready');
      else answer(response, 503, 'no configuration available (empty configuration present)');
    } else if (request.url === '/status') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ configuration_hash: this.hash }));
    } else {
      answer(response, 404, 'Not found');
    }
  }
}

async function readDeclarative(path: string): Promise<Loaded> {
  // Kong parses .yml and .yaml as YAML, which this does not, and refuses every other name.
  if (!path.endsWith('.json')) throw new Error('its name must end in .json');
  const table = await readFile(path);
  checkTable(table);
  return { table, hash: createHash('md5').update(table).digest('hex') };
}
