/**
 * A configuration as bytes: checked, compared, marked and carried without ever being a tree of objects.
 *
 * A table is the text of Kong's `config_table`. It reaches the store and the gateway byte for byte as it came; whatever
 * must be known about it is read off its text in one pass.
 */
export * from './configuration';
export {
  JsonScanner,
  type JsonKind,
  type JsonMember,
  type JsonScannerOptions,
  type JsonStructure,
} from './json-scanner';
export {
  decodeReconfigure,
  encodeReconfigure,
  type DecodeOptions,
  type EncodeOptions,
  type SentIdentity,
} from './message';
export { readConfiguration, type ChunkSink, type ReadOptions, type ReadResult } from './reader';
export { checkTable, type TableInfo } from './table';
