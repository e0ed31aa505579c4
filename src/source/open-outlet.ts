import type { IncomingMessage } from 'node:http';
import type * as net from 'node:net';
import * as tls from 'node:tls';

import WebSocket from 'ws';

import type { ClusterSettings } from '../contract';
import { clientTls, expectedName, type NodeIntroduction, outletUrl } from '../protocol';
import {
  badRequest,
  clientCertificate,
  connectTimeout,
  hangUp,
  networkFailed,
  notFound,
  protocolBroken,
  tlsExpired,
  tlsFailed,
  tlsName,
  tlsUntrusted,
  unexpectedStatus,
} from './errors';
import { reach } from './tunnel';

/** An accepted connection. It is paused: attach listeners, then `resume()`. */
export interface Outlet {
  readonly webSocket: WebSocket;
  /** The TLS socket below, to see whether bytes still come. */
  readonly socket: net.Socket;
}

export interface OutletOptions {
  /** For messages: `control plane host:port`. */
  readonly place: string;
  readonly cluster: ClusterSettings;
  readonly node: NodeIntroduction;
  /** One limit for all of it: name, proxy, TLS, HTTP. */
  readonly connectMs: number;
}

/**
 * Connects to a control plane, up to its 101.
 *
 * @throws the error of this module that fits the sign, or the signal's reason
 */
export async function openOutlet(options: OutletOptions, signal: AbortSignal): Promise<Outlet> {
  const { place, cluster, connectMs } = options;
  let phase = cluster.proxy === undefined ? 'the TCP connection' : 'the tunnel through the proxy';
  // Not AbortSignal.any and AbortSignal.timeout: on Node 20 their pair may be collected before it fires.
  const limit = new AbortController();
  const stop = (): void => limit.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const timer = setTimeout(() => limit.abort(connectTimeout(place, phase, connectMs)), connectMs);
  try {
    limit.signal.throwIfAborted();
    const plain = await reach(cluster, place, limit.signal);
    phase = 'the TLS handshake';
    const socket = await secure(plain, cluster, place, limit.signal);
    phase = 'the HTTP answer';
    return { webSocket: await upgrade(socket, options, limit.signal), socket };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

function secure(
  plain: net.Socket,
  cluster: ClusterSettings,
  place: string,
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    let socket: tls.TLSSocket;
    try {
      socket = tls.connect({ ...clientTls(cluster), socket: plain });
    } catch (error) {
      // A key that does not belong to its certificate, or PEM text that is none.
      plain.destroy();
      reject(tlsFailed(place, error));
      return;
    }
    // Below a proxy's TLS the stream may fail by itself; what lies upon it tells.
    plain.on('error', (error) => socket.destroy(error));
    const abort = (): void => void socket.destroy(signal.reason as Error);
    const failed = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      plain.destroy();
      reject(signal.aborted ? (signal.reason as Error) : tlsProblem(error, cluster, place));
    };
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** OpenSSL's codes for a chain that leads to nobody we trust. */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
]);
const NOT_VALID_NOW = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

function tlsProblem(error: NodeJS.ErrnoException, cluster: ClusterSettings, place: string): Error {
  const code = error.code ?? '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return tlsName(place, cluster.mtls, expectedName(cluster), error);
  if (NOT_VALID_NOW.has(code)) return tlsExpired(place, error);
  if (UNTRUSTED.has(code)) return tlsUntrusted(place, cluster.mtls, error);
  return tlsFailed(place, error);
}

function upgrade(socket: tls.TLSSocket, options: OutletOptions, signal: AbortSignal): Promise<WebSocket> {
  const { place, cluster, node } = options;
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(outletUrl(cluster.controlPlane, node), {
      createConnection: () => socket,
      perMessageDeflate: false,
      maxPayload: cluster.maxPayloadBytes,
      // Kong breaks a connection with a fragmented message, on either side.
      maxFragments: 1,
    });
    const abort = (): void => fail(signal.reason as Error);
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      reject(error);
    };
    // Stays for good: an error without a listener is fatal, also between `open` and the next listener.
    let open = false;
    webSocket.on('error', (error: NodeJS.ErrnoException) => {
      if (!open) fail(upgradeProblem(error, cluster, place));
    });
    webSocket.once('unexpected-response', (_request, response: IncomingMessage) => {
      void title(response).then((said) => fail(statusProblem(place, response.statusCode ?? 0, said)));
    });
    webSocket.once('open', () => {
      open = true;
      signal.removeEventListener('abort', abort);
      webSocket.pause();
      resolve(webSocket);
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

function upgradeProblem(error: NodeJS.ErrnoException, cluster: ClusterSettings, place: string): Error {
  // The TLS socket is up, so a cut is the control plane's word about our certificate; TLS 1.3 may say it in an alert.
  const cut = ['ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes(error.code ?? '') || error.code?.startsWith('ERR_SSL_');
  if (cut === true) return hangUp(place, cluster.mtls, error);
  if (error.code !== undefined && !error.code.startsWith('HPE_'))
    return networkFailed(place, 'the HTTP request', error);
  return protocolBroken(place, `its answer to the request for a WebSocket is not one: ${error.message}`);
}

function statusProblem(place: string, status: number, said: string): Error {
  // nginx's own titles, which Kong leaves as they are.
  if (status === 400 && /SSL certificate/i.test(said)) return clientCertificate(place, said);
  if (status === 400) return badRequest(place, said);
  if (status === 404) return notFound(place, said);
  return unexpectedStatus(place, status, said);
}

const QUOTED_BYTES = 8 * 1024;
const QUOTED_CHARACTERS = 200;

/** What an HTTP answer says, for a message: the title of a page, or the first line of a text. */
async function title(response: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += chunk.toString('latin1');
      if (text.length >= QUOTED_BYTES) break;
    }
  } catch {
    // Cut off: what has come is quoted.
  }
  return quotable(text);
}

/** The title of a page or the first line of a text, printable and short; `no text` for none. */
export function quotable(text: string): string {
  const page = /<title>([^<]*)<\/title>/i.exec(text)?.[1];
  const line = (page ?? text.trim().split('\n', 1)[0] ?? '').replace(/[^\x21-\x7e]+/g, ' ').replace(/^\d{3} /, '');
  return line.trim().slice(0, QUOTED_CHARACTERS) || 'no text';
}
