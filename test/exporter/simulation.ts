import { vi } from 'vitest';
import { type LeaseDocument, parseLeaseDocument } from '../../src/exporter/lease-document';
import type { Spool, Spooled } from '../../src/exporter/spool';
import { VersionExporter } from '../../src/exporter/version-exporter';
import { silentLog, type Clock, type Log } from '../../src/runtime';
import { parseSnapshotMetadata, unsealedLength, type Configuration } from '../../src/snapshot';
import type { ConfigurationSource, SourceListener } from '../../src/source';
import { closed } from '../../src/source/errors';
import type { CallOptions, ObjectInfo, ObjectStore, PutOptions, PutResult, StoredObject } from '../../src/store';
import { storeUnreachable } from '../../src/store/errors';
import { MemoryStore } from '../support/memory-store';
import { mulberry32 } from '../support/mulberry32';
import { configurationNamed } from '../support/scripted-source';

/** What the simulated exporters are set to, in milliseconds. */
export const settings = { leaseMs: 6_000, storeTimeoutMs: 4_000, shutdownMs: 3_000, slowMs: 3_000 };

const configKey = 'kong/3.9.1/config.json';
const leaseKey = 'kong/3.9.1/kong-resilience.json';
/** A date for people, far from today: nothing may depend on it. */
const epoch = Date.UTC(2020, 0, 1);
const hour = 3_600_000;
const contents = ['C0', 'C1', 'C2', 'C3'].map((name) => configurationNamed(name));

/**
 * This version of the program, or another one: its lease document has fields that this one does not know, or a format that
 * this one cannot read, while it reads this one's.
 */
export type ProgramVersion = 'this' | 'more fields' | 'next format';

/** One configuration as one node was sent it: `position` is its place in the control plane's history. */
interface Delivery {
  readonly position: number;
  readonly content: number;
}

/**
 * Nodes, a control plane and a store on one virtual clock. Nothing happens but in an event, and between two events all
 * that they set off has come to rest, so a seed and a list of operations make the same run each time.
 *
 * The rules of the issue are checked at each write that the store takes:
 * - the table is one that this node was sent, byte for byte;
 * - no two writes share an ETag;
 * - a term has one holder, and terms never go down;
 * - **never an older over a newer**: each delivery has the position that the control plane's history had when it arrived.
 *   The floor is the highest position that was ever stored or confirmed. Stored is: the delivery of a put that the store
 *   took. Confirmed is: the delivery that a lease document vouches for, from the moment the store takes it, which it
 *   takes from the newest term's holder alone. Neither a later write nor a later confirmation may be below the floor.
 *   (What a node believes and has not written down does not count: it may be frozen past its lease.)
 */
export class World {
  nowMs = 0;
  readonly store = new MemoryStore(() => epoch + this.nowMs);
  readonly nodes: readonly Node[];
  readonly exportDelayMs: number;
  readonly storeTimeoutMs: number;
  /** Whether packets take a millisecond each, and not up to 40 or 3,000. */
  near = false;
  /** Contents by position. */
  readonly history: number[] = [0];
  floor = -1;
  writes = 0;
  /** Calls to the store, of all nodes. */
  calls = 0;
  confirmedPosition = -1;
  private readonly events: { at: number; run: () => void }[] = [];
  private readonly versions = new Set<string>();
  private readonly holders = new Map<number, string>();
  private readonly writers = new Map<number, string>();
  /** The newest term that the lease had. */
  private leaseTerm = 0;
  private writeTerm = 0;
  private leaseConfirmedAt: string | null = null;
  private failure: Error | undefined;
  /** From 0 up to 1, the same for the same seed. */
  readonly chance: () => number;

