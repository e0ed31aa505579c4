import { crc32, constants, deflateRawSync } from 'node:zlib';

/** gzip's header: deflate, no name, no time. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/**
 * `reconfigure` frames of one table under any hash: the same table under another hash is another configuration, and is exported again.
 * The table is compressed once: its blocks of deflate follow those of each frame's own head.
 */
export class Frames {
  readonly #deflated: Buffer;
  readonly #rest: Buffer;

  constructor(table: Uint8Array) {
    this.#rest = Buffer.concat([table, Buffer.from('}')]);
    this.#deflated = deflateRawSync(this.#rest);
  }

  /** @param configHash 32 hexadecimal digits */
  of(configHash: string): Buffer {
    const head = Buffer.from(`{"type":"reconfigure","timestamp":1,"config_hash":"${configHash}","config_table":`);
    const first = deflateRawSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(this.#rest, crc32(head)), 0);
    trailer.writeUInt32LE((head.length + this.#rest.length) >>> 0, 4);
    return Buffer.concat([header, first, this.#deflated, trailer]);
  }
}
