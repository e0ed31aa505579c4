import { duplicateKey, notJson } from './errors';
import type { JsonKind } from './json-kind';
import { finder, isPlain, TURN_BYTES, type Finder } from './not-plain';

/** One member of an object that the scanner reports. */
export interface JsonMember {
  readonly key: string;
  readonly kind: JsonKind;
  /** Offset of the value's first byte in the stream. */
  readonly start: number;
  /** Offset behind the value's last byte. */
  readonly end: number;
  /** Number of elements of an array; 0 for every other kind. */
  readonly count: number;
  /** The first element of an array that is no object: its place, from 0, and what it is. */
  readonly stranger?: { readonly index: number; readonly kind: JsonKind };
  /** The value's text, where its key was named in `capture` and it is not longer than 4 KiB. */
  readonly text?: string;
}

/** The members of one object, and where it stands. */
export interface JsonStructure {
  readonly start: number;
  /** 0 until the object has been read. */
  readonly end: number;
  readonly members: ReadonlyMap<string, JsonMember>;
  /** Whether an object in one of the object's lists has the key of `entityKey`. */
  readonly entityKeySeen: boolean;
}

/** Called for each element of a list that is a member of the reported object, in the order of the text. */
export type ElementListener = (key: string, kind: JsonKind, start: number, end: number, inner: boolean) => void;

export type MemberListener = (member: JsonMember, inner: boolean) => void;

export interface JsonScannerOptions {
  /** Greatest number of open objects and lists. Default 512. */
  readonly maxDepth?: number;
  /** A key of the outermost object whose own members are reported too, as `inner`. */
  readonly descendInto?: string;
  /** Keys, on both reported levels, whose values' text is kept. */
  readonly capture?: ReadonlySet<string>;
  /** A key, of one to 64 ASCII characters, to look for in the objects of the lists. */
  readonly entityKey?: string;
  readonly onElement?: ElementListener;
  /** Called for each member of the reported objects when its value is complete, in the order of the text. */
  readonly onMember?: MemberListener;
}

const DEFAULT_MAX_DEPTH = 512;
const MAX_CAPTURE_BYTES = 4096;

const enum State {
  Value,
  ValueOrClose,
  KeyOrClose,
  Key,
  Colon,
  AfterValue,
  InString,
  Escape,
  EscapeHex,
  Utf8,
  Minus,
  Zero,
  Integer,
  Point,
  Fraction,
  Exponent,
  ExponentSign,
  ExponentDigits,
  Literal,
}

const OBJECT = 1;
const ARRAY = 2;
const KINDS: readonly JsonKind[] = ['null', 'object', 'array', 'string', 'number', 'true', 'false'];
const STRING = 3;
const NUMBER = 4;
const LITERALS = ['true', 'false', 'null'].map((word) => Uint8Array.from(Buffer.from(word, 'latin1')));
const LITERAL_KINDS = [5, 6, 0] as const;

/** 1 for the bytes that a string may hold as they are and that are complete characters. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => (isPlain(byte) ? 1 : 0));
/** What may follow a backslash, but for `u`. */
const SIMPLE_ESCAPE = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** Whether a scanner is at work: they share one finder. */
let feeding = false;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

class Level {
  readonly members = new Map<string, JsonMember>();
  start = 0;
  end = 0;
  entityKeySeen = false;
  /** The member whose value is being read. */
  key = '';
  kind = 0;
  valueStart = 0;
  count = 0;
  /** Place of the value's first element that is no object, or -1. */
  strangerIndex = -1;
  strangerKind = 0;
  elementKind = 0;
  elementStart = 0;
  /** Whether the member's value, and the element, is not complete yet. */
  open = false;
  elementOpen = false;
}

