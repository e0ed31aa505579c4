import type { RunningDigests } from './digests';
import type { TableInfo } from './table';

/** The six hashes of a `reconfigure` message, as the control plane sent them. */
export type SentHashes = Readonly<Record<string, string>>;

/** One configuration as a source received it: what a snapshot is made of. */
export interface Configuration {
  /** The text of `config_table`, byte for byte as it came: UTF-8 JSON, validated, not empty of entities. */
  readonly table: Uint8Array;
  /** `config_hash` as sent; absent where the source has none (Admin API, Kong before 2.x). Never recomputed to check. */
  readonly configHash?: string;
  readonly hashes?: SentHashes;
  /** What the pass that validated the table found in it. */
  readonly info?: TableInfo;
  /** The digests of `table`, where they were computed while it was read. */
  readonly digests?: RunningDigests;
  /** When the last byte arrived, by the local clock; for people, never for ordering. */
  readonly receivedAt: Date;
}
