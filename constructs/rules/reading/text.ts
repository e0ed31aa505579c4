/**
 * Texts of which parts are known to Terraform alone. Each such part is one character of Unicode's private planes, the same
 * one for the same expression, so that a text stays a string that can be compared, split and parsed as JSON.
 */
import { fromBoolean, type Answer } from './answer';

/** Expressions that may turn out to be any text. */
const firstHole = 0xf0000;
/** Names that Terraform makes: no text that is written anywhere equals them. */
const firstName = 0x100000;

const hole = /[\u{f0000}-\u{fffff}]/u;

/** Gives expressions their characters, and back. */
export class Placeholders {
  readonly #characters = new Map<string, string>();
  readonly #shown = new Map<string, string>();
  readonly #paths = new Map<string, string>();

  /** @param key the expression and its stack; `expression` is for messages */
  hole(key: string, expression: string): string {
    const known = this.#characters.get(`hole ${key}`);
    if (known !== undefined) return known;
    const character = String.fromCodePoint(firstHole + this.#characters.size);
    this.#characters.set(`hole ${key}`, character);
    this.#shown.set(character, `\${${expression}}`);
    return character;
  }

  /** @param path of the construct whose name it is */
  name(path: string): string {
    const known = this.#characters.get(`name ${path}`);
    if (known !== undefined) return known;
    const character = String.fromCodePoint(firstName + this.#characters.size);
    this.#characters.set(`name ${path}`, character);
    this.#shown.set(character, `<name of ${path}>`);
    this.#paths.set(character, path);
    return character;
  }

  /** For a message: in quotes, with the expressions in it; or whose name it is. */
  show(text: string): string {
    const path = this.#paths.get(text);
    return path === undefined
      ? `"${[...text].map((point) => this.#shown.get(point) ?? point).join('')}"`
      : `of "${path}"`;
  }
}

/** Whether the whole text is known here. */
export function isWhole(text: string): boolean {
  return !hole.test(text);
}

export function startsWith(text: string, start: string): Answer {
  const points = [...text];
  let at = 0;
  for (const wanted of start) {
    const found = points[at];
    at += 1;
    if (found === wanted) continue;
    return hole.test(wanted) || (found !== undefined && hole.test(found)) ? 'unknown' : 'no';
  }
  return 'yes';
}

export function endsWith(text: string, end: string): Answer {
  return startsWith([...text].reverse().join(''), [...end].reverse().join(''));
}

export function equals(a: string, b: string): Answer {
  if (a === b) return 'yes';
  if (isWhole(a) && isWhole(b)) return 'no';
  return contradicts(a, b) ? 'no' : 'unknown';
}

/** Matches as IAM does: `*` is any text, `?` any character. */
export function matches(text: string, pattern: string): Answer {
  if (wildcards(pattern, '').test(text)) return 'yes';
  if (isWhole(text) && isWhole(pattern)) return 'no';
  if (isWhole(text)) return wildcards(pattern, '.*').test(text) ? 'unknown' : 'no';
  return contradicts(
    text,
    pattern.replaceAll(/[*?]/g, () => String.fromCodePoint(firstHole)),
  )
    ? 'no'
    : 'unknown';
}

/** @param inHole what stands for an expression; empty for the expression itself */
function wildcards(pattern: string, inHole: string): RegExp {
  const source = [...pattern].map((point) => {
    if (point === '*') return '.*';
    if (point === '?') return '.';
    if (inHole !== '' && hole.test(point)) return inHole;
    return point.replace(/[\\^$.|+()[\]{}/]/, (special) => `\\${special}`);
  });
  return new RegExp(`^${source.join('')}$`, 'su');
}

/** Whether two texts differ before the first expression of either, or behind the last. */
function contradicts(a: string, b: string): boolean {
  const reversed = (text: string) => [...text].reverse().join('');
  const differ = (one: string, other: string) => {
    const heads = [one, other].map((text) => text.split(hole, 1)[0] ?? '');
    const shortest = Math.min(...heads.map(({ length }) => length));
    return heads[0]?.slice(0, shortest) !== heads[1]?.slice(0, shortest);
  };
  return differ(a, b) || differ(reversed(a), reversed(b));
}

/** Whether a text is one of some. */
export function isOneOf(text: string, wanted: readonly string[]): Answer {
  return isWhole(text) ? fromBoolean(wanted.includes(text)) : 'unknown';
}
