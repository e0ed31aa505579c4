import { ResilienceError } from '../errors';
import { Backoff, logEvent, Outage, systemClock, type Clock, type Log } from '../runtime';
import {
  canonicalHashes,
  isEnterpriseTable,
  parseSnapshotMetadata,
  RunningDigests,
  sealTable,
  snapshotMetadata,
  type Configuration,
} from '../snapshot';
import type { ConfigurationSource, SourceState } from '../source';
import { storeAbsent, storeConflict, storeCorrupt } from '../store';
import type { ObjectInfo, ObjectStore, ObjectVersion } from '../store';
import { leaseLost, putTooSlow } from './errors';
import { Lease } from './lease';
import type { LeaseDocument } from './lease-document';
import type { Basis, Spool } from './spool';
import { newStatus, type VersionExportStatus } from './status';

export interface VersionExporterOptions {
  /** The gateway version whose configuration this exports. */
  readonly version: string;
  readonly source: ConfigurationSource;
  readonly store: ObjectStore;
  readonly configKey: string;
  readonly leaseKey: string;
  /** Absent: nothing outlives this process but what is exported. */
  readonly spool?: Pick<Spool, 'load' | 'save' | 'clear' | 'settled'>;
  /** This process: a random UUID. */
  readonly holder: string;
  readonly host: string;
  /** Name and version of this program, for the metadata. */
  readonly program: string;
  readonly exportDelayMs: number;
  readonly leaseMs: number;
  readonly storeTimeoutMs: number;
  readonly shutdownMs: number;
  readonly log: Log;
  /** The system's by default. */
  readonly clock?: Clock;
  /** After each confirmed export and each confirmation that what is stored is current. */
  readonly onConfirmed?: () => void;
}

/** What is known to be stored: `unknown` until read, and after a put whose answer never came. */
type Stored =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'present';
      readonly version: ObjectVersion;
      readonly configHash: string | undefined;
      readonly canonicalHash: string | undefined;
      readonly term: number;
      readonly counter: number;
    };

/** A received configuration on its way into the store. */
interface Pending {
  readonly configuration: Configuration;
  /** What was stored when it was received, as far as known. */
  readonly basis: Basis;
  /** Local monotonic clock. */
  readonly receivedAtMs: number;
  /**
   * Received before another one's last sign of leading, so that it may have stored or confirmed a newer one: it may only
   * replace what it was based on, and not before this moment, which gives the control plane time to send its current one instead.
   */
  stale?: { readonly notBefore: number };
  spooled: boolean;
  /** Costs a pass over the whole table: known once it was needed. */
  canonicalHash?: string;
}

const largestBackoffMs = 30_000;
/** How long a new leader waits for its control plane to send the current configuration before it falls back on an earlier one. */
const refreshMs = 10_000;
/** Pause after each step, so that a control plane that pushes without end does not make the store suffer for it. */
const breathMs = 25;
/** Confirmations are written down at most this often. */
const confirmEveryMs = 1_000;
/** And told at `info` so; less than the 15 minutes after which a connection is made anew by default, so that each of these is told. */
const tellConfirmedEveryMs = 14 * 60_000;
/** What is stored sooner is never spooled. */
const spoolAfterMs = 500;

/**
 * Exports one version's configurations: the first at once, then at most one a delay, the latest wins.
 *
 * One loop does everything that writes, one step after the other; the source only hands over what it received
 * and wakes the loop. Rules (issue of the agent, "Exporting"): newer is what the holder of the newest lease term
 * received later; equal is the same canonical hash and the same sent hash; equal is not written again, but for
 * the one put that makes a predecessor's late put fail.
 */
export class VersionExporter {
  readonly status: VersionExportStatus;
  private readonly lease: Lease;
  private readonly backoff: Backoff;
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly sourceOutage: Outage;
  private readonly exportOutage: Outage;
  private pending: Pending | undefined;
  private stored: Stored = { kind: 'unknown' };
  private mustSeal = false;
  private counter = 0;
  private lastExportAt = Number.NEGATIVE_INFINITY;
  /** Local monotonic clock: the lease is another one's, and not asked for before. */
  private followUntil = Number.NEGATIVE_INFINITY;
  private notLiveSince = Number.NEGATIVE_INFINITY;
  /** When the stored configuration was last received, by the store's clock; written down with the next renewal. */
  private confirmedAt: string | null = null;
  private toldConfirmedAt = Number.NEGATIVE_INFINITY;
  private wake = new AbortController();

