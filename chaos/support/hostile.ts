import type { Random } from './random';

/** Texts to make hostile ones of. */
export const bytesOf = (...texts: readonly string[]): readonly Buffer[] => texts.map((text) => Buffer.from(text));

/** What parsers have died of, here or elsewhere; the large ones come rarely. */
const tokens: readonly Buffer[] = [
  ...bytesOf(
    ...['\0', '\ufeff', '\n', '\r\n', '\u2028', '\u001b[31m', '\u202e', '\\', '\\ud800', '\\udc00\\ud800', '\\u0000'],
    ...[
      '"',
      "'",
      '`',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      ' ',
      '\t',
      '/',
      '//',
      '?',
      '#',
      '@',
      '%',
      '%00',
      '%2e%2e%2f',
      '../',
    ],
    ...[
      '..',
      '.',
      '/etc/passwd',
      '..\\',
      'null',
      'true',
      'false',
      'NaN',
      'Infinity',
      '-',
      '-0',
      '0',
      '1e999',
      '-1e-999',
    ],
    ...['0x10', '1.', '.5', '01', '9007199254740993', '99999999999999999999999999', '1e400'],
    ...['"__proto__":', '"constructor":', '"toString":', '"__proto__":{"polluted":true},', '"constructor":[{"a":1}],'],
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '{"toString":1,"valueOf":1}', '{}', '[]'],
    ...[
      '{vault://env/x}',
      '<<: *a',
      '&a ',
      '*a',
      '!!binary ',
      '\n{"level":"info","message":"forged"}\n',
      'é',
      '𝒳',
      'ﬀ',
    ],
    ...[
      '_format_version',
      '_transform',
      'ws_id',
      'config_table',
      'config_hash',
      '"services":[],',
      's3://',
      'file:///',
      'gs://',
    ],
  ),
  // A lone surrogate, an overlong form, beyond the last character, a continuation alone.
  ...['eda080', 'c080', 'f4908080', '80', 'ff', 'fffe', '1f8b', '00000000', 'ffffffff'].map((hex) =>
    Buffer.from(hex, 'hex'),
  ),
];
const largeTokens: readonly Buffer[] = bytesOf(
  '['.repeat(600),
  '{"a":'.repeat(600),
  `${'['.repeat(511)}${']'.repeat(511)}`,
  '9'.repeat(400),
  'a'.repeat(5000),
  '../'.repeat(400),
  '/'.repeat(3000),
  '%'.repeat(2000),
  '"a":1,'.repeat(500),
);

/** Members that a JSON text may get anywhere. */
const nastyKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'length',
  '',
  ' ',
  '\0',
  '\ud800',
];

/** Input that means no good: random bytes, and valid texts with something wrong in them. */
export class Hostile {
  constructor(readonly random: Random) {}

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  /** Some bytes made of valid ones; a few of them are left as they are, and a few are noise alone. */
  bytes(seeds: readonly Uint8Array[]): Buffer {
    const { random } = this;
    const how = random.below(32);
    if (how === 0) return this.noise(random.below(400));
    let bytes: Buffer = Buffer.from(random.of(seeds));
    if (how === 1) return bytes;
    for (let left = 1 + random.below(3); left > 0; left--) bytes = this.#mutated(bytes, seeds);
    return bytes;
  }

  /** As `bytes`, as a text; lone surrogates may be in it. */
  text(seeds: readonly Uint8Array[]): string {
    const text = this.bytes(seeds).toString(this.chance(0.1) ? 'latin1' : 'utf8');
    if (!this.chance(0.05)) return text;
    const at = this.random.below(text.length + 1);
    return `${text.slice(0, at)}${this.random.of(['\ud800', '\udc00', '\udfff\ud800'])}${text.slice(at)}`;
  }

  /** A JSON text, changed in its tree; two of five stay JSON, the others are changed as bytes too. */
  json(seeds: readonly unknown[]): Buffer {
    const tree = this.#changed(structuredClone(this.random.of(seeds)));
    const text = Buffer.from(JSON.stringify(tree) ?? '');
    return this.chance(0.4) ? text : this.bytes([text]);
  }

  noise(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.random.below(256)));
  }

  /** Any value that JSON can say. */
  value(): unknown {
    const { random } = this;
    return random.of<() => unknown>([
      () => null,
      () => true,
      () => random.below(1000) - 500,
      () => random.of([1e308, -1e-320, 2 ** 53 + 2, -0, 1.5]),
      () => random.of(nastyKeys),
      () => random.of(tokens).toString(),
      () => [],
      () => ({}),
      () => [this.value()],
      () => ({ [random.of(nastyKeys)]: this.value() }),
      () => ({ toString: 1, valueOf: { toString: null } }),
      () => 'x'.repeat(random.below(70)),
    ])();
  }

  #mutated(bytes: Buffer, seeds: readonly Uint8Array[]): Buffer {
    const { random } = this;
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + random.below(random.of([2, 8, 64, 1024])));
    const put = (middle: Uint8Array, from = at, to = at): Buffer =>
      Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);
    switch (random.below(11)) {
      case 0:
        return put(Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]), at, at + 1);
      case 1:
        return put(Buffer.from([random.below(256)]), at, at + 1);
      case 2:
        return bytes.subarray(0, at);
      case 3:
        return bytes.subarray(at);
      case 4:
        return put(new Uint8Array(0), at, end);
      case 5: {
        const to = random.below(bytes.length + 1);
        return put(bytes.subarray(at, end), to, to);
      }
      case 6: {
        const other = random.of(seeds);
        return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))]);
      }
      case 7:
        return this.chance(0.1) ? put(random.of(largeTokens)) : put(random.of(tokens));
      case 8:
        return put(random.of(tokens), at, end);
      case 9:
        return put(this.noise(1 + random.below(4)));
      default:
        return put(bytes.subarray(at, end));
    }
  }

  /** Another value, or another key, at one or two places of a tree. */
  #changed(tree: unknown): unknown {
    const { random } = this;
    const holders: (unknown[] | Record<string, unknown>)[] = [];
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      holders.push(value as Record<string, unknown>);
      Object.values(value).forEach(collect);
    };
    collect(tree);
    if (holders.length === 0 || this.chance(0.02)) return this.value();
    for (let left = 1 + random.below(2); left > 0; left--) {
      const holder = random.of(holders);
      if (Array.isArray(holder)) {
        holder.splice(random.below(holder.length + 1), random.below(2), this.value());
        continue;
      }
      const keys = Object.keys(holder);
      if (keys.length > 0 && this.chance(0.7)) {
        const key = random.of(keys);
        if (this.chance(0.3)) delete holder[key];
        else define(holder, key, this.value());
      } else {
        define(holder, random.of([...nastyKeys, ...keys]), this.value());
      }
    }
    return tree;
  }
}

/** A member even where it is called `__proto__`. */
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}
