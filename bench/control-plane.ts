import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { makeClusterCertificate } from '../src/demo/certificates';
import { ScriptedControlPlane } from '../test/support/scripted-control-plane';

export const randomHash = (): string => randomBytes(16).toString('hex');

/**
 * A control plane that sends prepared frames, since making one (serializing, hashing, compressing) would take longer than
 * what is measured. Over TLS on loopback.
 */
export class FrameSender {
  readonly #nodes = new Set<WebSocket>();
  readonly #server: ScriptedControlPlane;
  #onChange: () => void = () => undefined;
  /** The current configuration: as a control plane does, it is sent to each node that introduces itself. None by default. */
  frame: Buffer | undefined;
  /** What every node of this cluster has in its environment. */
  readonly environment: Readonly<Record<string, string>>;

  private constructor(server: ScriptedControlPlane, environment: Readonly<Record<string, string>>) {
    this.#server = server;
    this.environment = environment;
  }

  /** @param folder for the cluster certificate */
  static async start(folder: string): Promise<FrameSender> {
    const pair = await makeClusterCertificate();
    const [certificate, key] = [join(folder, 'cluster.crt'), join(folder, 'cluster.key')];
    writeFileSync(certificate, pair.certificate);
    writeFileSync(key, pair.key.reveal(), { mode: 0o600 });
    let accept: (webSocket: WebSocket) => void = () => undefined;
    const server = new ScriptedControlPlane(pair, { accepted: (webSocket) => accept(webSocket) });
    const port = await server.listen();
    const sender = new FrameSender(server, {
      KONG_ROLE: 'data_plane',
      KONG_DATABASE: 'off',
      KONG_CLUSTER_CONTROL_PLANE: `127.0.0.1:${port}`,
      KONG_CLUSTER_CERT: certificate,
      KONG_CLUSTER_CERT_KEY: key,
      KONG_CLUSTER_MAX_PAYLOAD: String(64 * 1024 * 1024),
    });
    accept = (webSocket) => sender.#accept(webSocket);
    return sender;
  }

  #accept(webSocket: WebSocket): void {
    webSocket.once('close', () => {
      this.#nodes.delete(webSocket);
      this.#onChange();
    });
    // Its first message introduces it.
    webSocket.once('message', () => {
      this.#nodes.add(webSocket);
      if (this.frame !== undefined) webSocket.send(this.frame);
      this.#onChange();
    });
  }

  /** Waits until exactly so many nodes are connected. */
  async connected(count: number): Promise<void> {
    while (this.#nodes.size !== count) await new Promise<void>((resolve) => (this.#onChange = resolve));
  }

  /**
   * Makes a frame the current configuration, and sends it to all nodes.
   *
   * @returns when the first byte was given to the system, and when the last was, by `performance.now()`
   */
  async send(frame: Buffer): Promise<{ readonly firstByte: number; readonly lastByte: number }> {
    this.frame = frame;
    const firstByte = performance.now();
    await Promise.all(
      [...this.#nodes].map(
        (node) =>
          new Promise<void>((resolve, reject) => node.send(frame, (error) => (error ? reject(error) : resolve()))),
      ),
    );
    return { firstByte, lastByte: performance.now() };
  }

  async close(): Promise<void> {
    await this.#server.close();
  }
}
