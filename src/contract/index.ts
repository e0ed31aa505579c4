/** What node, store and constructs agree on: environment, storage URL, gateway version, object keys. */
export * from './gateway-version';
export * from './node-environment';
export * from './object-key';
export * from './secret';
export * from './storage-url';
