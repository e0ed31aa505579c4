import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeReconfigure, ReconfigureDecoder, type Decoded } from '../../src/snapshot';
import { LookAhead } from '../../src/source/look-ahead';
import type { Hostile } from '../support/hostile';
import { must, type Parser } from '../support/parser';
import { judgeTable, parsed, tables } from './tables';

const maxConfigBytes = 1 << 20;
const options = { maxConfigBytes, receivedAt: new Date(0) };
const hash = 'a1'.repeat(16);
const messages = tables.slice(0, 2).map((table) => ({
  type: 'reconfigure',
  timestamp: 1,
  config_table: table,
  config_hash: hash,
  hashes: { config: hash, routes: hash },
}));
const packed = messages.map((message) => gzipSync(JSON.stringify(message), { level: 1 }));

/** Half of the frames are damaged before they are packed, and half afterwards. */
function frameOf(hostile: Hostile): Buffer {
  return hostile.chance(0.6) ? gzipSync(hostile.json(messages), { level: 1 }) : hostile.bytes(packed);
}

/** That a frame was right to be taken. */
function mustFit({ table, configHash, digests }: Decoded, frame: Uint8Array): void {
  const value = parsed(gunzipSync(frame))?.value as Record<string, unknown> | undefined;
  must(value?.['type'] === 'reconfigure', 'only a reconfigure message is taken', () => frame);
  const text = parsed(table)?.value;
  must(judgeTable(text) !== undefined, 'only a valid table is taken', () => frame);
  must(
    JSON.stringify(text) === JSON.stringify(value?.['config_table']),
    'the table is that of the message',
    () => frame,
  );
  must(
    configHash === undefined || configHash === value?.['config_hash'],
    'the hash is that of the message',
    () => frame,
  );
  const own = createHash('sha256').update(table).digest('hex');
  must(digests?.with(new Uint8Array(0)).sha256 === own, 'its digest is that of its bytes', () => frame);
}

/** Hardly compressible, and the same in each run. */
const noise = Array.from({ length: 8_000 }, (_, at) => createHash('sha256').update(String(at)).digest('base64')).join(
  '',
);
/** What is fed ahead is inflated from 256 KiB on. */
const large = gzipSync(
  JSON.stringify({ ...messages[0], config_table: { ...(tables[0] as object), consumers: [{ id: noise }] } }),
  { level: 1 },
);

const frame: Parser = {
  name: 'frame of a control plane',
  note: 'a part of each fed ahead; one in 500 so large that it is inflated then',
  feed: async (hostile) => {
    const isLarge = hostile.chance(0.002);
    const bytes = isLarge ? hostile.bytes([large]) : frameOf(hostile);
    if (!isLarge && hostile.chance(0.5)) {
      mustFit(await decodeReconfigure(bytes, options), bytes);
      return true;
    }
    const decoder = new ReconfigureDecoder(bytes.length, maxConfigBytes);
    try {
      const size = isLarge ? 65_536 : hostile.random.of([1000, 100]);
      const until = hostile.random.below(bytes.length + 1);
      for (let at = 0; at < until; at += size) decoder.feed(bytes.subarray(at, Math.min(at + size, until)));
      mustFit(await decoder.decode(bytes, options.receivedAt), bytes);
      return true;
    } finally {
      decoder.close();
    }
  },
};

/** A server's frame of the WebSocket protocol. */
function webSocketFrame(kind: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? [kind, length]
      : length < 65536
        ? [kind, 126, length >> 8, length & 255]
        : [kind, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from(head), payload]);
}

const streams = [
  webSocketFrame(0x82, Buffer.alloc(300, 'x')),
  Buffer.concat([
    webSocketFrame(0x8a, Buffer.alloc(0)),
    webSocketFrame(0x82, Buffer.from('table')),
    webSocketFrame(0x89, Buffer.from('p')),
  ]),
  Buffer.concat([
    webSocketFrame(0x81, Buffer.from('text')),
    webSocketFrame(0x82, Buffer.alloc(70_000, 'y')),
    webSocketFrame(0x88, Buffer.from([3, 232])),
  ]),
];
const maxPayload = 100_000;

const lookAhead: Parser = {
  name: "bytes of a control plane's WebSocket",
  feed: (hostile) => {
    const bytes = hostile.bytes(streams);
    const begun: { readonly length: number; fed: number; closed: boolean }[] = [];
    const follower = new LookAhead(maxPayload, (length) => {
      const one = {
        length,
        fed: 0,
        closed: false,
        feed: (part: Uint8Array) => void (one.fed += part.length),
        close: () => void (one.closed = true),
      };
      begun.push(one);
      return one;
    });
    const size = hostile.random.of([100_000, 1000, 77]);
    for (let at = 0; at < bytes.length; at += size) follower.feed(bytes.subarray(at, at + size));
    must(
      begun.every(({ fed, length }) => fed <= length && length <= maxPayload),
      'nothing is fed more than its frame has',
      () => bytes,
    );
    const taken = follower.take(begun[0]?.length ?? 0);
    follower.close();
    must(
      begun.filter((one) => !one.closed).every((one) => one === taken),
      'nothing is left open',
      () => bytes,
    );
    return taken !== undefined;
  },
};

export const frameParsers: readonly Parser[] = [frame, lookAhead];
