import type { AddressInfo, Server, Socket } from 'node:net';

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

  /** @param port the first time, a free one by default; afterwards it is the same */
  async open(port = this.#port): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.server.address() as AddressInfo).port;
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
