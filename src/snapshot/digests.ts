import { createHash } from 'node:crypto';

/** MD5 and SHA-256 in hexadecimal. */
export interface Digests {
  readonly md5: string;
  readonly sha256: string;
}

/** MD5 and SHA-256 of a text that passes by, which can be told more than once. */
export class RunningDigests {
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');

  /** The digests of a text in memory. */
  static of(text: Uint8Array): RunningDigests {
    const digests = new RunningDigests();
    digests.update(text);
    return digests;
  }

  update(bytes: Uint8Array): void {
    this.#md5.update(bytes);
    this.#sha256.update(bytes);
  }

  /** The digests of what was passed so far with `end` behind it; nothing is changed. */
  with(end: Uint8Array): Digests {
    const [md5, sha256] = [this.#md5.copy().update(end), this.#sha256.copy().update(end)];
    return { md5: md5.digest('hex'), sha256: sha256.digest('hex') };
  }
}
