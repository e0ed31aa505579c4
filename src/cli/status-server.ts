import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { causeOf } from '../errors';
import type { VersionExportStatus } from '../exporter';
import type { ImportResult } from '../importer';
import type { Log } from '../runtime';
import { statusListenFailed } from './errors';

/** What a command has to say; asked anew at each request. */
export interface StatusPages {
  /** The document of `/status`. */
  readonly status: () => object;
  /** Whether `/startup` and `/ready` answer 200, and their documents. */
  readonly startup: () => Probe;
  readonly ready: () => Probe;
  /** `/metrics`: Prometheus's text format and its type. */
  readonly metrics: () => Promise<{ type: string; text: string }>;
}

interface Probe {
  readonly ok: boolean;
  readonly document: object;
}

/** `/ready` says 200 when each version is covered: this exporter leads and what is stored has been confirmed (by it or its predecessor), or it follows another. */
export function exporterPages(
  program: string,
  exporter: { readonly status: readonly VersionExportStatus[] },
): StatusPages {
  return {
    status: () => ({ program, versions: exporter.status }),
    startup: () => ({ ok: true, document: { started: true } }),
    ready: () => {
      const waiting = exporter.status.filter((version) => !isReady(version)).map(({ version }) => version);
      return { ok: waiting.length === 0, document: { ready: waiting.length === 0, waiting } };
    },
    metrics: async () => (await import('./metrics')).renderMetrics(exporter.status),
  };
}

/** `/startup` and `/ready` say 200 once the import has ended, whatever became of it: nothing here holds a gateway back. */
export function importerPages(program: string, version: string, result: () => ImportResult | undefined): StatusPages {
  const ended = (): object => {
    const { outcome, error } = result() ?? {};
    return outcome === undefined ? {} : { outcome, error: error?.code ?? null };
  };
  return {
    status: () => ({ program, version, import: result() ?? null }),
    startup: () => {
      const ok = result() !== undefined;
      return { ok, document: { started: ok, ...ended() } };
    },
    ready: () => {
      const ok = result() !== undefined;
      return { ok, document: { ready: ok, waiting: ok ? [] : [version], ...ended() } };
    },
    metrics: async () => (await import('./metrics')).renderImportMetrics(version, result()),
  };
}

/**
 * `/status` (JSON), `/metrics` (Prometheus), `/health`, `/startup` and `/ready`, without authentication and without
 * secrets. `/health` says that the process answers, whatever control plane and store do.
 */
export class StatusServer {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @throws KR_STATUS_LISTEN_FAILED */
  static async listen(address: { host: string; port: number }, pages: StatusPages, log: Log): Promise<StatusServer> {
    const server = createServer((request, response) => {
      const send = (code: number, type: string, text: string): void => {
        response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
      };
      const json = (code: number, value: unknown): void => {
        send(code, 'application/json', `${JSON.stringify(value, undefined, 2)}\n`);
      };
      const probe = ({ ok, document }: Probe): void => json(ok ? 200 : 503, document);
      const target = [request.url ?? '/', 'http://status'] as const;
      if (!URL.canParse(...target)) return json(400, { message: 'the request names no path' });
      const { pathname } = new URL(...target);
      if (request.method !== 'GET') return json(405, { message: 'GET only' });
      switch (pathname) {
        case '/status':
          return json(200, pages.status());
        case '/health':
          return json(200, { healthy: true });
        case '/startup':
          return probe(pages.startup());
        case '/ready':
          return probe(pages.ready());
        case '/metrics':
          pages.metrics().then(
            ({ type, text }) => send(200, type, text),
            (error: unknown) => {
              log.error({ reason: causeOf(error) }, 'metrics');
              json(500, { message: 'the metrics could not be rendered; see the log' });
            },
          );
          return;
        default:
          return json(404, { message: 'known: /status, /metrics, /health, /startup, /ready' });
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
    log.info({ host: address.host, port }, 'serves /status, /metrics, /health, /startup and /ready');
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
