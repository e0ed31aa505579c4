import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const relay = fileURLToPath(new URL('relay.mjs', import.meta.url));

/**
 * What a container finds under an address: `name:port`, or `a.b.c.d:port`. The function gives the port of 127.0.0.1
 * on which it really is, at each connection; while it gives nothing, connections are closed.
 */
export type Reachable = Readonly<Record<string, () => number | undefined>>;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * A network namespace, as a pod, a task or a container has it: nothing is reachable but what is named, and its ports are
 * its own, so that a specification keeps the ports that it has.
 */
export class Network {
  private constructor(
    private readonly holder: ChildProcess,
    private readonly publish: string,
    private readonly doors: readonly Server[],
    /** Content of /etc/hosts. */
    readonly hosts: string,
  ) {}

  /** @param folder an empty one, for its sockets */
  static async open(folder: string, reachable: Reachable): Promise<Network> {
    const names = new Map<string, string>();
    const literal = new Set<string>();
    const listen = Object.keys(reachable).map((address, index) => {
      const [, name = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
      const isAddress = /^[\d.]+$/.test(name);
      if (isAddress) literal.add(name);
      else if (!names.has(name)) names.set(name, `127.1.0.${names.size + 1}`);
      return { host: names.get(name) ?? name, port: Number(port), socket: join(folder, `${index}.sock`), address };
    });
    const doors = await Promise.all(listen.map(({ socket, address }) => door(socket, reachable[address])));
    const publish = join(folder, 'publish.sock');
    const up = ['ip link set lo up', ...[...literal].map((address) => `ip address add ${address}/32 dev lo`)];
    const holder = spawn(
      'unshare',
      [
        '--net',
        'sh',
        '-c',
        `${up.join(' && ')} && exec "$@"`,
        'sh',
        process.execPath,
        relay,
        JSON.stringify({ listen, publish }),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('error', reject);
      holder.once('exit', (code) => reject(new Error(`no network namespace: ended with ${code}`)));
    });
    const hosts = [
      '127.0.0.1 localhost',
      '::1 localhost',
      ...[...names].map(([name, address]) => `${address} ${name}`),
    ];
    return new Network(holder, publish, doors, `${hosts.join('\n')}\n`);
  }

  /** The words before a command that put it into this network. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.holder.pid}/ns/net`];
  }

  /** Asks what listens on a port inside; nothing when there is no answer. */
  ask(port: number, path: string, limitMs = 5_000): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const asked = request({
        path,
        host: 'gateway.test',
        signal: AbortSignal.timeout(limitMs),
        createConnection: () => {
          const socket = connect(this.publish);
          socket.write(`${port}`.padStart(5, '0'));
          return socket;
        },
      });
      asked.on('error', () => resolve(undefined));
      asked.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('error', () => resolve(undefined));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.end();
    });
  }

  async close(): Promise<void> {
    if (this.holder.exitCode === null && this.holder.signalCode === null) {
      const gone = new Promise((resolve) => this.holder.once('exit', resolve));
      this.holder.kill('SIGKILL');
      await gone;
    }
    for (const server of this.doors) server.close();
  }
}

/** The outer end of one address. */
async function door(socket: string, port: (() => number | undefined) | undefined): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    const to = port?.();
    inner.on('error', () => inner.destroy());
    if (to === undefined) {
      inner.destroy();
      return;
    }
    const outer = connect({ host: '127.0.0.1', port: to, allowHalfOpen: true });
    outer.on('error', () => inner.destroy());
    outer.on('close', () => inner.destroy());
    inner.on('close', () => outer.destroy());
    inner.pipe(outer);
    outer.pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  server.unref();
  return server;
}
