import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { describe, expect, it } from 'vitest';
import { LookAhead } from '../../src/source/look-ahead';

// What the library reads frames with; its types leave it out.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

const LIMIT = 100_000;
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0x80, 0x81, 0x82, 0x88, 0x89, 0x8a];

class Work {
  readonly fed: Uint8Array[] = [];
  closed = false;
  constructor(readonly length: number) {}
  feed(bytes: Uint8Array): void {
    if (this.closed) throw new Error('fed after its end');
    this.fed.push(bytes);
  }
  close(): void {
    this.closed = true;
  }
}

const payload = (length: number, seed = 0): Buffer =>
  Buffer.from(Array.from({ length }, (_, n) => (n * 7 + seed) % 251));

function header(kind: number, length: number, mask = 0): Buffer {
  if (length < 126) return Buffer.from([kind, mask | length]);
  const long = Buffer.alloc(length < 65_536 ? 4 : 10);
  long.set([kind, mask | (length < 65_536 ? 126 : 127)]);
  if (length < 65_536) long.writeUInt16BE(length, 2);
  else long.writeBigUInt64BE(BigInt(length), 2);
  return long;
}

const frame = (kind: number, bytes: Uint8Array): Buffer => Buffer.concat([header(kind, bytes.length), bytes]);

/** The library and the look-ahead on one stream of bytes, as in attend.ts. */
async function follow(chunks: readonly Buffer[], begin = (length: number): Work | undefined => new Work(length)) {
  const begun: Work[] = [];
  const lookAhead = new LookAhead<Work>(LIMIT, (length) => {
    const work = begin(length);
    if (work !== undefined) begun.push(work);
    return work;
  });
  const given: { readonly message: Buffer; readonly work: Work | undefined }[] = [];
  const refused: unknown[] = [];
  const receiver = new Receiver({ maxPayload: LIMIT, maxFragments: 1, isServer: false })
    .on('message', (message: Buffer, isBinary: boolean) => {
      if (isBinary) given.push({ message, work: lookAhead.take(message.length) });
    })
    .on('error', (error: NodeJS.ErrnoException) => refused.push(error.code));
  for (const chunk of chunks) {
    lookAhead.feed(chunk);
    if (!receiver.destroyed) receiver.write(chunk);
  }
  // An error is told in the next turn.
  await new Promise(setImmediate);
  return { lookAhead, begun, given, refused };
}

