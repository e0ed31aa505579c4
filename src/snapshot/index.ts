/**
 * A configuration as bytes: checked, compared, marked and carried without ever being a tree of objects.
 *
 * A table is the text of Kong's `config_table`. It reaches the store and the gateway byte for byte as it came; whatever
 * must be known about it is read off its text in one pass.
 */
export { adaptToOpenSource, isEnterpriseTable, type AdaptReport, type RemovedPlugin } from './adapt';
export { canonicalHashes, type CanonicalHashes } from './canonical-hash';
export * from './configuration';
export { RunningDigests, type Digests } from './digests';
export { ENTERPRISE_PLUGINS } from './editions';
export { tooLarge as configurationTooLarge } from './errors';
export type { JsonKind } from './json-kind';
export { JsonScanner, type JsonMember, type JsonScannerOptions, type JsonStructure } from './json-scanner';
export {
  decodeReconfigure,
  encodeReconfigure,
  ReconfigureDecoder,
  type Decoded,
  type DecodeOptions,
  type EncodeOptions,
  type SentIdentity,
} from './message';
export {
  MAX_METADATA_BYTES,
  parseSnapshotMetadata,
  readSnapshotMetadata,
  snapshotMetadata,
  type ReadMetadata,
  type SnapshotMetadata,
} from './metadata';
export { readConfiguration, type ChunkSink, type ReadOptions, type ReadResult } from './reader';
export { readSeal, SEAL_BYTES, sealTable, unsealedLength, type Mark } from './seal';
export { checkTable, type TableInfo } from './table';
