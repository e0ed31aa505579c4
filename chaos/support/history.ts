import { createHash } from 'node:crypto';
import { unsealedLength } from '../../src/snapshot';
import type { Table } from '../../test/cli/cluster';
import type { Random } from './random';
import { padded } from './tables';

const smallest = 10 * 1024;
const largest = 2 * 1024 * 1024;

/** Which of what was published is held somewhere. */
export type Held = 'nothing' | 'an earlier one' | 'the newest';

/** What a control plane has published, in order: whatever is stored must be one of them, whole. */
export class History {
  readonly #positions = new Map<string, number>();
  #newest: Required<Pick<Table, 'table' | 'configHash'>> | undefined;

  constructor(
    private readonly name: string,
    private readonly random: Random,
  ) {}

  /** Position of the newest; -1 when there is none. */
  get newest(): number {
    return this.#positions.size - 1;
  }

  get newestTable(): Table {
    if (this.#newest === undefined) throw new Error('nothing is published yet');
    return this.#newest;
  }

  /** The next configuration to publish, from 10 KB to 2 MB, which little compresses. */
  next(): Table {
    const bytes = Math.round(smallest * (largest / smallest) ** this.random.next());
    const { table } = padded(`${this.name}-${this.#positions.size}`, bytes);
    const sum = sumOf(table);
    this.#positions.set(sum, this.#positions.size);
    this.#newest = { table, configHash: sum };
    return this.#newest;
  }

  /** @throws Error where these bytes are none of the configurations, or not whole */
  positionOf(stored: Buffer): number {
    const position = this.#positions.get(sumOf(stored.subarray(0, unsealedLength(stored))));
    if (position === undefined) {
      throw new Error(`${stored.length} bytes are stored that nobody published: ${stored.subarray(0, 300).toString()}`);
    }
    return position;
  }

  /** @param position of what is held; -1 when nothing is */
  heldAt(position: number): Held {
    return position === -1 ? 'nothing' : position === this.newest ? 'the newest' : 'an earlier one';
  }

  /** The place of the configuration with this hash, as it was sent with it. */
  positionOfHash(configHash: unknown): number {
    return this.#positions.get(String(configHash)) ?? -1;
  }
}

function sumOf(table: Uint8Array): string {
  return createHash('md5').update(table).digest('hex');
}