describe('a look ahead at what a server sends', () => {
  it.each([1, 125, 126, 65_535, 65_536])(
    'follows a message of %i bytes, wherever its header is cut',
    async (length) => {
      const message = payload(length);
      const bytes = frame(BINARY, message);
      for (let cut = 1; cut < Math.min(bytes.length, 14); cut++) {
        const { begun, given } = await follow([bytes.subarray(0, cut), bytes.subarray(cut)]);
        expect(given).toHaveLength(1);
        expect(given[0]?.work === begun[0]).toBe(true);
        expect(begun.map((work) => [work.length, work.closed])).toEqual([[length, false]]);
        expect(Buffer.concat(begun[0]?.fed ?? []).equals(message)).toBe(true);
      }
    },
  );

  it('feeds what has come of a message at once, byte by byte too', async () => {
    const message = payload(300);
    const bytes = frame(BINARY, message);
    const lookAhead = new LookAhead(LIMIT, (length) => (work = new Work(length)));
    let work: Work | undefined;
    for (const [at, byte] of bytes.entries()) {
      lookAhead.feed(Buffer.from([byte]));
      expect(work?.fed.length ?? 0).toBe(Math.max(0, at + 1 - 4));
    }
    expect(Buffer.concat(work?.fed ?? []).equals(message)).toBe(true);
    expect(lookAhead.take(300) === work).toBe(true);
  });

  it('lets pings, pongs and texts pass, with a payload and without, before, between and after', async () => {
    const [one, two] = [payload(200, 1), payload(300, 2)];
    const small = [
      frame(PING, Buffer.alloc(0)),
      frame(PONG, payload(125)),
      frame(TEXT, Buffer.from('no configuration')),
    ];
    const chunks = [...small, frame(BINARY, one), ...small, frame(BINARY, two), ...small];
    for (const stream of [chunks, [Buffer.concat(chunks.slice(0, 6)), Buffer.concat(chunks.slice(6))]]) {
      const { begun, given, refused } = await follow(stream);
      expect(refused).toEqual([]);
      expect(given.map(({ message }) => message)).toEqual([one, two]);
      expect(begun.map(({ fed }) => Buffer.concat(fed))).toEqual([one, two]);
      expect(given.map(({ work }, n) => work === begun[n])).toEqual([true, true]);
    }
  });

  it('begins with one at a time: what comes in one chunk with it is let pass, and the next one is followed', async () => {
    const messages = [1, 2, 3].map((seed) => payload(200, seed));
    const [one, two, three] = messages.map((message) => frame(BINARY, message)) as [Buffer, Buffer, Buffer];
    const { begun, given } = await follow([Buffer.concat([one, two]), three]);
    expect(given.map(({ message }) => message)).toEqual(messages);
    expect(given.map(({ work }) => (work === undefined ? undefined : begun.indexOf(work)))).toEqual([0, undefined, 1]);
    expect(begun.map(({ fed }) => Buffer.concat(fed))).toEqual([messages[0], messages[2]]);
  });

  it('keeps the order where a message is not begun with', async () => {
    const messages = [payload(10), payload(0), payload(500), payload(20)];
    const { begun, given } = await follow(
      [Buffer.concat(messages.map((message) => frame(BINARY, message)))],
      (length) => (length < 100 ? undefined : new Work(length)),
    );
    expect(given.map(({ message }) => message)).toEqual(messages);
    expect(given.map(({ work }) => work === begun[0])).toEqual([false, false, true, false]);
    expect(begun).toHaveLength(1);
  });

  it('begins with what the library takes, and with nothing longer', async () => {
    const allowed = await follow([frame(BINARY, payload(LIMIT))]);
    expect([allowed.begun.length, allowed.refused]).toEqual([1, []]);
    for (const length of [LIMIT + 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const { begun, refused, lookAhead } = await follow([header(BINARY, length)]);
      expect([begun, refused]).toEqual([[], ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH']]);
      lookAhead.feed(frame(BINARY, payload(200)));
      expect(begun).toEqual([]);
    }
  });

  it.each([
    ['a fragmented message', [frame(0x02, payload(200)), frame(CONTINUATION, payload(200))]],
    ['a continuation of nothing', [frame(CONTINUATION, payload(200))]],
    ['a masked frame', [Buffer.concat([header(BINARY, 200, 0x80), payload(204)])]],
    ['a compressed one', [frame(0xc2, payload(200))]],
    ['reserved bits', [frame(0xa2, payload(200)), frame(0x92, payload(200))]],
    ['an unknown kind', [frame(0x83, payload(200))]],
    ['an unknown control', [frame(0x8b, payload(10))]],
    ['a long ping', [frame(PING, payload(126))]],
    ['a fragmented ping', [frame(0x09, payload(10))]],
  ])('begins nothing any more after %s, which the library refuses', async (_, chunks) => {
    const { begun, given, refused, lookAhead } = await follow(chunks);
    expect(refused).toHaveLength(1);
    lookAhead.feed(frame(BINARY, payload(200)));
    expect([begun, given]).toEqual([[], []]);
  });

  it('begins nothing any more after a closing frame, behind which the library hands nothing over', async () => {
    const { begun, given, lookAhead } = await follow([frame(CLOSE, Buffer.from([3, 232]))]);
    lookAhead.feed(frame(BINARY, payload(200)));
    expect([begun, given]).toEqual([[], []]);
  });

  it('lets go of what was begun when the stream ends in the middle, and of what a later frame spoils', async () => {
    const bytes = frame(BINARY, payload(200));
    const cut = await follow([bytes.subarray(0, 100)]);
    cut.lookAhead.close();
    cut.lookAhead.feed(bytes.subarray(100));
    cut.lookAhead.feed(bytes);
    expect(cut.begun.map(({ closed, fed }) => [closed, Buffer.concat(fed).length])).toEqual([[true, 96]]);
    expect(cut.lookAhead.take(200)).toBeUndefined();

    let work: Work | undefined;
    const lookAhead = new LookAhead(LIMIT, (length) => (work = new Work(length)));
    lookAhead.feed(Buffer.concat([bytes, frame(0x02, payload(1))]));
    expect(work?.closed).toBe(true);
    expect(lookAhead.take(200)).toBeUndefined();
  });

  it('gives nothing for a message of another length', async () => {
    let work: Work | undefined;
    const lookAhead = new LookAhead(LIMIT, (length) => (work = new Work(length)));
    lookAhead.feed(frame(BINARY, payload(200)));
    expect(lookAhead.take(201)).toBeUndefined();
    expect(work?.closed).toBe(true);
  });
});
