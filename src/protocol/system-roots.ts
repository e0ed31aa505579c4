import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';

/** Where Linux distributions and macOS keep the bundle of trusted authorities: Kong's list for `system`. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** The authorities that the system trusts, as PEM; Node's own list on a system without a bundle. */
export function systemRoots(): readonly string[] {
  for (const bundle of BUNDLES) {
    try {
      return [readFileSync(bundle, 'utf8')];
    } catch (error) {
      // Not this distribution's place, or not readable for us: the next one.
      if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return rootCertificates;
}
