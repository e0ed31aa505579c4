import type { Clock } from '../runtime';
import { storeAbsent, storeConflict } from '../store';
import type { ObjectStore, ObjectVersion, StoredObject } from '../store';
import { leaseLost } from './errors';
import { type AnyLeaseDocument, type LeaseDocument, parseAnyLeaseDocument, parseLeaseDocument } from './lease-document';

/** Last-Modified and Date are whole seconds, so that an age may look that much higher than it is. */
const dateGrainMs = 1_000;

/** A lease document is a few hundred bytes; what is larger is none. */
const maxDocumentBytes = 64 * 1024;

export interface LeaseOptions {
  readonly store: ObjectStore;
  readonly key: string;
  /** This process; never shared, never used twice. */
  readonly holder: string;
  readonly host: string;
  readonly leaseMs: number;
  /** Total time limit of one write of the lease, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export type Acquisition =
  | {
      readonly acquired: true;
      /** The predecessor may still have a put on its way: write once, even what is equal, so that it can only fail. */
      readonly mustSeal: boolean;
      readonly configuration: LeaseDocument['configuration'];
      readonly confirmedAt: string | null;
    }
  | { readonly acquired: false; readonly document: AnyLeaseDocument | undefined; readonly waitMs: number };

interface Held {
  readonly document: LeaseDocument;
  readonly version: ObjectVersion;
  /** Local monotonic clock, before the last renewal was sent. */
  readonly renewedAt: number;
}

/** What a holder writes down with a renewal; what is left out stays as it was. */
type LeaseChange = Partial<Pick<LeaseDocument, 'writing' | 'confirmed_at' | 'configuration'>>;

/**
 * The exporters' lease: one leader at a time, by conditional writes to one object.
 *
 * The lease makes exporters take turns; it is not what keeps an old configuration from replacing a newer one.
 * That is the condition on each put together with bytes that are never written twice (snapshot's seal), and a
 * successor's put wherever the predecessor had one on its way (`writing`). Age is the store's `Date` minus
 * `Last-Modified`: clocks of exporters do not matter.
 */
