/** What is needed of it: the types of Node leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly find: (length: number) => number };
  };
};

/** How many bytes are looked at in one turn. */
export const TURN_BYTES = 16 * 1024;

/** The bytes that a string may not hold as they are, or that are no character by themselves: `"`, `\`, controls, 0x80 and above. */
export function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x80 && byte !== 0x22 && byte !== 0x5c;
}

/**
 * Finds, in at most `TURN_BYTES` bytes, the places of all bytes that are not plain, in their order; behind them stands
 * the number of bytes or a greater one. The result is valid until the next call.
 */
export type Finder = (bytes: Uint8Array) => Int32Array;

let shared: Finder | undefined;

/** The best finder that this process can have; the one for all, since each reserves much address space. */
export function finder(): Finder {
  if (shared === undefined) {
    try {
      shared = vectorFinder();
    } catch {
      // No WebAssembly (`--jitless`), a processor without vectors, or a bound on address space.
      shared = plainFinder();
    }
  }
  return shared;
}

/** One byte at a time. */
export function plainFinder(): Finder {
  const places = new Int32Array(TURN_BYTES + 1);
  return (bytes) => {
    let count = 0;
    for (let at = 0; at < bytes.length; at++) if (!isPlain(bytes[at] as number)) places[count++] = at;
    places[count] = bytes.length;
    return places;
  };
}

/** Sixteen bytes at a time, which takes a sixth of the time. @throws where there is no WebAssembly with vectors */
export function vectorFinder(): Finder {
  const { memory, find } = new WebAssembly.Instance(new WebAssembly.Module(MODULE)).exports;
  const text = new Uint8Array(memory.buffer, 0, TURN_BYTES);
  const places = new Int32Array(memory.buffer, TURN_BYTES);
  return (bytes) => {
    text.set(bytes);
    places[find(bytes.length)] = bytes.length;
    return places;
  };
}

/** A part of a module: its number, its length, its content; none is longer than 127 bytes. */
const section = (id: number, content: readonly number[]): number[] => [id, content.length, ...content];
const name = (text: string): number[] => [text.length, ...Buffer.from(text, 'latin1')];
const I32 = 0x7f;
const V128 = 0x7b;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const SPLAT = [0xfd, 0x0f];
const EQUAL = [0xfd, 0x23];
const LESS_SIGNED = [0xfd, 0x25];
const OR = [0xfd, 0x50];
/** Numbers of the locals: the parameter, the place in the text, that in the list, the marks of 16 bytes, the 16 bytes. */
const [LENGTH, AT, OUT, MARKS, BYTES] = [0, 1, 2, 3, 4] as const;
/** TURN_BYTES as a LEB128 number: where the list begins. */
const LIST = [0x80, 0x80, 0x01];

/** The function `find(length)`: marks in each 16 bytes those that are not plain, and writes their places down. */
const FIND = [
  // Two runs of locals after the parameter.
  ...[2, 3, I32, 1, V128],
  ...[I32_CONST, ...LIST, LOCAL_SET, OUT],
  ...[0x03, 0x40], // loop
  ...[LOCAL_GET, AT, 0xfd, 0x00, 4, 0, LOCAL_TEE, BYTES], // v128.load
  ...[I32_CONST, 0x22, ...SPLAT, ...EQUAL],
  ...[LOCAL_GET, BYTES, I32_CONST, 0xdc, 0x00, ...SPLAT, ...EQUAL, ...OR],
  // As signed numbers, those of 0x80 and above are below 0x20 too.
  ...[LOCAL_GET, BYTES, I32_CONST, 0x20, ...SPLAT, ...LESS_SIGNED, ...OR],
  ...[0xfd, 0x64, LOCAL_SET, MARKS], // i8x16.bitmask
  ...[0x02, 0x40, LOCAL_GET, MARKS, 0x45, 0x0d, 0], // block; leave it when there is no mark
  ...[0x03, 0x40], // loop
  ...[LOCAL_GET, OUT, LOCAL_GET, AT, LOCAL_GET, MARKS, 0x68, 0x6a, 0x36, 2, 0], // store at + ctz(marks)
  ...[LOCAL_GET, OUT, I32_CONST, 4, 0x6a, LOCAL_SET, OUT], // out += 4
  ...[LOCAL_GET, MARKS, LOCAL_GET, MARKS, I32_CONST, 1, 0x6b, 0x71, LOCAL_TEE, MARKS, 0x0d, 0], // without its lowest; again
  ...[0x0b, 0x0b],
  ...[LOCAL_GET, AT, I32_CONST, 16, 0x6a, LOCAL_TEE, AT, LOCAL_GET, LENGTH, 0x49, 0x0d, 0], // at += 16; again below length
  0x0b,
  ...[LOCAL_GET, OUT, I32_CONST, ...LIST, 0x6b, I32_CONST, 2, 0x76], // (out - list) / 4
  0x0b,
];

const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 1, I32, 1, I32]), // one type: i32 to i32
  ...section(3, [1, 0]),
  ...section(5, [1, 0, 2]), // two pages of memory: a turn, and the places of all of its bytes
  ...section(7, [2, ...name('memory'), 2, 0, ...name('find'), 0, 0]),
  ...section(10, [1, FIND.length, ...FIND]),
]);