/**
 * Checks JSON (RFC 8259, UTF-8) while it flows by, in one pass and without building a value, and reports the structure
 * of the outermost object: each member's kind, place and number of elements.
 *
 * Feed it chunks, cut anywhere, then call `end()`. A violation throws `KR_CONFIG_NOT_JSON` with its byte offset, a key
 * that stands twice on a reported level `KR_CONFIG_DUPLICATE_KEY`. Neither shows what the text holds.
 */
export class JsonScanner {
  readonly #maxDepth: number;
  readonly #descendInto: string | undefined;
  readonly #capture: ReadonlySet<string>;
  readonly #entityKey: Uint8Array;
  readonly #onElement: ElementListener | undefined;
  readonly #onMember: MemberListener | undefined;

  readonly #find: Finder;

  #offset = 0;
  #state: State = State.Value;
  #depth = 0;
  /** What is open at each depth from 1: OBJECT or ARRAY. */
  readonly #stack: Uint8Array;
  /** How many of the places of bytes that are not plain have been passed, in this turn. */
  #place = 0;
  #isKey = false;
  /** Whether the key under way holds an escape. */
  #escaped = false;
  /** Hex digits or continuation bytes that are still to come, or the place in a literal. */
  #pending = 0;
  #low = 0x80;
  #high = 0xbf;
  #literal = 0;

  /** Values that start with at most this many open containers are reported. */
  #watch: number;
  #rootKind = -1;
  readonly #outer = new Level();
  #inner: Level | undefined;
  #insideInner = false;

  /** Pieces of a key that began in an earlier chunk. */
  #keyPieces: Uint8Array[] = [];
  /** Pieces of a captured value that began in an earlier chunk; undefined when nothing is captured. */
  #captured: Uint8Array[] | undefined;
  #capturedBytes = 0;

  constructor(options: JsonScannerOptions = {}) {
    this.#maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
    this.#descendInto = options.descendInto;
    this.#capture = options.capture ?? new Set();
    this.#entityKey = Buffer.from(options.entityKey ?? '', 'latin1');
    this.#onElement = options.onElement;
    this.#onMember = options.onMember;
    this.#stack = new Uint8Array(this.#maxDepth + 2);
    this.#watch = 2;
    this.#find = finder();
  }

  /** Number of bytes fed so far. */
  get bytes(): number {
    return this.#offset;
  }

  /**
   * From where on the text must be kept to have each element and each other value whole when it is reported: where the
   * one under way begins, else `bytes`.
   */
  get unreportedFrom(): number {
    const level = this.#insideInner && this.#inner !== undefined ? this.#inner : this.#outer;
    if (!level.open) return this.#offset;
    if (level.kind !== ARRAY) return level.valueStart;
    return level.elementOpen ? level.elementStart : this.#offset;
  }

