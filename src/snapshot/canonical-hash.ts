import { createHash } from 'node:crypto';
import { notAnObject } from './errors';
import { JsonScanner, type JsonMember } from './json-scanner';

/** The hashes that Kong computes for a table, as lower-case hex. */
export interface CanonicalHashes {
  /** MD5 over the other five and the rest of the table: Kong's `config_hash`. */
  readonly configHash: string;
  readonly hashes: {
    /** The same as `configHash`. */
    readonly config: string;
    readonly routes: string;
    readonly services: string;
    readonly plugins: string;
    readonly upstreams: string;
    readonly targets: string;
  };
}

/** Kong's hash of a part that is not there. */
const ABSENT = '0'.repeat(32);

/** A buffer longer than this, at the start of a value, is replaced by its own digest. */
const FOLD_ABOVE_BYTES = 1_000_000;

/**
 * Computes Kong's hashes of a table, which do not depend on the order of keys, but on that of lists: equal content has
 * equal hashes. It follows `config_hash` of the hybrid protocol reference; Kong 3.9 sends the same values.
 *
 * Never use it to check a hash that somebody sent: the sender may have adapted the table afterwards (for an older data
 * plane) or use another algorithm (Konnect).
 *
 * One entity at a time becomes objects; the rest stays bytes. Throws `KR_CONFIG_NOT_JSON`, `KR_CONFIG_DUPLICATE_KEY` or
 * `KR_CONFIG_NOT_A_TABLE`.
 */
export function canonicalHashes(table: Uint8Array): CanonicalHashes {
  const bytes = Buffer.from(table.buffer, table.byteOffset, table.byteLength);
  const elements = new Map<string, number[]>();
  const scanner = new JsonScanner({
    onElement: (key, _kind, start, end) => {
      const ranges = elements.get(key);
      if (ranges === undefined) elements.set(key, [start, end]);
      else ranges.push(start, end);
    },
  });
  scanner.feed(bytes);
  scanner.end();
  if (scanner.rootKind !== undefined && scanner.rootKind !== 'object') throw notAnObject(scanner.rootKind);

  const canonical = new CanonicalText();
  const parse = (start: number, end: number): unknown => JSON.parse(bytes.toString('utf8', start, end)) as unknown;
  const putMember = (member: JsonMember): void => {
    const ranges = elements.get(member.key);
    if (ranges === undefined) {
      canonical.putValue(parse(member.start, member.end));
    } else {
      canonical.startValue();
      canonical.putList(ranges.length / 2, (index) => {
        canonical.putValue(parse(ranges[2 * index] as number, ranges[2 * index + 1] as number));
      });
    }
  };

  const rest = new Map(scanner.outer.members);
  const part = (key: string): string => {
    const member = rest.get(key);
    if (member === undefined) return ABSENT;
    rest.delete(key);
    putMember(member);
    return canonical.digest();
  };
  const routes = part('routes');
  const services = part('services');
  const plugins = part('plugins');
  const upstreams = part('upstreams');
  const targets = part('targets');

  canonical.startValue();
  canonical.putObject([...rest.keys()], (key) => putMember(rest.get(key) as JsonMember));
  const configHash = createHash('md5')
    .update(routes + services + plugins + upstreams + targets + canonical.digest())
    .digest('hex');
  return { configHash, hashes: { config: configHash, routes, services, plugins, upstreams, targets } };
}

/** Kong's canonical text of a value, folded as it grows. */
class CanonicalText {
  readonly #buffer = Buffer.allocUnsafe(FOLD_ABOVE_BYTES + 64 * 1024);
  #length = 0;
  /** Text that is not in the buffer yet: many short pieces are encoded at once. */
  #text = '';
  /** A text that is longer than the buffer has room for makes a larger one, until the next fold. */
  #large: Buffer | undefined;

  /** To be called where a value starts, before anything of it is put. */
  startValue(): void {
    // A UTF-16 unit is at most three bytes, so below this nothing needs to be counted exactly.
    if (this.#length + this.#text.length * 3 <= FOLD_ABOVE_BYTES) return;
    this.#flush();
    if (this.#length > FOLD_ABOVE_BYTES) {
      const digest = createHash('md5').update(this.#bytes()).digest();
      this.#large = undefined;
      this.#length = digest.copy(this.#buffer);
    }
  }

  putValue(value: unknown): void {
    this.startValue();
    if (typeof value === 'string') this.#text += value;
    else if (typeof value === 'number') this.#text += luaNumber(value);
    else if (typeof value === 'boolean') this.#text += value ? 'true' : 'false';
    else if (value === null) this.#text += '/null/';
    else if (Array.isArray(value)) this.putList(value.length, (index) => this.putValue(value[index]));
    else this.#putRecord(value as Record<string, unknown>);
  }

  /** A list whose elements `put` puts, one at a time. */
  putList(count: number, put: (index: number) => void): void {
    if (count === 0) this.#text += '{}';
    for (let index = 0; index < count; index++) {
      if (index > 0) this.#text += ';';
      put(index);
    }
    if (count > 5) this.#text += ';';
  }

  /** An object whose values `put` puts, one at a time. */
  putObject(keys: string[], put: (key: string) => void): void {
    if (keys.length === 0) this.#text += '{}';
    for (const key of sortByBytes(keys)) {
      this.#text += `${key}:`;
      put(key);
      this.#text += ';';
    }
  }

  /** The digest of what was put, in hex; the next text begins empty. */
  digest(): string {
    this.#flush();
    const digest = createHash('md5').update(this.#bytes()).digest('hex');
    this.#length = 0;
    this.#large = undefined;
    return digest;
  }

  #putRecord(record: Record<string, unknown>): void {
    this.putObject(Object.keys(record), (key) => this.putValue(record[key]));
  }

  #bytes(): Buffer {
    return (this.#large ?? this.#buffer).subarray(0, this.#length);
  }

  #flush(): void {
    const needed = this.#length + Buffer.byteLength(this.#text);
    if (needed > (this.#large ?? this.#buffer).length) {
      const larger = Buffer.allocUnsafe(2 * needed);
      this.#bytes().copy(larger);
      this.#large = larger;
    }
    this.#length += (this.#large ?? this.#buffer).write(this.#text, this.#length);
    this.#text = '';
  }
}

/** Sorts as Lua does: by UTF-8 bytes, which is not the order of UTF-16 units above U+D800. */
function sortByBytes(keys: string[]): string[] {
  keys.sort();
  if (keys.some((key) => /[\ud800-\uffff]/.test(key)))
    keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return keys;
}

/** A number as LuaJIT prints it: `%.14g`, halves rounded up, which is also what JavaScript does. */
export function luaNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e14) return Object.is(value, -0) ? '-0' : String(value);
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [digits, power] = value.toExponential(13).split('e') as [string, string];
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 14) return withoutZeros(value.toFixed(13 - exponent));
  return `${withoutZeros(digits)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
