import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on a free port of the loopback interface. */
export class HttpListener {
  private readonly server: Server;
  private bound = 0;

  constructor(handle: RequestListener) {
    this.server = createServer(handle);
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', () => {
        this.server.off('error', reject);
        this.bound = (this.server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  /** The port that it got; it stays known when nothing listens there any more. */
  get port(): number {
    return this.bound;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}
