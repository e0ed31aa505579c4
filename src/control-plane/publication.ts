import { canonicalHashes, checkTable, encodeReconfigure, type SentHashes } from '../snapshot';
import { pluginsOf } from './compatibility';

/** What is sent to the nodes. */
export interface Published {
  /** The text of `config_table`. */
  readonly table: Uint8Array;
  /**
   * The hashes that came with exactly this table, replayed as they are. Absent: Kong's hashes of the table are computed.
   * Like Kong's, they are those of the table before it is adapted to a version.
   */
  readonly configHash?: string;
  readonly hashes?: SentHashes;
}

/** Makes the table that a node of an older version understands. */
export type Adapt = (table: Uint8Array, nodeVersion: string) => Uint8Array;

/** One published configuration: its frame is made once for each version, however many nodes take it. */
export class Publication {
  /** The plugins that a node must have. */
  readonly plugins: readonly string[];
  readonly #table: Uint8Array;
  readonly #sent: { readonly configHash?: string; readonly hashes?: SentHashes };
  readonly #frames = new Map<string, Promise<Uint8Array>>();

  /** @throws KR_CONFIG_… where the table is none */
  constructor(
    { table, configHash, hashes }: Published,
    private readonly adapt: Adapt,
  ) {
    checkTable(table);
    this.#table = table;
    this.#sent =
      configHash === undefined ? canonicalHashes(table) : { configHash, ...(hashes === undefined ? {} : { hashes }) };
    this.plugins = pluginsOf(table);
  }

  /** The frame for nodes of a version. */
  frame(version: string): Promise<Uint8Array> {
    let frame = this.#frames.get(version);
    if (frame === undefined) {
      frame = this.#encode(version);
      this.#frames.set(version, frame);
    }
    return frame;
  }

  async #encode(version: string): Promise<Uint8Array> {
    return encodeReconfigure(this.adapt(this.#table, version), { ...this.#sent, timestamp: Date.now() / 1000 });
  }
}
