/** JSON and Terraform's `jsonencode`, with expressions in them. */
import { isWhole } from './text';

/** A value of a text of JSON that may hold expressions outside its strings too, such as a number; undefined when it is none. */
export function parseJson(text: string): unknown {
  let inString = false;
  let escaped = false;
  let source = '';
  for (const point of text) {
    source += !inString && !isWhole(point) ? `"${point}"` : point;
    if (inString && !escaped && point === '\\') escaped = true;
    else {
      if (point === '"' && !escaped) inString = !inString;
      escaped = false;
    }
  }
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Where an expression of Terraform ends that begins at `start`, behind its `${`: at its own `}`. */
export function endOfExpression(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at + 1);
    else if (character === '{') depth += 1;
    else if (character === '}') {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text.startsWith('${', at) && text[at - 1] !== '$') at = endOfExpression(text, at + 2);
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** What the readers below cannot read. */
class Unreadable extends Error {}

/**
 * The value of `jsonencode(…)` as CDKTF writes it: objects with quoted names, lists, strings, numbers, and expressions.
 *
 * @param expression reads one; `template` reads a string with expressions in it
 * @returns undefined for anything else
 */
export function parseJsonencode(
  source: string,
  expression: (text: string) => unknown,
  template: (text: string) => string,
): { readonly value: unknown } | undefined {
  const argument = /^jsonencode\((.*)\)$/s.exec(source)?.[1];
  if (argument === undefined) return undefined;
  const reader = new Reader(argument, expression, template);
  try {
    return { value: reader.whole() };
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Reader {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly expression: (text: string) => unknown,
    private readonly template: (text: string) => string,
  ) {}

  whole(): unknown {
    const value = this.#value();
    this.#space();
    if (this.#at < this.text.length) throw new Unreadable();
    return value;
  }

  #value(): unknown {
    this.#space();
    if (this.#take('{')) return Object.fromEntries(this.#list('}', () => this.#member()));
    if (this.#take('[')) return this.#list(']', () => this.#value());
    if (this.text[this.#at] === '"') return this.#string();
    const word = /^[^,\]}\s]+/.exec(this.text.slice(this.#at))?.[0];
    if (word === undefined || word.includes('(')) throw new Unreadable();
    this.#at += word.length;
    if (/^(true|false|null|-?\d+(\.\d+)?)$/.test(word)) return JSON.parse(word) as unknown;
    return this.expression(word);
  }

  #member(): [string, unknown] {
    this.#space();
    const name = this.#string();
    this.#space();
    if (!this.#take('=')) throw new Unreadable();
    return [name, this.#value()];
  }

  #list<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    for (;;) {
      this.#space();
      if (this.#take(end)) return items;
      items.push(item());
      this.#space();
      if (!this.#take(',') && this.text[this.#at] !== end) throw new Unreadable();
    }
  }

  #string(): string {
    if (!this.#take('"')) throw new Unreadable();
    const end = endOfString(this.text, this.#at);
    const source = this.text.slice(this.#at, end);
    this.#at = end + 1;
    return this.template(source).replaceAll(/\\(.)/g, (_, character: string) =>
      character === 'n' ? '\n' : character === 't' ? '\t' : character,
    );
  }

  #space(): void {
    while (/\s/.test(this.text[this.#at] ?? '')) this.#at += 1;
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}
