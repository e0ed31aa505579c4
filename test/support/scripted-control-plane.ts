import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { type WebSocket, WebSocketServer } from 'ws';

import type { KeyPair } from './certificates';

export interface Script {
  /** What happens once a node's connection was accepted. */
  accepted?(webSocket: WebSocket, request: IncomingMessage, socket: Duplex): void;
  /** Instead of accepting: the bytes that are answered, after which the socket is ended. */
  answer?: string;
  /** Whether pings are answered; yes by default. */
  pongs?: boolean;
}

/** A control plane that does one thing wrong, over real TLS on loopback. It asks for no client certificate. */
export class ScriptedControlPlane {
  readonly #server;
  readonly #sockets = new Set<Socket>();
  readonly requests: string[] = [];

  constructor(pair: KeyPair, script: Script) {
    this.#server = createServer({ cert: pair.certificate, key: pair.key.reveal() });
    const webSockets = new WebSocketServer({ noServer: true, autoPong: script.pongs ?? true });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
      this.requests.push(request.url ?? '');
      socket.on('error', () => undefined);
      if (script.answer !== undefined) {
        socket.end(script.answer);
        return;
      }
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('error', () => undefined);
        script.accepted?.(webSocket, request, socket);
      });
    });
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** An HTTP answer as nginx writes it. */
export function nginxAnswer(status: number, title: string): string {
  const body = `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  return `HTTP/1.1 ${status} X\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}
