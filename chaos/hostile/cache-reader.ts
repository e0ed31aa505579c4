/**
 * What a gateway would find in its cache, read in another language than `cache.lua`, to hold the two against each other.
 * Written from LMDB's format (lmdb.h and mdb.c, data version 1) and from the verdicts that `cache.lua` promises.
 */
export type Verdict = 'empty' | 'corrupt' | 'cut' | 'unknown' | `populated ${string}`;

const HEADER = 16;
const META_BYTES = HEADER + 136;
const Flags = { branch: 1, leaf: 2, overflow: 4, meta: 8, leaf2: 32 } as const;
const Node = { big: 1, sub: 2, duplicates: 4 } as const;
const NO_TREE = 2n ** 53n;
const maxDepth = 32;

class Found extends Error {
  constructor(readonly verdict: Verdict) {
    super(verdict);
  }
}

function judge(verdict: Verdict): never {
  throw new Found(verdict);
}

interface Meta {
  readonly pageSize: number;
  readonly freeRoot: bigint;
  readonly flags: number;
  readonly root: bigint;
  readonly last: bigint;
  readonly transaction: bigint;
}

interface Entry {
  readonly low: number;
  readonly flags: number;
  readonly key: Buffer;
  readonly data: number;
}

export function readCache(bytes: Buffer): Verdict {
  try {
    return new Reader(bytes).read();
  } catch (error) {
    if (error instanceof Found) return error.verdict;
    throw error;
  }
}

class Reader {
  #meta!: Meta;

  constructor(private readonly bytes: Buffer) {}

  read(): Verdict {
    if (this.bytes.length === 0) return 'empty';
    const first = this.#readMeta(0);
    const { pageSize } = first;
    if (pageSize < 512 || pageSize > 32768 || (pageSize & (pageSize - 1)) !== 0) return 'corrupt';
    const second = this.#readMeta(pageSize);
    this.#meta = { ...(second.transaction > first.transaction ? second : first), pageSize };
    const { root, freeRoot, flags, last } = this.#meta;
    if (BigInt(this.bytes.length) < (last + 1n) * BigInt(pageSize)) {
      const seen = new Set<bigint>();
      this.#lookForCut(root, seen, 1);
      this.#lookForCut(freeRoot, seen, 1);
    }
    if (sortedOtherwise(flags)) return 'unknown';
    const tag = this.#find(root, 'validation_tag')?.value.toString('latin1');
    const sub = this.#find(root, '_default');
    if (sub === undefined) return 'empty';
    if ((sub.flags & Node.sub) === 0 || sub.value.length !== 48) return 'corrupt';
    if (sortedOtherwise(sub.value.readUInt16LE(4))) return 'unknown';
    const hash = this.#find(sub.value.readBigUInt64LE(40), 'declarative_config:hash')?.value.toString('latin1');
    if (hash === undefined || hash === '0'.repeat(32)) return 'empty';
    if (!/^[A-Za-z0-9]+$/.test(hash) || (tag !== undefined && !/^[A-Za-z0-9.]+$/.test(tag))) return 'corrupt';
    return `populated ${tag ?? '-'} ${hash}`;
  }

