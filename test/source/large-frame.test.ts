import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ReconfigureDecoder } from '../../src/snapshot';
import { sharedSettings } from '../support/certificates';
import { until } from '../support/until';
import { closeAll, FRAME, scripted, shared, start } from './hybrid-harness';

const LONG_PAUSE = { backOffMs: [3_600_000, 3_600_000] } as const;
const maxConfigBytes = 1 << 24;

const tableOf = (count: number): string => {
  const services = Array.from({ length: count }, (_, id) => ({ id, name: randomBytes(24).toString('hex') }));
  return JSON.stringify({ _format_version: '3.0', _transform: false, services });
};
const message = (table: string): string => `{"type":"reconfigure","config_table":${table}}`;

const TABLE = tableOf(40_000);
const LARGE = gzipSync(message(TABLE));

/** A message's bytes on the wire, as a server sends them. */
function wire(payload: Buffer, announced = payload.length): Buffer {
  const header = Buffer.alloc(10);
  header.set([0x82, 127]);
  header.writeBigUInt64BE(BigInt(announced), 2);
  return Buffer.concat([header, payload]);
}

const decoded: { readonly ahead: number }[] = [];
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own object below
const original = ReconfigureDecoder.prototype.decode;
const decoding = vi.spyOn(ReconfigureDecoder.prototype, 'decode').mockImplementation(function (
  this: ReconfigureDecoder,
  ...args
) {
  decoded.push({ ahead: this.begunBytes });
  return original.apply(this, args);
});
const closes = vi.spyOn(ReconfigureDecoder.prototype, 'close');

afterEach(async () => {
  await closeAll();
  decoded.length = 0;
  closes.mockClear();
});

/** A control plane that writes so after the node's first message, on each connection. */
async function serving(serve: (socket: Duplex, connection: number) => void): Promise<number> {
  let connections = 0;
  const { port } = await scripted({
    // One between two slices would be in the middle of a frame.
    pongs: false,
    accepted: (webSocket, _request, socket) => webSocket.once('message', () => serve(socket, ++connections)),
  });
  return port;
}

describe('a large frame', () => {
  it('is opened while it arrives, in slices and with pings around it, and is handed on byte for byte', async () => {
    const port = await serving((socket) => {
      const bytes = Buffer.concat([Buffer.from([0x89, 0]), wire(LARGE), Buffer.from([0x89, 1, 7]), wire(FRAME)]);
      void (async () => {
        for (let at = 0; at < bytes.length; at += 9_999) {
          socket.write(bytes.subarray(at, at + 9_999));
          await new Promise(setImmediate);
        }
      })();
    });
    const recorder = start(sharedSettings(shared, port), { maxConfigBytes });
    expect(Buffer.from((await recorder.configuration()).table).toString() === TABLE).toBe(true);
    await recorder.configuration(2);
    expect(decoded.map(({ ahead }) => ahead > 0)).toEqual([true, false]);
    expect(recorder.problems).toEqual([]);
  });

  it('is opened as a whole when another one is being opened: one text at a time', async () => {
    const other = tableOf(30_000);
    let arrived = (): void => undefined;
    const whole = new Promise<void>((resolve) => (arrived = resolve));
    decoding.mockImplementationOnce(async function (this: ReconfigureDecoder, ...args) {
      decoded.push({ ahead: this.begunBytes });
      await whole;
      return original.apply(this, args);
    });
    const { port } = await scripted({
      pongs: false,
      accepted: (webSocket, _request, socket) =>
        webSocket
          .once('message', () => {
            socket.write(wire(LARGE));
            setTimeout(
              () => socket.write(Buffer.concat([wire(gzipSync(message(other))), Buffer.from([0x89, 0])])),
              100,
            );
          })
          .on('pong', arrived),
    });
    const recorder = start(sharedSettings(shared, port), { maxConfigBytes });
    const tables = [await recorder.configuration(), await recorder.configuration(2)];
    expect(tables.map(({ table }) => Buffer.from(table).toString() === TABLE)).toEqual([true, false]);
    expect(Buffer.from(tables[1]?.table ?? []).toString() === other).toBe(true);
    expect(decoded.map(({ ahead }) => ahead > 0)).toEqual([true, false]);
    // Nor was it begun with for nothing.
    expect(closes).not.toHaveBeenCalled();
  });

  it('that cannot be read is told as any other, and the next one is taken', async () => {
    const damaged = Buffer.from(LARGE);
    damaged.writeUInt32LE(0, damaged.length - 8);
    for (const [bytes, code] of [
      [damaged, 'KR_CONFIG_BAD_GZIP'],
      [randomBytes(600_000), 'KR_MESSAGE_NOT_RECONFIGURE'],
      [gzipSync(message(`{"_format_version":"3.0","_transform":false,"services":[]}`).padEnd(1e6)), 'KR_CONFIG_EMPTY'],
      [gzipSync(randomBytes(500_000)), 'KR_CONFIG_NOT_JSON'],
      [gzipSync(Buffer.alloc(1 << 26, ' '), { level: 1 }), 'KR_CONFIG_TOO_LARGE'],
    ] as const) {
      const port = await serving((socket) => {
        socket.write(wire(bytes));
        setTimeout(() => socket.write(wire(LARGE)), 100);
      });
      const recorder = start(sharedSettings(shared, port), { maxConfigBytes });
      expect((await recorder.problem()).code).toBe(code);
      expect(Buffer.from((await recorder.configuration()).table).toString() === TABLE).toBe(true);
      expect(recorder.problems).toHaveLength(1);
    }
  });

  it('that is cut with its connection is let go, and the next connection brings it', async () => {
    const port = await serving((socket, connection) => {
      if (connection > 1) socket.write(wire(LARGE));
      else socket.write(wire(LARGE.subarray(0, 600_000), LARGE.length), () => setTimeout(() => socket.end(), 50));
    });
    const recorder = start(sharedSettings(shared, port), { maxConfigBytes });
    expect((await recorder.problem()).code).toBe('KR_SOURCE_CLOSED_EARLY');
    expect([closes.mock.calls.length, (closes.mock.contexts[0] as ReconfigureDecoder).closed]).toEqual([1, true]);
    expect((closes.mock.contexts[0] as ReconfigureDecoder).begunBytes).toBeGreaterThan(0);
    expect(Buffer.from((await recorder.configuration()).table).toString() === TABLE).toBe(true);
    expect(recorder.problems).toHaveLength(1);
  });

  it('that is arriving when the source is stopped is let go', async () => {
    const port = await serving((socket) => socket.write(wire(LARGE.subarray(0, 600_000), LARGE.length)));
    const feeds = vi.spyOn(ReconfigureDecoder.prototype, 'feed');
    const recorder = start(sharedSettings(shared, port), { maxConfigBytes });
    await until('it arrives', () => feeds.mock.calls.length > 0);
    feeds.mockRestore();
    await recorder.stop();
    expect((closes.mock.contexts[0] as ReconfigureDecoder).closed).toBe(true);
    expect([recorder.configurations, recorder.problems]).toEqual([[], []]);
  });

  it('beyond KONG_CLUSTER_MAX_PAYLOAD is not begun with', async () => {
    const port = await serving((socket) => socket.write(wire(LARGE)));
    const feeds = vi.spyOn(ReconfigureDecoder.prototype, 'feed');
    const recorder = start(sharedSettings(shared, port, { maxPayloadBytes: LARGE.length - 1 }), { timing: LONG_PAUSE });
    expect((await recorder.problem()).code).toBe('KR_SOURCE_PAYLOAD');
    expect(feeds).not.toHaveBeenCalled();
    feeds.mockRestore();
  });
});
