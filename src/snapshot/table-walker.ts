import { JsonScanner, type JsonMember } from './json-scanner';

/** What a walker tells, in the order of the text; `json` is a value's own text. */
export interface TableVisitor {
  element(key: string, json: string): void;
  /** Every member, when it is complete; `json` is empty for a list, whose elements were told before. */
  member(member: JsonMember, json: string): void;
}

/** Walks through a table that comes in chunks, and keeps no more of it than the one value that is under way. */
export class TableWalker {
  readonly #scanner: JsonScanner;
  /** The text from `#windowStart` on. */
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;

  constructor(visitor: TableVisitor) {
    this.#scanner = new JsonScanner({
      onElement: (key, _kind, start, end) => visitor.element(key, this.#text(start, end)),
      onMember: (member) => visitor.member(member, member.kind === 'array' ? '' : this.#text(member.start, member.end)),
    });
  }

  feed(chunk: Uint8Array): void {
    this.#window = Buffer.concat([this.#window, chunk]);
    this.#scanner.feed(chunk);
    const from = this.#scanner.unreportedFrom;
    this.#window = this.#window.subarray(from - this.#windowStart);
    this.#windowStart = from;
  }

  /** Returns the kind of the whole value, which is told about only when it is an object. */
  end(): JsonMember['kind'] | undefined {
    this.#scanner.end();
    return this.#scanner.rootKind;
  }

  #text(start: number, end: number): string {
    return this.#window.toString('utf8', start - this.#windowStart, end - this.#windowStart);
  }
}
