import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import { WebSocketServer } from 'ws';

import type { Secret } from '../contract';
import { authority, DEFAULT_MAX_PAYLOAD_BYTES, OUTLET_PATH, parseOutletTarget, TIMING } from '../protocol';
import type { Log } from '../runtime/log';
import { admit, type AdmissionRules } from './admission';
import { pluginProblem, servesVersion } from './compatibility';
import { cannotListen } from './errors';
import { CLOSE_MS, type ConnectedNode, NodeConnection } from './node-connection';
import { type Adapt, Publication, type Published } from './publication';

export interface ControlPlaneOptions {
  /** The gateway version that it acts as: nodes of the same major and of no newer minor version are served. */
  readonly version: string;
  readonly mtls: 'shared' | 'pki' | 'pki_check_cn';
  /** PEM. With `shared` the cluster's one certificate; with `pki` one that is fit for serverAuth. */
  readonly certificate: string;
  readonly key: Secret;
  /** `pki`: PEM of the authorities that sign the nodes' certificates. */
  readonly authorities?: readonly string[];
  /** `pki_check_cn`: the common names that may connect; by default those with the parent domain of the own one. */
  readonly allowedCommonNames?: readonly string[];
  /** Bound of a node's message. 16 MiB by default. */
  readonly maxPayloadBytes?: number;
  /** Makes the table for a node of an older version; by default it is sent as it is. */
  readonly adapt?: Adapt;
  readonly log: Log;
  /** Kong's own times, in milliseconds, by default. */
  readonly timing?: { readonly basicInfoMs?: number; readonly deadMs?: number };
}

/**
 * The server half of Kong's hybrid protocol: it sends what is published to every node that may have it, at once and
 * whenever a node connects.
 *
 * It refuses as Kong does: without a word. A node of a version that it does not serve gets 101 and an empty close; a node
 * that lacks a plugin is connected, and sent nothing; the reason is in this log alone.
 */
export class ControlPlane {
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #rules: AdmissionRules;
  /** Every socket, from its first packet. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<NodeConnection>();
  /** Those of the connections that have introduced themselves. */
  readonly #nodes = new Set<NodeConnection>();
  #publication: Publication | undefined;