  /** Kind of the whole text's value; undefined before its first byte. */
  get rootKind(): JsonKind | undefined {
    return KINDS[this.#rootKind];
  }

  /** The outermost object; complete after `end()`. Without members when the text is no object. */
  get outer(): JsonStructure {
    return this.#outer;
  }

  /** The object under the key of `descendInto`, when there is one. */
  get inner(): JsonStructure | undefined {
    return this.#inner;
  }

  /** Takes the next bytes; keeps no reference to them. A listener must not feed a scanner, this or another one. */
  feed(chunk: Uint8Array): void {
    if (feeding) throw new TypeError('a listener of a scanner must not feed one');
    feeding = true;
    try {
      // Short turns let V8 compile the whole of `#scan` at once, not only its loop, whose code it would leave and enter
      // anew for each chunk: a third of the time for a first 64 MB. Views of one class keep it monomorphic.
      for (let start = 0; start < chunk.length; start += TURN_BYTES) {
        this.#scan(new Uint8Array(chunk.buffer, chunk.byteOffset + start, Math.min(TURN_BYTES, chunk.length - start)));
      }
    } finally {
      feeding = false;
    }
  }

  #scan(bytes: Uint8Array): void {
    const length = bytes.length;
    const stack = this.#stack;
    const maxDepth = this.#maxDepth;
    const entityKey = this.#entityKey;
    const entityKeyLength = entityKey.length;
    let watch = this.#watch;
    let state = this.#state;
    let depth = this.#depth;
    let isKey = this.#isKey;
    let i = 0;
    const places = this.#find(bytes);
    this.#place = 0;
    /** Where the key under way begins in this chunk. */
    let keyStart = 0;

    while (i < length) {
      if (depth > watch && state <= State.AfterValue && state !== State.Colon) {
        this.#depth = depth;
        this.#state = state;
        i = this.#run(bytes, places, i, watch);
        depth = this.#depth;
        state = this.#state;
        if (i === length) break;
      }
      switch (state) {
        case State.InString: {
          while (i < length && PLAIN[bytes[i] as number] === 1) i++;
          if (i === length) break;
          const byte = bytes[i] as number;
          if (byte === 0x22) {
            if (!isKey) {
              i++;
              state = State.AfterValue;
              if (depth <= watch) watch = this.#ended(depth, bytes, i);
              break;
            }
            if (depth < watch) {
              this.#keyEnded(depth, bytes, keyStart, i);
            } else if (depth === watch + 1 && (i - keyStart === entityKeyLength || keyStart === 0 || this.#escaped)) {
              this.#entityKeyEnded(bytes, keyStart, i);
            }
            i++;
            if (i < length && bytes[i] === 0x3a) {
              i++;
              state = State.Value;
            } else {
              state = State.Colon;
            }
          } else if (byte === 0x5c) {
            i++;
            this.#escaped = true;
            state = State.Escape;
          } else if (byte >= 0x80) {
            this.#beginCharacter(byte, i);
            i++;
            state = State.Utf8;
          } else {
            this.#fail(i, 'a control character in a string');
          }
          break;
        }

        case State.Value:
        case State.ValueOrClose: {
          const byte = bytes[i] as number;
          if (byte === 0x22) {
            if (depth <= watch) watch = this.#started(depth, STRING, i);
            i++;
            isKey = false;
            state = State.InString;
          } else if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
            i++;
          } else if (byte === 0x7b || byte === 0x5b) {
            const kind = byte === 0x7b ? OBJECT : ARRAY;
            if (depth <= watch) watch = this.#started(depth, kind, i);
            if (depth === maxDepth) this.#fail(i, `nested deeper than ${maxDepth} levels`);
            depth++;
            stack[depth] = kind;
            i++;
            state = kind === OBJECT ? State.KeyOrClose : State.ValueOrClose;
          } else if (byte === 0x2d || isDigit(byte)) {
            if (depth <= watch) watch = this.#started(depth, NUMBER, i);
            i++;
            state = byte === 0x2d ? State.Minus : byte === 0x30 ? State.Zero : State.Integer;
          } else if (byte === 0x5d && state === State.ValueOrClose) {
            depth--;
            i++;
            state = State.AfterValue;
            if (depth <= watch) watch = this.#ended(depth, bytes, i);
          } else {
            const literal = byte === 0x6e ? 2 : byte === 0x74 ? 0 : byte === 0x66 ? 1 : -1;
            if (literal === -1) this.#failAtValue(byte, i);
            if (depth <= watch) watch = this.#started(depth, LITERAL_KINDS[literal as 0], i);
            i++;
            this.#literal = literal;
            this.#pending = 1;
            state = State.Literal;
          }
          break;
        }

        case State.AfterValue: {
          const byte = bytes[i] as number;
          if (byte === 0x2c && depth > 0) {
            i++;
            if (stack[depth] === ARRAY) {
              state = State.Value;
            } else if (i < length && bytes[i] === 0x22) {
              i++;
              keyStart = i;
              isKey = true;
              this.#escaped = false;
              state = State.InString;
            } else {
              state = State.Key;
            }
          } else if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
            i++;
          } else if (
            (byte === 0x7d || byte === 0x5d) &&
            depth > 0 &&
            stack[depth] === (byte === 0x7d ? OBJECT : ARRAY)
          ) {
            depth--;
            i++;
            if (depth <= watch) watch = this.#ended(depth, bytes, i);
          } else if (depth === 0) {
            this.#fail(i, 'text behind the end of the value');
          } else {
            this.#fail(i, stack[depth] === OBJECT ? "no ',' or '}' behind a value" : "no ',' or ']' behind a value");
          }
          break;
        }

        case State.KeyOrClose:
        case State.Key: {
          const byte = bytes[i] as number;
          if (byte === 0x22) {
            i++;
            keyStart = i;
            isKey = true;
            this.#escaped = false;
            state = State.InString;
          } else if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
            i++;
          } else if (byte === 0x7d && state === State.KeyOrClose) {
            depth--;
            i++;
            state = State.AfterValue;
            if (depth <= watch) watch = this.#ended(depth, bytes, i);
          } else {
            this.#fail(i, 'no key where one must stand');
          }
          break;
        }

        case State.Colon: {
          const byte = bytes[i] as number;
          if (byte === 0x3a) state = State.Value;
          else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)
            this.#fail(i, "no ':' behind a key");
          i++;
          break;
        }

