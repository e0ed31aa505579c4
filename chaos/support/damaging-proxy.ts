import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { Listener } from '../../test/support/servers';

/** What the store said, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** One request on its way to the store. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly requestBytes: number;
  readonly response: ServerResponse;
  /** Aborts when the one who asked has gone. */
  readonly gone: AbortSignal;
  /** Asks the store. */
  forward(): Promise<Answer>;
  /** Passes an answer on. */
  send(answer: Answer): void;
}

/** What happens to an exchange; what it neither sends nor ends stays open. */
export type Damage = (exchange: Exchange) => void | Promise<void>;

/** An HTTP proxy in front of a real store that does to each exchange what it is told, and can be away. */
export class DamagingProxy {
  readonly #listener = new Listener(createServer((request, response) => void this.#exchange(request, response)));
  /** Absent: everything passes. */
  damage: Damage | undefined;
  /** How many exchanges there were. */
  exchanges = 0;

  private constructor(private readonly target: URL) {}

  static async start(target: URL): Promise<DamagingProxy> {
    const proxy = new DamagingProxy(target);
    await proxy.#listener.open();
    return proxy;
  }

  get endpoint(): URL {
    return this.#listener.endpoint;
  }

  open(): Promise<void> {
    return this.#listener.open();
  }

  /** From now on connections are refused. */
  close(): Promise<void> {
    return this.#listener.close();
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.exchanges += 1;
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    response.on('error', () => undefined);
    try {
      const body = await bodyOf(request);
      const exchange: Exchange = {
        method: request.method ?? '',
        target: request.url ?? '',
        requestBytes: body.length,
        response,
        gone: gone.signal,
        forward: () => this.#forward(request, body),
        send: (answer) => {
          response.writeHead(answer.status, [...answer.headers]);
          response.end(answer.body);
        },
      };
      if (this.damage === undefined) exchange.send(await exchange.forward());
      else await this.damage(exchange);
    } catch {
      response.destroy();
    }
  }

  /** With the headers as they came: they are signed. */
  #forward(request: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = httpRequest(
        {
          host: this.target.hostname,
          port: this.target.port,
          method: request.method,
          path: request.url,
          headers: pairs(request.rawHeaders)
            .filter(([name]) => !/^(connection|expect)$/i.test(name))
            .flat(),
          agent: false,
        },
        (answer) => {
          bodyOf(answer).then((read) => {
            const headers = pairs(answer.rawHeaders)
              .filter(([name]) => !/^(connection|keep-alive|transfer-encoding)$/i.test(name))
              .flat();
            resolve({ status: answer.statusCode ?? 0, headers, body: read });
          }, reject);
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []));
}
