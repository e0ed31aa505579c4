import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalHashes } from '../../src/snapshot';
import { luaNumber } from '../../src/snapshot/canonical-hash';
import { message, olderMessage, parsed, refusal, table, text, type Message } from './support';

const md5 = (value: string | Uint8Array): string => createHash('md5').update(value).digest('hex');
const routesHash = (json: string): string => canonicalHashes(text(`{"routes":${json}}`)).hashes.routes;

describe('the canonical hashes', () => {
  it('are those that Kong 3.9.3 sent with the same table', () => {
    const { configHash, hashes } = canonicalHashes(table);
    expect(configHash).toBe(parsed.config_hash);
    expect(hashes).toEqual(parsed.hashes);
  });

  it('are not those of a table that was adapted after hashing', () => {
    const older = JSON.parse(olderMessage.toString()) as Message;
    const { hashes } = canonicalHashes(text(older.config_table));
    expect(hashes.config).not.toBe(older.config_hash);
    expect(hashes.plugins).not.toBe(older.hashes['plugins']);
    expect(hashes.routes).toBe(older.hashes['routes']);
  });

  it('do not depend on the order of keys or on white space, and do on the order of lists', () => {
    const reverse = (value: unknown): unknown =>
      typeof value !== 'object' || value === null
        ? value
        : Array.isArray(value)
          ? value.map(reverse)
          : Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, inner]) => [key, reverse(inner)]),
            );
    const reversed = text(JSON.stringify(reverse(parsed.config_table), null, 2));
    expect(reversed.equals(table)).toBe(false);
    expect(canonicalHashes(reversed)).toEqual(canonicalHashes(table));
    expect(routesHash('[1,2]')).not.toBe(routesHash('[2,1]'));
  });

  it.each([
    ['null', '/null/'],
    ['[]', '{}'],
    ['{}', '{}'],
    ['[1]', '1'],
    ['[1,2]', '1;2'],
    ['[1,2,3,4,5]', '1;2;3;4;5'],
    ['[1,2,3,4,5,6]', '1;2;3;4;5;6;'],
    ['[[],[[1,2]],[null]]', '{};1;2;/null/'],
    ['[true,false]', 'true;false'],
    ['[{"b":"x","a":{"c":null}}]', 'a:c:/null/;;b:x;'],
    // In UTF-16 units U+1F600 sorts before U+FF5E, in bytes behind it.
    ['[{"\u{1f600}":1,"\uff5e":2,"a":3}]', 'a:3;\uff5e:2;\u{1f600}:1;'],
    ['["\\u00fc\\ud83d\\ude00"]', '\u00fc\u{1f600}'],
    ['[1e14,1e-7,123456789012345,-0,0.5]', '1e+14;1e-07;1.2345678901235e+14;-0;0.5'],
  ])('write %s as %s', (json, canonical) => {
    expect(routesHash(json)).toBe(md5(canonical));
  });

  it.each([
    [1e14, '1e+14'],
    [99_999_999_999_999, '99999999999999'],
    [-99_999_999_999_999, '-99999999999999'],
    // Half way between two: LuaJIT's own formatter rounds up, where C's printf takes the even digit.
    [123_456_789_012_345, '1.2345678901235e+14'],
    [123_456_789_012_346, '1.2345678901235e+14'],
    [1e-7, '1e-07'],
    [0.0001, '0.0001'],
    [0.00012345678901234567, '0.00012345678901235'],
    [0.00001, '1e-05'],
    [-0, '-0'],
    [0, '0'],
    [0.1 + 0.2, '0.3'],
    [1 / 3, '0.33333333333333'],
    [1795356376.556, '1795356376.556'],
    [99999999999999.9, '1e+14'],
    [1.5e300, '1.5e+300'],
    [-2.5e-10, '-2.5e-10'],
    [5e-324, '4.9406564584125e-324'],
  ])('write the number %d as %s', (number, canonical) => {
    expect(luaNumber(number)).toBe(canonical);
  });

  it('put 32 zeros for a part that is absent', () => {
    const { configHash, hashes } = canonicalHashes(text('{}'));
    expect(hashes.targets).toBe('0'.repeat(32));
    expect(configHash).toBe(md5('0'.repeat(160) + md5('{}')));
  });

  it('fold the text at the start of a value once it is longer than 1,000,000 bytes, and not at 1,000,000', () => {
    const binary = (value: string | Uint8Array): Buffer => createHash('md5').update(value).digest();
    // The separator counts: 999,999 bytes and ';' are not above the bound.
    const below = 'x'.repeat(999_999);
    expect(routesHash(JSON.stringify([below, 'y']))).toBe(md5(`${below};y`));
    const above = 'x'.repeat(1_000_000);
    expect(routesHash(JSON.stringify([above, 'y']))).toBe(md5(Buffer.concat([binary(`${above};`), text('y')])));
    // Bytes, not characters; and inside an entity as well as between them.
    const wide = '\u00fc'.repeat(500_000);
    expect(routesHash(JSON.stringify([{ a: wide, b: 'y' }]))).toBe(
      md5(Buffer.concat([binary(`a:${wide};b:`), text('y;')])),
    );
    // Never in the middle of a value, however long it is.
    const long = 'z'.repeat(3_000_000);
    expect(routesHash(JSON.stringify([long]))).toBe(md5(long));
  });

  it('fold again and again over many small values', () => {
    const values = Array.from({ length: 300_000 }, (_, index) => `value-${index}-\u00fc`);
    let buffer = Buffer.alloc(0);
    let pieces: Buffer[] = [];
    let length = 0;
    for (const value of values) {
      if (length > 1_000_000) {
        buffer = createHash('md5')
          .update(Buffer.concat([buffer, ...pieces]))
          .digest();
        pieces = [];
        length = buffer.length;
      }
      const piece = text(`${value};`);
      pieces.push(piece);
      length += piece.length;
    }
    expect(routesHash(JSON.stringify(values))).toBe(md5(Buffer.concat([buffer, ...pieces])));
  });

  it('refuse what is no table', async () => {
    expect(await refusal(() => canonicalHashes(text('[1]')))).toBe(
      'The configuration is a list; it must be an object, with "_format_version" and lists of entities. Check that the object is a Kong configuration and not some other file.',
    );
    expect(await refusal(() => canonicalHashes(message.subarray(0, 50)))).toMatch(
      /^The configuration is not JSON: at byte 50, /,
    );
  });
});
