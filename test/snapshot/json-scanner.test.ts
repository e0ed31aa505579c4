import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonScanner, type JsonScannerOptions } from '../../src/snapshot';
import { message, parsed, refusal, text } from './support';

function scan(bytes: Uint8Array, sizes: readonly number[] = [], options: JsonScannerOptions = {}): JsonScanner {
  const scanner = new JsonScanner(options);
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[turn % sizes.length] as number);
    scanner.feed(bytes.subarray(at, at + size));
    at += size;
  }
  scanner.end();
  return scanner;
}

function accepts(bytes: Uint8Array, sizes: readonly number[]): boolean {
  try {
    scan(bytes, sizes);
    return true;
  } catch {
    return false;
  }
}

/** What V8 says of the same bytes; a key that stands twice on the first level is judged apart. */
function valid(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Sizes of chunks: tokens are cut, or most are whole, or the text comes at once. */
const sizes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
  fc.array(fc.integer({ min: 10, max: 60 }), { minLength: 1, maxLength: 3 }),
  fc.constant([]),
);
const json = fc.json({ maxDepth: 6, stringUnit: 'grapheme' });
/** As tables are: most of the text is inside the objects of lists, and ASCII. */
const listed = fc
  .array(fc.jsonValue({ maxDepth: 4, stringUnit: fc.constantFrom('a', '"', '\\', 'ü', '_') }), { maxLength: 4 })
  .map((values) =>
    JSON.stringify({ list: values.map((value) => ({ value, flag: false, list: [value, true, null] })) }),
  );

