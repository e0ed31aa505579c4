import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';

import type { KeyPair } from './certificates';

/** A small CONNECT proxy on loopback; with `credentials` (`user:password`) it answers 407 to any other. */
export class ConnectProxy {
  readonly #server: http.Server | https.Server;
  readonly #sockets = new Set<net.Socket>();
  /** `CONNECT` targets and the `Proxy-Authorization` that came with the very first request. */
  readonly requests: { readonly target: string; readonly authorization: string | undefined }[] = [];
  port = 0;

  constructor(private readonly options: { credentials?: string; status?: number; tls?: KeyPair } = {}) {
    const { tls } = options;
    this.#server =
      tls === undefined ? http.createServer() : https.createServer({ cert: tls.certificate, key: tls.key.reveal() });
    this.#server.on('connection', (socket: net.Socket) => this.#track(socket));
    this.#server.on('connect', (request, socket: net.Socket) => {
      const authorization = request.headers['proxy-authorization'];
      this.requests.push({ target: request.url ?? '', authorization });
      socket.on('error', () => undefined);
      const { credentials, status } = this.options;
      const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
      if (status !== undefined || (wanted !== undefined && authorization !== wanted)) {
        socket.end(`HTTP/1.1 ${status ?? 407} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const { hostname, port } = new URL(`http://${request.url}`);
      const target = net.connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
      this.#track(target);
      target.on('error', () => socket.destroy());
      target.on('close', () => socket.destroy());
      socket.on('close', () => target.destroy());
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.port = (this.#server.address() as net.AddressInfo).port;
    return this.port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #track(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