  /** @param options `clocks`: how far ahead each node's clock is, in milliseconds; `programs`: what runs on each */
  constructor(options: {
    seed: number;
    nodes: number;
    exportDelayMs: number;
    storeTimeoutMs?: number;
    clocks?: readonly number[];
    programs?: readonly ProgramVersion[];
  }) {
    this.chance = mulberry32(options.seed);
    // The jitter of a backoff is to be the same for the same seed too.
    vi.spyOn(Math, 'random').mockImplementation(() => this.chance());
    this.exportDelayMs = options.exportDelayMs;
    this.storeTimeoutMs = options.storeTimeoutMs ?? settings.storeTimeoutMs;
    const { clocks = [0, hour, -hour], programs = [] } = options;
    this.nodes = Array.from(
      { length: options.nodes },
      (_, index) => new Node(this, index, clocks[index] ?? 0, programs[index] ?? 'this'),
    );
  }

  /** How long a packet takes: mostly little. */
  latency(): number {
    if (this.near) return 1;
    return this.chance() < 0.04 ? this.chance() * settings.slowMs : 1 + this.chance() * 40;
  }

  after(ms: number, run: () => void): void {
    this.events.push({ at: this.nowMs + Math.max(0, ms), run });
  }

  async pass(ms: number, until: () => boolean = () => false): Promise<void> {
    const end = this.nowMs + ms;
    await atRest();
    for (;;) {
      let next = 0;
      for (let index = 1; index < this.events.length; index++) {
        if ((this.events[index]?.at ?? 0) < (this.events[next]?.at ?? 0)) next = index;
      }
      const event = this.events[next];
      if (event === undefined || event.at > end || until()) break;
      this.events.splice(next, 1);
      this.nowMs = Math.max(this.nowMs, event.at);
      event.run();
      await atRest();
      if (this.failure !== undefined) throw this.failure;
    }
    if (!until()) this.nowMs = end;
  }

  /** How often the lease was taken. */
  get terms(): number {
    return this.holders.size;
  }

  get position(): number {
    return this.history.length - 1;
  }

  push(content: number): void {
    if (this.history[this.position] === content) return;
    this.history.push(content);
    for (const node of this.nodes) node.source.changed();
  }

  get storedContent(): number | undefined {
    const text = this.store.text(configKey);
    if (text === undefined) return undefined;
    const table = text.slice(0, unsealedLength(Buffer.from(text)));
    return contents.findIndex((content) => Buffer.from(content.table).toString('utf8') === table);
  }

  fail(reason: string): void {
    this.failure ??= new Error(`after ${Math.round(this.nowMs)} ms: ${reason}`);
  }

  /** Checks a write that the store has just taken. */
  took(node: Node, key: string, body: Uint8Array, metadata: Readonly<Record<string, string>>, confirmed: number): void {
    if (key === leaseKey) return this.tookLease(Buffer.from(body).toString('utf8'), confirmed);
    const write = this.store.writes.at(-1);
    const marks = parseSnapshotMetadata(metadata);
    if (write === undefined || marks === undefined) return this.fail('a write without marks');
    this.writes++;
    if (this.versions.has(write.version)) this.fail('two writes share an ETag');
    this.versions.add(write.version);
    const delivery = node.deliveries.get(marks.receivedAt.toISOString());
    if (delivery === undefined) return this.fail('a configuration that this node was never sent');
    const table = body.subarray(0, unsealedLength(body));
    if (Buffer.compare(table, contents[delivery.content]?.table ?? new Uint8Array()) !== 0) {
      this.fail('the stored table is not the one that was sent');
    }
    if (marks.term < this.writeTerm) this.fail(`term ${marks.term} wrote after term ${this.writeTerm}`);
    this.writeTerm = Math.max(this.writeTerm, marks.term);
    const writer = this.writers.get(marks.term) ?? marks.by;
    if (writer !== marks.by) this.fail(`two writers in term ${marks.term}: ${writer}, ${marks.by}`);
    this.writers.set(marks.term, writer);
    this.reach(delivery.position, `${marks.by} wrote`);
  }

  private tookLease(text: string, confirmed: number): void {
    const document = parseLeaseDocument(text);
    if (document === undefined) return this.fail('the lease does not read');
    if (document.term < this.leaseTerm) this.fail(`the lease's term went from ${this.leaseTerm} to ${document.term}`);
    this.leaseTerm = document.term;
    const holder = this.holders.get(document.term) ?? document.holder;
    if (holder !== document.holder) this.fail(`term ${document.term} has two holders`);
    this.holders.set(document.term, holder);
    if (document.confirmed_at === this.leaseConfirmedAt) return;
    this.leaseConfirmedAt = document.confirmed_at;
    if (document.confirmed_at === null) return;
    this.confirmedPosition = confirmed;
    this.reach(confirmed, `${document.holder} confirmed`);
  }

