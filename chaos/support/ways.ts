import { createServer as createHttpServer, type IncomingMessage, request, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Whether a way is open, breaks every connection, or takes everything and answers nothing. */
export type WayState = 'open' | 'cut' | 'silent';

/** The way from one exporter to its control plane. */
export class ControlPlaneWay {
  port = 0;
  #state: WayState = 'open';
  readonly #sockets = new Set<Socket>();

  static async open(target: number): Promise<ControlPlaneWay> {
    const way = new ControlPlaneWay();
    const server = createServer((client) => {
      if (way.#state === 'cut') return client.destroy();
      const upstream = connect(target, '127.0.0.1');
      for (const socket of [client, upstream]) track(way.#sockets, socket);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      client.on('data', (chunk) => way.#state === 'open' && upstream.write(chunk));
      upstream.on('data', (chunk) => way.#state === 'open' && client.write(chunk));
      return undefined;
    });
    way.port = await listen(server, way.#sockets);
    return way;
  }

  set(state: WayState): void {
    this.#state = state;
    if (state === 'open') return;
    if (state === 'cut') for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends what was silent, so that it is made anew. */
  mend(): void {
    this.#state = 'open';
    for (const socket of this.#sockets) socket.destroy();
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
  endpoint = '';
  /** Which process uses it. */
  user = '';
  #state: WayState = 'open';
  readonly #sockets = new Set<Socket>();

  static async open(target: URL, taken: TakenPut[]): Promise<StoreWay> {
    const way = new StoreWay();
    const server: HttpServer = createHttpServer((incoming, outgoing) => {
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
    server.on('connection', (socket: Socket) => track(way.#sockets, socket));
    way.endpoint = `http://127.0.0.1:${await listen(server, way.#sockets)}/`;
    return way;
  }

  set(state: WayState): void {
    this.#state = state;
    if (state === 'cut') for (const socket of this.#sockets) socket.destroy();
  }
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
}

async function listen(server: Server | HttpServer, sockets: Set<Socket>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
