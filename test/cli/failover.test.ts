import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Environment, Program, run } from '../support/program';
import { Cluster, exporterEnvironment, named, type Table } from './cluster';
import { type Bucket, fileStore, type Stored, type StoreKind, versitygw } from './stores';

const key = '3.9.3/config.json';
const limit = { timeout: 120_000 };

function environmentOf(cluster: Cluster, bucket: Bucket, more: Environment = {}): Environment {
  return {
    ...cluster.environment,
    ...bucket.environment,
    ...exporterEnvironment(),
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    // Long enough for a leader on a slow machine to renew it.
    KONG_RESILIENCE_LEASE_SECONDS: '5',
    ...more,
  };
}

async function holds(bucket: Bucket, { table }: Table): Promise<boolean> {
  return (await bucket.read(key))?.bytes.subarray(0, table.length).equals(table) === true;
}

const leads = ({ message }: { message: string }): boolean => message === 'leads the export of this version';
const follows = ({ message }: { message: string }): boolean => message === 'follows another exporter of this version';

interface Pair {
  readonly bucket: Bucket;
  readonly cluster: Cluster;
  readonly leader: Program;
  readonly follower: Program;
}

/** Two exporters of one bucket: one leads and has stored `first`, the other one follows. */
async function pairOf(bucket: Bucket, first: Table, ofLeader: Environment = {}): Promise<Pair> {
  const cluster = await Cluster.start();
  cluster.publish(first);
  const leader = new Program(['run'], environmentOf(cluster, bucket, ofLeader));
  await leader.logged('that it leads', leads);
  await leader.waitFor('the first is stored', () => holds(bucket, first));
  const follower = new Program(['run'], environmentOf(cluster, bucket));
  await follower.logged('that it follows', follows);
  return { bucket, cluster, leader, follower };
}

/** While the leader is frozen, the other one stores B, which was sent to both, and then A anew. @returns what is stored */
async function rolledBack({ bucket, cluster, follower }: Pair): Promise<Stored | undefined> {
  await follower.logged('that it leads', leads);
  await follower.waitFor('B is stored', () => holds(bucket, named('B')));
  cluster.publish(named('A'));
  await follower.waitFor('A is stored again', () => holds(bucket, named('A')));
  return bucket.read(key);
}

/** The one that leads now stores the next change, and both end well. */
async function endsWith({ bucket, cluster, leader, follower }: Pair, next: Table): Promise<void> {
  cluster.publish(next);
  await follower.waitFor('the next change is stored', () => holds(bucket, next));
  expect((await leader.stop()).code).toBe(0);
  expect((await follower.stop()).code).toBe(0);
  expect(await holds(bucket, next)).toBe(true);
}

/** A way to a store that holds a put of the configuration back, from its first byte, until it is let through. */
class HeldWay {
  port = 0;
  /** Whether the next put of the configuration is to be held. */
  armed = false;
  #held: { readonly upstream: Socket; readonly client: Socket; chunks: Buffer[] } | undefined;
  /** The status line of the answer to the put that was held. */
  answer: string | undefined;

