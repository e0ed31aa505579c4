import type { Server, Socket } from 'node:net';
import { freePort } from './process';

/** A server on 127.0.0.1, of TCP or HTTP, that goes away with all its connections and can come back at its port. */
export class Listener {
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get endpoint(): URL {
    return new URL(`http://127.0.0.1:${this.#port}`);
  }

  /** @param port the first time, a free one by default, which nobody else is given while this is away; afterwards it is the same */
  async open(port?: number): Promise<void> {
    this.#port = port ?? (this.#port || (await freePort()));
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(this.#port, '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on connections are refused. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.breakConnections();
    await closed;
  }
}
