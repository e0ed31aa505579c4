import { createHash } from 'node:crypto';
import { storeAbsent, storeConflict, storeCorrupt, storeUnreachable } from '../../src/store/errors';
import type { ObjectInfo, ObjectStore, PutOptions, PutResult, StoredObject } from '../../src/store/store';

interface Entry {
  body: Uint8Array;
  metadata: Record<string, string>;
  lastModified: number;
  version: string;
}

/** One write that the store took, in order. */
export interface Write {
  readonly key: string;
  readonly text: string;
  readonly version: string;
}

/**
 * A store in memory with S3's hard parts: an ETag is a function of the bytes, dates are whole seconds, and a put may
 * be slow, lost, or done without an answer. Its clock is its own.
 */
export class MemoryStore implements ObjectStore {
  readonly location = 's3://memory';
  readonly writes: Write[] = [];
  private readonly entries = new Map<string, Entry>();
  /** Milliseconds that the store's clock is ahead of ours. */
  clockAheadMs = 0;
  down = false;
  /** The key whose body comes damaged. */
  corrupt: string | undefined;

  /** @param clock milliseconds since 1970; a simulation has its own */
  constructor(private readonly clock: () => number = Date.now) {}

  now(): number {
    return this.clock() + this.clockAheadMs;
  }

  text(key: string): string | undefined {
    const entry = this.entries.get(key);
    return entry === undefined ? undefined : Buffer.from(entry.body).toString('utf8');
  }

  remove(key: string): void {
    this.entries.delete(key);
  }

  /** Writes as a foreign program would: no conditions, no metadata. */
  writeForeign(key: string, text: string): void {
    this.set(key, Buffer.from(text), {});
  }

  view(): MemoryClient {
    return new MemoryClient(this);
  }

  async head(key: string): Promise<ObjectInfo> {
    await Promise.resolve();
    if (this.down) throw storeUnreachable(this.location, 'reading', new Error('down'));
    const entry = this.entries.get(key);
    if (entry === undefined) throw storeAbsent(this.location, key);
    return {
      key,
      version: entry.version,
      size: entry.body.length,
      metadata: entry.metadata,
      lastModified: new Date(Math.floor(entry.lastModified / 1000) * 1000),
      storeDate: new Date(Math.floor(this.now() / 1000) * 1000),
    };
  }

  async get(key: string): Promise<StoredObject> {
    const info = await this.head(key);
    const body = this.entries.get(key)?.body ?? new Uint8Array();
    const damage = this.corrupt === key ? storeCorrupt(this.location, `${key} is damaged`) : undefined;
    return {
      ...info,
      body: (async function* () {
        if (damage !== undefined) throw damage;
        yield body;
      })(),
    };
  }

  async put(key: string, body: Uint8Array, options: PutOptions): Promise<PutResult> {
    await Promise.resolve();
    if (this.down) throw storeUnreachable(this.location, 'writing', new Error('down'));
    return this.putNow(key, body, options);
  }

  /** The moment at which a put takes effect. */
  putNow(key: string, body: Uint8Array, { condition, metadata }: PutOptions): PutResult {
    const present = this.entries.get(key)?.version;
    const holds = condition === 'absent' ? present === undefined : present === condition.version;
    if (!holds) throw storeConflict(this.location, key);
    return { version: this.set(key, body, metadata), storeDate: new Date(Math.floor(this.now() / 1000) * 1000) };
  }

  async listFolders(prefix: string): Promise<readonly string[]> {
    const names = [...this.entries.keys()]
      .filter((key) => key.startsWith(prefix) && key.slice(prefix.length).includes('/'))
      .map((key) => key.slice(prefix.length).split('/')[0] ?? '');
    return [...new Set(names)].sort();
  }

  close(): void {
    // Nothing is open.
  }

  private set(key: string, body: Uint8Array, metadata: Readonly<Record<string, string>>): string {
    const version = createHash('md5').update(body).digest('hex');
    this.entries.set(key, { body: Buffer.from(body), metadata: { ...metadata }, lastModified: this.now(), version });
    this.writes.push({ key, text: Buffer.from(body).toString('utf8'), version });
    return version;
  }
}

/** One process's way to the store, which can be held up, cut or made to lose answers. */
export class MemoryClient implements ObjectStore {
  readonly location = 's3://memory';
  /** Nothing gets through, either way. */
  cut = false;
  /** Called before a put takes effect; a promise that it returns holds the put up. */
  beforePut: (key: string) => Promise<void> | void = () => undefined;
  /** Whether the answer to a put that took effect is lost. */
  loseAnswer: (key: string) => boolean = () => false;

  constructor(private readonly store: MemoryStore) {}

  async head(key: string): Promise<ObjectInfo> {
    this.check('reading');
    return this.store.head(key);
  }

  async get(key: string): Promise<StoredObject> {
    this.check('reading');
    return this.store.get(key);
  }

  async put(key: string, body: Uint8Array, options: PutOptions): Promise<PutResult> {
    this.check('writing');
    const copy = Buffer.from(body);
    await this.beforePut(key);
    options.signal?.throwIfAborted();
    const result = await this.store.put(key, copy, options);
    if (this.loseAnswer(key)) throw storeUnreachable(this.location, 'writing', new Error('the answer was lost'));
    return result;
  }

  listFolders(prefix: string): Promise<readonly string[]> {
    return this.store.listFolders(prefix);
  }

  close(): void {
    // Nothing is open.
  }

  private check(action: string): void {
    if (this.cut) throw storeUnreachable(this.location, action, new Error('cut off'));
  }
}