  constructor(private readonly options: VersionExporterOptions) {
    const { store, leaseKey, holder, host, leaseMs, log, version } = options;
    this.log = log.child({ version });
    this.clock = options.clock ?? systemClock;
    this.sourceOutage = new Outage({
      log: this.log,
      clock: this.clock,
      event: 'source_failed',
      failing: 'the source gives no configuration',
      over: 'the source gives configurations again',
    });
    this.exportOutage = new Outage({
      log: this.log,
      clock: this.clock,
      event: 'export_failed',
      failing: 'the export did not succeed',
      over: 'the export succeeds again',
    });
    this.status = newStatus(version);
    this.lease = new Lease({
      store,
      key: leaseKey,
      holder,
      host,
      leaseMs,
      timeoutMs: Math.min(leaseMs, options.storeTimeoutMs),
      clock: this.clock,
    });
    this.backoff = new Backoff({
      initialMs: Math.min(500, leaseMs / 4),
      maxMs: Math.min(largestBackoffMs, Math.max(1000, leaseMs / 2)),
    });
  }

  /**
   * Runs until `signal` aborts, then finishes the export in hand within the shutdown limit and gives the lease back.
   * Failures of source and store are told, kept in `status` and tried again; never rejects because of them.
   */
  async run(signal: AbortSignal): Promise<void> {
    const spooled = await this.options.spool?.load();
    if (spooled !== undefined) {
      this.log.info({}, 'a configuration from before the restart waits in the spool');
      this.pending = {
        configuration: spooled.configuration,
        basis: spooled.basis,
        receivedAtMs: this.clock.monotonicMs(),
        stale: { notBefore: this.clock.monotonicMs() + refreshMs },
        spooled: true,
      };
    }
    const hardStop = new AbortController();
    const stopped = new AbortController();
    signal.addEventListener(
      'abort',
      () => {
        this.wake.abort();
        void this.clock
          .pause(this.options.shutdownMs, stopped.signal)
          .then(() => hardStop.abort(new Error('the shutdown limit has passed')));
      },
      { once: true },
    );

    const listening = this.options.source.run(
      {
        onConfiguration: (configuration) => this.received(configuration),
        onProblem: (error) => this.sourceProblem(error),
        onState: (state) => this.sourceState(state),
      },
      signal,
    );
    while (!signal.aborted) {
      const waitMs = await this.step(hardStop.signal, false);
      await this.clock.pause(breathMs, signal);
      await this.clock.pause(waitMs - breathMs, this.wake.signal);
      if (!signal.aborted) this.wake = new AbortController();
    }
    await listening;
    await this.finish(hardStop.signal);
    stopped.abort();
  }

  private async finish(hardStop: AbortSignal): Promise<void> {
    while (this.pending !== undefined && this.lease.held && !hardStop.aborted) {
      const waitMs = await this.step(hardStop, true);
      if (this.pending !== undefined) await this.clock.pause(Math.min(waitMs, 1000), hardStop);
    }
    if (this.pending !== undefined && this.status.role !== 'follower') {
      this.log.warn({}, 'stopped with a configuration that is not exported; it stays in the spool');
    }
    try {
      await this.lease.release(hardStop);
    } catch (error) {
      this.log.warn(described(error), 'the lease could not be given back; it ends by itself');
    }
    await this.options.spool?.settled();
  }

  private received(configuration: Configuration): void {
    this.status.receivedTotal++;
    this.status.sourceProblem = null;
    this.sourceOutage.succeeded();
    this.pending = {
      configuration,
      basis: {
        version: this.stored.kind === 'present' ? this.stored.version : this.stored.kind === 'absent' ? 'absent' : null,
        term: this.lease.term,
        counter: this.lease.held ? this.counter : 0,
        confirmedAt: this.confirmedAt,
      },
      receivedAtMs: this.clock.monotonicMs(),
      spooled: false,
    };
    this.wake.abort();
  }

  private sourceProblem(error: ResilienceError): void {
    this.status.sourceProblemsTotal++;
    this.status.sourceProblem = error.toJSON();
    this.sourceOutage.failed(error);
    // Nothing better is coming soon: an earlier configuration need not wait for it.
    if (this.pending?.stale !== undefined) this.pending.stale = { notBefore: 0 };
    this.wake.abort();
  }

