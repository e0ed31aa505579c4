import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { WebSocket } from 'ws';
import type { Table } from '../../test/cli/cluster';
import type { ExportOutcome, Fault, ImportOutcome } from './fault';

/** Texts of the messages that a script sends. */
export interface Messages {
  readonly earlier: Table;
  readonly newest: Table;
}

export interface ControlPlaneInjection {
  /**
   * What is at its address: nothing, a listener that says nothing, a control plane with this certificate, one that does
   * what a script does once it has accepted, or a real one that goes on to `newest`.
   */
  readonly by:
    | { readonly kind: 'refused' | 'black-hole' }
    | { readonly kind: 'certificate'; readonly of: 'another authority' | 'the authority, expired' }
    | { readonly kind: 'script'; readonly accepted: (webSocket: WebSocket, messages: Messages) => void }
    | { readonly kind: 'real'; readonly then: Table }
    | { readonly kind: 'simulated' };
}

type Row = Fault<ControlPlaneInjection>;

/** A `reconfigure` message as it is before gzip. */
function message(table: Uint8Array, configHash?: string): Buffer {
  const hash = configHash === undefined ? '' : `,"config_hash":"${configHash}"`;
  return Buffer.from(
    `{"type":"reconfigure","timestamp":1,"config_table":${Buffer.from(table).toString('utf8')}${hash}}`,
  );
}

/** Sends each of them as one frame, once the node has introduced itself. */
function frames(of: (messages: Messages) => readonly Uint8Array[]): ControlPlaneInjection {
  return {
    by: {
      kind: 'script',
      accepted: (webSocket, messages) =>
        webSocket.once('message', () => {
          for (const frame of of(messages)) webSocket.send(frame);
        }),
    },
  };
}

const bomb = gzipSync(Buffer.concat([Buffer.from('{"type":"reconfigure",'), Buffer.alloc(64 << 20, 0x20)]));
const text = (table: string): Uint8Array => gzipSync(message(Buffer.from(table)));
const another = text('{"_format_version":"3.0","_transform":false,"services":[{"name":"another"}]}');

const deaf = { kong_resilience_source_problems_total: 'counts', kong_resilience_source_live: 0 } as const;

/** The exporter says why nothing arrives, and what is stored stays. */
function nothingNew(code: string, said: string): ExportOutcome {
  return {
    log: { level: 'error', event: 'source_failed', code, text: said },
    exitCode: 0,
    metrics: deaf,
    stored: 'the earlier one',
  };
}

/** The import says why, and takes what is stored. */
function fromStore(said: string): ImportOutcome {
  return {
    log: { level: 'warn', text: said },
    exitCode: 0,
    metrics: { kong_resilience_import_ended: 1, kong_resilience_import_failed: 0 },
    handedOver: 'what is stored',
  };
}

/** The control plane answers: nothing is needed, and what was handed over is taken away. */
const notNeeded: ImportOutcome = {
  log: { level: 'info', text: 'the control plane answers; nothing is handed over' },
  exitCode: 0,
  metrics: { kong_resilience_import_ended: 1, kong_resilience_import_failed: 0 },
  handedOver: 'nothing',
};

function badMessage(id: string, fault: string, code: string, said: string, inject: ControlPlaneInjection): Row {
  return { id, fault, inject, expected: { export: nothingNew(code, said), import: fromStore(said) } };
}

const hashes = { one: 'a'.repeat(32), other: 'b'.repeat(32) };

