import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finder, plainFinder, TURN_BYTES, vectorFinder, type Finder } from '../../src/snapshot/not-plain';

const vector = vectorFinder();
const plain = plainFinder();

/** The places up to the number of bytes. */
function found(find: Finder, bytes: Uint8Array): number[] {
  const places = find(bytes);
  const list: number[] = [];
  for (let index = 0; (places[index] as number) < bytes.length; index++) list.push(places[index] as number);
  return list;
}

/** As JSON defines it. */
function expected(bytes: Uint8Array): number[] {
  return [...bytes].flatMap((byte, at) => (byte < 0x20 || byte > 0x7f || byte === 0x22 || byte === 0x5c ? [at] : []));
}

describe('the finder of bytes that are not plain', () => {
  it('judges each of the 256 bytes, at each place among sixteen', () => {
    for (let shift = 0; shift < 16; shift++) {
      const bytes = Uint8Array.from({ length: 256 + shift }, (_, at) => (at < shift ? 0x61 : at - shift));
      expect(found(vector, bytes)).toEqual(expected(bytes));
      expect(found(plain, bytes)).toEqual(expected(bytes));
    }
  });

  it('takes texts of any length, one after the other', () => {
    const byte = fc.oneof(fc.constantFrom(0x22, 0x5c, 0x1f, 0x20, 0x7f, 0x80, 0xff), fc.constant(0x61));
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 100 }), (text) => {
        const bytes = Uint8Array.from(text);
        expect(found(vector, bytes)).toEqual(expected(bytes));
        expect(found(plain, bytes)).toEqual(expected(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([TURN_BYTES - 17, TURN_BYTES - 1, TURN_BYTES])('has room for %i bytes of which none is plain', (length) => {
    const bytes = new Uint8Array(length).fill(0x22);
    expect(found(vector, bytes)).toEqual(expected(bytes));
    expect(found(plain, bytes)).toEqual(expected(bytes));
    expect(vector(bytes)[length]).toBeGreaterThanOrEqual(length);
  });

  it('reads shared memory', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(40), 5, 30);
    bytes.set(Buffer.from('"key":"value"'));
    expect(found(vector, bytes)).toEqual(expected(bytes));
  });

  it('is one for the whole process', () => {
    expect(finder()).toBe(finder());
  });
});
