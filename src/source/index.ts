/**
 * Where configurations come from: a control plane, joined over the hybrid protocol, or the Admin API of a DB-less
 * gateway. A source runs by itself, hands on each configuration that arrives, and tells each sign that none will.
 */
export { adminApiSource, type AdminApiSourceOptions } from './admin-api';
export { hybridSource, type HybridSourceOptions } from './hybrid';
export { receiveOnce, type OneReception } from './receive-once';
export type { ConfigurationSource, SourceListener, SourceState } from './source';
