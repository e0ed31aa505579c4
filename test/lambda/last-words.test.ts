import { describe, expect, it } from 'vitest';
import { LastWords } from '../../src/lambda/last-words';

function reasonOf(...pieces: readonly string[]): string {
  const words = new LastWords();
  for (const piece of pieces) words.add(Buffer.from(piece));
  return words.reason;
}

const line = (entry: object): string => `${JSON.stringify(entry)}\n`;

describe('what is told of a program that failed', () => {
  it('is its closing message, with all lines of it', () => {
    expect(
      reasonOf(
        line({ level: 'error', code: 'KR_STORE_DENIED', reason: 'Before.', fix: '' }),
        'kong-resilience: KR_ENV_INVALID: 2 problems in the environment:\n  KR_ENV_MISSING A\n',
        '  KR_ENV_QUOTES B\nMend each of them.\n',
      ),
    ).toBe('KR_ENV_INVALID: 2 problems in the environment:\n  KR_ENV_MISSING A\n  KR_ENV_QUOTES B\nMend each of them.');
  });

  it('is the last error in its log where it has no closing message', () => {
    expect(
      reasonOf(
        line({ level: 'error', code: 'KR_STORE_DENIED', reason: 'The first.', fix: '' }),
        line({ level: 'error', code: 'KR_STORE_CORRUPT', reason: 'The second.', fix: 'Mend it.' }),
        line({ level: 'warn', message: 'Only a warning.' }),
      ),
    ).toBe('KR_STORE_CORRUPT: The second.');
    expect(reasonOf(line({ level: 'error', message: 'Plain.' }), line({ level: 'info', message: 'Later.' }))).toBe(
      'Plain.',
    );
  });

  it('is its last line where it has neither', () => {
    expect(reasonOf('null\nFATAL ERROR: out of memory\n\n')).toBe('FATAL ERROR: out of memory');
  });

  it('says so when it said nothing', () => {
    expect(reasonOf()).toBe('it said nothing.');
    expect(reasonOf('\n')).toBe('it said nothing.');
  });

  it('is put together where a letter came in two pieces', () => {
    const words = new LastWords();
    const bytes = Buffer.from('kong-resilience: Größe');
    words.add(bytes.subarray(0, 20));
    words.add(bytes.subarray(20));
    expect(words.reason).toBe('Größe');
  });

  it('is cut above 2,000 characters, and not at 2,000', () => {
    expect(reasonOf(`kong-resilience: ${'a'.repeat(2000)}`)).toBe('a'.repeat(2000));
    expect(reasonOf(`kong-resilience: ${'a'.repeat(2001)}`)).toBe(`${'a'.repeat(2000)}…`);
  });

  it('is from the end of a long log', () => {
    expect(reasonOf(line({ level: 'info', message: 'a'.repeat(50_000) }), 'kong-resilience: The end.\n')).toBe(
      'The end.',
    );
  });
});
