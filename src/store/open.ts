import type { AwsSettings, GoogleSettings, StorageUrl } from '../contract';
import { type Log, silentLog } from '../runtime/log';
import type { ObjectReader, ObjectStore } from './store';

export interface StoreSettings {
  readonly aws: AwsSettings;
  readonly google: GoogleSettings;
  /** Total time limit of a call in milliseconds, where the call names none. */
  readonly timeoutMs: number;
  /** Gets the warnings of the SDK; default: nothing is told. */
  readonly log?: Log;
}

/** Opens a store for an exporter. A driver and its SDK are loaded only when its scheme is used. */
export async function openStore(storage: StorageUrl, settings: StoreSettings): Promise<ObjectStore> {
  const { timeoutMs, aws, google, log = silentLog } = settings;
  switch (storage.scheme) {
    case 's3':
      return new (await import('./s3')).S3Store(storage, { aws, timeoutMs, log });
    case 'gcs':
      return new (await import('./gcs')).GcsStore(storage, { google, timeoutMs });
    case 'file':
      return new (await import('./file')).FileStore(storage, { timeoutMs });
  }
}

/** Opens a store for an importer: what it returns cannot write. */
export async function openReader(storage: StorageUrl, settings: StoreSettings): Promise<ObjectReader> {
  const { timeoutMs, aws, google, log = silentLog } = settings;
  switch (storage.scheme) {
    case 's3':
      return new (await import('./s3')).S3Reader(storage, { aws, timeoutMs, log });
    case 'gcs':
      return new (await import('./gcs')).GcsReader(storage, { google, timeoutMs });
    case 'file':
      return new (await import('./file')).FileReader(storage, { timeoutMs });
  }
}
