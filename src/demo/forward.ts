import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import * as http from 'node:http';
import * as https from 'node:https';
import { pipeline } from 'node:stream';

/** Where a request goes. */
export interface Destination {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Headers of one connection alone (RFC 9110, 7.6.1). */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Answers with a message as Kong does: `{"message":"…"}`. */
export function answer(response: ServerResponse, status: number, message: string, headers: object = {}): void {
  const body = JSON.stringify({ message });
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Passes a request on and its answer back; 502 when there is none. */
export function forward(request: IncomingMessage, response: ServerResponse, destination: Destination): void {
  const { protocol, host, port, path, headers } = destination;
  const send = protocol === 'https' ? https.request : http.request;
  const upstream = send({ host, port, path, method: request.method, headers: endToEnd(headers) });
  upstream.on('response', (received) => {
    response.writeHead(received.statusCode ?? 502, endToEnd(received.headers));
    pipeline(received, response, (error) => {
      if (error) response.destroy();
    });
  });
  upstream.on('error', () => {
    if (response.headersSent) response.destroy();
    else answer(response, 502, 'An invalid response was received from the upstream server');
  });
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  // An error of the client's side ends here; one of the upstream's is told to it above.
  pipeline(request, upstream, () => undefined);
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.includes(name)));
}