export const controlPlaneFaults: readonly Row[] = [
  badMessage(
    'control-plane-refused',
    'Nothing listens at the address of the control plane.',
    'KR_SOURCE_REFUSED',
    'the connection was refused',
    { by: { kind: 'refused' } },
  ),
  {
    id: 'control-plane-black-hole',
    fault: 'Its address takes connections and never says a word, not even TLS.',
    inject: { by: { kind: 'black-hole' } },
    expected: {
      export: nothingNew('KR_SOURCE_CONNECT_TIMEOUT', 'the TLS handshake'),
      import: fromStore('no configuration within the time limit'),
    },
  },
  badMessage(
    'control-plane-other-authority',
    'It shows the certificate of another authority.',
    'KR_SOURCE_TLS_UNTRUSTED',
    'certificate',
    { by: { kind: 'certificate', of: 'another authority' } },
  ),
  badMessage(
    'control-plane-expired-certificate',
    'Its certificate has expired.',
    'KR_SOURCE_TLS_EXPIRED',
    'certificate',
    { by: { kind: 'certificate', of: 'the authority, expired' } },
  ),
  {
    id: 'control-plane-silent',
    fault: 'It accepts the node and never sends a configuration.',
    inject: { by: { kind: 'script', accepted: () => undefined } },
    expected: {
      export: nothingNew('KR_SOURCE_SILENT', 'connected, but no configuration came within 3 s'),
      import: fromStore('connected, but no configuration came within 3 s'),
    },
  },
  {
    id: 'control-plane-unlisted-plugin',
    fault:
      'A plugin is enabled that the exporter does not list: the control plane sends it nothing any more, and says nothing.',
    inject: {
      by: {
        kind: 'real',
        then: {
          table: Buffer.from('{"_format_version":"3.0","plugins":[{"name":"acme-auth"}]}'),
        },
      },
    },
    expected: {
      export: nothingNew('KR_SOURCE_SILENT', 'connected, but no configuration came within 3 s'),
      import: fromStore('connected, but no configuration came within 3 s'),
    },
  },
  badMessage(
    'control-plane-closes-in-a-frame',
    'It closes after half of a frame.',
    'KR_SOURCE_CLOSED_EARLY',
    'it closed before it had sent a configuration',
    {
      by: {
        kind: 'script',
        accepted: (webSocket, { newest }) =>
          webSocket.once('message', () => {
            const frame = gzipSync(message(newest.table));
            // A binary frame of this length, of which the second half never comes.
            const head = Buffer.from([0x82, 126, frame.length >> 8, frame.length & 0xff]);
            const { _socket: socket } = webSocket as unknown as { _socket: Socket };
            socket.write(Buffer.concat([head, frame.subarray(0, frame.length >> 1)]), () => socket.destroy());
          }),
      },
    },
  ),
  badMessage(
    'control-plane-gzip-cut',
    'It sends a message whose gzip is cut.',
    'KR_CONFIG_BAD_GZIP',
    'gzip',
    frames(({ newest }) => [gzipSync(message(newest.table)).subarray(0, -20)]),
  ),
  badMessage(
    'control-plane-json-cut',
    'It sends a message whose JSON is cut.',
    'KR_CONFIG_NOT_JSON',
    'JSON',
    frames(({ newest }) => [gzipSync(message(newest.table).subarray(0, -20))]),
  ),
  badMessage(
    'control-plane-gzip-bomb',
    'It sends 64 KB that inflate to 64 MB, beyond KONG_RESILIENCE_MAX_CONFIG_BYTES.',
    'KR_CONFIG_TOO_LARGE',
    'KONG_RESILIENCE_MAX_CONFIG_BYTES',
    frames(() => [bomb]),
  ),
  badMessage(
    'control-plane-frame-too-large',
    'It sends a frame beyond KONG_CLUSTER_MAX_PAYLOAD.',
    'KR_SOURCE_PAYLOAD',
    'it sent a message of more than 4194304 bytes',
    frames(() => [Buffer.alloc(4_194_305)]),
  ),
  badMessage(
    'control-plane-empty-table',
    'It sends a configuration without an entity, of which a gateway would wipe itself.',
    'KR_CONFIG_EMPTY',
    'no entity',
    frames(() => [text('{"_format_version":"3.0","_transform":false,"workspaces":[{"id":"x"}],"parameters":[]}')]),
  ),
  badMessage(
    'control-plane-format-version',
    'It sends a configuration of another format version.',
    'KR_CONFIG_FORMAT_VERSION',
    '_format_version',
    frames(() => [text('{"_format_version":"4.0","_transform":false,"services":[{"name":"x"}]}')]),
  ),
  {
    id: 'control-plane-same-hash',
    fault: 'It sends another content with the hash of the one before.',
    inject: frames(({ earlier, newest }) => [earlier, newest].map(({ table }) => gzipSync(message(table, hashes.one)))),
    expected: {
      export: { exitCode: 0, metrics: { kong_resilience_source_problems_total: 0 }, stored: 'the newest' },
      import: notNeeded,
    },
  },
  {
    id: 'control-plane-other-hash',
    fault: 'It sends the same content again with another hash, which a gateway would report.',
    inject: {
      by: {
        kind: 'script',
        accepted: (webSocket, { newest }) =>
          webSocket.once('message', () => {
            webSocket.send(gzipSync(message(newest.table, hashes.one)));
            setTimeout(() => webSocket.send(gzipSync(message(newest.table, hashes.other))), 2_000);
          }),
      },
    },
    expected: {
      export: { exitCode: 0, metrics: { kong_resilience_exports_total: 2 }, stored: 'the newest' },
      import: notNeeded,
    },
  },
  {
    id: 'control-plane-twice',
    fault: 'It sends the same frame twice at once.',
    inject: frames(({ newest }) => [newest, newest].map(({ table }) => gzipSync(message(table, hashes.one)))),
    expected: {
      export: {
        exitCode: 0,
        metrics: { kong_resilience_source_problems_total: 0, kong_resilience_exports_total: 1 },
        stored: 'the newest',
      },
      import: notNeeded,
    },
  },
  {
    id: 'control-plane-1000-pushes',
    fault: 'It sends 1,000 configurations in a second.',
    inject: {
      by: {
        kind: 'script',
        accepted: (webSocket, { earlier, newest }) =>
          webSocket.once('message', () => {
            // The newest is the last one alone: where it is stored, all have been sent.
            const [odd, last] = [gzipSync(message(earlier.table)), gzipSync(message(newest.table))];
            let sent = 0;
            const timer = setInterval(() => {
              for (let count = 0; count < 10; count++) {
                sent += 1;
                webSocket.send(sent === 1_000 ? last : sent % 2 === 1 ? odd : another);
              }
              if (sent === 1_000) clearInterval(timer);
            }, 10);
            webSocket.once('close', () => clearInterval(timer));
          }),
      },
    },
    expected: {
      export: {
        exitCode: 0,
        metrics: { kong_resilience_source_problems_total: 0, kong_resilience_export_failures_total: 0 },
        stored: 'the newest',
      },
      import: notNeeded,
    },
  },
  {
    id: 'control-plane-flapping',
    fault: 'It comes and goes for an hour of simulated time, with changes meanwhile (in memory, on a virtual clock).',
    inject: { by: { kind: 'simulated' } },
    expected: {
      export: {
        log: { level: 'error', event: 'source_failed', code: 'KR_SOURCE_CLOSED', text: 'it closed the connection' },
        exitCode: 0,
        metrics: { kong_resilience_source_problems_total: 'counts', kong_resilience_pending: 0 },
        stored: 'the newest',
      },
    },
  },
];
