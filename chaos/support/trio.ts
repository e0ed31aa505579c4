import { expect } from 'vitest';
import { unsealedLength } from '../../src/snapshot';
import { Cluster, exporterEnvironment, named } from '../../test/cli/cluster';
import type { Bucket } from '../../test/cli/stores';
import { type Environment, Program, type ProgramOptions } from '../../test/support/program';
import { freePort } from '../../test/support/servers';
import { until } from '../../test/support/until';
import { ControlPlaneWay, StoreWay, type TakenPut } from './ways';

const configKey = '3.9.3/config.json';

export type Fault = 'paused' | 'killed' | 'store cut' | 'store silent' | 'control plane cut' | 'control plane silent';

/** An exporter as a process, with ways of its own to store and control plane. */
export interface Member {
  program: Program;
  readonly name: string;
  readonly environment: Environment;
  readonly command: ProgramOptions['command'];
  readonly toStore: StoreWay;
  readonly toControlPlane: ControlPlaneWay;
  /** Where its metrics are. */
  readonly listen: string;
}

/** Some exporters of one control plane on one S3 store, and what that store took from each, in order. */
export class Trio {
  readonly members: Member[] = [];
  readonly #taken: TakenPut[] = [];
  /** Names of what was published, in order; one may come again. */
  readonly #published: string[] = [];
  #processes = 0;

  private constructor(
    private readonly cluster: Cluster,
    private readonly bucket: Bucket,
  ) {}

