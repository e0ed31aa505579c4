import { hostname } from 'node:os';
import { nodeIdFor, type GatewayVersion } from '../contract';
import type { ConfigurationSource } from '../source/source';
import type { Context } from './context';

/** How often a DB-less gateway's Admin API is asked. */
const pollMs = 10_000;

/** Makes one version's source: the Admin API where one is named, the hybrid protocol otherwise. */
export async function sourceFactory({
  environment,
  log,
}: Context): Promise<(version: GatewayVersion) => ConfigurationSource> {
  const { adminUrl: url, adminToken: token, maxConfigBytes, storeTimeoutMs, silenceMs, reconnectMs } = environment;
  if (url !== undefined) {
    const { adminApiSource } = await import('../source/admin-api');
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
  const { hybridSource } = await import('../source/hybrid');
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