export class Lease {
  private current: Held | undefined;
  /** The store's clock minus ours, in milliseconds, as of its last answer. */
  private clockOffsetMs = 0;
  /** The latest moment, by the local monotonic clock, at which another one may have written what was seen last. */
  private othersWroteAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: LeaseOptions) {}

  get held(): boolean {
    return this.current !== undefined;
  }

  /** The term of the lease that is held; 0 when none is. */
  get term(): number {
    return this.current?.document.term ?? 0;
  }

  get document(): LeaseDocument | undefined {
    return this.current?.document;
  }

  /** Milliseconds until others may take the lease; counted from before the last renewal was sent. */
  remainingMs(): number {
    return this.current === undefined
      ? 0
      : this.current.renewedAt + this.options.leaseMs - this.options.clock.monotonicMs();
  }

  /** Milliseconds until a renewal is due: after a third of the lease, so that two may fail. */
  renewalDueInMs(): number {
    return this.remainingMs() - (this.options.leaseMs * 2) / 3;
  }

  /** Milliseconds since the last renewal was sent. */
  sinceRenewalMs(): number {
    return this.options.leaseMs - this.remainingMs();
  }

  /** Whether another exporter may have led after `moment` (local monotonic clock), as of the last look at the lease. */
  othersLedSince(moment: number): boolean {
    return this.othersWroteAt >= moment;
  }

  /** Stops holding the lease without a word to the store: somebody else's writes have shown that it is not ours. */
  abandon(): void {
    this.current = undefined;
    this.othersWroteAt = this.options.clock.monotonicMs();
  }

  /** A moment of the local clock, as the store's clock says it. */
  inStoreTime(local: Date): string {
    return new Date(local.getTime() + this.clockOffsetMs).toISOString();
  }

  /**
   * Takes the lease when nobody has it, it was given back, or it has ended.
   *
   * @param minimumTerm the highest term seen on the stored configuration: survives a lost lease object
   * @throws the store's errors
   */
  async tryAcquire(minimumTerm: number, signal: AbortSignal): Promise<Acquisition> {
    const { store, key, holder, host, leaseMs } = this.options;
    let found: { document: AnyLeaseDocument | undefined; version: ObjectVersion; ageMs: number } | undefined;
    try {
      const object = await store.get(key, { signal });
      const document = parseAnyLeaseDocument(await readText(object));
      this.heardFromStore(object.storeDate);
      found = {
        document,
        version: object.version,
        ageMs: object.storeDate.getTime() - object.lastModified.getTime(),
      };
    } catch (error) {
      if (!storeAbsent.is(error)) throw error;
    }

    const previous = found?.document;
    // Our own, where the answer to taking it was lost: nobody else can have it.
    if (found !== undefined && previous?.holder !== holder) {
      const ageMs = Math.max(0, found.ageMs - dateGrainMs);
      this.othersWroteAt = Math.max(this.othersWroteAt, this.options.clock.monotonicMs() - ageMs);
      const endsAfterMs = previous === undefined ? leaseMs : previous.lease_seconds * 1000;
      if (previous?.released !== true && ageMs < endsAfterMs) {
        return { acquired: false, document: previous, waitMs: endsAfterMs - ageMs };
      }
    }
    // What became of the predecessor's last put is told by its document alone.
    const unreadable = found !== undefined && previous?.writing === undefined;
    const lost = found === undefined && minimumTerm > 0;
    const writing = previous?.writing ?? (unreadable || lost ? 0 : null);

    const document: LeaseDocument = {
      format: 1,
      term: Math.max(previous?.term ?? 0, minimumTerm) + 1,
      holder,
      host,
      lease_seconds: leaseMs / 1000,
      renewals: 0,
      released: false,
      writing,
      confirmed_at: previous?.confirmed_at ?? null,
      configuration: previous?.configuration ?? null,
    };
    try {
      await this.write(document, found === undefined ? 'absent' : { version: found.version }, signal);
    } catch (error) {
      if (!storeConflict.is(error)) throw error;
      return { acquired: false, document: undefined, waitMs: leaseMs / 3 };
    }
    return {
      acquired: true,
      mustSeal: writing !== null,
      configuration: document.configuration,
      confirmedAt: document.confirmed_at,
    };
  }

  /**
   * Holds the lease for another `leaseMs` and writes `change` down.
   *
   * @throws KR_LEASE_LOST when another exporter has it, and then `abandon` is due; the store's errors, after which the
   * lease is still held
   */
  async renew(change: LeaseChange, signal: AbortSignal): Promise<void> {
    await this.update(change, signal);
  }

  /** Gives the lease back, by overwriting; nothing of ours is ever deleted. No longer held afterwards, whatever the store said. */
  async release(signal: AbortSignal): Promise<void> {
    if (this.current === undefined) return;
    try {
      await this.update({ released: true }, signal);
    } finally {
      this.current = undefined;
    }
  }

  private async update(change: LeaseChange & { released?: true }, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const held = this.current;
      if (held === undefined) throw leaseLost(this.options.key, undefined);
      const document = { ...held.document, ...change, renewals: held.document.renewals + 1 };
      try {
        await this.write(document, { version: held.version }, signal);
        return;
      } catch (error) {
        if (!storeConflict.is(error)) throw error;
        // A renewal whose answer was lost is a conflict with ourselves.
        if (attempt > 0) throw leaseLost(this.options.key, undefined, error);
        await this.adoptOwn(held, signal);
      }
    }
  }

  /** After a conflict: goes on from what is stored, when it is our own, written without an answer. @throws KR_LEASE_LOST */
  private async adoptOwn(held: Held, signal: AbortSignal): Promise<void> {
    let object: StoredObject;
    try {
      object = await this.options.store.get(this.options.key, { signal });
    } catch (error) {
      if (!storeAbsent.is(error)) throw error;
      throw leaseLost(this.options.key, undefined, error);
    }
    const document = parseLeaseDocument(await readText(object));
    if (document === undefined || document.holder !== this.options.holder || document.term !== held.document.term) {
      throw leaseLost(this.options.key, document?.host);
    }
    this.current = { document, version: object.version, renewedAt: held.renewedAt };
  }

  private async write(
    document: LeaseDocument,
    condition: 'absent' | { version: ObjectVersion },
    signal: AbortSignal,
  ): Promise<void> {
    const sentAt = this.options.clock.monotonicMs();
    const result = await this.options.store.put(this.options.key, Buffer.from(`${JSON.stringify(document)}\n`), {
      condition,
      contentType: 'application/json',
      metadata: {},
      signal,
      timeoutMs: this.options.timeoutMs,
    });
    this.heardFromStore(result.storeDate);
    this.current = { document, version: result.version, renewedAt: sentAt };
  }

  private heardFromStore(storeDate: Date): void {
    this.clockOffsetMs = storeDate.getTime() - this.options.clock.date().getTime();
  }
}

/** The text of a document; nothing of one that is too long. */
async function readText(object: StoredObject): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of object.body) {
    size += part.length;
    if (size > maxDocumentBytes) return '';
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