  /** @throws KR_CONTROL_PLANE_LISTEN where the certificate or its key is none */
  constructor(private readonly options: ControlPlaneOptions) {
    try {
      this.#rules = {
        mtls: options.mtls,
        certificate: new X509Certificate(options.certificate),
        allowedCommonNames: options.allowedCommonNames ?? [],
      };
      this.#server = createServer({
        cert: options.certificate,
        key: options.key.reveal(),
        ca: [...(options.authorities ?? [])],
        requestCert: true,
        // The checks of admission.ts decide: Kong finishes the handshake with anybody.
        rejectUnauthorized: false,
        ALPNProtocols: ['http/1.1'],
      });
    } catch (error) {
      throw cannotListen('any address', error);
    }
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // A pong in the middle of a message would destroy it: the connection sends them itself.
      autoPong: false,
      maxPayload: options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES,
      maxFragments: 1,
    });
    this.#server.on('upgrade', (request, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
    this.#server.on('request', (request, response) => {
      const verdict = admit(this.#rules, request.socket as TLSSocket, parseOutletTarget(request.url ?? ''));
      if (verdict.kind === 'hang-up') request.socket.destroy();
      else if (verdict.kind === 'answer')
        response.writeHead(verdict.status, HTML).end(page(verdict.status, verdict.title));
      else response.writeHead(400, HTML).end(page(400, `${OUTLET_PATH} is a WebSocket`));
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', (error) => options.log.debug({ err: error }, 'a TLS handshake failed'));
  }

  /**
   * Starts to accept nodes; resolves with the address that it got (port 0: any free one).
   *
   * @throws KR_CONTROL_PLANE_LISTEN
   */
  async listen(address: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => reject(cannotListen(authority(address), error));
      this.#server.once('error', failed);
      this.#server.listen(address.port, address.host, () => {
        this.#server.off('error', failed);
        resolve();
      });
    });
    const bound = this.#server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  /**
   * Makes a configuration the current one, and sends it to every connected node that may have it.
   *
   * @throws KR_CONFIG_… where the table is none or empty: a data plane that took it would wipe itself
   */
  publish(configuration: Published): void {
    this.#publication = new Publication(configuration, this.options.adapt ?? ((table) => table));
    for (const node of this.#nodes) this.#send(node);
  }

  /** The nodes that are connected and have introduced themselves. */
  nodes(): readonly ConnectedNode[] {
    return [...this.#nodes].map((connection) => connection.node);
  }

  /** Stops accepting, and ends every connection; the nodes get an empty close. */
  async close(): Promise<void> {
    const done = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.close('the control plane stops');
    this.#server.closeAllConnections();
    // Whoever has not answered the close by then, or is not even through its handshake, is cut.
    const cut = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), CLOSE_MS);
    await done;
    clearTimeout(cut);
    this.#connections.clear();
    this.#nodes.clear();
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const socket = stream as TLSSocket;
    const { options } = this;
    // A socket that fails is not worth a word; without a listener it would end the process.
    socket.on('error', (error: Error) => options.log.debug({ err: error }, 'the connection of a node failed'));
    const introduction = parseOutletTarget(request.url ?? '');
    const ip = socket.remoteAddress ?? '';
    const log = options.log.child({ nodeId: introduction.nodeId, nodeVersion: introduction.version, ip });
    const verdict = admit(this.#rules, socket, introduction);
    if (verdict.kind === 'hang-up') {
      log.warn({}, 'a node showed a certificate that is not accepted; hung up');
      socket.destroy();
      return;
    }
    if (verdict.kind === 'answer') {
      log.warn({ status: verdict.status, title: verdict.title }, 'a node was refused');
      const body = page(verdict.status, verdict.title);
      socket.end(
        `HTTP/1.1 ${verdict.status} ${STATUS_TEXT[verdict.status] ?? ''}\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new NodeConnection({
        webSocket,
        socket,
        introduction,
        ip,
        basicInfoMs: options.timing?.basicInfoMs ?? TIMING.basicInfoMs,
        deadMs: options.timing?.deadMs ?? TIMING.deadMs,
        log,
        onReady: (ready) => {
          log.info({}, 'a node has connected');
          this.#nodes.add(ready);
          this.#send(ready);
        },
        onClose: (gone) => {
          this.#connections.delete(gone);
          this.#nodes.delete(gone);
        },
      });
      this.#connections.add(connection);
      if (!servesVersion(options.version, introduction.version)) {
        connection.close(
          `its version is not served by ${options.version}: another major version, or a newer minor one`,
        );
      }
    });
  }

  #send(connection: NodeConnection): void {
    const publication = this.#publication;
    if (publication === undefined) return;
    const { log, version } = this.options;
    const fields = { nodeId: connection.node.nodeId, nodeVersion: connection.version };
    const problem = pluginProblem(version, publication.plugins, connection.info?.plugins ?? []);
    if (problem !== undefined) {
      log.warn(fields, `a node is sent no configuration: ${problem}`);
      return;
    }
    publication.frame(connection.version).then(
      (frame) => {
        // A newer one may have been published while this was made.
        if (publication === this.#publication && this.#nodes.has(connection)) connection.send(frame);
      },
      (error: unknown) => log.error({ ...fields, err: error }, 'the configuration could not be made for a node'),
    );
  }
}

const HTML = { 'content-type': 'text/html', connection: 'close' };
const STATUS_TEXT: Readonly<Record<number, string>> = { 400: 'Bad Request', 404: 'Not Found' };

/** A page in the form of nginx's, whose titles are all that a node sees. */
function page(status: number, title: string): string {
  return `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
}
