import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

import type { NodeIntroduction } from '../protocol';
import { OUTLET_PATH } from '../protocol';

/** What is done with a request for a connection. */
export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'hang-up' }
  | { readonly kind: 'answer'; readonly status: number; readonly title: string };

export interface AdmissionRules {
  readonly mtls: 'shared' | 'pki' | 'pki_check_cn';
  /** The control plane's own certificate. */
  readonly certificate: X509Certificate;
  /** `pki_check_cn`: the names that may connect; none: those with the parent domain of the own certificate's name. */
  readonly allowedCommonNames: readonly string[];
}

/**
 * Kong's checks before it speaks the protocol, in its order: with `pki` the TLS layer's view of the certificate for any
 * path (nginx answers these), then the path, then the certificate itself (a hang-up), then the query.
 */
export function admit(
  rules: AdmissionRules,
  socket: TLSSocket,
  introduction: NodeIntroduction & { readonly path: string },
): Verdict {
  const peer = socket.getPeerX509Certificate();
  if (rules.mtls !== 'shared') {
    if (peer === undefined) return answer(400, 'No required SSL certificate was sent');
    if (!socket.authorized) return answer(400, 'The SSL certificate error');
  }
  if (introduction.path !== OUTLET_PATH) return answer(404, 'Not Found');
  if (peer === undefined || !knows(rules, peer)) return { kind: 'hang-up' };
  if (introduction.nodeId === '') return answer(400, 'node_id is missing');
  if (introduction.version === '') return answer(400, 'node_version is missing');
  return { kind: 'accept' };
}

function answer(status: number, title: string): Verdict {
  return { kind: 'answer', status, title };
}

function knows(rules: AdmissionRules, peer: X509Certificate): boolean {
  switch (rules.mtls) {
    case 'shared':
      return peer.fingerprint256 === rules.certificate.fingerprint256;
    case 'pki':
      return true;
    case 'pki_check_cn': {
      const name = commonName(peer);
      if (name === undefined) return false;
      if (rules.allowedCommonNames.length > 0) return rules.allowedCommonNames.includes(name);
      const own = commonName(rules.certificate);
      return own !== undefined && parentDomain(own) !== '' && parentDomain(own) === parentDomain(name);
    }
  }
}

/** The CN of a certificate's subject, which Node prints as one `KEY=value` a line. */
function commonName(certificate: X509Certificate): string | undefined {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1];
}

/** What follows the first dot; empty for a name without one. */
function parentDomain(name: string): string {
  const dot = name.indexOf('.');
  return dot === -1 ? '' : name.slice(dot + 1);
}