  #readMeta(at: number): Meta {
    const page = this.bytes.subarray(at, at + META_BYTES);
    if (page.length < META_BYTES) judge('corrupt');
    if ((page.readUInt16LE(10) & Flags.meta) === 0 || page.readUInt32LE(HEADER) !== 0xbeefc0de) judge('corrupt');
    if (page.readUInt32LE(HEADER + 4) !== 1) judge('unknown');
    const main = HEADER + 24 + 48;
    return {
      pageSize: page.readUInt32LE(HEADER + 24),
      freeRoot: page.readBigUInt64LE(main - 8),
      flags: page.readUInt16LE(main + 4),
      root: page.readBigUInt64LE(main + 40),
      last: page.readBigUInt64LE(HEADER + 120),
      transaction: page.readBigUInt64LE(HEADER + 128),
    };
  }

  #page(number: bigint): { readonly page: Buffer; readonly kind: number } {
    const { last, pageSize } = this.#meta;
    if (number < 2n || number > last) judge('corrupt');
    const at = number * BigInt(pageSize);
    if (at + BigInt(pageSize) > BigInt(this.bytes.length)) judge('cut');
    const page = this.bytes.subarray(Number(at), Number(at) + pageSize);
    if (page.readBigUInt64LE(0) !== number) judge('corrupt');
    return { page, kind: page.readUInt16LE(10) };
  }

  #entries(page: Buffer): number {
    const count = (page.readUInt16LE(12) - HEADER) / 2;
    if (count < 0 || !Number.isInteger(count) || HEADER + 2 * count > page.length) judge('corrupt');
    return count;
  }

  #entry(page: Buffer, index: number): Entry {
    const at = page.readUInt16LE(HEADER + 2 * index);
    if (at < HEADER || at + 8 > page.length) judge('corrupt');
    const keyBytes = page.readUInt16LE(at + 6);
    const data = at + 8 + keyBytes;
    if (data > page.length) judge('corrupt');
    return { low: page.readUInt32LE(at), flags: page.readUInt16LE(at + 4), key: page.subarray(at + 8, data), data };
  }

  #value(page: Buffer, { flags, data, low }: Entry): Buffer {
    if ((flags & Node.duplicates) !== 0) judge('corrupt');
    if ((flags & Node.big) === 0) {
      if (data + low > page.length) judge('corrupt');
      return page.subarray(data, data + low);
    }
    if (data + 8 > page.length) judge('corrupt');
    const number = page.readBigUInt64LE(data);
    const { page: head, kind } = this.#page(number);
    if ((kind & Flags.overflow) === 0 || HEADER + low > head.readUInt32LE(12) * page.length) judge('corrupt');
    const from = Number(number) * page.length + HEADER;
    const value = this.bytes.subarray(from, from + low);
    if (value.length < low) judge('cut');
    return value;
  }

  #find(root: bigint, wanted: string): { readonly value: Buffer; readonly flags: number } | undefined {
    if (root >= NO_TREE) return undefined;
    const key = Buffer.from(wanted);
    let number = root;
    for (let level = 0; level < maxDepth; level++) {
      const { page, kind } = this.#page(number);
      const count = this.#entries(page);
      if ((kind & Flags.leaf) !== 0) {
        for (let index = 0; index < count; index++) {
          const entry = this.#entry(page, index);
          if (entry.key.equals(key)) return { value: this.#value(page, entry), flags: entry.flags };
        }
        return undefined;
      }
      if ((kind & Flags.branch) === 0 || count < 1) judge('corrupt');
      let child = this.#entry(page, 0);
      for (let index = 1; index < count; index++) {
        const entry = this.#entry(page, index);
        if (Buffer.compare(entry.key, key) > 0) break;
        child = entry;
      }
      number = below(child);
    }
    return judge('corrupt');
  }

  #lookForCut(root: bigint, seen: Set<bigint>, level: number): void {
    if (root >= NO_TREE) return;
    const { page, kind } = this.#page(root);
    if (seen.has(root) || level > maxDepth) judge('corrupt');
    seen.add(root);
    if ((kind & Flags.leaf2) !== 0) return;
    const count = this.#entries(page);
    for (let index = 0; index < count; index++) {
      const entry = this.#entry(page, index);
      if ((kind & Flags.branch) !== 0) this.#lookForCut(below(entry), seen, level + 1);
      else if ((entry.flags & Node.big) !== 0) {
        if (entry.data + 8 > page.length) judge('corrupt');
        const end = page.readBigUInt64LE(entry.data) * BigInt(page.length) + BigInt(HEADER + entry.low);
        if (end > BigInt(this.bytes.length)) judge('cut');
      } else if ((entry.flags & Node.sub) !== 0) {
        if (entry.data + 48 > page.length) judge('corrupt');
        this.#lookForCut(page.readBigUInt64LE(entry.data + 40), seen, 1);
      }
    }
  }
}

function below({ low, flags }: Entry): bigint {
  return BigInt(low) + (BigInt(flags) << 32n);
}

/** MDB_REVERSEKEY, MDB_DUPSORT, MDB_INTEGERKEY */
function sortedOtherwise(flags: number): boolean {
  return (flags & 0x0e) !== 0;
}
