import type { ClusterSettings } from '../../src/contract';
import { type Authority, type KeyPair, makeAuthority, makeClusterCertificate } from '../../src/demo/certificates';

export { type Authority, type KeyPair, makeAuthority, makeClusterCertificate };

/** A cluster with a PKI of its own. */
export interface Pki {
  readonly authority: Authority;
  /** For `localhost` and `cp.kong.test`, fit for serverAuth alone. */
  readonly server: KeyPair;
  /** `dp.kong.test`, fit for clientAuth alone. */
  readonly node: KeyPair;
}

export async function makePki(): Promise<Pki> {
  const authority = await makeAuthority('test authority');
  return {
    authority,
    server: await authority.issue({
      commonName: 'cp.kong.test',
      names: ['localhost', 'cp.kong.test'],
      usage: ['serverAuth'],
    }),
    node: await authority.issue({ commonName: 'dp.kong.test', usage: ['clientAuth'] }),
  };
}

/** Settings of a node with a shared certificate; `changes` replace single ones. */
export function sharedSettings(pair: KeyPair, port: number, changes: Partial<ClusterSettings> = {}): ClusterSettings {
  return {
    controlPlane: { host: '127.0.0.1', port },
    mtls: 'shared',
    certificate: pair.certificate,
    key: pair.key,
    trusted: [],
    trustSystem: true,
    maxPayloadBytes: 16 * 1024 * 1024,
    labels: {},
    ...changes,
  };
}

/** Settings of a node of a PKI; `changes` replace single ones. */
export function pkiSettings(pki: Pki, port: number, changes: Partial<ClusterSettings> = {}): ClusterSettings {
  return {
    ...sharedSettings(pki.node, port),
    mtls: 'pki',
    serverName: 'cp.kong.test',
    trusted: [pki.authority.certificate],
    ...changes,
  };
}

/** Settings with one optional member left out. */
export function without(settings: ClusterSettings, member: 'serverName' | 'certificate' | 'key'): ClusterSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name !== member)) as unknown as ClusterSettings;
}
