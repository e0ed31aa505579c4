import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import type { ClusterSettings } from '../contract';
import { systemRoots } from './system-roots';

/** The name in the cluster certificate of `shared` mode. */
const SHARED_NAME = 'kong_clustering';

/** The name that a control plane's certificate must have: fixed in `shared` mode, else KONG_CLUSTER_SERVER_NAME or the host. */
export function expectedName(cluster: ClusterSettings): string {
  return cluster.mtls === 'shared' ? SHARED_NAME : (cluster.serverName ?? cluster.controlPlane.host);
}

/**
 * How a node greets and verifies its control plane.
 *
 * `shared`: the control plane shows the node's own certificate, or one that chains to it, under the name
 * `kong_clustering`. No public authority can vouch for that name, so the system's are left out.
 * `pki`, `pki_check_cn`: any trusted authority, under the expected name.
 */
export function clientTls(cluster: ClusterSettings): ConnectionOptions {
  const name = expectedName(cluster);
  const own = cluster.mtls === 'shared' && cluster.certificate !== undefined ? [cluster.certificate] : [];
  const system = cluster.mtls !== 'shared' && cluster.trustSystem ? systemRoots() : [];
  return {
    cert: cluster.certificate,
    key: cluster.key?.reveal(),
    ca: [...own, ...cluster.trusted, ...system],
    // A cluster certificate that is not self-signed is an anchor all the same: it is the very one that we hold.
    allowPartialTrustChain: cluster.mtls === 'shared',
    // TLS has no server name indication for addresses; Node verifies `host` when there is none.
    ...(isIP(name) === 0 ? { servername: name } : { servername: '', host: name }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
  };
}
