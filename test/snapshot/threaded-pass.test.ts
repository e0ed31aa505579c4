import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ResilienceError } from '../../src/errors';
import { readConfiguration, type ReadOptions, type ReadResult } from '../../src/snapshot';
import { THREAD_ABOVE_BYTES } from '../../src/snapshot/reader';
import { builtThreadCode } from './thread-code';
import { chunks, message, smallTable, text } from './support';

const threadCode = builtThreadCode();

const large = text(
  smallTable({ consumers: Array.from({ length: 200_000 }, (_, id) => ({ id, username: `consumer-${id}-näme` })) }),
);
/** With the table in the middle. */
const largeMessage = text(
  `{"config_hash":"${'a'.repeat(32)}","config_table":${large.toString()},"type":"reconfigure","timestamp":1}`,
);

/** What a read came to: the result or the error, what the sink got, and why it went without a thread. */
interface Outcome {
  readonly result: ReadResult | string;
  readonly sha256: string;
  readonly withoutThread: readonly string[];
}

async function read(
  source: AsyncIterable<Uint8Array>,
  options: Partial<ReadOptions> = {},
  sink: (chunk: Uint8Array) => void = () => undefined,
): Promise<Outcome> {
  const got = createHash('sha256');
  const withoutThread: string[] = [];
  let result: ReadResult | string = '';
  try {
    result = await readConfiguration(source, {
      maxConfigBytes: 1 << 28,
      expectedBytes: THREAD_ABOVE_BYTES + 1,
      threadCode,
      onWithoutThread: (error) => withoutThread.push((error as Error).message),
      ...options,
      sink: (chunk) => {
        got.update(chunk);
        sink(chunk);
      },
    });
  } catch (error) {
    result = error instanceof ResilienceError ? `${error.code}: ${error.message}` : String(error);
  }
  return { result, sha256: got.digest('hex'), withoutThread };
}

/** Chunks of which each lets the event loop turn, as those of a socket do. */
async function* slowly(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks(bytes, size)) {
    await turn();
    yield chunk;
  }
}

describe('a large object in a thread of its own', () => {
  it.each([
    ['a table', large, 65_536],
    ['a table in odd chunks', large, 99_991],
    ['a table in chunks larger than a slot', large, 3_000_000],
    ['a message', largeMessage, 65_536],
    ['a small message in tiny chunks', message, 100],
  ] as const)('gives what the main thread gives: %s', async (_name, bytes, size) => {
    const here = await read(chunks(bytes, size), { expectedBytes: THREAD_ABOVE_BYTES });
    expect(here.result).toMatchObject({
      digests: {
        md5: createHash('md5').update(bytes).digest('hex'),
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
    });
    const there = await read(slowly(bytes, size));
    expect(there).toEqual(here);
    expect(there.withoutThread).toEqual([]);
  });

  it.each([
    ['cut', large.subarray(0, -1)],
    ['damaged at its begin', text('x')],
    ['damaged in the middle', Buffer.concat([large.subarray(0, 5_000_000), Buffer.alloc(1), large])],
    ['no object', text('[]')],
    ['a list of something else', text(smallTable({ routes: [null] }))],
    ['a key twice', text('{"a":1,"a":2}')],
    ['empty', text('')],
  ])('refuses what the main thread refuses, in the same words: %s', async (_name, bytes) => {
    const here = await read(chunks(bytes, 65_536), { expectedBytes: 0 });
    const there = await read(slowly(bytes, 65_536));
    expect(there.result).toBe(here.result);
    expect(there.result).toMatch(/^KR_CONFIG_/);
    expect(there.withoutThread).toEqual([]);
  });

  it('keeps to the bound', async () => {
    expect((await read(slowly(large, 65_536), { maxConfigBytes: large.length })).result).toMatchObject({
      inflatedBytes: large.length,
    });
    const over = await read(slowly(large, 65_536), { maxConfigBytes: large.length - 1 });
    expect(over.result).toMatch(/^KR_CONFIG_TOO_LARGE: /);
  });

  it('is begun for more than 8 MiB and not for less', async () => {
    const broken = 'process.exit(1)';
    for (const [expectedBytes, without] of [
      [THREAD_ABOVE_BYTES, []],
      [THREAD_ABOVE_BYTES + 1, ['it ended']],
    ] as const) {
      const outcome = await read(slowly(large, 65_536), { expectedBytes, threadCode: broken });
      expect(outcome.withoutThread).toEqual(without);
    }
  });

  it.each([
    ['fails as it starts', 'throw new Error("no room")', 'no room'],
    ['ends as it starts', 'process.exit(1)', 'it ended'],
    ['is no code', '}', "Unexpected token '}'"],
  ])('goes on in the main thread where the thread %s, and says so', async (_name, code, why) => {
    for (const bytes of [large, largeMessage, text(smallTable()), large.subarray(0, -1), text('x')]) {
      const here = await read(chunks(bytes, 65_536), { expectedBytes: 0 });
      const there = await read(slowly(bytes, 65_536), { threadCode: code });
      // What is refused may have reached the sink before that was known.
      const sha256 = typeof here.result === 'string' ? there.sha256 : here.sha256;
      expect(there).toEqual({ result: here.result, sha256, withoutThread: [why] });
    }
  });

  it('loses nothing of what waits, where the thread ends between two chunks', async () => {
    let ended = (): void => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    async function* source(): AsyncGenerator<Uint8Array> {
      yield large.subarray(0, 700_000);
      await end;
      yield large.subarray(700_000);
    }
    const here = await read(chunks(large, 65_536), { expectedBytes: 0 });
    expect(await read(source(), { threadCode: 'process.exit(1)', onWithoutThread: () => ended() })).toEqual(here);
  });

  it('goes on in the main thread where no thread can be made at all', async () => {
    const here = await read(chunks(large, 65_536), { expectedBytes: 0 });
    // Node refuses what is no code before it starts anything, as its permission model does.
    const there = await read(slowly(large, 65_536), { threadCode: 1 as unknown as string });
    expect(there).toEqual({ ...here, withoutThread: [expect.stringContaining("'options.eval' must be false")] });
  });

  it('says that the thread was lost, where it ends in the middle', async () => {
    // More than fit into the shared memory at once: the main thread has taken an answer before it sent the last of them.
    const someAnswers = `const { parentPort } = require('node:worker_threads');
      let taken = 0;
      parentPort.on('message', ({ slot }) => {
        if (++taken > 12) throw new Error('out of memory');
        parentPort.postMessage({ free: slot });
      });`;
    expect((await read(slowly(large, 65_536), { threadCode: someAnswers })).result).toBe(
      'KR_SNAPSHOT_THREAD_LOST: The thread that checks the configuration ended before it was done: out of memory. Give the process more memory, and try again.',
    );
  });

  it('ends with what the source and the sink fail with, and leaves no thread behind', async () => {
    const running = (): number => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    const before = running();
    async function* broken(bytes: number): AsyncGenerator<Uint8Array> {
      yield* slowly(large.subarray(0, bytes), 65_536);
      throw new Error('the connection broke');
    }
    // Before the thread has said a word, and when it has much to do.
    for (const bytes of [1, 9_000_000]) {
      expect(await read(broken(bytes))).toMatchObject({ result: 'Error: the connection broke', withoutThread: [] });
    }
    const full = (): never => {
      throw new Error('the disk is full');
    };
    expect(await read(slowly(large, 65_536), {}, full)).toMatchObject({
      result: 'Error: the disk is full',
      withoutThread: [],
    });
    expect(running()).toBe(before);
  });
});
