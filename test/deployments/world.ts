import { connect, createServer, type Server, type Socket } from 'node:net';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { Cluster, exporterEnvironment } from '../cli/cluster';
import { run } from '../support/program';
import type { Credentials } from '../support/servers';
import { Machine } from '../support/platforms/sandbox';
import type { StoreServer, StoredObjects } from './store-server';

/** What a server of the world does with connections. */
type Manner = 'up' | 'down' | 'silent' | 'slow';

/** Gateway version of all rendered specifications. */
export const gatewayVersion = '3.9.1';

/** A configuration that says its number on every route. */
export function configuration(number: number): Buffer {
  const route = '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0002';
  return Buffer.from(
    JSON.stringify({
      _format_version: '3.0',
      _transform: false,
      services: [
        { id: '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0001', name: 'shop', host: 'upstream.test', port: 80, protocol: 'http' },
      ],
      routes: [
        { id: route, name: 'all', paths: ['/'], protocols: ['http'], service: '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0001' },
      ],
      plugins: [
        {
          id: '5b3fd30c-7a4f-4b5c-9d9a-2c3f8d9a0003',
          name: 'request-termination',
          enabled: true,
          route,
          config: { status_code: 200, content_type: 'text/plain', body: `configuration ${number}` },
        },
      ],
    }),
  );
}

/** What a deployment runs in: a control plane, a store with one bucket, and a machine; each can be as an outage makes it. */
export class World {
  store: Manner = 'up';
  /** Whether the identity of the nodes is one that the store knows. */
  keys: 'right' | 'wrong' = 'right';
  private controlPlaneManner: Manner = 'up';

  private constructor(
    readonly cluster: Cluster,
    readonly machine: Machine,
    private readonly server: StoreServer,
    readonly objects: StoredObjects,
    private readonly bucket: string,
    private readonly bad: Readonly<Record<'silent' | 'slow', number>>,
  ) {}

  /**
   * A world of its own for a test, which ends with it.
   *
   * @param bucket that the specification names; emptied
   * @param slowMs how long a slow server waits before it answers
   */
  static async open(server: StoreServer, bucket: string, slowMs: number): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'machine-'));
    chmodSync(folder, 0o755);
    const machine = new Machine(folder);
    const cluster = await Cluster.start();
    const objects = await server.bucket(bucket);
    const silent = await misbehaving(() => undefined);
    const slow = await misbehaving((socket) => {
      setTimeout(() => {
        const outer = connect(server.port, '127.0.0.1');
        outer.on('error', () => socket.destroy());
        outer.on('close', () => socket.destroy());
        socket.on('close', () => outer.destroy());
        socket.pipe(outer).pipe(socket);
      }, slowMs);
    });
    onTestFinished(async () => {
      await machine.end();
      for (const end of [silent.end, slow.end]) end();
    });
    return new World(cluster, machine, server, objects, bucket, { silent: silent.port, slow: slow.port });
  }

  /** The control plane publishes a configuration, which it has from then on. */
  publish(number: number): void {
    this.cluster.publish({ table: configuration(number) });
  }

  async controlPlane(manner: 'up' | 'down' | 'silent', published?: number): Promise<void> {
    const before = this.controlPlaneManner;
    this.controlPlaneManner = manner;
    if (manner === 'up' && before !== 'up') await this.cluster.up();
    if (manner !== 'up' && before === 'up') await this.cluster.down();
    if (published !== undefined) this.publish(published);
  }

  /** Port of 127.0.0.1 behind the address of the control plane. */
  readonly controlPlanePort = (): number | undefined => this.portOf(this.controlPlaneManner, this.cluster.port);

  /** The same of the store. */
  readonly storePort = (): number | undefined => this.portOf(this.store, this.server.port);

  /** What the identity of a node gives it. */
  readonly credentials = (): Credentials =>
    this.keys === 'right'
      ? this.server.credentials
      : { ...this.server.credentials, secretAccessKey: 'not-the-right-one' };

  /** Stores a configuration as an exporter leaves it, without one. */
  async stored(number: number): Promise<void> {
    await this.objects.write(configuration(number));
  }

  /** Stores a configuration with an exporter, which confirms it and ends. */
  async exported(number: number): Promise<void> {
    this.publish(number);
    const { code, stderr } = await run(['export', '--once'], {
      ...this.cluster.environment,
      ...exporterEnvironment(this.server.environment),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: this.bucket,
      KONG_RESILIENCE_GATEWAY_VERSION: gatewayVersion,
    });
    if (code !== 0) throw new Error(`export --once ended with ${code}: ${stderr}`);
  }

  private portOf(manner: Manner, port: number): number | undefined {
    if (manner === 'down') return undefined;
    return manner === 'up' ? port : this.bad[manner];
  }
}

/** A server that does something else with each connection. */
async function misbehaving(
  accept: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly end: () => void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    accept(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as { port: number }).port, end };
}

/** Waits until it is so, or cannot be any more: `hopeless` is asked first, so that what was already so counts. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  hopeless: () => string | undefined,
  limitMs: number,
): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const why = hopeless() ?? (performance.now() > end ? `not within ${limitMs / 1000} s` : undefined);
    if (await condition()) return;
    if (why !== undefined) throw new Error(`never ${what}: ${why}`);
    await delay(20);
  }
}
