import type { GatewayVersion } from './gateway-version';
import type { StorageUrl } from './storage-url';

/** The folder that holds one folder per version: empty, or ending in `/`. */
export function versionsPrefix(storage: StorageUrl): string {
  return storage.prefix === '' ? '' : `${storage.prefix}/`;
}

/** Kong's key of the configuration: `<prefix>/<version>/config.json`. */
export function configKey(storage: StorageUrl, version: GatewayVersion): string {
  return `${versionsPrefix(storage)}${version.text}/config.json`;
}

/** Our key of the exporters' lease, beside it. */
export function leaseKey(storage: StorageUrl, version: GatewayVersion): string {
  return `${versionsPrefix(storage)}${version.text}/kong-resilience.json`;
}