  private sourceState(state: SourceState): void {
    if (this.status.source === 'live' && state !== 'live') this.notLiveSince = this.clock.monotonicMs();
    this.status.source = state;
    this.wake.abort();
  }

  /** Does what is due. @returns milliseconds until something is due again */
  private async step(signal: AbortSignal, stopping: boolean): Promise<number> {
    try {
      const waitMs = await this.advance(signal, stopping);
      this.backoff.reset();
      this.status.exportProblem = null;
      // One that neither leads nor follows did not ask the store.
      if (this.lease.held || this.status.role === 'follower') this.exportOutage.succeeded();
      return waitMs;
    } catch (error) {
      this.spoolPending();
      if (signal.aborted) return 0;
      if (leaseLost.is(error)) {
        this.lease.abandon();
        this.follow(undefined);
        this.log.warn(error.toJSON(), 'lost the lease');
        return 0;
      }
      if (!(error instanceof ResilienceError)) throw error;
      const waitMs = this.backoff.next();
      this.status.exportProblem = error.toJSON();
      this.status.exportFailuresTotal++;
      this.exportOutage.failed(error, { retryInMs: Math.round(waitMs) });
      return waitMs;
    } finally {
      if (this.lease.held) this.status.role = this.lease.remainingMs() > 0 ? 'leader' : 'idle';
      this.status.pending = this.pending !== undefined && this.status.role !== 'follower';
      this.status.term = this.lease.term;
    }
  }

  private async advance(signal: AbortSignal, stopping: boolean): Promise<number> {
    // A leader that hears nothing from its control plane makes way for one that does.
    const deafForMs = this.status.source === 'live' ? 0 : this.clock.monotonicMs() - this.notLiveSince;
    if (this.pending === undefined && deafForMs > this.options.leaseMs) {
      if (this.lease.held) {
        await this.lease.release(signal);
        this.log.info({}, 'gave the lease back: no connection to the control plane');
      }
      this.status.role = 'idle';
      return Number.POSITIVE_INFINITY;
    }

    const followMs = this.followUntil - this.clock.monotonicMs();
    if (!this.lease.held && followMs > 0) {
      this.spoolPending();
      return followMs;
    }
    if (!this.lease.held) {
      const waitMs = await this.acquire(signal);
      if (waitMs > 0) {
        this.spoolPending();
        return waitMs;
      }
    }

    if (this.stored.kind === 'unknown') await this.readStored(undefined, signal);
    const { pending } = this;
    if (pending !== undefined) await this.settleEqual(pending, signal);
    // One received meanwhile has yet to be compared; it has woken the next step.
    if (pending !== undefined && this.pending === pending) {
      if (this.exportDueInMs(pending, stopping) <= 0) await this.export(pending, signal);
      else this.spoolPending();
    }
    if (this.renewalDueInMs() <= 0) await this.renew(signal);

    const untilExportMs = this.pending === undefined ? Infinity : this.exportDueInMs(this.pending, stopping);
    return Math.max(0, Math.min(untilExportMs, this.renewalDueInMs()));
  }

  private exportDueInMs(pending: Pending, stopping: boolean): number {
    const now = this.clock.monotonicMs();
    if (stopping) return 0;
    return Math.max(this.lastExportAt + this.options.exportDelayMs - now, (pending.stale?.notBefore ?? 0) - now);
  }

  private renewalDueInMs(): number {
    const unsaid = this.lease.document?.confirmed_at !== this.confirmedAt;
    const untilConfirmMs = unsaid ? confirmEveryMs - this.lease.sinceRenewalMs() : Infinity;
    return Math.min(this.lease.renewalDueInMs(), untilConfirmMs);
  }