  private reach(position: number, what: string): void {
    if (position < this.floor) this.fail(`${what} position ${position} after position ${this.floor}: older over newer`);
    this.floor = Math.max(this.floor, position);
  }
}

/** One machine: its clock, its disk, its way to control plane and store, and one process at a time. */
export class Node {
  readonly deliveries = new Map<string, Delivery>();
  readonly source: Control;
  cutUntil = 0;
  deafUntil = 0;
  frozenUntil = 0;
  /** Puts to come that are held up on their way, and land late. */
  readonly held: { key: 'config' | 'lease'; ms: number }[] = [];
  /** How long reads to come take. */
  readonly heldReads: number[] = [];
  loseAnswers = 0;
  /** Of the processes that start from now on. */
  log: Log = silentLog;
  process: Process | undefined;
  /** What is on the disk; survives a crash. */
  spooled: Spooled | undefined;
  /** Whether a process is to run here: a new one starts when the one before it has ended. */
  private wanted = false;
  private processes = 0;
  private lastReceivedAt = 0;

  constructor(
    readonly world: World,
    readonly index: number,
    readonly clockAheadMs: number,
    readonly program: ProgramVersion,
  ) {
    this.source = new Control(this);
  }

  start(): void {
    this.wanted = true;
    this.process ??= new Process(this, `node${this.index}-${++this.processes}`);
  }

  /** As SIGKILL: what is on its way to the store stays on its way. */
  crash(): void {
    if (this.process !== undefined) this.process.dead = true;
    this.process = undefined;
    this.wanted = false;
  }

  /** As SIGTERM. */
  stop(): void {
    this.wanted = false;
    this.process?.end.abort();
  }

  ended(process: Process): void {
    if (this.process !== process) return;
    this.process = undefined;
    if (this.wanted) this.start();
  }

  date(): Date {
    return new Date(epoch + this.world.nowMs + this.clockAheadMs);
  }

  /** The current configuration, as it arrives here now. */
  deliver(read: (delivery: Delivery) => void): Configuration {
    const { position } = this.world;
    const content = this.world.history[position] ?? 0;
    const { table, configHash, hashes } = contents[content] ?? configurationNamed('?');
    // No two of one node arrive in the same millisecond: the moment tells which it was.
    this.lastReceivedAt = Math.max(this.date().getTime(), this.lastReceivedAt + 1);
    const receivedAt = new Date(this.lastReceivedAt);
    const delivery = { position, content };
    this.deliveries.set(receivedAt.toISOString(), delivery);
    return {
      table,
      ...(configHash === undefined ? {} : { configHash }),
      ...(hashes === undefined ? {} : { hashes }),
      get receivedAt() {
        read(delivery);
        return receivedAt;
      },
    };
  }
}

/** One run of the exporter on a node. */
export class Process {
  dead = false;
  ended = false;
  /** Position of the delivery that it last confirmed; the store has yet to be told. */
  confirmed = -1;
  readonly end = new AbortController();
  readonly exporter: VersionExporter;
  private lastRead = -1;

  constructor(
    readonly node: Node,
    readonly name: string,
  ) {
    const { world } = node;
    const clock: Clock = {
      monotonicMs: () => world.nowMs,
      date: () => node.date(),
      pause: (ms, signal) => this.pause(ms, signal),
    };
    this.exporter = new VersionExporter({
      version: '3.9.1',
      source: node.source,
      store: new Client(this),
      configKey,
      leaseKey,
      spool: spoolOf(this),
      holder: name,
      host: name,
      program: 'simulated',
      exportDelayMs: world.exportDelayMs,
      leaseMs: settings.leaseMs,
      shutdownMs: settings.shutdownMs,
      storeTimeoutMs: world.storeTimeoutMs,
      log: node.log,
      clock,
      onConfirmed: () => {
        if (this.exporter.status.role !== 'follower') this.confirmed = this.lastRead;
      },
    });
    this.exporter.run(this.end.signal).then(
      () => {
        this.ended = true;
        node.ended(this);
      },
      (error: unknown) => world.fail(`${name} rejected: ${String(error)}`),
    );
  }

