import type { Duplex } from 'node:stream';

const SLICE_BYTES = 64 * 1024;

/**
 * Writes WebSocket messages to one node's socket in slices, waiting whenever the socket is full.
 *
 * One `send` of a large frame would keep a copy per node in memory; so the one shared frame is written 64 KiB at a time,
 * still as a single unfragmented WebSocket frame (RFC 6455, 5.2). Nothing else may be written to the socket meanwhile:
 * `busy` says so, and `idle` is called when the frame is out.
 */
export class FrameWriter {
  #busy = false;
  #next: Uint8Array | undefined;

  constructor(
    private readonly socket: Duplex,
    private readonly idle: () => void,
  ) {}

  get busy(): boolean {
    return this.#busy;
  }

  /** Writes a message, after the one that is being written; one that waits is replaced, because only the latest counts. */
  write(payload: Uint8Array): void {
    this.#next = payload;
    if (!this.#busy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#next !== undefined && this.socket.writable) {
      const payload = this.#next;
      this.#next = undefined;
      await this.#put(header(payload.length));
      for (let at = 0; at < payload.length && this.socket.writable; at += SLICE_BYTES) {
        await this.#put(payload.subarray(at, at + SLICE_BYTES));
      }
      this.idle();
    }
    this.#busy = false;
  }

  /** Ends when there is room for more, or when the socket has closed. */
  #put(bytes: Uint8Array): Promise<void> | undefined {
    if (this.socket.write(bytes)) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
  }
}

/** The header of a server's binary frame: final, unmasked, with the length in 7, 16 or 64 bits. */
function header(length: number): Uint8Array {
  const bytes = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  bytes[0] = 0x82;
  if (bytes.length === 2) bytes[1] = length;
  else if (bytes.length === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  return bytes;
}
