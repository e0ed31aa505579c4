/** Variables of a gateway that a topology makes of its own props. */
const props: ReadonlyMap<string, string> = new Map([
  ['KONG_CLUSTER_CONTROL_PLANE', 'controlPlane to KongResilience'],
  ['KONG_CLUSTER_CERT', 'clusterCert to KongResilience'],
  ['KONG_CLUSTER_CERT_KEY', 'clusterCertKey to KongResilience'],
  ['KONG_CLUSTER_MTLS', 'clusterMtls to KongResilience'],
  ['KONG_CLUSTER_CA_CERT', 'clusterCaCert to KongResilience'],
  ['KONG_CLUSTER_SERVER_NAME', 'clusterServerName to KongResilience'],
  ['KONG_LUA_SSL_TRUSTED_CERTIFICATE', 'trustedCertificates to KongResilience'],
]);

/** Variables that nobody may set otherwise. */
const fixed = ['BASH_ENV', 'KONG_DATABASE', 'KONG_ROLE'];

/** Where a user gives another value of a gateway's variable, and to what; undefined where there is none. */
export function propOfVariable(name: string): string | undefined {
  return fixed.includes(name) ? undefined : (props.get(name) ?? `environmentOverrides.${name} to the importer`);
}
