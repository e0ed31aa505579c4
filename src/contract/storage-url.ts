/** A parsed KONG_CLUSTER_FALLBACK_CONFIG_STORAGE. */
export interface StorageUrl {
  readonly scheme: 's3' | 'gcs' | 'file';
  /** Bucket; for `file` the absolute folder. */
  readonly bucket: string;
  /** Without leading or trailing slash; empty for none. */
  readonly prefix: string;
}