  /** @returns 0 when the lease is held, else milliseconds until it is worth asking again */
  private async acquire(signal: AbortSignal): Promise<number> {
    await this.readStored(undefined, signal);
    const storedTerm = this.stored.kind === 'present' ? this.stored.term : 0;
    const result = await this.lease.tryAcquire(storedTerm, signal);
    if (!result.acquired) {
      if (result.document === undefined) this.status.role = 'idle';
      else this.follow(result.document.host);
      this.confirmedAt = result.document?.confirmed_at ?? this.confirmedAt;
      this.status.confirmedAt = this.confirmedAt;
      if (this.pending !== undefined && this.isStored(this.pending, result.document?.configuration)) {
        this.options.onConfirmed?.();
      }
      // A lease that is given back early is noticed after a third of its time.
      const waitMs = Math.min(result.waitMs, this.options.leaseMs / 3);
      this.followUntil = this.clock.monotonicMs() + waitMs;
      return waitMs;
    }
    this.status.role = 'leader';
    this.status.leader = null;
    this.mustSeal = result.mustSeal;
    this.counter = 0;
    this.confirmedAt = result.confirmedAt;
    this.status.confirmedAt = result.confirmedAt;
    this.lastExportAt = Number.NEGATIVE_INFINITY;
    this.log.info({ term: this.lease.term }, 'leads the export of this version');
    // The predecessor may have written between the first look and the lease.
    await this.readStored(result.configuration ?? undefined, signal);
    const { pending } = this;
    if (pending === undefined || this.lease.othersLedSince(pending.receivedAtMs)) {
      if (pending !== undefined) pending.stale ??= { notBefore: this.clock.monotonicMs() + refreshMs };
      this.options.source.refresh();
    }
    return 0;
  }

  /** Whether another one stored the equal of `pending`: by the sent hash, or by what its lease says where a source sends none. */
  private isStored(pending: Pending, known: LeaseDocument['configuration'] | undefined): boolean {
    const { stored } = this;
    const sent = pending.configuration.configHash;
    if (stored.kind !== 'present' || stored.configHash !== sent) return false;
    if (sent !== undefined) return true;
    return known?.version === stored.version && known.canonical_hash === canonicalHashOf(pending);
  }

  private follow(leader: string | undefined): void {
    if (this.status.role !== 'follower') this.log.info({ leader }, 'follows another exporter of this version');
    this.status.role = 'follower';
    this.status.leader = leader ?? this.status.leader;
  }

  private async readStored(
    known: { version: ObjectVersion; canonical_hash: string } | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const former = this.stored;
    let info: ObjectInfo;
    try {
      info = await this.options.store.head(this.options.configKey, { signal });
    } catch (error) {
      if (!storeAbsent.is(error)) throw error;
      if (former.kind === 'present') this.log.warn({ key: this.options.configKey }, 'the stored configuration is gone');
      this.stored = { kind: 'absent' };
      this.status.stored = null;
      return;
    }
    const metadata = parseSnapshotMetadata(info.metadata);
    const canonicalHash = known?.version === info.version ? known.canonical_hash : undefined;
    if (former.kind === 'present' && former.version === info.version) {
      this.stored = { ...former, canonicalHash: former.canonicalHash ?? canonicalHash };
      return;
    }
    this.stored = {
      kind: 'present',
      version: info.version,
      configHash: metadata?.configHash,
      canonicalHash,
      term: metadata?.term ?? 0,
      counter: metadata?.counter ?? 0,
    };
    this.status.stored = {
      version: info.version,
      bytes: info.size,
      sha256: metadata?.sha256 ?? '',
      configHash: metadata?.configHash ?? null,
    };
  }

  /** Drops what is pending when the store holds its equal; then that is confirmed as current. */
  private async settleEqual(pending: Pending, signal: AbortSignal): Promise<void> {
    const sent = pending.configuration.configHash;
    if (pending.stale === undefined) {
      if (this.mustSeal) return;
      if (this.stored.kind === 'present' && this.stored.configHash !== sent) return;
    }
    // Looked at anew, so that a deleted or replaced object is noticed by the next confirmation at the latest.
    await this.readStored(undefined, signal);
    const stored = this.stored;
    if (pending.stale !== undefined) {
      if (this.isOlder(stored, pending.basis)) return;
      // What another one stored meanwhile is, as a rule, the same: then there is nothing to tell.
      const same = stored.kind === 'present' && sent !== undefined && stored.configHash === sent;
      this.log[same ? 'debug' : 'warn'](
        {},
        'an earlier configuration is not exported: what it was based on was replaced or confirmed since',
      );
      this.done(pending);
      return;
    }
    // A foreign exporter's object has no sent hash that could be compared.
    if (stored.kind !== 'present' || stored.term === 0 || stored.configHash !== sent) return;
    const canonical = canonicalHashOf(pending);
    const storedCanonical = stored.canonicalHash ?? (await this.canonicalOfStored(stored.version, signal));
    if (storedCanonical !== undefined && this.stored === stored) {
      this.stored = { ...stored, canonicalHash: storedCanonical };
    }
    if (storedCanonical !== canonical) return;
    this.confirmed(pending);
    this.status.unchangedTotal++;
    this.done(pending);
  }