        case State.Literal: {
          const word = LITERALS[this.#literal] as Uint8Array;
          let at = this.#pending;
          while (at < word.length && i < length && bytes[i] === word[at]) {
            at++;
            i++;
          }
          this.#pending = at;
          if (at === word.length) {
            state = State.AfterValue;
            if (depth <= watch) watch = this.#ended(depth, bytes, i);
          } else if (i < length) {
            this.#fail(i, 'an unknown word');
          }
          break;
        }

        case State.Integer:
        case State.Fraction:
        case State.ExponentDigits:
        case State.Zero: {
          if (state !== State.Zero) while (i < length && isDigit(bytes[i] as number)) i++;
          if (i === length) break;
          const byte = bytes[i] as number;
          if (byte === 0x2e && (state === State.Integer || state === State.Zero)) {
            i++;
            state = State.Point;
          } else if ((byte === 0x65 || byte === 0x45) && state !== State.ExponentDigits) {
            i++;
            state = State.Exponent;
          } else {
            state = State.AfterValue;
            if (depth <= watch) watch = this.#ended(depth, bytes, i);
          }
          break;
        }

        case State.Minus: {
          const byte = bytes[i] as number;
          if (!isDigit(byte)) this.#fail(i, "no digit behind '-'");
          i++;
          state = byte === 0x30 ? State.Zero : State.Integer;
          break;
        }

        case State.Point: {
          if (!isDigit(bytes[i] as number)) this.#fail(i, "no digit behind '.'");
          i++;
          state = State.Fraction;
          break;
        }

        case State.Exponent: {
          const byte = bytes[i] as number;
          if (byte === 0x2b || byte === 0x2d) state = State.ExponentSign;
          else if (isDigit(byte)) state = State.ExponentDigits;
          else this.#fail(i, 'no digit in an exponent');
          i++;
          break;
        }

        case State.ExponentSign: {
          if (!isDigit(bytes[i] as number)) this.#fail(i, 'no digit in an exponent');
          i++;
          state = State.ExponentDigits;
          break;
        }

        case State.Escape: {
          const byte = bytes[i] as number;
          if (byte === 0x75) {
            this.#pending = 4;
            state = State.EscapeHex;
          } else if (SIMPLE_ESCAPE[byte] === 1) {
            state = State.InString;
          } else {
            this.#fail(i, 'an unknown escape in a string');
          }
          i++;
          break;
        }

        case State.EscapeHex: {
          const byte = bytes[i] as number;
          const lower = byte | 0x20;
          if (!isDigit(byte) && !(lower >= 0x61 && lower <= 0x66)) this.#fail(i, 'an unknown escape in a string');
          this.#pending--;
          i++;
          if (this.#pending === 0) state = State.InString;
          break;
        }

        case State.Utf8: {
          const byte = bytes[i] as number;
          if (byte < this.#low || byte > this.#high) this.#fail(i, 'bytes that are not UTF-8');
          this.#low = 0x80;
          this.#high = 0xbf;
          this.#pending--;
          i++;
          if (this.#pending === 0) state = State.InString;
          break;
        }
      }
    }

    const inText =
      state === State.InString || state === State.Escape || state === State.EscapeHex || state === State.Utf8;
    if (inText && isKey && (depth < watch || depth === watch + 1)) this.#keyPieces.push(bytes.slice(keyStart));
    if (this.#captured !== undefined) this.#keepCaptured(bytes.subarray(this.#captureFrom(0)));
    this.#watch = watch;
    this.#state = state;
    this.#depth = depth;
    this.#isKey = isKey;
    this.#offset += length;
  }

  /**
   * The state machine's short cut through what most of a table is made of, the inside of entities: takes each token that
   * is plain, whole in these bytes and reported to nobody, and stops before the first other one, from `#state` and `#depth`
   * to `#state` and `#depth`. It refuses nothing: what it does not take, the state machine judges. Where a string ends is
   * known from `places` (not-plain.ts).
   */
  #run(bytes: Uint8Array, places: Int32Array, from: number, watch: number): number {
    const length = bytes.length;
    const stack = this.#stack;
    const floor = watch + 1;
    let state = this.#state;
    let depth = this.#depth;
    let i = from;
    let place = this.#place;
    while (i < length) {
      let byte = bytes[i] as number;
      if (byte === 0x2c && state === State.AfterValue) {
        state = stack[depth] === OBJECT ? State.Key : State.Value;
        i++;
        if (i === length) break;
        byte = bytes[i] as number;
      }
      if (state === State.Key || state === State.KeyOrClose) {
        if (byte !== 0x22) break;
        while ((places[place] as number) <= i) place++;
        const end = places[place] as number;
        if (end + 1 >= length || bytes[end] !== 0x22 || bytes[end + 1] !== 0x3a) break;
        if (depth === floor && end - i - 1 === this.#entityKey.length) {
          this.#escaped = false;
          this.#entityKeyEnded(bytes, i + 1, end);
        }
        i = end + 2;
        state = State.Value;
      } else if (state === State.AfterValue) {
        if (depth === floor || stack[depth] !== (byte === 0x7d ? OBJECT : byte === 0x5d ? ARRAY : 0)) break;
        depth--;
        i++;
      } else if (byte === 0x22) {
        while ((places[place] as number) <= i) place++;
        let end = places[place] as number;
        // PEM has a line feed after each 64 characters, and what it stands in may be most of a table.
        while (end + 1 < length && bytes[end] === 0x5c && SIMPLE_ESCAPE[bytes[end + 1] as number] === 1) {
          const escaped = end + 1;
          while ((places[place] as number) <= escaped) place++;
          end = places[place] as number;
        }
        if (end >= length || bytes[end] !== 0x22) break;
        i = end + 1;
        state = State.AfterValue;
      } else if (byte === 0x6e || byte === 0x74 || byte === 0x66) {
        const word = LITERALS[byte === 0x6e ? 2 : byte === 0x74 ? 0 : 1] as Uint8Array;
        let at = 1;
        while (at < word.length && bytes[i + at] === word[at]) at++;
        if (at < word.length) break;
        i += at;
        state = State.AfterValue;
      } else if (byte >= 0x31 && byte <= 0x39) {
        let end = i + 1;
        while (end < length && isDigit(bytes[end] as number)) end++;
        if (end === length || (bytes[end] !== 0x2c && bytes[end] !== 0x7d && bytes[end] !== 0x5d)) break;
        i = end;
        state = State.AfterValue;
      } else if ((byte === 0x7b || byte === 0x5b) && depth < this.#maxDepth) {
        depth++;
        stack[depth] = byte === 0x7b ? OBJECT : ARRAY;
        state = byte === 0x7b ? State.KeyOrClose : State.ValueOrClose;
        i++;
      } else {
        break;
      }
    }
    this.#place = place;
    this.#state = state;
    this.#depth = depth;
    return i;
  }

  /** Says that no more bytes come. Throws `KR_CONFIG_NOT_JSON` when the value is not complete. */
  end(): void {
    const state = this.#state;
    if (this.#depth === 0) {
      if (
        state === State.Zero ||
        state === State.Integer ||
        state === State.Fraction ||
        state === State.ExponentDigits
      ) {
        this.#state = State.AfterValue;
        this.#ended(0, new Uint8Array(0), 0);
      }
      if (this.#state === State.AfterValue) return;
    }
    this.#fail(0, this.#rootKind === -1 ? 'no value at all' : 'the text ends before the value does');
  }

  #fail(index: number, problem: string): never {
    throw notJson(this.#offset + index, problem);
  }

  #failAtValue(byte: number, index: number): never {
    const mark = byte === 0xef && this.#offset + index === 0;
    this.#fail(index, mark ? 'a byte order mark, which JSON must not have' : 'no value where one must stand');
  }

  #beginCharacter(byte: number, index: number): void {
    if (byte >= 0xc2 && byte <= 0xdf) this.#pending = 1;
    else if (byte >= 0xe0 && byte <= 0xef) this.#pending = 2;
    else if (byte >= 0xf0 && byte <= 0xf4) this.#pending = 3;
    else this.#fail(index, 'bytes that are not UTF-8');
    // RFC 3629, section 4: no overlong form, no surrogate, nothing above U+10FFFF.
    this.#low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
  }

