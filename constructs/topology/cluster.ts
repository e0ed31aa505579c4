import { EnvValue, type EnvValues } from '../environment';
import type { Problem } from '../problems';
import { listProblems } from './lists';

/** How a node reaches its control plane, in Kong's own words (kong.conf, "Hybrid Mode"). */
export interface ClusterProps {
  /** `host:port` of the control plane's cluster listener: KONG_CLUSTER_CONTROL_PLANE. */
  readonly controlPlane: string;
  /** Certificate of the node: the path where it is mounted, or a secret that holds its PEM. KONG_CLUSTER_CERT. */
  readonly clusterCert: EnvValue;
  /** Its private key: the path where it is mounted, or a secret that holds its PEM. KONG_CLUSTER_CERT_KEY. */
  readonly clusterCertKey: EnvValue;
  /**
   * `shared`, `pki` or `pki_check_cn`: KONG_CLUSTER_MTLS.
   *
   * @default "shared": control plane and nodes have one certificate
   */
  readonly clusterMtls?: string;
  /**
   * CA of the control plane's certificate, a path or a secret that holds its PEM: KONG_CLUSTER_CA_CERT.
   *
   * @default none beside `trustedCertificates`
   */
  readonly clusterCaCert?: EnvValue;
  /**
   * Name that the control plane's certificate must have in the `pki` modes: KONG_CLUSTER_SERVER_NAME.
   *
   * @default the host of `controlPlane`
   */
  readonly clusterServerName?: string;
  /**
   * Paths of further trusted certificates, mounted in the node. `system` always stays in the list: without it the node
   * would no longer trust the object store's certificate. KONG_LUA_SSL_TRUSTED_CERTIFICATE.
   *
   * @default the system's alone
   */
  readonly trustedCertificates?: readonly string[];
}

/** What is wrong with it that no variable tells. */
export function clusterProblems({ trustedCertificates = [] }: ClusterProps): Problem[] {
  return listProblems('trustedCertificates', trustedCertificates, '["/etc/kong/ca.crt"]');
}

/** The variables that say it. */
export function clusterEnvironment(props: ClusterProps): EnvValues {
  const trusted = ['system', ...(props.trustedCertificates ?? []).filter((path) => path !== 'system')];
  return {
    KONG_ROLE: EnvValue.fromText('data_plane'),
    KONG_DATABASE: EnvValue.fromText('off'),
    KONG_CLUSTER_CONTROL_PLANE: EnvValue.fromText(props.controlPlane),
    KONG_CLUSTER_CERT: props.clusterCert,
    KONG_CLUSTER_CERT_KEY: props.clusterCertKey,
    KONG_LUA_SSL_TRUSTED_CERTIFICATE: EnvValue.fromText(trusted.join(',')),
    ...(props.clusterMtls === undefined ? {} : { KONG_CLUSTER_MTLS: EnvValue.fromText(props.clusterMtls) }),
    ...(props.clusterCaCert === undefined ? {} : { KONG_CLUSTER_CA_CERT: props.clusterCaCert }),
    ...(props.clusterServerName === undefined
      ? {}
      : { KONG_CLUSTER_SERVER_NAME: EnvValue.fromText(props.clusterServerName) }),
  };
}
