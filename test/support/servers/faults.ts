import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { Listener } from './listener';
import type { RunningServer } from './process';

/** What a proxy does with the bytes of the answers, counted from when the fault is set. */
export type Fault =
  | { readonly kind: 'none' }
  /** Closes the connection after so many bytes. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Passes so many bytes on, and then nothing, with the connection open. */
  | { readonly kind: 'stall'; readonly after: number }
  /** Alters the byte at this place. */
  | { readonly kind: 'flip'; readonly after: number };

export interface FaultyProxy extends RunningServer {
  set(fault: Fault): void;
}

/** A TCP proxy in front of a real server, which damages its answers. */
export async function startFaultyProxy(target: URL): Promise<FaultyProxy> {
  let fault: Fault = { kind: 'none' };
  let passed = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    upstream.on('error', () => upstream.destroy());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => fault.kind !== 'stall' && client.end());
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      const from = passed;
      passed += chunk.length;
      const hit = fault.kind !== 'none' && passed > fault.after;
      if (!hit) {
        if (!client.write(chunk)) {
          upstream.pause();
          client.once('drain', () => upstream.resume());
        }
        return;
      }
      const place = Math.max(0, fault.kind === 'none' ? 0 : fault.after - from);
      if (fault.kind === 'flip') {
        if (from <= fault.after) chunk[place] = (chunk[place] ?? 0) ^ 1;
        client.write(chunk);
        return;
      }
      client.write(chunk.subarray(0, place));
      upstream.pause();
      if (fault.kind === 'cut') client.end(() => upstream.destroy());
    });
  });
  return {
    ...(await listen(server)),
    set: (next) => {
      fault = next;
      passed = 0;
    },
  };
}

/** A server that accepts connections and stays silent, at this port or a free one. */
export function startSilentServer(port?: number): Promise<RunningServer> {
  return listen(
    createServer((socket) => socket.resume()),
    port,
  );
}

/** An HTTP server with answers of the test's own. */
export async function startStub(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<RunningServer & { readonly requests: readonly string[] }> {
  const requests: string[] = [];
  const server = createHttpServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume();
    request.on('end', () => answer(request, response));
  });
  return { ...(await listen(server)), requests };
}

async function listen(server: Server, port?: number): Promise<RunningServer> {
  const listener = new Listener(server);
  await listener.open(port);
  return { endpoint: listener.endpoint, stop: () => listener.close() };
}
