import { hostname } from 'node:os';
import { nodeIdFor, type GatewayVersion } from '../contract';
import { adminApiSource, hybridSource, type ConfigurationSource } from '../source';
import type { Context } from './context';

/** How often a DB-less gateway's Admin API is asked. */
const pollMs = 10_000;

/** Makes one version's source: the Admin API where one is named, the hybrid protocol otherwise. */
export function sourceFactory({ environment, log }: Context): (version: GatewayVersion) => ConfigurationSource {
  const { adminUrl: url, adminToken: token, maxConfigBytes, storeTimeoutMs, silenceMs, reconnectMs } = environment;
  if (url !== undefined) {
    return (version) =>
      adminApiSource({
        url,
        ...(token === undefined ? {} : { token }),
        version,
        pollMs,
        timeoutMs: storeTimeoutMs,
        maxConfigBytes,
        log,
      });
  }
  const host = hostname();
  return (version) =>
    hybridSource({
      cluster: environment.cluster,
      version,
      nodeId: nodeIdFor(environment, version, host),
      hostname: host,
      plugins: environment.plugins,
      maxConfigBytes,
      silenceMs,
      reconnectMs,
      log,
    });
}
