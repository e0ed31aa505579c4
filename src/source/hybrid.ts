import type { ClusterSettings, GatewayVersion } from '../contract';
import { ResilienceError } from '../errors';
import { authority, EMPTY_HASH, isHash } from '../protocol';
import { pause, type Log } from '../runtime';
import { decodeReconfigure, ReconfigureDecoder } from '../snapshot';
import { type Attendance, attend } from './attend';
import { Latest } from './latest';
import { openOutlet } from './open-outlet';
import type { ConfigurationSource, SourceListener, SourceState } from './source';
import { between, HYBRID_TIMING, type HybridTiming } from './timing';

export interface HybridSourceOptions {
  readonly cluster: ClusterSettings;
  /** The version to be served as; the control plane adapts its configuration to it. */
  readonly version: GatewayVersion;
  /** An own UUID, stable over restarts, never that of the gateway beside it. */
  readonly nodeId: string;
  readonly hostname: string;
  /** KONG_PLUGINS: names beside those that the version bundles, which are always announced. */
  readonly plugins: readonly string[];
  /** Bound of an inflated message, in bytes. */
  readonly maxConfigBytes: number;
  /** Connected for so long without a configuration is told as a problem. */
  readonly silenceMs: number;
  /** A working connection is made anew this often (±10 %), to be sent the current configuration again. */
  readonly reconnectMs: number;
  readonly log: Log;
  /** Kong's own times by default. */
  readonly timing?: Partial<HybridTiming>;
}

/**
 * A control plane as the source of one version's configuration: joins it over the hybrid protocol as a data plane that
 * proxies nothing. Several versions are several sources.
 *
 * Every configuration that arrives is handed on, equal or not: each one confirms. Every sign that none will arrive is a
 * problem with its own code (errors.ts), after which it is tried again within 5–10 s.
 *
 * @throws TypeError where the settings hold no certificate
 */
export function hybridSource(options: HybridSourceOptions): ConfigurationSource {
  if (options.cluster.certificate === undefined || options.cluster.key === undefined) {
    throw new TypeError('a hybrid source needs the cluster certificate and its key');
  }
  const { controlPlane, controlPlaneIsDefault } = options.cluster;
  const name = `control plane ${authority(controlPlane)}`;
  // Kong's default is seldom meant beside a backup: what fails there has to say where the address comes from.
  const place = controlPlaneIsDefault === true ? `${name} (the default: KONG_CLUSTER_CONTROL_PLANE is not set)` : name;
  const runs = new Set<HybridRun>();
  return {
    name,
    run: async (listener, signal) => {
      const run = new HybridRun(options, place, listener, signal);
      runs.add(run);
      try {
        await run.run();
      } finally {
        runs.delete(run);
      }
    },
    refresh: () => {
      for (const run of runs) run.refresh();
    },
  };
}

interface Frame {
  readonly frame: Buffer;
  /** What has followed it while it arrived. */
  readonly begun: ReconfigureDecoder | undefined;
  readonly receivedAt: Date;
}

/** What is shorter arrives at once, as a rule. */
const LARGE_FRAME_BYTES = 256 * 1024;

class HybridRun {
  readonly #timing: HybridTiming;
  readonly #log: Log;
  readonly #frames: Latest<Frame>;
  #attendance: Attendance | undefined;
  #hash: string = EMPTY_HASH;
  #state: SourceState | undefined;
  #skipPause = new AbortController();

  constructor(
    private readonly options: HybridSourceOptions,
    private readonly place: string,
    private readonly listener: SourceListener,
    private readonly signal: AbortSignal,
  ) {
    this.#timing = { ...HYBRID_TIMING, ...options.timing };
    this.#log = options.log.child({ version: options.version.text });
    this.#frames = new Latest((frame) => this.#decode(frame));
  }

  async run(): Promise<void> {
    let renewing = false;
    while (!this.signal.aborted) {
      // A planned renewal is not an outage: the state stays as it was until the renewal fails.
      if (!renewing) this.#tell('connecting');
      const outcome = await this.#connection(renewing);
      renewing = outcome === 'renew';
      if (outcome instanceof ResilienceError) {
        this.#tell('connecting');
        this.#problem(outcome);
        this.#skipPause = new AbortController();
        await pause(between(this.#timing.backOffMs), this.signal, this.#skipPause.signal);
      }
    }
  }

  /** A connection is made anew, a pause before the next is cut short, and one that is being made will do as it is. */
  refresh(): void {
    this.#attendance?.renew();
    this.#skipPause.abort();
  }

  async #connection(renewing: boolean): Promise<ResilienceError | 'renew' | 'stopped'> {
    const { cluster, version, nodeId, hostname, plugins, silenceMs, reconnectMs } = this.options;
    let outlet;
    try {
      outlet = await openOutlet(
        {
          place: this.place,
          cluster,
          node: { nodeId, hostname, version: version.text },
          connectMs: this.#timing.connectMs,
        },
        this.signal,
      );
    } catch (error) {
      if (this.signal.aborted) return 'stopped';
      if (error instanceof ResilienceError) return error;
      throw error;
    }
    if (!renewing) this.#tell('waiting');
    this.#log.debug({}, `${this.place}: connected`);
    this.#attendance = attend(
      outlet,
      {
        place: this.place,
        version: version.text,
        plugins,
        labels: cluster.labels,
        maxPayloadBytes: cluster.maxPayloadBytes,
        silenceMs,
        reconnectMs: reconnectMs * between([0.9, 1.1]),
        timing: this.#timing,
        log: this.#log,
      },
      {
        onFrameBegun: (length) => {
          // One inflated text at a time.
          if (length < LARGE_FRAME_BYTES || !this.#frames.idle) return undefined;
          return new ReconfigureDecoder(length, this.options.maxConfigBytes);
        },
        onFrame: (frame, begun) => {
          // One that came meanwhile over an earlier connection is worked on first, and a newer one may take this one's place.
          if (!this.#frames.idle) begun?.close();
          this.#frames.push({ frame, begun: this.#frames.idle ? begun : undefined, receivedAt: new Date() });
        },
        onSilent: (problem) => {
          this.#tell('waiting');
          this.#problem(problem);
        },
        hash: () => this.#hash,
      },
      this.signal,
    );
    const outcome = await this.#attendance.ended;
    this.#attendance = undefined;
    return outcome;
  }

  async #decode({ frame, begun, receivedAt }: Frame): Promise<void> {
    let configuration;
    try {
      // Of what cannot be read the whole frame is the judge.
      configuration =
        (await begun?.decode(frame, receivedAt).catch(() => undefined)) ??
        (await decodeReconfigure(frame, { maxConfigBytes: this.options.maxConfigBytes, receivedAt }));
    } catch (error) {
      if (!(error instanceof ResilienceError)) throw error;
      this.#problem(error);
      return;
    }
    if (this.signal.aborted) return;
    // The control plane closes on a ping of any other length, so only a hash that can be reported is.
    this.#hash = isHash(configuration.configHash) ? configuration.configHash : EMPTY_HASH;
    this.#attendance?.ping();
    if (this.#attendance !== undefined) this.#tell('live');
    this.listener.onConfiguration(configuration);
  }

  #tell(state: SourceState): void {
    if (state === this.#state || this.signal.aborted) return;
    this.#state = state;
    this.listener.onState(state);
  }

  #problem(problem: ResilienceError): void {
    if (!this.signal.aborted) this.listener.onProblem(problem);
  }
}