  /** @param options `commands`: one exporter each, and what is run for it; absent: node and the bundle */
  static async start(options: {
    readonly bucket: Bucket;
    readonly target: URL;
    readonly commands: readonly ProgramOptions['command'][];
    readonly leaseMs: number;
  }): Promise<Trio> {
    const { bucket, target, commands, leaseMs } = options;
    const cluster = await Cluster.start();
    const trio = new Trio(cluster, bucket);
    trio.publish();
    for (const [index, command] of commands.entries()) {
      const toStore = await StoreWay.open(target, trio.#taken);
      const toControlPlane = await ControlPlaneWay.open(cluster.port);
      const listen = `127.0.0.1:${await freePort()}`;
      const environment = {
        ...cluster.environment,
        ...bucket.environment,
        ...exporterEnvironment(),
        KONG_CLUSTER_CONTROL_PLANE: `127.0.0.1:${toControlPlane.port}`,
        AWS_CONFIG_STORAGE_ENDPOINT: toStore.endpoint,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
        KONG_RESILIENCE_LEASE_SECONDS: String(leaseMs / 1000),
        KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: '2',
        KONG_RESILIENCE_STATUS_LISTEN: listen,
      };
      const member = { name: `exporter ${index}`, environment, command, toStore, toControlPlane, listen };
      trio.members.push({ ...member, program: trio.#start(member) });
    }
    return trio;
  }

  get puts(): number {
    return this.#configurations.length;
  }

  get terms(): number {
    return new Set(this.#configurations.map(({ headers }) => headers['x-amz-meta-kong-resilience-term'])).size;
  }

  /** How far ahead the clock was of the one that put last, in milliseconds. */
  get clockAheadMs(): number {
    const receivedAt = this.#configurations.at(-1)?.headers['x-amz-meta-kong-resilience-received-at'];
    return new Date(String(receivedAt)).getTime() - Date.now();
  }

  publish(): void {
    this.#send(`configuration ${this.#published.length}`);
  }

  /** What was published before the newest is published again. */
  publishAgain(): void {
    const name = this.#published.at(-2);
    if (name !== undefined) this.#send(name);
  }

  async publishAndArrive(): Promise<void> {
    this.publish();
    await this.arrives();
  }

  /** Waits until the newest is stored. @returns the put that stored it */
  async arrives(): Promise<TakenPut> {
    const newest = this.#published.at(-1) ?? '';
    let put: TakenPut | undefined;
    await until(
      `${newest} is stored`,
      async () => {
        const stored = await this.bucket.read(configKey);
        if (nameOf(stored?.bytes ?? Buffer.alloc(0)) !== newest) return false;
        // It can be read from the store before its put is answered.
        put = this.#configurations.find(({ version }) => version === `"${stored?.version}"`);
        return put !== undefined;
      },
      60_000,
    ).catch((error: Error) => {
      const said = this.members.map(({ name, program }) => `${name}:\n${program.stderr.slice(-3_000)}`);
      throw new Error(`${error.message}; they wrote:\n${said.join('\n')}`);
    });
    return put as unknown as TakenPut;
  }

  /** The one whose put the store took last. */
  async leader(): Promise<Member> {
    const { by } = await this.arrives();
    const leader = this.members.find(({ name }) => by.startsWith(`${name},`));
    if (leader === undefined) throw new Error(`the last put is by ${by}, and that is none of them`);
    return leader;
  }

  /** A change that this one alone can put, the others being paused. @returns when the store took it (`performance.now()`) */
  async putsAlone(member: Member): Promise<number> {
    const others = this.members.filter((other) => other !== member);
    for (const other of others) this.hurt(other, 'paused');
    this.publish();
    const { at } = await this.arrives();
    for (const other of others) await this.mend(other, 'paused');
    return at;
  }

  hurt(member: Member, fault: Fault): void {
    if (fault === 'paused') member.program.kill('SIGSTOP');
    else if (fault === 'killed') member.program.kill('SIGKILL');
    else if (fault === 'store cut') member.toStore.set('cut');
    else if (fault === 'store silent') member.toStore.set('silent');
    else member.toControlPlane.set(fault === 'control plane cut' ? 'cut' : 'silent');
  }

  async mend(member: Member, fault: Fault): Promise<void> {
    if (fault === 'paused') member.program.kill('SIGCONT');
    else if (fault === 'killed') {
      await member.program.exit;
      member.program = this.#start(member);
    } else if (fault.startsWith('store')) member.toStore.set('open');
    else member.toControlPlane.mend();
    expect(this.members.filter(({ program }) => program.ended)).toEqual([]);
  }

  /** What the store took, in its order: never an older one after a newer one, and one writer in a term. */
  async check(): Promise<void> {
    // The answer to a put may come after that to the one which replaced what it stored.
    await until('each put is answered', () => [...this.#inOrder()].length === this.puts).catch(() => undefined);
    expect([...this.#inOrder()]).toHaveLength(this.puts);
    const writers = new Map<number, string>();
    let [position, term] = [-1, 0];
    for (const put of this.#inOrder()) {
      const name = nameOf(put.body);
      const found = this.#published.findIndex((published, index) => index >= position && published === name);
      if (found === -1) throw new Error(`${put.by} put ${name} after ${this.#published[position]}: older over newer`);
      position = found;
      const ofPut = Number(put.headers['x-amz-meta-kong-resilience-term']);
      if (!(ofPut >= term)) throw new Error(`${put.by} put in term ${ofPut} after term ${term}`);
      term = ofPut;
      const writer = writers.get(term) ?? put.by;
      if (writer !== put.by) throw new Error(`${writer} and ${put.by} both put in term ${term}`);
      writers.set(term, writer);
    }
  }

  async end(): Promise<void> {
    await this.check();
    // Before that, a signal ends one without a word.
    for (const { program } of this.members) await program.logged('a start', ({ event }) => event === 'started');
    const exits = await Promise.all(this.members.map(({ program }) => program.stop()));
    expect(exits.map(({ code }) => code)).toEqual(this.members.map(() => 0));
  }

  get #configurations(): TakenPut[] {
    return this.#taken.filter(({ key }) => key.includes(configKey));
  }

  /** Each put names the version that it replaced: their answers may have come in another order. */
  *#inOrder(): Generator<TakenPut> {
    const after = new Map(this.#configurations.map((put) => [String(put.headers['if-match'] ?? 'absent'), put]));
    for (let put = after.get('absent'); put !== undefined; put = after.get(put.version)) yield put;
  }

  #send(name: string): void {
    this.#published.push(name);
    this.cluster.publish(named(name));
  }

  #start(member: Omit<Member, 'program'>): Program {
    member.toStore.user = `${member.name}, process ${++this.#processes}`;
    const { environment, command } = member;
    return new Program(['run'], environment, command === undefined ? {} : { command });
  }
}

/** The name of a stored configuration; fails where it is not whole. */
function nameOf(bytes: Buffer): string {
  if (bytes.length === 0) return '';
  const table = JSON.parse(bytes.subarray(0, unsealedLength(bytes)).toString('utf8')) as {
    services: readonly [{ name: string }];
  };
  return table.services[0].name;
}