describe('the scanner', () => {
  it('accepts what JSON.parse accepts, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(fc.oneof(json, listed), fc.integer({ min: 0, max: 2 }), sizes, (document, indent, cuts) => {
        expect(accepts(text(JSON.stringify(JSON.parse(document), null, indent)), cuts)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what JSON.parse refuses, one byte changed, dropped or added', () => {
    const interesting = [...Buffer.from('{}[],:"\\ \n\t09-+.eEtfnu/x\0\x1f')].concat([
      0x7f, 0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf4, 0xff,
    ]);
    fc.assert(
      fc.property(
        fc.oneof(json, listed),
        fc.nat(),
        fc.constantFrom(...interesting),
        fc.constantFrom('change', 'drop', 'add'),
        sizes,
        (document, place, byte, how, cuts) => {
          const bytes = [...text(document)];
          const at = place % (bytes.length + 1);
          bytes.splice(at, how === 'add' ? 0 : 1, ...(how === 'drop' ? [] : [byte]));
          const mutated = Uint8Array.from(bytes);
          let verdict = accepts(mutated, cuts);
          if (!verdict && valid(mutated)) {
            // The one thing that it refuses and JSON.parse does not.
            expect(() => scan(mutated)).toThrow(/^The configuration has the key .* twice/);
            verdict = true;
          }
          expect(verdict).toBe(valid(mutated));
        },
      ),
      { numRuns: 6000 },
    );
  });

  it.each([
    ['0', true],
    ['-0', true],
    ['01', false],
    ['-', false],
    ['+1', false],
    ['.5', false],
    ['1.', false],
    ['1.5', true],
    ['1e', false],
    ['1e+', false],
    ['1e+5', true],
    ['1E-05', true],
    ['1.5e3.2', false],
    ['tru', false],
    ['true', true],
    ['trues', false],
    ['nul', false],
    ['""', true],
    ['"\\u12G4"', false],
    ['"\\uD800"', true],
    ['"\\x"', false],
    ['"a\nb"', false],
    ['[1,]', false],
    ['[,1]', false],
    ['{"a":1,}', false],
    ['{"a"}', false],
    ['{1:2}', false],
    ['[1}', false],
    ['{"a":1]', false],
    [']', false],
    ['', false],
    [' ', false],
    ['1 2', false],
    [' [ ] ', true],
    [' { } \n', true],
    ['{ "a" : { } , "b" : [ { } , [ ] ] }', true],
    ['NaN', false],
    ["{'a':1}", false],
  ])('judges %j as JSON.parse does, byte by byte too', (document, verdict) => {
    expect(valid(text(document))).toBe(verdict);
    expect(accepts(text(document), [])).toBe(verdict);
    expect(accepts(text(document), [1])).toBe(verdict);
    for (const inside of [`{"list":[{"key":${document}}]}`, `{"list":[{"key":[${document},0]}]}`]) {
      expect(accepts(text(inside), [])).toBe(valid(text(inside)));
    }
  });

  it.each([
    ['c0 80, an overlong form', [0xc0, 0x80], false],
    ['c2 80, the first of two bytes', [0xc2, 0x80], true],
    ['e0 9f bf, an overlong form', [0xe0, 0x9f, 0xbf], false],
    ['e0 a0 80, the first of three bytes', [0xe0, 0xa0, 0x80], true],
    ['ed 9f bf, the last before the surrogates', [0xed, 0x9f, 0xbf], true],
    ['ed a0 80, a surrogate', [0xed, 0xa0, 0x80], false],
    ['f0 8f bf bf, an overlong form', [0xf0, 0x8f, 0xbf, 0xbf], false],
    ['f0 90 80 80, the first of four bytes', [0xf0, 0x90, 0x80, 0x80], true],
    ['f4 8f bf bf, the last of all', [0xf4, 0x8f, 0xbf, 0xbf], true],
    ['f4 90 80 80, above the last', [0xf4, 0x90, 0x80, 0x80], false],
    ['f5, which never stands', [0xf5, 0x80, 0x80, 0x80], false],
    ['80, a continuation alone', [0x80], false],
    ['c3, cut', [0xc3], false],
  ])('judges %s as UTF-8', (_name, bytes, verdict) => {
    const whole = Uint8Array.from([0x22, ...bytes, 0x22]);
    expect(accepts(whole, [])).toBe(verdict);
    expect(accepts(whole, [1])).toBe(verdict);
    expect(valid(whole)).toBe(verdict);
  });

  it('says where and what, and never what the text holds', async () => {
    const fix =
      'Restore an earlier version of the object, or let an exporter write it anew; a source that sends this must be asked again.';
    const said = (document: string | Uint8Array): Promise<string> => refusal(() => scan(text(document), [2]));
    expect(await said('{"key":"secret"')).toBe(
      `The configuration is not JSON: at byte 15, the text ends before the value does. ${fix}`,
    );
    expect(await said('')).toBe(`The configuration is not JSON: at byte 0, no value at all. ${fix}`);
    expect(await said('<html>')).toBe(
      `The configuration is not JSON: at byte 0, no value where one must stand. ${fix}`,
    );
    expect(await said('{"a":1 "b":2}')).toBe(
      `The configuration is not JSON: at byte 7, no ',' or '}' behind a value. ${fix}`,
    );
    expect(await said('{} {}')).toBe(
      `The configuration is not JSON: at byte 3, text behind the end of the value. ${fix}`,
    );
    expect(await said('\ufeff{}')).toBe(
      `The configuration is not JSON: at byte 0, a byte order mark, which JSON must not have. ${fix}`,
    );
    expect(await said('{"a":{},"a":1}')).toBe(
      `The configuration has the key "a" twice; the second one ends at byte 10. ${fix}`,
    );
    expect(await said('{"p@ss":{},"p\\u0040ss":1}')).toBe(
      `The configuration has the key a name that is not shown here twice; the second one ends at byte 21. ${fix}`,
    );
  });

  it('opens 512 levels and not 513', async () => {
    expect(accepts(text('['.repeat(512) + ']'.repeat(512)), [7])).toBe(true);
    expect(await refusal(() => scan(text('['.repeat(513) + ']'.repeat(513)), [7]))).toMatch(
      /^The configuration is not JSON: at byte 512, nested deeper than 512 levels\. /,
    );
    expect(accepts(text('{"a":[1]}'), [])).toBe(true);
    expect(() => scan(text('{"a":[1]}'), [], { maxDepth: 1 })).toThrow('at byte 5, nested deeper than 1 levels');
    const inside = (levels: number): Buffer => text(`{"a":[{"b":${'['.repeat(levels)}${']'.repeat(levels)}}]}`);
    expect(accepts(inside(509), [])).toBe(true);
    expect(await refusal(() => scan(inside(510)))).toMatch(/at byte 520, nested deeper than 512 levels\. /);
  });

  it('reports members, ranges and counts of both levels, wherever the chunks are cut', () => {
    const value = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' });
    const object = fc.dictionary(fc.string({ unit: 'grapheme' }), value, { noNullPrototype: true });
    fc.assert(
      fc.property(object, object, fc.integer({ min: 0, max: 1 }), sizes, (outer, inner, indent, cuts) => {
        const whole = { ...outer, config_table: inner };
        const bytes = text(JSON.stringify(whole, null, indent));
        const elements: string[] = [];
        const scanner = scan(bytes, cuts, {
          descendInto: 'config_table',
          onElement: (key, _kind, start, end, nested) =>
            elements.push(`${nested} ${key} ${JSON.stringify(JSON.parse(bytes.toString('utf8', start, end)))}`),
        });
        const roundTripped = JSON.parse(bytes.toString()) as Record<string, unknown>;
        const nested = roundTripped['config_table'] as Record<string, unknown>;
        const expected: string[] = [];
        for (const [object, structure] of [
          [roundTripped, scanner.outer],
          [nested, scanner.inner],
        ] as const) {
          expect([...(structure?.members.keys() ?? [])].sort()).toEqual(Object.keys(object).sort());
          for (const [key, held] of Object.entries(object)) {
            const member = structure?.members.get(key);
            expect(JSON.parse(bytes.toString('utf8', member?.start, member?.end))).toEqual(held);
            expect(member?.kind).toBe(kindOf(held));
            expect(member?.count).toBe(Array.isArray(held) ? held.length : 0);
            if (Array.isArray(held)) {
              expected.push(...held.map((element) => `${object === nested} ${key} ${JSON.stringify(element)}`));
            }
          }
        }
        expect(elements.sort()).toEqual(expected.sort());
      }),
      { numRuns: 300 },
    );
  });

  it('reads the captured message in one pass, whatever the size of a chunk', () => {
    for (const size of [1, 2, 3, 5, 64, 1000, message.length]) {
      const { outer, inner } = scan(message, [size], { descendInto: 'config_table', capture: new Set(['hashes']) });
      expect(JSON.parse(outer.members.get('hashes')?.text ?? '')).toEqual(parsed.hashes);
      expect(JSON.parse(message.toString('utf8', inner?.start, inner?.end))).toEqual(parsed.config_table);
      expect(inner?.members.get('plugins')?.count).toBe((parsed.config_table['plugins'] as unknown[]).length);
    }
  });

  it('lets no listener feed a scanner, and goes on afterwards', () => {
    const bytes = text('{"list":[{"id":1}]}');
    const nested = (): JsonScanner => scan(bytes, [], { onElement: () => scan(bytes) });
    expect(nested).toThrow('a listener of a scanner must not feed one');
    expect(accepts(bytes, [])).toBe(true);
  });

  it('keeps a captured text of 4,096 bytes and lets a longer one go', () => {
    const captured = (length: number, size: number): string | undefined =>
      scan(text({ a: 'x'.repeat(length - 2), b: 1 }), [size], { capture: new Set(['a']) }).outer.members.get('a')?.text;
    for (const size of [1, 100, 10_000]) {
      expect(captured(4096, size)).toHaveLength(4096);
      expect(captured(4097, size)).toBeUndefined();
    }
  });

  it('finds the key of entities in lists and nowhere else', () => {
    const seen = (value: unknown, raw?: string): boolean[] =>
      [1, 2, 3, 16, 100].map((size) => {
        const scanner = scan(text(raw ?? value), [size], { entityKey: 'ws_id', descendInto: 'config_table' });
        return (scanner.inner ?? scanner.outer).entityKeySeen;
      });
    const all = (verdict: boolean): boolean[] => [verdict, verdict, verdict, verdict, verdict];
    expect(seen({ services: [{ id: 1, ws_id: 'x' }] })).toEqual(all(true));
    expect(seen({ config_table: { services: [{ id: 1 }, { ws_id: null }] } })).toEqual(all(true));
    expect(seen(undefined, '{"services":[{"ws\\u005fid":1}]}')).toEqual(all(true));
    expect(seen({ services: [{ id: 'ws_id', tags: ['ws_id'], config: { ws_id: 1 } }] })).toEqual(all(false));
    expect(seen({ services: { a: { ws_id: 1 } }, ws_id: [], x: ['ws_id'] })).toEqual(all(false));
    expect(seen({ services: [{ id: 'a\\b', tags: [], ws_id: 'x' }] })).toEqual(all(true));
    expect(seen({ services: [{ ws_ix: 1, ws_id2: 1, ws_i: 1 }] })).toEqual(all(false));
    expect(seen({ config_table: { x: 1 }, services: [{ ws_id: 1 }] })).toEqual(all(false));
  });
});

function kindOf(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'array' : typeof value;
}
