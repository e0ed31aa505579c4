/** Something that is made of a message while its bytes still arrive. */
export interface Begun {
  /** The next bytes of the message, which stay as they are. */
  feed(bytes: Uint8Array): void;
  /** It will not be needed. */
  close(): void;
}

const FINAL_BINARY = 0x82;
const FINAL_TEXT = 0x81;
const [PING, PONG] = [0x89, 0x8a];
const MASKED = 0x80;

/**
 * Follows a server's WebSocket frames on their way to the library, so that work on a large message can begin before it is
 * whole. The library stays the one that judges and hands over: what was begun counts only for the message that it gives.
 *
 * One message at a time; while one that was begun is not taken yet, the next ones are let pass. After the first frame
 * that ends a connection (a close, or one that the library refuses: fragmented, masked, compressed, too long, of an unknown
 * kind), nothing is begun any more.
 */
export class LookAhead<T extends Begun> {
  /** The header so far; a server's has ten bytes at most. */
  #header: number[] = [];
  /** What is still to come of the frame's payload. */
  #left = 0;
  /** Whether that belongs to what was begun. */
  #feeding = false;
  #begun: { readonly work: T; readonly message: number; readonly length: number } | undefined;
  /** Binary messages seen to begin, and those that were taken. */
  #seen = 0;
  #taken = 0;
  #over = false;

  /**
   * @param maxPayloadBytes what the library refuses a message beyond
   * @param begin begins with a message of so many bytes, or leaves it
   */
  constructor(
    private readonly maxPayloadBytes: number,
    private readonly begin: (length: number) => T | undefined,
  ) {}

  /** The next bytes from the server; to be told before the library is. */
  feed(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#over;) {
      if (this.#left === 0) {
        this.#header.push(chunk[at++] as number);
        this.#readHeader();
      } else {
        const part = chunk.subarray(at, at + this.#left);
        at += part.length;
        this.#left -= part.length;
        if (this.#feeding) this.#begun?.work.feed(part);
      }
    }
  }

  /** What was begun of the next binary message, which the library gave with this length; the taker is to close it. */
  take(length: number): T | undefined {
    const message = this.#taken++;
    const begun = this.#begun;
    if (begun?.message !== message) return undefined;
    this.#begun = undefined;
    this.#feeding = false;
    if (begun.length === length) return begun.work;
    begun.work.close();
    return undefined;
  }

  /** Lets go of what was not taken; begins nothing any more. */
  close(): void {
    this.#over = true;
    this.#begun?.work.close();
    this.#begun = undefined;
  }

  #readHeader(): void {
    const [kind, short, ...long] = this.#header;
    if (kind === undefined || short === undefined) return;
    const known = kind === FINAL_BINARY || kind === FINAL_TEXT || ((kind === PING || kind === PONG) && short < 126);
    if (!known || (short & MASKED) !== 0) {
      this.close();
      return;
    }
    if (long.length < (short === 126 ? 2 : short === 127 ? 8 : 0)) return;
    const length = short < 126 ? short : long.reduce((value, byte) => value * 256 + byte, 0);
    if (length > this.maxPayloadBytes) {
      this.close();
      return;
    }
    this.#header = [];
    this.#left = length;
    this.#feeding = false;
    if (kind !== FINAL_BINARY) return;
    const message = this.#seen++;
    if (this.#begun !== undefined) return;
    const work = this.begin(length);
    if (work === undefined) return;
    this.#begun = { work, message, length };
    this.#feeding = true;
  }
}
