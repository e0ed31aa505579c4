import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { Cluster, exporterEnvironment } from '../../test/cli/cluster';
import type { Bucket } from '../../test/cli/stores';
import { type Environment, type LogLine, Program, temporaryFolder } from '../../test/support/program';
import { freePort } from '../../test/support/servers';
import type { ExportOutcome } from '../faults/fault';
import { History, type Held } from './history';
import { metricsOf } from './metrics';
import type { Random } from './random';
import { expectSound, isLine, metricsWithinMs } from './trial';

/** Where a kill fell, by what the exporter had told and what is stored after it. */
export const phases = [
  'start',
  'connection',
  'first look',
  'wait for the lease',
  'before the put',
  'put on its way',
  'stored, not told',
  'told, lease not renewed',
  'at rest',
] as const;
export type Phase = (typeof phases)[number];

const prefix = 'lane';
const leads = ({ message }: LogLine): boolean => message === 'leads the export of this version';

/** One prefix of a store, its control plane, and its exporter as a process, one after the other, each killed. */
export class Lane {
  readonly history: History;
  readonly killed = new Map<Phase, number>();
  /** What was found after them. */
  readonly left = new Set<Held>();
  readonly #environment: Environment;
  readonly #spool = temporaryFolder();
  #program: Program | undefined;
  /** How long an exporter takes here and now, in milliseconds: to its first line, and from a change to its export. */
  #startMs = 0;
  #exportMs = 0;
  /** What the exporters of this lane have told that they exported, and what was seen in the store: nothing older may come. */
  #floor = -1;

  private constructor(
    readonly name: string,
    private readonly bucket: Bucket,
    private readonly cluster: Cluster,
    private readonly random: Random,
    private readonly listen: string,
  ) {
    this.history = new History(name, random);
    this.#environment = {
      ...cluster.environment,
      ...bucket.environment,
      ...exporterEnvironment({ KONG_RESILIENCE_SPOOL_DIR: this.#spool }),
      KONG_RESILIENCE_STATUS_LISTEN: listen,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(prefix),
      KONG_RESILIENCE_LEASE_SECONDS: '3',
      KONG_LOG_LEVEL: 'debug',
    };
  }

  static async open(name: string, bucket: Bucket, random: Random): Promise<Lane> {
    const lane = new Lane(name, bucket, await Cluster.start(), random, `127.0.0.1:${await freePort()}`);
    lane.cluster.publish(lane.history.next());
    await lane.arrives();
    await lane.#undisturbed();
    return lane;
  }

  get kills(): number {
    return [...this.killed.values()].reduce((sum, count) => sum + count, 0);
  }

  /** A change, during which the leader is killed; then its successor, while it starts; then one that has taken over. */
  async round(): Promise<void> {
    this.cluster.publish(this.history.next());
    await this.#killWithin(this.#exportMs * this.random.next());
    for (let count = this.random.below(4); count > 0; count--) {
      this.#start();
      await this.#killWithin(3 * this.#startMs);
    }
    if (this.random.below(3) === 0) {
      await this.#start().logged('that it leads', leads);
      await this.#killWithin(this.#exportMs);
    }
    await this.arrives();
    if (this.random.below(3) === 0) await this.#undisturbed();
  }

  /** A new exporter stores the newest, or says that it is stored. */
  async arrives(): Promise<void> {
    const begun = performance.now();
    const program = this.#start();
    await program.logged('that it has started', ({ event }) => event === 'started');
    this.#startMs = performance.now() - begun;
    await this.#newestTold(program);
  }

  async #undisturbed(): Promise<void> {
    if (this.#program === undefined) throw new Error('no exporter runs');
    const begun = performance.now();
    this.cluster.publish(this.history.next());
    await this.#newestTold(this.#program);
    this.#exportMs = performance.now() - begun;
  }

  async #newestTold(program: Program): Promise<void> {
    const { newest } = this.history;
    await program.waitFor(`${this.name}: configuration ${newest} arrives`, () => this.#told() === newest);
    expect(await this.#stored()).toBe(newest);
  }

  /** The last exporter does with one more change what is expected, and ends. @returns the files of its spool */
  async end({ log: line, metrics, stored, exitCode }: ExportOutcome): Promise<readonly string[]> {
    const program = this.#program;
    if (program === undefined || line === undefined) throw new Error('no exporter runs, or nothing is expected of it');
    this.cluster.publish(this.history.next());
    const { newest } = this.history;
    await program.logged(
      'that the newest arrives',
      (told) => isLine(line)(told) && this.history.positionOfHash(told['configHash']) === newest,
    );
    expect(await metricsOf(this.listen, metrics, metricsWithinMs)).toEqual(metrics);
    expect(this.history.heldAt(await this.#stored())).toBe(stored);
    expect((await program.stop()).code).toBe(exitCode);
    expectSound(program.log);
    return readdirSync(this.#spool);
  }

  #start(): Program {
    this.#program = new Program(['run'], this.#environment);
    return this.#program;
  }

  async #killWithin(ms: number): Promise<void> {
    const program = this.#program;
    if (program === undefined) throw new Error('no exporter runs');
    await delay(ms * this.random.next());
    const connected = this.cluster.controlPlane.nodes().length > 0;
    expect((await program.stop('SIGKILL')).signal).toBe('SIGKILL');
    const told = this.#told();
    const stored = await this.#stored();
    const phase = await this.#phase(connected, told, stored);
    this.killed.set(phase, (this.killed.get(phase) ?? 0) + 1);
    this.left.add(this.history.heldAt(stored));
  }

  /** Position of the last one that the exporter has told to be exported or current; -1 when none. */
  #told(): number {
    const lines = this.#program?.log.filter(({ event }) => event === 'exported' || event === 'confirmed') ?? [];
    return this.history.positionOfHash(lines.at(-1)?.['configHash']);
  }

  /** Position of what is stored. Fails where it is none of the published, damaged, or older than before. */
  async #stored(): Promise<number> {
    const stored = await this.bucket.read(`${prefix}/3.9.3/config.json`);
    const position = stored === undefined ? -1 : this.history.positionOf(stored.bytes);
    const atLeast = Math.max(this.#floor, this.#told());
    if (position < atLeast) {
      throw new Error(`${this.name}: configuration ${position} is stored after ${atLeast}: older over newer`);
    }
    this.#floor = position;
    return position;
  }

  async #phase(connected: boolean, told: number, stored: number): Promise<Phase> {
    const log = this.#program?.log ?? [];
    if (!log.some(({ event }) => event === 'started')) return 'start';
    if (!connected) return 'connection';
    const led = log.some(leads);
    if (!led) return log.some(({ message }) => message.startsWith('follows ')) ? 'wait for the lease' : 'first look';
    const lease = await this.bucket.read(`${prefix}/3.9.3/kong-resilience.json`);
    const { writing } = JSON.parse(lease?.bytes.toString('utf8') ?? '{}') as { writing: number | null };
    if (told === this.history.newest) return writing === null ? 'at rest' : 'told, lease not renewed';
    if (stored === this.history.newest) return 'stored, not told';
    return writing === null ? 'before the put' : 'put on its way';
  }
}
