/** What node, store and constructs agree on: environment, storage URL, gateway version, object keys. Importing it reads nothing. */
export { environmentVariables } from './environment-variables';
export type { EnvironmentVariable } from './environment-variables';
export { compareGatewayVersions, parseGatewayVersion } from './gateway-version';
export type { GatewayVersion } from './gateway-version';
export * from './node-environment';
export { nodeIdFor } from './node-id';
export * from './object-key';
export { problemCodes } from './problem-codes';
export type { ProblemCode } from './problem-codes';
export { formatProblems } from './problems';
export { putSettingNames } from './put-settings';
export { readEnvironment } from './read-environment';
export type { ReadOptions, ReadResult } from './read-environment';
export * from './secret';
export { formatStorageUrl, parseStorageUrl } from './storage-url';
export type { StorageUrl, StorageUrlRefusal, StorageUrlResult } from './storage-url';
export { isLoopback } from './value-types';
