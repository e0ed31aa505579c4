import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { onTestFinished } from 'vitest';
import { Listener } from '../../test/support/servers';

/** Whether a way is open, breaks every connection, or takes everything and answers nothing. */
export type WayState = 'open' | 'cut' | 'silent';

/** The way from one exporter to its control plane. */
export class ControlPlaneWay {
  #state: WayState = 'open';
  #listener!: Listener;

  static async open(target: number): Promise<ControlPlaneWay> {
    const way = new ControlPlaneWay();
    const server = createServer((client) => {
      if (way.#state === 'cut') return client.destroy();
      const upstream = connect(target, '127.0.0.1');
      upstream.on('error', () => client.destroy());
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      client.on('data', (chunk) => way.#state === 'open' && upstream.write(chunk));
      upstream.on('data', (chunk) => way.#state === 'open' && client.write(chunk));
      return undefined;
    });
    way.#listener = await listen(server);
    return way;
  }

  get port(): string {
    return this.#listener.endpoint.port;
  }

  set(state: WayState): void {
    this.#state = state;
    if (state === 'cut') this.#listener.breakConnections();
  }

  /** Ends what was silent, so that it is made anew. */
  mend(): void {
    this.#state = 'open';
    this.#listener.breakConnections();
  }
}

/** A put that the store took, by the answer that it gave; also where the exporter never got that answer. */
export interface TakenPut {
  readonly by: string;
  readonly key: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly at: number;
  readonly version: string;
}

/** The way from one exporter to its S3 store, which writes down what the store takes. */
export class StoreWay {
  /** Which process uses it. */
  user = '';
  #state: WayState = 'open';
  #listener!: Listener;

  static async open(target: URL, taken: TakenPut[]): Promise<StoreWay> {
    const way = new StoreWay();
    const server = createHttpServer((incoming, outgoing) => {
      if (way.#state === 'cut') return incoming.socket.destroy();
      const by = way.user;
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        if (way.#state !== 'open') return;
        const body = Buffer.concat(parts);
        const { method, url, headers } = incoming;
        const passed = request(
          { host: target.hostname, port: target.port, method, path: url, headers, agent: false },
          (answer: IncomingMessage) => {
            if (method === 'PUT' && answer.statusCode === 200) {
              const version = answer.headers.etag ?? '';
              taken.push({ by, key: url ?? '', body, headers, at: performance.now(), version });
            }
            if (way.#state !== 'open') return void answer.resume();
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(outgoing);
          },
        );
        passed.on('error', () => outgoing.destroy());
        passed.end(body);
      });
      return undefined;
    });
    way.#listener = await listen(server);
    return way;
  }

  get endpoint(): string {
    return this.#listener.endpoint.href;
  }

  set(state: WayState): void {
    this.#state = state;
    if (state === 'cut') this.#listener.breakConnections();
  }
}

/** Goes with the test. */
async function listen(server: Server): Promise<Listener> {
  const listener = new Listener(server);
  await listener.open();
  onTestFinished(() => listener.close());
  return listener;
}
