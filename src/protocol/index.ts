/**
 * Kong's hybrid protocol, sync v1, as far as both sides share it: where a node asks, how it says who it is and what it
 * can run, how it verifies the control plane, and at what times.
 */
export { type BasicInfo, decodeBasicInfo, encodeBasicInfo, type NodePlugin } from './basic-info';
export { clientTls, expectedName } from './client-tls';
export { DEFAULT_MAX_PAYLOAD_BYTES, EMPTY_HASH, isHash, OUTLET_PATH, TIMING } from './constants';
export { authority, type NodeIntroduction, outletUrl, parseOutletTarget } from './outlet-url';
export { BUNDLED_PLUGINS, pluginNames } from './plugins';
export { systemRoots } from './system-roots';
