import { describe, expect, it } from 'vitest';
import { checkMetadata, maxMetadataBytes } from '../../src/store/metadata';

describe('user metadata', () => {
  it('is counted with its keys, to the byte', () => {
    expect(maxMetadataBytes).toBe(1280);
    expect(() => checkMetadata({ abc: 'x'.repeat(1000), de: 'y'.repeat(275) })).not.toThrow();
    expect(() => checkMetadata({ abc: 'x'.repeat(1000), de: 'y'.repeat(276) })).toThrow(
      new TypeError('metadata of 1281 bytes: at most 1280 are allowed'),
    );
  });

  it.each(['ü', 'a\nb', ' a', 'a ', '\u007f'])('refuses the value %j, which a store would alter', (value) => {
    expect(() => checkMetadata({ by: value })).toThrow(
      new TypeError('metadata by: only printable ASCII without outer spaces is allowed'),
    );
  });

  it.each(['', 'a', 'a b', '{"a":"~!"}'])('takes the value %j', (value) => {
    expect(() => checkMetadata({ by: value })).not.toThrow();
  });

  it.each(['', 'Hash', 'a_b', 'a b', 'ü'])('refuses the key %j', (key) => {
    expect(() => checkMetadata({ [key]: 'x' })).toThrow(
      new TypeError(`metadata key ${JSON.stringify(key)}: only lower-case letters, digits and hyphens are allowed`),
    );
  });
});
