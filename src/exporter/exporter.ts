import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { configKey, leaseKey, type GatewayVersion, type NodeEnvironment } from '../contract';
import { ResilienceError } from '../errors';
import { monotonicMs, type Log } from '../runtime';
import type { ConfigurationSource } from '../source';
import type { ObjectStore } from '../store';
import { exportStopped, exportTimedOut } from './errors';
import { Spool } from './spool';
import type { VersionExportStatus } from './status';
import { VersionExporter } from './version-exporter';

export interface ExporterOptions {
  readonly environment: NodeEnvironment;
  readonly store: ObjectStore;
  /** The source of one version's configurations; each version has its own connection. */
  readonly source: (version: GatewayVersion) => ConfigurationSource;
  readonly host: string;
  readonly program: string;
  readonly log: Log;
}

/** All versions of one node, each by itself: what happens to one never stops another. */
export class Exporter {
  private readonly versions: readonly VersionExporter[];
  private readonly confirmed = new Set<string>();
  private onConfirmed: () => void = () => undefined;

  private constructor(
    private readonly options: ExporterOptions,
    spool: boolean,
  ) {
    const { environment, store, source, host, program, log } = options;
    const { storage } = environment;
    this.versions = environment.versions.map(
      (version) =>
        new VersionExporter({
          version: version.text,
          source: source(version),
          store,
          configKey: configKey(storage, version),
          leaseKey: leaseKey(storage, version),
          ...(spool ? { spool: spoolOf(options, version) } : {}),
          holder: randomUUID(),
          host,
          program,
          exportDelayMs: environment.exportDelayMs,
          leaseMs: environment.leaseMs,
          storeTimeoutMs: environment.storeTimeoutMs,
          shutdownMs: environment.shutdownMs,
          log,
          onConfirmed: () => {
            this.confirmed.add(version.text);
            this.onConfirmed();
          },
        }),
    );
  }

  /**
   * Opens the spool and makes the exporters.
   *
   * @throws KR_SPOOL_UNWRITABLE when KONG_RESILIENCE_SPOOL_DIR is set and cannot be used; for the default folder it is a
   * warning, and the exporter works without
   */
  static async open(options: ExporterOptions): Promise<Exporter> {
    const [first] = options.environment.versions;
    try {
      await spoolOf(options, first).open();
    } catch (error) {
      if (options.environment.spool.explicit || !(error instanceof ResilienceError)) throw error;
      options.log.warn(error.toJSON(), 'works without a spool');
      return new Exporter(options, false);
    }
    return new Exporter(options, true);
  }

  get status(): readonly VersionExportStatus[] {
    return this.versions.map((exporter) => exporter.status);
  }

  /** Runs until `signal` aborts and what is in hand is finished. */
  async run(signal: AbortSignal): Promise<void> {
    // Each version waits on it several times over; Node takes more than ten listeners for a leak, and says so.
    setMaxListeners(0, signal);
    await Promise.all(this.versions.map((exporter) => exporter.run(signal)));
  }

  /**
   * Runs until each version's current configuration is stored, by this exporter or another one.
   *
   * @throws KR_EXPORT_TIMED_OUT naming the versions that are not, after `limitMs`; KR_EXPORT_STOPPED when `signal` aborts before
   */
  async once(limitMs: number, signal: AbortSignal): Promise<void> {
    const end = new AbortController();
    const started = monotonicMs();
    const done = (): boolean => this.confirmed.size === this.versions.length;
    this.onConfirmed = () => {
      if (done()) end.abort();
    };
    let stopped = false;
    const timer = setTimeout(() => end.abort(), limitMs);
    // Not AbortSignal.any: on Node 20 the signal that it makes can be collected while it is waited for.
    const stop = (): void => {
      stopped = !end.signal.aborted;
      end.abort();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    try {
      await this.run(end.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
    if (!done()) {
      const missing = this.options.environment.versions
        .map((version) => version.text)
        .filter((text) => !this.confirmed.has(text));
      if (stopped) throw exportStopped(missing, signal.reason);
      throw exportTimedOut(missing, Math.round((monotonicMs() - started) / 1000));
    }
  }
}

function spoolOf({ environment, store, log }: ExporterOptions, version: GatewayVersion): Spool {
  return new Spool({
    dir: environment.spool.dir,
    name: version.text,
    target: `${store.location}/${configKey(environment.storage, version)}`,
    log,
  });
}
