import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';

import type { ClusterSettings } from '../contract';
import { authority, systemRoots } from '../protocol';
import { networkFailed, proxyRefused, proxyUnreachable, refused, unknownHost } from './errors';

/** A byte stream to the control plane: straight, or through the proxy. Ends when `signal` aborts. */
export async function reach(cluster: ClusterSettings, place: string, signal: AbortSignal): Promise<net.Socket> {
  return cluster.proxy === undefined
    ? dial(cluster.controlPlane, place, signal)
    : tunnel(cluster, cluster.proxy.reveal(), place, signal);
}

function dial(address: { host: string; port: number }, place: string, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address.host, port: address.port, noDelay: true });
    const abort = (): void => void socket.destroy(signal.reason as Error);
    const failed = (error: NodeJS.ErrnoException): void => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(signal.reason as Error);
      else if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
        reject(unknownHost(place, address.host, error));
      else if (error.code === 'ECONNREFUSED') reject(refused(place, error));
      else reject(networkFailed(place, 'connecting', error));
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** CONNECT with the credentials at once, as Kong does; the proxy resolves the name. */
function tunnel(cluster: ClusterSettings, proxy: URL, place: string, signal: AbortSignal): Promise<net.Socket> {
  const target = authority(cluster.controlPlane);
  const secure = proxy.protocol === 'https:';
  const options: https.RequestOptions = {
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port === '' ? (secure ? 443 : 80) : Number(proxy.port),
    path: target,
    headers: { host: target, ...authorization(proxy) },
    agent: false,
    signal,
    ...(secure ? { ca: [...cluster.trusted, ...(cluster.trustSystem ? systemRoots() : [])] } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = secure ? https.request(options) : http.request(options);
    request.once('connect', (response, socket: net.Socket, head) => {
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) {
        socket.destroy();
        reject(proxyRefused(place, proxy.host, target, status));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('error', (error) => {
      reject(signal.aborted ? (signal.reason as Error) : proxyUnreachable(place, proxy.host, error));
    });
    request.end();
  });
}

function authorization(proxy: URL): Record<string, string> {
  if (proxy.username === '' && proxy.password === '') return {};
  const credentials = `${decoded(proxy.username)}:${decoded(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** User or password of a URL, percent-decoded; a text with a lone `%` is meant as it stands. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
