import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayVersion } from '../contract';
import { writeFileAtomic } from '../runtime';

/** A configuration that a data plane runs, and the hash by which it is known. */
export interface Loaded {
  readonly hash: string;
  readonly table: Uint8Array;
}

/**
 * What a data plane remembers in its prefix: the configuration that it ran last, the hash, and the gateway's
 * major.minor. One file (a gateway has an LMDB database): a line of JSON, then the table as it came.
 */
export class Cache {
  private readonly path: string;

  constructor(
    prefix: string,
    private readonly version: GatewayVersion,
  ) {
    this.path = join(prefix, 'cache.json');
  }

  /** Undefined when there is none, or one of another minor version: then it is as if there were none. */
  async read(): Promise<Loaded | undefined> {
    let content: Buffer;
    try {
      content = await readFile(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const end = content.indexOf('\n');
    const { tag, hash } = JSON.parse(content.subarray(0, end).toString('utf8')) as { tag: string; hash: string };
    return tag === this.tag && end < content.length - 1 ? { hash, table: content.subarray(end + 1) } : undefined;
  }

  async write({ hash, table }: Loaded): Promise<void> {
    await writeFileAtomic(this.path, [`${JSON.stringify({ tag: this.tag, hash })}\n`, table]);
  }

  private get tag(): string {
    return this.version.parts.slice(0, 2).join('.');
  }
}
