/**
 * Object stores: one bucket of S3, of Google Cloud Storage, or a folder, behind four calls and four outcomes.
 *
 * Absent, denied, corrupt and unreachable are told apart, and nothing is written without a condition. Open one with
 * `openStore`, or with `openReader` for whom must not write.
 */
export {
  isRetryable,
  storeAbsent,
  storeConflict,
  storeCorrupt,
  storeDenied,
  storeNoBucket,
  storeNoCredentials,
  storeRefused,
  storeUnreachable,
} from './errors';
export { maxMetadataBytes } from './metadata';
export { openReader, openStore, type StoreSettings } from './open';
export type {
  CallOptions,
  ObjectInfo,
  ObjectReader,
  ObjectStore,
  ObjectVersion,
  PutOptions,
  PutResult,
  StoredObject,
} from './store';
