import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalHashes, checkTable, readSeal, SEAL_BYTES, sealTable, unsealedLength } from '../../src/snapshot';
import { giveRoom } from '../../src/snapshot/seal';
import { refusal, table, text } from './support';

const MAX = 2 ** 48 - 1;
const numbers = fc.integer({ min: 0, max: MAX });

describe('a seal', () => {
  it('gives term, counter and the table back', () => {
    fc.assert(
      fc.property(numbers, numbers, (term, counter) => {
        const sealed = sealTable(table, { term, counter });
        expect(sealed.length).toBe(table.length + SEAL_BYTES);
        expect(readSeal(sealed)).toEqual({ term, counter });
        expect(readSeal(sealed.subarray(-SEAL_BYTES))).toEqual({ term, counter });
        expect(Buffer.compare(sealed.subarray(0, unsealedLength(sealed)), table)).toBe(0);
      }),
    );
  });

  it('makes the bytes of any two puts differ', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, numbers, (term, counter, otherTerm, otherCounter) => {
        const same = term === otherTerm && counter === otherCounter;
        const one = sealTable(table, { term, counter });
        expect(Buffer.compare(one, sealTable(table, { term: otherTerm, counter: otherCounter })) === 0).toBe(same);
      }),
    );
  });

  it('changes nothing of what the table says', () => {
    const sealed = sealTable(table, { term: 7, counter: MAX });
    expect(JSON.parse(Buffer.from(sealed).toString())).toEqual(JSON.parse(table.toString()));
    expect(checkTable(sealed)).toEqual(checkTable(table));
    expect(canonicalHashes(sealed)).toEqual(canonicalHashes(table));
  });

  it('keeps white space that the table itself ends with', () => {
    const padded = text(' {} \n\t ');
    const sealed = sealTable(padded, { term: 1, counter: 2 });
    expect(Buffer.from(sealed.subarray(0, unsealedLength(sealed))).toString()).toBe(' {} \n\t ');
  });

  it('is not seen where there is none', () => {
    const sealed = Buffer.from(sealTable(table, { term: 1, counter: 2 }));
    expect(readSeal(table)).toBeUndefined();
    expect(unsealedLength(table)).toBe(table.length);
    expect(readSeal(sealed.subarray(0, -1))).toBeUndefined();
    expect(readSeal(Buffer.concat([sealed, text('\n')]))).toBeUndefined();
    expect(readSeal(new Uint8Array(0))).toBeUndefined();
    sealed[sealed.length - 5] = 0x0d;
    expect(readSeal(sealed)).toBeUndefined();
  });

  it('is written behind the table once where there is room, and into a copy else', async () => {
    const memory = Buffer.alloc(10 + table.length + SEAL_BYTES, 'x');
    table.copy(memory, 10);
    const view = memory.subarray(10, 10 + table.length);
    const [one, two] = [1, 2].map((counter) => sealTable(table, { term: 1, counter })) as [Uint8Array, Uint8Array];
    const unknown = sealTable(view, { term: 1, counter: 1 });
    expect(unknown.buffer === memory.buffer).toBe(false);
    giveRoom(view);
    // One that is refused takes nothing.
    expect(await refusal(() => sealTable(view, { term: 1, counter: -1 }))).not.toBe('no error');
    const first = sealTable(view, { term: 1, counter: 1 });
    expect(first.buffer === memory.buffer).toBe(true);
    const second = sealTable(view, { term: 1, counter: 2 });
    expect(second.buffer === memory.buffer).toBe(false);
    expect([Buffer.compare(first, one), Buffer.compare(second, two)]).toEqual([0, 0]);

    const tight = Buffer.allocUnsafeSlow(table.length + SEAL_BYTES - 1);
    const cramped = tight.subarray(0, table.length);
    table.copy(cramped);
    giveRoom(cramped);
    const copied = sealTable(cramped, { term: 1, counter: 1 });
    expect([copied.buffer === tight.buffer, Buffer.compare(copied, one)]).toEqual([false, 0]);
  });

  it('takes 48 bits and not more', async () => {
    expect(readSeal(sealTable(table, { term: 0, counter: MAX }))).toEqual({ term: 0, counter: MAX });
    const message = (value: number): string =>
      `a seal's term and counter are integers from 0 to 281474976710655, not ${value}`;
    expect(await refusal(() => sealTable(table, { term: MAX + 1, counter: 0 }))).toBe(message(MAX + 1));
    expect(await refusal(() => sealTable(table, { term: 0, counter: -1 }))).toBe(message(-1));
    expect(await refusal(() => sealTable(table, { term: 0, counter: 0.5 }))).toBe(message(0.5));
  });
});