  /** Whether what is stored was received before the configuration of this basis, and not confirmed after it. */
  private isOlder(stored: Stored, basis: Basis): boolean {
    const { confirmedAt } = this;
    // A rollback to what is stored is confirmed, not written: then the version says nothing.
    if (
      confirmedAt !== null &&
      (basis.confirmedAt === null || Date.parse(confirmedAt) > Date.parse(basis.confirmedAt))
    ) {
      return false;
    }
    if (stored.kind !== 'present') return basis.version === 'absent';
    return (
      stored.version === basis.version ||
      (stored.term > 0 && stored.term === basis.term && stored.counter <= basis.counter)
    );
  }

  /** The canonical hash of what is stored, or undefined when that is another version by now, or no configuration. */
  private async canonicalOfStored(version: ObjectVersion, signal: AbortSignal): Promise<string | undefined> {
    const object = await this.options.store.get(this.options.configKey, { signal });
    if (object.version !== version) return undefined;
    const parts: Uint8Array[] = [];
    try {
      for await (const part of object.body) parts.push(part);
      return canonicalHashes(Buffer.concat(parts)).configHash;
    } catch (error) {
      if (!(error instanceof ResilienceError) || (error.code.startsWith('KR_STORE_') && !storeCorrupt.is(error))) {
        throw error;
      }
      this.log.warn(error.toJSON(), 'the stored configuration is damaged and will be replaced');
      return undefined;
    }
  }

  private async export(pending: Pending, signal: AbortSignal): Promise<void> {
    // Writing it to the local disk as well would slow the put down; what takes longer is spooled meanwhile.
    const written = new AbortController();
    void this.clock.pause(spoolAfterMs, written.signal).then(() => {
      if (!written.signal.aborted) this.spoolPending();
    });
    try {
      await this.write(pending, signal);
    } finally {
      written.abort();
    }
  }

  private async write(pending: Pending, signal: AbortSignal): Promise<void> {
    const { configuration } = pending;
    const { store, configKey, storeTimeoutMs } = this.options;
    this.counter++;
    const mark = { term: this.lease.term, counter: this.counter };
    const renewed = this.renew(signal, this.counter);
    // While the renewal is on its way.
    const body = sealTable(configuration.table, mark);
    const { table, digests = RunningDigests.of(table) } = configuration;
    const { sha256, md5 } = digests.with(body.subarray(table.length));
    await renewed;
    const stored = this.stored;
    const condition = stored.kind === 'present' ? { version: stored.version } : ('absent' as const);
    // Short of the lease's end, so that a put still unanswered is given up while nobody else may write.
    const limitMs = Math.min(storeTimeoutMs, this.lease.remainingMs() * 0.9);
    const startedAt = this.clock.monotonicMs();
    try {
      const result = await store.put(configKey, body, {
        condition,
        contentType: 'application/json',
        sha256,
        metadata: snapshotMetadata({
          sha256,
          md5,
          ...(configuration.info === undefined ? {} : { enterprise: isEnterpriseTable(configuration.info) }),
          ...(configuration.configHash === undefined ? {} : { configHash: configuration.configHash }),
          ...(configuration.hashes === undefined ? {} : { hashes: configuration.hashes }),
          receivedAt: configuration.receivedAt,
          by: `${this.options.host}/${this.options.program}`,
          source: this.options.source.name,
          ...mark,
        }),
        signal,
        timeoutMs: Math.max(1, limitMs),
      });
      this.exported(pending, result.version, body.length, sha256, startedAt);
    } catch (error) {
      if (storeConflict.is(error)) {
        await this.afterConflict(pending, body.length, sha256, startedAt, signal);
        // The store refused for a moment (409), though nobody wrote: not again at once.
        const now = this.stored.kind === 'present' ? this.stored.version : 'absent';
        if (this.pending === pending && now === (stored.kind === 'present' ? stored.version : 'absent')) throw error;
      } else {
        // The put may have been done, or may still be: look before the next one, and write once more whatever comes.
        this.mustSeal = true;
        this.stored = { kind: 'unknown' };
        if (this.clock.monotonicMs() - startedAt >= limitMs && limitMs < storeTimeoutMs) {
          throw putTooSlow(configKey, body.length, limitMs, error);
        }
        throw error;
      }
    }
    this.canonicalise(configuration);
    await this.renew(signal);
  }

