import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readConfiguration, sealTable, type ReadResult } from '../../src/snapshot';
import { chunks, frame, message, parsed, refusal, smallTable, table, text } from './support';

async function read(bytes: Uint8Array, size = 1000, maxConfigBytes = 1 << 24): Promise<ReadResult & { text: Buffer }> {
  const got: Buffer[] = [];
  const result = await readConfiguration(chunks(bytes, size), {
    maxConfigBytes,
    sink: async (chunk) => {
      got.push(Buffer.from(chunk));
    },
  });
  return { ...result, text: Buffer.concat(got) };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const sealed = sealTable(table, { term: 3, counter: 4 });

describe('readConfiguration', () => {
  it.each([
    ['a bare table', table, 'table', false],
    ['a sealed table', sealed, 'table', false],
    ['a compressed table', gzipSync(table), 'table', true],
    ['a message', message, 'reconfigure', false],
    ['a frame', frame, 'reconfigure', true],
  ] as const)('reads %s, whatever the size of a chunk', async (_name, bytes, form, gzip) => {
    for (const size of [1, 2, 1000, bytes.length]) {
      const result = await read(bytes, size);
      expect(result).toMatchObject({
        form,
        gzip,
        storedBytes: bytes.length,
        storedSha256: sha256(bytes),
        formatVersion: '3.0',
      });
      expect(result.text.length).toBe(result.inflatedBytes);
      const { start, end } = result.tableRange;
      expect(result.text.subarray(start, end).equals(table)).toBe(true);
      expect(result.entityCounts['plugins']).toBe(7);
      expect(result.sent).toEqual(
        form === 'table' ? undefined : { configHash: parsed.config_hash, hashes: parsed.hashes },
      );
    }
  });

  it('takes a table with a list named config_table for a table', async () => {
    expect((await read(text(smallTable({ config_table: [] })))).form).toBe('table');
  });

  it('tells a cut, a tampered, an empty and a foreign object apart', async () => {
    const said = (bytes: Uint8Array): Promise<string> => refusal(() => read(bytes, 100));
    const byte = (at: number): string => `The configuration is not JSON: at byte ${at}, `;
    expect(await said(table.subarray(0, 500))).toContain(`${byte(500)}the text ends before the value does. `);
    expect(await said(new Uint8Array(0))).toContain(`${byte(0)}no value at all. `);
    expect(await said(Uint8Array.of(0x1f))).toContain(`${byte(0)}no value where one must stand. `);
    expect(await said(text('<?xml version="1.0"?><Error/>'))).toContain(`${byte(0)}no value where one must stand. `);
    const tampered = Buffer.from(table);
    tampered[300] = 0;
    expect(await said(tampered)).toContain(`${byte(300)}a control character in a string. `);
    expect(await said(text({ hello: 'world' }))).toMatch(/^The configuration's "_format_version" is missing; /);
    expect(await said(text('[]'))).toMatch(/^The configuration is a list; /);
    expect(await said(text(smallTable({ services: [] })))).toMatch(/^The configuration is empty: /);
  });

  it('refuses gzip that is cut or damaged', async () => {
    const damaged = (cause: string): string =>
      `The configuration is compressed with gzip, and is cut or damaged: ${cause}. `;
    for (const size of [1, 100, 10_000]) {
      expect(await refusal(() => read(frame.subarray(0, -100), size))).toContain(
        damaged('unexpected end of file (Z_BUF_ERROR)'),
      );
      const wrong = Buffer.from(frame);
      wrong.writeUInt32LE(0, wrong.length - 8);
      expect(await refusal(() => read(wrong, size))).toContain(damaged('incorrect data check (Z_DATA_ERROR)'));
    }
  });

  it('ignores zeros behind the end of a compressed text, digests them, and refuses everything else', async () => {
    const padded = Buffer.concat([frame, Buffer.alloc(50)]);
    for (const size of [10, frame.length, padded.length]) {
      expect(await read(padded, size)).toMatchObject({ storedBytes: padded.length, storedSha256: sha256(padded) });
      expect(await refusal(() => read(Buffer.concat([frame, text('something else')]), size))).toMatch(
        /^The configuration is compressed with gzip, and is cut or damaged: (incorrect header check \(Z_DATA_ERROR\)|bytes behind its end)\. /,
      );
    }
    expect(await refusal(() => read(Buffer.concat([padded, text('x')]), 10))).toContain(
      'is cut or damaged: bytes behind its end. ',
    );
  });

  it('takes the bound and not a byte more, inflated or not', async () => {
    const tooLarge = (bytes: number): string =>
      `The configuration is larger than ${bytes} bytes, which is what KONG_RESILIENCE_MAX_CONFIG_BYTES allows. Raise KONG_RESILIENCE_MAX_CONFIG_BYTES if it is really that large; the limit is for the inflated text.`;
    for (const bytes of [table, gzipSync(table)]) {
      expect(await refusal(() => read(bytes, 500, table.length))).toBe('no error');
      expect(await refusal(() => read(bytes, 500, table.length - 1))).toBe(tooLarge(table.length - 1));
    }
  });

  it('stops a gzip bomb early', async () => {
    let got = 0;
    const bomb = gzipSync(Buffer.alloc(1 << 26, ' '));
    const run = (): Promise<unknown> =>
      readConfiguration(chunks(bomb, 4096), { maxConfigBytes: 1 << 20, sink: (chunk) => void (got += chunk.length) });
    expect(await refusal(run)).toMatch(/^The configuration is larger than 1048576 bytes, /);
    expect(got).toBeLessThanOrEqual(1 << 20);
  });

  it('passes on what the source and the sink fail with, compressed or not', async () => {
    async function* broken(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 100);
      throw new Error('the connection broke');
    }
    for (const bytes of [table, frame]) {
      expect(await refusal(() => readConfiguration(broken(bytes), { maxConfigBytes: 1e6 }))).toBe(
        'the connection broke',
      );
      const full = (): never => {
        throw new Error('no space left');
      };
      expect(await refusal(() => readConfiguration(chunks(bytes, 100), { maxConfigBytes: 1e6, sink: full }))).toBe(
        'no space left',
      );
    }
  });

  it('reads 16 MiB and keeps only chunks of it', async () => {
    const consumer = JSON.stringify({ id: '082f9d88-7630-4ed8-8254-d44e34422122', username: 'b\u00fcro', tags: null });
    const count = Math.ceil((1 << 24) / (Buffer.byteLength(consumer) + 1));
    async function* generated(): AsyncGenerator<Uint8Array> {
      yield text('{"_format_version":"3.0","_transform":false,"consumers":[');
      for (let index = 0; index < count; index++) yield text(index === 0 ? consumer : `,${consumer}`);
      yield text(']}');
    }
    let largest = 0;
    const result = await readConfiguration(generated(), {
      maxConfigBytes: 1 << 26,
      sink: (chunk) => void (largest = Math.max(largest, chunk.length)),
    });
    expect(result.entityCounts).toEqual({ consumers: count });
    expect(result.storedBytes).toBeGreaterThan(1 << 24);
    expect(largest).toBeLessThan(1000);
  });
});