  get live(): boolean {
    return !this.dead && !this.ended;
  }

  read(position: number): void {
    this.lastRead = position;
  }

  /** Something that only a running process does: later when it is frozen, never when it is dead. */
  after(ms: number, run: () => void): void {
    this.node.world.after(ms, () => {
      if (this.dead) return;
      const frozenMs = this.node.frozenUntil - this.node.world.nowMs;
      if (frozenMs > 0) this.after(frozenMs, run);
      else run();
    });
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return done();
      signal.addEventListener('abort', done);
      if (Number.isFinite(ms)) this.after(ms, done);
    });
  }
}

/** The control plane, as a node's processes see it: sends its current configuration at each connection and change. */
class Control implements ConfigurationSource {
  readonly name = 'simulated';
  private listener: { process: Process; listener: SourceListener } | undefined;
  private connected = false;

  constructor(private readonly node: Node) {}

  run(listener: SourceListener, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      // The exporter's constructor has returned by then.
      queueMicrotask(() => {
        const { process } = this.node;
        if (process === undefined) return;
        this.listener = { process, listener };
        this.connected = false;
        this.connect(process);
      });
      signal.addEventListener('abort', () => {
        this.listener = undefined;
        resolve();
      });
    });
  }

  refresh(): void {
    const current = this.listener;
    if (current === undefined || !this.connected) return;
    current.process.after(this.node.world.latency(), () => this.send());
  }

  changed(): void {
    if (this.connected) this.listener?.process.after(this.node.world.latency(), () => this.send());
  }

  /** The control plane sends what is current once more. */
  again(): void {
    this.listener?.process.after(0, () => this.send());
  }

  /** No connection to the control plane for `ms`. */
  deaf(ms: number): void {
    const { node } = this;
    node.deafUntil = node.world.nowMs + ms;
    this.break();
    node.world.after(ms, () => this.reconnect());
  }

  /** The line breaks, which is noticed at once, and told. */
  private break(): void {
    const { listener } = this;
    this.connected = false;
    listener?.process.after(0, () => {
      if (this.listener !== listener || this.connected) return;
      listener.listener.onState('connecting');
      listener.listener.onProblem(closed('control plane', 1006));
    });
  }

  private connect(process: Process): void {
    const { node } = this;
    process.after(node.world.latency() + Math.max(0, node.deafUntil - node.world.nowMs), () => {
      if (this.listener?.process !== process || this.connected) return;
      if (node.deafUntil > node.world.nowMs) return this.connect(process);
      this.connected = true;
      this.send();
    });
  }

  private reconnect(): void {
    if (this.listener !== undefined && !this.connected) this.connect(this.listener.process);
  }

  private send(): void {
    const { listener, node } = this;
    if (listener === undefined || !this.connected || node.deafUntil > node.world.nowMs) return;
    listener.listener.onState('live');
    listener.listener.onConfiguration(node.deliver(({ position }) => listener.process.read(position)));
  }
}

/** The way from one process to the store. */
class Client implements ObjectStore {
  readonly location = 's3://memory';

  constructor(private readonly process: Process) {}

  head(key: string, options: CallOptions = {}): Promise<ObjectInfo> {
    return this.call(() => this.store.head(key), options, this.process.node.heldReads.shift() ?? 0, false);
  }

  get(key: string, options: CallOptions = {}): Promise<StoredObject> {
    const get = async (): Promise<StoredObject> => {
      const object = await this.store.get(key);
      return key === leaseKey && this.process.node.program === 'next format' ? asKnown(object) : object;
    };
    return this.call(get, options, this.process.node.heldReads.shift() ?? 0, false);
  }

