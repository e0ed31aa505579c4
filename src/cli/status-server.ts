import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { causeOf } from '../errors';
import type { VersionExportStatus } from '../exporter';
import type { Log } from '../runtime';
import { statusListenFailed } from './errors';

export interface StatusDocument {
  readonly program: string;
  readonly versions: readonly VersionExportStatus[];
}

/**
 * `/status` (JSON), `/metrics` (Prometheus), `/health` and `/ready`, without authentication and without secrets.
 *
 * `/health` says that the process answers, whatever control plane and store do. `/ready` says 200 when each version is
 * covered: this exporter leads and what is stored has been confirmed (by it or its predecessor), or it follows another.
 */
export class StatusServer {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @throws KR_STATUS_LISTEN_FAILED */
  static async listen(
    address: { host: string; port: number },
    read: () => StatusDocument,
    log: Log,
  ): Promise<StatusServer> {
    const server = createServer((request, response) => {
      const send = (code: number, type: string, text: string): void => {
        response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
      };
      const json = (code: number, value: unknown): void => {
        send(code, 'application/json', `${JSON.stringify(value, undefined, 2)}\n`);
      };
      const { pathname } = new URL(request.url ?? '/', 'http://status');
      if (request.method !== 'GET') return json(405, { message: 'GET only' });
      const document = read();
      switch (pathname) {
        case '/status':
          return json(200, document);
        case '/health':
          return json(200, { healthy: true });
        case '/ready': {
          const waiting = document.versions.filter((version) => !isReady(version)).map((version) => version.version);
          return json(waiting.length === 0 ? 200 : 503, { ready: waiting.length === 0, waiting });
        }
        case '/metrics':
          import('./metrics')
            .then(({ renderMetrics }) => renderMetrics(document.versions))
            .then(
              ({ type, text }) => send(200, type, text),
              (error: unknown) => {
                log.error({ reason: causeOf(error) }, 'metrics');
                json(500, { message: 'the metrics could not be rendered; see the log' });
              },
            );
          return;
        default:
          return json(404, { message: 'known: /status, /metrics, /health, /ready' });
      }
    });
    server.requestTimeout = 10_000;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(address.port, withoutBrackets(address.host), resolve);
      });
    } catch (error) {
      throw statusListenFailed(`${address.host}:${address.port}`, error);
    }
    const { port } = server.address() as AddressInfo;
    log.info({ host: address.host, port }, 'serves /status, /metrics, /health and /ready');
    return new StatusServer(server, port);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

/** An IPv6 address as a socket wants it. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function isReady(status: VersionExportStatus): boolean {
  return status.role === 'follower' || (status.role === 'leader' && status.confirmedAt !== null);
}