  /** Somebody else wrote, or deleted, what we meant to replace: a newer term ends our lead, anything else is replaced next. */
  private async afterConflict(
    pending: Pending,
    bytes: number,
    sha256: string,
    startedAt: number,
    signal: AbortSignal,
  ): Promise<void> {
    await this.readStored(undefined, signal);
    const stored = this.stored;
    if (stored.kind !== 'present') return;
    if (stored.term > this.lease.term) {
      throw leaseLost(this.options.configKey, undefined);
    }
    if (this.status.stored?.sha256 === sha256) {
      // The answer was lost and the client asked again: it is our own.
      this.exported(pending, stored.version, bytes, sha256, startedAt);
      return;
    }
    if (stored.term === 0) {
      this.log.warn(
        { key: this.options.configKey },
        'another exporter, not this program, writes to the same key; let only one of them export this version',
      );
    }
  }

  private exported(pending: Pending, version: ObjectVersion, bytes: number, sha256: string, startedAt: number): void {
    const { configuration } = pending;
    this.stored = {
      kind: 'present',
      version,
      configHash: configuration.configHash,
      canonicalHash: undefined,
      term: this.lease.term,
      counter: this.counter,
    };
    this.mustSeal = false;
    this.lastExportAt = this.clock.monotonicMs();
    this.status.exportsTotal++;
    this.status.exportedAt = this.lease.inStoreTime(this.clock.date());
    this.status.stored = { version, bytes, sha256, configHash: configuration.configHash ?? null };
    const ms = Math.round(this.clock.monotonicMs() - startedAt);
    logEvent(this.log, 'exported', { bytes, ms, configHash: configuration.configHash }, 'exported');
    // One from the spool was not received in this connection: it is newer than what was stored, and not confirmed.
    if (pending.stale === undefined) this.confirmed(pending);
    this.done(pending);
  }

  /** Costs a pass over the whole table: after the put, so that the put does not wait for it. */
  private canonicalise(configuration: Configuration): void {
    if (this.stored.kind !== 'present' || this.stored.configHash !== configuration.configHash) return;
    if (this.stored.term !== this.lease.term || this.stored.counter !== this.counter) return;
    this.stored = { ...this.stored, canonicalHash: canonicalHashes(configuration.table).configHash };
  }

  private confirmed(pending: Pending): void {
    this.confirmedAt = this.lease.inStoreTime(pending.configuration.receivedAt);
    this.status.confirmedAt = this.confirmedAt;
    const now = this.clock.monotonicMs();
    const due = now - this.toldConfirmedAt >= tellConfirmedEveryMs;
    if (due) this.toldConfirmedAt = now;
    logEvent(
      this.log,
      'confirmed',
      { confirmedAt: this.confirmedAt, configHash: pending.configuration.configHash },
      'the stored configuration is the current one',
      due ? 'info' : 'debug',
    );
    this.options.onConfirmed?.();
  }

  private done(pending: Pending): void {
    // One received meanwhile has taken its place, in memory and soon in the spool.
    if (this.pending !== pending) return;
    this.pending = undefined;
    this.options.spool?.clear();
  }

  private spoolPending(): void {
    const pending = this.pending;
    if (pending === undefined || pending.spooled) return;
    pending.spooled = true;
    this.options.spool?.save(pending.configuration, pending.basis);
  }

  /** @param writing counter of the put that is about to be sent; else of one that may still be on its way, as long as that is not sealed */
  private async renew(signal: AbortSignal, writing = this.mustSeal ? this.counter : null): Promise<void> {
    const { stored } = this;
    await this.lease.renew(
      {
        writing,
        confirmed_at: this.confirmedAt,
        ...(stored.kind === 'present' && stored.canonicalHash !== undefined
          ? {
              configuration: {
                version: stored.version,
                config_hash: stored.configHash ?? null,
                canonical_hash: stored.canonicalHash,
              },
            }
          : {}),
      },
      signal,
    );
  }
}

function canonicalHashOf(pending: Pending): string {
  pending.canonicalHash ??= canonicalHashes(pending.configuration.table).configHash;
  return pending.canonicalHash;
}

function described(error: unknown): object {
  return error instanceof ResilienceError ? error.toJSON() : { reason: String(error) };
}