  put(key: string, body: Uint8Array, options: PutOptions): Promise<PutResult> {
    const { node, confirmed } = this.process;
    const copy = Buffer.from(body);
    const [next] = node.held;
    const holdMs = next !== undefined && (next.key === 'config') === (key === configKey) ? next.ms : 0;
    if (holdMs > 0) node.held.shift();
    const lose = holdMs === 0 && node.loseAnswers > 0;
    if (lose) node.loseAnswers--;
    return this.call(
      async () => {
        if (this.store.down) return this.store.put(key, copy, options);
        const result = this.store.putNow(key, key === leaseKey ? written(node.program, copy) : copy, options);
        node.world.took(node, key, copy, options.metadata, confirmed);
        return result;
      },
      options,
      holdMs,
      lose,
    );
  }

  listFolders(): Promise<readonly string[]> {
    return Promise.reject(new Error('an exporter lists nothing'));
  }

  close(): void {
    // Nothing is open.
  }

  private get store(): MemoryStore {
    return this.process.node.world.store;
  }

  private call<T>(effect: () => Promise<T>, options: CallOptions, holdMs: number, lose: boolean): Promise<T> {
    const { process } = this;
    const { node } = process;
    const { world } = node;
    const { signal, timeoutMs = settings.storeTimeoutMs } = options;
    world.calls++;
    let onAbort = (): void => undefined;
    return new Promise<T>((resolve, reject) => {
      const fail = (why: string): void => reject(storeUnreachable(this.location, 'a call', new Error(why)));
      onAbort = () => reject(abortReason(signal));
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener('abort', onAbort);
      process.after(timeoutMs, () => fail('no answer in time'));
      if (node.cutUntil > world.nowMs) {
        if (world.chance() < 0.5) process.after(1, () => fail('refused'));
        return;
      }
      world.after(world.latency() + holdMs, () => {
        effect().then(
          (value) => {
            if (!lose && node.cutUntil <= world.nowMs) process.after(world.latency(), () => resolve(value));
          },
          (error: Error) => process.after(world.latency(), () => reject(error)),
        );
      });
    }).finally(() => signal?.removeEventListener('abort', onAbort));
  }
}

/** The lease document as that version of the program writes it. */
function written(program: ProgramVersion, body: Buffer): Buffer {
  if (program === 'this') return body;
  const known = JSON.parse(body.toString('utf8')) as LeaseDocument;
  const { term, host, lease_seconds, released, confirmed_at } = known;
  const other =
    program === 'more fields'
      ? { region: 'elsewhere', ...known, since: known.term }
      : { format: 2, term, host, lease_seconds, released, confirmed_at, lease: known };
  return Buffer.from(JSON.stringify(other));
}

/** The lease document as the next format's program reads it: its own and ours. */
function asKnown(object: StoredObject): StoredObject {
  return {
    ...object,
    body: (async function* () {
      for await (const part of object.body) {
        const document = JSON.parse(Buffer.from(part).toString('utf8')) as { lease?: LeaseDocument };
        yield Buffer.from(JSON.stringify(document.lease ?? document));
      }
    })(),
  };
}

/** A disk that takes its time; what was written before a crash is there after it. */
function spoolOf(process: Process): Pick<Spool, 'load' | 'save' | 'clear' | 'settled'> {
  const { node } = process;
  return {
    load: () => {
      const { spooled } = node;
      if (spooled === undefined) return Promise.resolve(undefined);
      const { receivedAt, ...rest } = spooled.configuration;
      const delivery = node.deliveries.get(receivedAt.toISOString());
      const configuration = {
        ...rest,
        get receivedAt() {
          process.read(delivery?.position ?? -1);
          return receivedAt;
        },
      };
      return Promise.resolve({ ...spooled, configuration });
    },
    save: (configuration, basis) => {
      const { table, configHash, hashes, receivedAt } = configuration;
      const copy: Configuration = {
        table,
        ...(configHash === undefined ? {} : { configHash }),
        ...(hashes === undefined ? {} : { hashes }),
        receivedAt: new Date(receivedAt),
      };
      process.after(2, () => (node.spooled = { configuration: copy, basis }));
    },
    clear: () => process.after(2, () => (node.spooled = undefined)),
    settled: () => Promise.resolve(),
  };
}

function atRest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function abortReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('aborted');
}
