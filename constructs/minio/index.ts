/** The store on MinIO or any other S3-compatible store, and its principals: `cdktf-kong-resilience/minio`. */
export * from '../index';
export * from './provider';
export type { AddressProps } from './address';
export { MinioEncryption } from './encryption';
export { ExistingKeys } from './existing-keys';
export type { ExistingKeysProps } from './existing-keys';
export type { RetentionProps, S3LifecycleRule } from './lifecycle';
export type { MinioPolicyStatement } from './policy';
export type { IMinioPrincipal, IMinioUser } from './principal';
export { S3CompatibleStore } from './s3-compatible-store';
export type { S3CompatibleStoreProps } from './s3-compatible-store';
export { MinioServiceAccount } from './service-account';
export type { MinioServiceAccountProps } from './service-account';
export { MinioStore } from './store';
export type { ExistingMinioStoreProps, IMinioStore, MinioStoreProps } from './store';
export { MinioUser } from './user';
export type { ExistingMinioUserProps, MinioUserProps } from './user';
