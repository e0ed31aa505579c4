/** Makes gateway caches (LMDB, data format 1) of any page size and depth, so that the reader is not only tested on three files. */

interface CacheOptions {
  readonly tag?: string;
  readonly hash?: string;
  readonly pageSize?: number;
  /** Entries beside the hash in `_default`; enough of them make the tree deeper. */
  readonly others?: number;
}

type Entry = readonly [key: string, value: Buffer, flags?: number];

const HEADER = 16;
const [BRANCH, LEAF, OVERFLOW, META] = [1, 2, 4, 8];
const [BIGDATA, SUBDATA] = [1, 2];

export function makeCache({ tag = '3.9', hash, pageSize = 4096, others = 0 }: CacheOptions): Buffer {
  const pages: Buffer[] = [];
  const newPage = (flags: number, count = 1): { page: Buffer; number: number } => {
    const page = Buffer.alloc(pageSize * count);
    const number = 2 + pages.reduce((sum, other) => sum + other.length / pageSize, 0);
    page.writeBigUInt64LE(BigInt(number), 0);
    page.writeUInt16LE(flags, 10);
    pages.push(page);
    return { page, number };
  };

  const bigValue = (value: Buffer): Buffer => {
    const count = Math.ceil((HEADER + value.length) / pageSize);
    const { page, number } = newPage(OVERFLOW, count);
    page.writeUInt32LE(count, 12);
    value.copy(page, HEADER);
    const reference = Buffer.alloc(8);
    reference.writeBigUInt64LE(BigInt(number));
    return reference;
  };

  /** Fills pages of one level; gives each page's number with the first key on it. */
  const level = (kind: number, nodes: readonly { key: Buffer; head: Buffer; data: Buffer }[]): [Buffer, number][] => {
    const made: [Buffer, number][] = [];
    let at = 0;
    while (at < nodes.length) {
      const { page, number } = newPage(kind);
      made.push([nodes[at]?.key ?? Buffer.alloc(0), number]);
      let lower = HEADER;
      let upper = pageSize;
      for (; at < nodes.length; at++) {
        const node = nodes[at];
        if (node === undefined) break;
        const size = 8 + node.key.length + node.data.length;
        const even = size + (size % 2);
        if (upper - even < lower + 2) break;
        upper -= even;
        node.head.copy(page, upper);
        page.writeUInt16LE(node.key.length, upper + 6);
        node.key.copy(page, upper + 8);
        node.data.copy(page, upper + 8 + node.key.length);
        page.writeUInt16LE(upper, lower);
        lower += 2;
      }
      page.writeUInt16LE(lower, 12);
      page.writeUInt16LE(upper, 14);
    }
    return made;
  };

  const tree = (entries: readonly Entry[]): { record: Buffer; depth: number } => {
    const record = Buffer.alloc(48);
    const sorted = [...entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const limit = Math.floor((pageSize - HEADER) / 2) - 2;
    let made = level(
      LEAF,
      sorted.map(([key, value, flags = 0]) => {
        const big = 8 + key.length + value.length > limit;
        const head = Buffer.alloc(8);
        head.writeUInt32LE(value.length, 0);
        head.writeUInt16LE(flags | (big ? BIGDATA : 0), 4);
        return { key: Buffer.from(key), head, data: big ? bigValue(value) : value };
      }),
    );
    let depth = made.length === 0 ? 0 : 1;
    while (made.length > 1) {
      made = level(
        BRANCH,
        made.map(([key, number], index) => {
          const head = Buffer.alloc(8);
          head.writeUIntLE(number, 0, 6);
          return { key: index === 0 ? Buffer.alloc(0) : key, head, data: Buffer.alloc(0) };
        }),
      );
      depth++;
    }
    record.writeUInt16LE(depth, 6);
    record.writeBigUInt64LE(BigInt(entries.length), 32);
    record.writeBigInt64LE(BigInt(made[0]?.[1] ?? -1), 40);
    return { record, depth };
  };

  const entries: Entry[] = hash === undefined ? [] : [['declarative_config:hash', Buffer.from(hash)]];
  for (let i = 0; i < others; i++)
    entries.push([`${i % 2 === 0 ? 'a' : 'z'}:${i}`, Buffer.alloc(100 + (i % 50) * 60, 'x')]);
  const sub = tree(entries);
  const main = tree([
    ['_default', sub.record, SUBDATA],
    ['validation_tag', Buffer.from(tag)],
  ]);
  const last = 1 + pages.reduce((sum, page) => sum + page.length / pageSize, 0);

  const metas = [7, 8].map((transaction, number) => {
    const page = Buffer.alloc(pageSize);
    page.writeBigUInt64LE(BigInt(number), 0);
    page.writeUInt16LE(META, 10);
    page.writeUInt32LE(0xbeefc0de, 16);
    page.writeUInt32LE(1, 20);
    page.writeBigUInt64LE(BigInt(128 << 20), 32);
    page.writeUInt32LE(pageSize, 40); // the free list: empty
    page.writeUInt16LE(8, 44);
    page.writeBigInt64LE(-1n, 80);
    // The older meta page knows nothing of the tree.
    const record = transaction === 8 ? main.record : Buffer.alloc(48);
    if (transaction === 7) record.writeBigInt64LE(-1n, 40);
    record.copy(page, 88);
    page.writeBigUInt64LE(BigInt(transaction === 8 ? last : 1), 136);
    page.writeBigUInt64LE(BigInt(transaction), 144);
    return page;
  });
  return Buffer.concat([...metas, ...pages]);
}