  /** A watched value begins; returns the depth to watch from here on. */
  #started(depth: number, kind: number, index: number): number {
    const at = this.#offset + index;
    if (depth === 0) {
      this.#rootKind = kind;
      this.#outer.start = at;
    } else if (depth === 1) {
      if (this.#rootKind === OBJECT) this.#memberStarted(this.#outer, kind, at);
      if (this.#rootKind === OBJECT && kind === OBJECT && this.#outer.key === this.#descendInto) {
        this.#inner = new Level();
        this.#inner.start = at;
        this.#insideInner = true;
        this.#watch = 3;
      }
    } else if (depth === 2) {
      if (this.#insideInner) this.#memberStarted(this.#inner as Level, kind, at);
      else if (this.#rootKind === OBJECT) elementStarted(this.#outer, kind, at);
    } else {
      elementStarted(this.#inner as Level, kind, at);
    }
    return this.#watch;
  }

  /** A watched value ends before `index`; returns the depth to watch from here on. */
  #ended(depth: number, bytes: Uint8Array, index: number): number {
    const at = this.#offset + index;
    if (depth === 0) {
      this.#outer.end = at;
    } else if (depth === 1) {
      if (this.#insideInner) {
        (this.#inner as Level).end = at;
        this.#insideInner = false;
        this.#watch = 2;
      }
      if (this.#rootKind === OBJECT) this.#memberEnded(this.#outer, bytes, at);
    } else if (depth === 2) {
      if (this.#insideInner) this.#memberEnded(this.#inner as Level, bytes, at);
      else if (this.#rootKind === OBJECT) this.#elementEnded(this.#outer, at, false);
    } else {
      this.#elementEnded(this.#inner as Level, at, true);
    }
    return this.#watch;
  }

  #memberStarted(level: Level, kind: number, at: number): void {
    level.kind = kind;
    level.valueStart = at;
    level.count = 0;
    level.strangerIndex = -1;
    level.open = true;
    if (this.#capture.has(level.key)) {
      this.#captured = [];
      this.#capturedBytes = 0;
    }
  }

  #memberEnded(level: Level, bytes: Uint8Array, at: number): void {
    const text = this.#takeCaptured(level, bytes, at);
    level.open = false;
    const member: JsonMember = {
      key: level.key,
      kind: KINDS[level.kind] as JsonKind,
      start: level.valueStart,
      end: at,
      count: level.count,
      ...(level.strangerIndex === -1
        ? {}
        : { stranger: { index: level.strangerIndex, kind: KINDS[level.strangerKind] as JsonKind } }),
      ...(text === undefined ? {} : { text }),
    };
    level.members.set(level.key, member);
    this.#onMember?.(member, level === this.#inner);
  }

  #elementEnded(level: Level, at: number, inner: boolean): void {
    if (level.kind !== ARRAY) return;
    level.elementOpen = false;
    this.#onElement?.(level.key, KINDS[level.elementKind] as JsonKind, level.elementStart, at, inner);
  }

  #keyEnded(depth: number, bytes: Uint8Array, start: number, end: number): void {
    const level = depth === 1 ? this.#outer : this.#insideInner ? this.#inner : undefined;
    const raw = this.#takeKey(bytes, start, end);
    if (level === undefined) return;
    const key = this.#escaped ? (JSON.parse(`"${raw}"`) as string) : raw;
    if (level.members.has(key)) throw duplicateKey(key, this.#offset + end);
    level.key = key;
  }

  #entityKeyEnded(bytes: Uint8Array, start: number, end: number): void {
    const level = this.#insideInner ? this.#inner : this.#outer;
    const whole = this.#keyPieces.length > 0 || this.#escaped;
    if (level === undefined || level.kind !== ARRAY) {
      this.#keyPieces = [];
    } else if (whole) {
      const raw = this.#takeKey(bytes, start, end);
      const key = this.#escaped ? (JSON.parse(`"${raw}"`) as string) : raw;
      if (key !== '' && key === Buffer.from(this.#entityKey).toString('latin1')) level.entityKeySeen = true;
    } else if (end - start === this.#entityKey.length && end > start) {
      const key = this.#entityKey;
      let at = 0;
      while (at < key.length && bytes[start + at] === key[at]) at++;
      if (at === key.length) level.entityKeySeen = true;
    }
  }

  /** The text of the key that ends here, escapes and all. */
  #takeKey(bytes: Uint8Array, start: number, end: number): string {
    const last = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    if (this.#keyPieces.length === 0) return last.toString('utf8');
    const raw = Buffer.concat([...this.#keyPieces, last]).toString('utf8');
    this.#keyPieces = [];
    return raw;
  }

  /** Where the captured value begins in this chunk. */
  #captureFrom(fallback: number): number {
    const level = this.#insideInner ? (this.#inner as Level) : this.#outer;
    return Math.max(fallback, level.valueStart - this.#offset);
  }

  #keepCaptured(piece: Uint8Array): void {
    this.#capturedBytes += piece.length;
    if (this.#capturedBytes > MAX_CAPTURE_BYTES) this.#captured = undefined;
    else this.#captured?.push(piece.slice());
  }

  #takeCaptured(level: Level, bytes: Uint8Array, at: number): string | undefined {
    if (this.#captured === undefined || !this.#capture.has(level.key)) return undefined;
    this.#keepCaptured(bytes.subarray(Math.max(0, level.valueStart - this.#offset), at - this.#offset));
    const pieces = this.#captured;
    this.#captured = undefined;
    return pieces === undefined ? undefined : Buffer.concat(pieces).toString('utf8');
  }
}

function elementStarted(level: Level, kind: number, at: number): void {
  if (level.kind !== ARRAY) return;
  if (kind !== OBJECT && level.strangerIndex === -1) {
    level.strangerIndex = level.count;
    level.strangerKind = kind;
  }
  level.count++;
  level.elementOpen = true;
  level.elementKind = kind;
  level.elementStart = at;
}
