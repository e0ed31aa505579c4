/** The provider `aminueza/minio`, of which no bindings are published: the few resources that a store needs. */
export * from './buckets';
export * from './identities';
export { MinioProvider } from './minio-provider';
export type {
  MinioProviderAssumeRole,
  MinioProviderAssumeRoleWithWebIdentity,
  MinioProviderConfig,
} from './minio-provider';
