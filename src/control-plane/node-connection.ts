import type { Duplex } from 'node:stream';

import type { RawData, WebSocket } from 'ws';

import { type BasicInfo, decodeBasicInfo, EMPTY_HASH, isHash, type NodeIntroduction } from '../protocol';
import type { Log } from '../runtime/log';
import { FrameWriter } from './frame-writer';

/** A node that is connected. */
export interface ConnectedNode {
  readonly nodeId: string;
  readonly hostname: string;
  readonly ip: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The hash of the configuration that it runs, as its last ping said; zeros for none. */
  readonly hash: string;
  /** For people, never for ordering. */
  readonly lastSeen: Date;
}

export interface NodeConnectionOptions {
  readonly webSocket: WebSocket;
  readonly socket: Duplex;
  readonly introduction: NodeIntroduction;
  readonly ip: string;
  readonly basicInfoMs: number;
  readonly deadMs: number;
  readonly log: Log;
  /** The node has introduced itself: it may be sent a configuration. */
  readonly onReady: (connection: NodeConnection) => void;
  readonly onClose: (connection: NodeConnection) => void;
}

/** How long a closing handshake may take. */
export const CLOSE_MS = 1_000;

/** The server's half of one accepted connection. Closes, like Kong, with an empty close frame and no word. */
export class NodeConnection {
  readonly version: string;
  readonly #writer: FrameWriter;
  readonly #introducing: NodeJS.Timeout;
  readonly #silence: NodeJS.Timeout;
  #info: BasicInfo | undefined;
  #hash = EMPTY_HASH;
  #lastSeen = new Date();
  #pongs = 0;

  constructor(private readonly options: NodeConnectionOptions) {
    const { webSocket, socket, introduction } = options;
    this.version = introduction.version;
    this.#writer = new FrameWriter(socket, () => this.#pong());
    this.#introducing = setTimeout(() => this.close('it did not introduce itself in time'), options.basicInfoMs);
    this.#silence = setTimeout(() => this.close('nothing was heard from it'), options.deadMs);
    webSocket.on('message', (data, isBinary) => this.#message(data, isBinary));
    webSocket.on('ping', (data) => this.#ping(data));
    webSocket.on('pong', () => this.#seen());
    webSocket.on('error', (error) => this.options.log.warn({ err: error }, 'a node broke the connection'));
    webSocket.on('close', () => {
      clearTimeout(this.#introducing);
      clearTimeout(this.#silence);
      options.onClose(this);
    });
  }

  /** What the node said it can run; undefined until it has. */
  get info(): BasicInfo | undefined {
    return this.#info;
  }

  get node(): ConnectedNode {
    const { introduction, ip } = this.options;
    return {
      nodeId: introduction.nodeId,
      hostname: introduction.hostname,
      ip,
      version: introduction.version,
      labels: this.#info?.labels ?? {},
      hash: this.#hash,
      lastSeen: this.#lastSeen,
    };
  }

  /** Sends a message as one frame; one that still waits behind another is replaced. */
  send(frame: Uint8Array): void {
    this.#writer.write(frame);
  }

  /** @param why for the log alone: the node is told nothing */
  close(why: string): void {
    const { webSocket, log } = this.options;
    log.info({ why }, 'closing the connection of a node');
    // In the middle of a message there is no room for a close frame.
    if (this.#writer.busy) {
      webSocket.terminate();
      return;
    }
    webSocket.close();
    setTimeout(() => webSocket.terminate(), CLOSE_MS).unref();
  }

  #message(data: RawData, isBinary: boolean): void {
    this.#seen();
    if (!isBinary) {
      this.options.log.debug({}, 'a node sent a text frame, which the protocol does not have; ignored');
      return;
    }
    if (this.#info !== undefined) {
      this.#report(data as Buffer);
      return;
    }
    this.#info = decodeBasicInfo(data as Buffer);
    if (this.#info === undefined) {
      this.close('its first message is no basic_info');
      return;
    }
    clearTimeout(this.#introducing);
    this.options.onReady(this);
  }

  /** Later messages of a node are reports that it could not apply a configuration. They may quote it, so only the size is logged. */
  #report(data: Buffer): void {
    this.options.log.warn({ bytes: data.length }, 'a node reports a problem with its configuration');
  }

  #ping(data: Buffer): void {
    this.#seen();
    const hash = data.toString('latin1');
    if (!isHash(hash)) {
      this.close(`its ping has ${data.length} bytes instead of 32`);
      return;
    }
    this.#hash = hash;
    this.#pongs += 1;
    if (!this.#writer.busy) this.#pong();
  }

  /** Answers the pings that came, between two messages. */
  #pong(): void {
    const { webSocket } = this.options;
    for (; this.#pongs > 0 && webSocket.readyState === webSocket.OPEN; this.#pongs -= 1) webSocket.pong();
  }

  #seen(): void {
    this.#lastSeen = new Date();
    this.#silence.refresh();
  }
}