  async open(target: URL): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => sockets.delete(socket));
      }
      // What was sent stays on its way, as in a network, also when the sender is gone.
      client.on('close', () => this.#held?.client === client || upstream.destroy());
      upstream.on('close', () => client.destroy());
      upstream.on('data', (chunk) => {
        if (this.#held?.client === client) this.answer ??= chunk.toString('latin1').split('\r\n')[0];
        if (!client.destroyed) client.write(chunk);
      });
      client.on('data', (chunk) => {
        if (this.armed && /^PUT \S+\/config\.json/.test(chunk.toString('latin1'))) {
          this.armed = false;
          this.#held = { upstream, client, chunks: [] };
        }
        if (this.#held?.client === client) this.#held.chunks.push(chunk);
        else upstream.write(chunk);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
  }

  /** Whether a put is held whole: its head and the body that it announces. */
  get holding(): boolean {
    const text = Buffer.concat(this.#held?.chunks ?? []).toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const length = Number(/^content-length: (\d+)$/im.exec(text)?.[1]);
    return end !== -1 && text.length >= end + 4 + length;
  }

  letThrough(): void {
    for (const chunk of this.#held?.chunks.splice(0) ?? []) this.#held?.upstream.write(chunk);
  }
}

const kinds: readonly StoreKind[] = [versitygw(), fileStore()];

describe.each(kinds.map((kind) => [kind.name, kind] as const))('two exporters on %s', (_, kind) => {
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  it.skipIf(kind.missing)(
    'take turns: when the leader is killed, the other one exports the next change',
    limit,
    async () => {
      const { bucket, cluster, leader, follower } = await pairOf(await kind.bucket(), named('one'));
      cluster.publish(named('two'));
      await leader.waitFor('the leader exports', () => holds(bucket, named('two')));
      expect(follower.log.some(leads)).toBe(false);
      expect((await leader.stop('SIGKILL')).signal).toBe('SIGKILL');
      cluster.publish(named('three'));
      await follower.waitFor('the other one exports', () => holds(bucket, named('three')));
      expect(await follower.logged('that it leads', leads)).toMatchObject({ term: 2 });
      expect((await follower.stop()).code).toBe(0);
      const status = await run(['status', '--json'], environmentOf(cluster, bucket));
      expect(JSON.parse(status.stdout)).toMatchObject({ versions: [{ lease: { term: 2, held: false } }] });
    },
  );

  it.skipIf(kind.missing)('hand over at once when the leader is told to end', limit, async () => {
    const { bucket, cluster, leader, follower } = await pairOf(await kind.bucket(), named('one'));
    expect((await leader.stop()).code).toBe(0);
    await follower.logged('that it leads', leads);
    cluster.publish(named('two'));
    await follower.waitFor('the other one exports', () => holds(bucket, named('two')));
    expect((await follower.stop()).code).toBe(0);
  });

  it.skipIf(kind.missing)(
    'the leader is frozen past its lease with a change to export; what the other one stored stays',
    limit,
    async () => {
      const pair = await pairOf(await kind.bucket(), named('A'));
      const { bucket, cluster, leader } = pair;
      // Somewhere between the frame and the end of the put.
      cluster.publish(named('B'));
      leader.kill('SIGSTOP');
      const stored = await rolledBack(pair);
      leader.kill('SIGCONT');
      await leader.waitFor('it follows, or has never led again', () => leader.log.some(follows));
      expect(await holds(bucket, named('A'))).toBe(true);
      expect((await bucket.read(key))?.bytes.equals(stored?.bytes ?? Buffer.alloc(0))).toBe(true);
      await endsWith(pair, named('C'));
    },
  );
});

describe('a put that is on its way while its writer is frozen', () => {
  const kind = versitygw();
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  it.skipIf(kind.missing)('arrives after A→B→A by the next leader, and changes nothing', limit, async () => {
    const bucket = await kind.bucket();
    const way = new HeldWay();
    await way.open(kind.endpoint);
    const throughIt = { AWS_CONFIG_STORAGE_ENDPOINT: `http://127.0.0.1:${way.port}/` };
    const pair = await pairOf(bucket, named('A'), throughIt);
    const { cluster, leader, follower } = pair;

    way.armed = true;
    cluster.publish(named('B'));
    await leader.waitFor('its put of B is on the way', () => way.holding);
    leader.kill('SIGSTOP');
    expect(await holds(bucket, named('A'))).toBe(true);
    const stored = await rolledBack(pair);

    way.letThrough();
    await follower.waitFor('the late put is answered', () => way.answer !== undefined);
    expect(way.answer).toBe('HTTP/1.1 412 Precondition Failed');
    leader.kill('SIGCONT');
    await leader.waitFor('it follows', () => leader.log.some(follows));
    expect((await bucket.read(key))?.version).toBe(stored?.version);
    await endsWith(pair, named('C'));
  });
});

describe('a file store whose writer was killed between taking a lock and its commit', () => {
  it('is taken over with the shortest lease and time limit', limit, async () => {
    const bucket = await fileStore().bucket();
    for (const name of ['kong-resilience.json', 'config.json']) {
      const lock = join(bucket.name, '3.9.3', `.${name}.lock`);
      mkdirSync(lock, { recursive: true });
      writeFileSync(join(lock, '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0009'), '{}');
    }
    const cluster = await Cluster.start();
    cluster.publish(named('one'));
    const environment = environmentOf(cluster, bucket, {
      KONG_RESILIENCE_LEASE_SECONDS: '2',
      KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: '1',
    });
    const { code, stderr } = await run(['export', '--once', '--timeout', '30'], environment);
    expect([code, await holds(bucket, named('one'))], stderr).toEqual([0, true]);
  });
});
