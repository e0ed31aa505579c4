import { causeOf, defineError } from '../errors';

/*
 * Each of these says what usually stands behind a sign, because Kong's protocol itself says nothing: it has no close
 * codes, no error messages, and its most common refusal is silence. `place` is `control plane host:port`.
 */

const ADDRESS = 'KONG_CLUSTER_CONTROL_PLANE';

export const unknownHost = defineError(
  'KR_SOURCE_UNKNOWN_HOST',
  "The control plane's host name could not be resolved.",
  (place: string, host: string, cause: unknown) => ({
    reason: `${place}: the name ${host} could not be resolved${code(cause)}.`,
    fix: `Check the host in ${ADDRESS} and the DNS of this container.`,
    cause,
  }),
);

export const refused = defineError(
  'KR_SOURCE_REFUSED',
  'Nothing listens at the address of the control plane.',
  (place: string, cause: unknown) => ({
    reason: `${place}: the connection was refused.`,
    fix: `The control plane is down, or the port in ${ADDRESS} is not that of its cluster_listen (8005 by default).`,
    cause,
  }),
);

export const connectTimeout = defineError(
  'KR_SOURCE_CONNECT_TIMEOUT',
  'The connection to the control plane was not ready in time.',
  (place: string, phase: string, limitMs: number) => ({
    reason: `${place}: not connected within ${limitMs / 1000} s; it stopped at ${phase}.`,
    fix: `Check that a firewall or network policy lets this node reach ${ADDRESS}, and that the control plane is not overloaded.`,
  }),
);

export const networkFailed = defineError(
  'KR_SOURCE_NETWORK',
  'The network failed while the connection to the control plane was made or used.',
  (place: string, phase: string, cause: unknown) => ({
    reason: `${place}: ${phase} failed: ${causeOf(cause)}.`,
    fix: `Check the network between this node and ${ADDRESS}; it is tried again.`,
    cause,
  }),
);

export const proxyUnreachable = defineError(
  'KR_SOURCE_PROXY_UNREACHABLE',
  'The proxy in KONG_PROXY_SERVER could not be reached.',
  (place: string, proxy: string, cause: unknown) => ({
    reason: `${place}: the proxy ${proxy} could not be reached: ${causeOf(cause)}.`,
    fix: 'Check KONG_PROXY_SERVER, or set KONG_CLUSTER_USE_PROXY=off if this node needs no proxy.',
    cause,
  }),
);

export const proxyRefused = defineError(
  'KR_SOURCE_PROXY_REFUSED',
  'The proxy in KONG_PROXY_SERVER did not open a tunnel to the control plane.',
  (place: string, proxy: string, target: string, status: number) => ({
    reason: `${place}: the proxy ${proxy} answered ${status} to CONNECT ${target}.`,
    fix:
      status === 407
        ? 'It wants credentials, or other ones: put them percent-encoded into KONG_PROXY_SERVER (http://user:password@host:port).'
        : 'Allow this host and port at the proxy; many allow only port 443.',
  }),
);

export const tlsUntrusted = defineError(
  'KR_SOURCE_TLS_UNTRUSTED',
  "The control plane's certificate is not from an authority that this node trusts.",
  (place: string, mtls: string, cause: unknown) => ({
    reason: `${place}: its certificate is not trusted: ${tlsCause(cause)}.`,
    fix:
      mtls === 'shared'
        ? 'With KONG_CLUSTER_MTLS=shared both sides hold the same certificate: compare KONG_CLUSTER_CERT on this node and on the control plane. If the control plane uses its own PKI, set KONG_CLUSTER_MTLS=pki here too.'
        : `With KONG_CLUSTER_MTLS=${mtls} put the authority that signed it into KONG_CLUSTER_CA_CERT or KONG_LUA_SSL_TRUSTED_CERTIFICATE; it must be fit for serverAuth.`,
    cause,
  }),
);

export const tlsName = defineError(
  'KR_SOURCE_TLS_NAME',
  "The control plane's certificate is for another name than the one this node expects.",
  (place: string, mtls: string, expected: string, cause: unknown) => ({
    reason: `${place}: its certificate is not for the expected name ${expected}: ${causeOf(cause)}.`,
    fix:
      mtls === 'shared'
        ? `With KONG_CLUSTER_MTLS=shared the certificate must be for ${expected}, as \`kong hybrid gen_cert\` makes it; for a certificate of your own PKI set KONG_CLUSTER_MTLS=pki.`
        : "Set KONG_CLUSTER_SERVER_NAME to a name in the control plane's certificate, or connect by such a name.",
    cause,
  }),
);

export const tlsExpired = defineError(
  'KR_SOURCE_TLS_EXPIRED',
  "The control plane's certificate, or one of its authorities, is not valid at this time.",
  (place: string, cause: unknown) => ({
    reason: `${place}: its certificate is not valid now: ${causeOf(cause)}.`,
    fix: 'Renew the cluster certificate on the control plane (with shared mTLS on every node), and check the clock of this machine.',
    cause,
  }),
);

export const tlsFailed = defineError(
  'KR_SOURCE_TLS',
  'The TLS handshake with the control plane failed for another reason than trust, name or date.',
  (place: string, cause: unknown) => ({
    reason: `${place}: the TLS handshake failed: ${tlsCause(cause)}.`,
    fix: `Check that ${ADDRESS} names cluster_listen, which speaks TLS (8005 by default), and that KONG_CLUSTER_CERT and KONG_CLUSTER_CERT_KEY belong together.`,
    cause,
  }),
);

export const hangUp = defineError(
  'KR_SOURCE_HANG_UP',
  'After the TLS handshake the control plane closed without an HTTP answer: it did not accept the client certificate.',
  (place: string, mtls: string, cause: unknown) => ({
    reason: `${place}: it closed after the TLS handshake without an HTTP answer (${tlsCause(cause)}).`,
    fix:
      mtls === 'shared'
        ? 'This usually means that it does not accept the certificate of this node: with KONG_CLUSTER_MTLS=shared both sides must hold the very same one. Compare KONG_CLUSTER_CERT here and there.'
        : `This usually means that it does not accept the certificate of this node: KONG_CLUSTER_MTLS must be ${mtls} there too, and with pki_check_cn the common name must be allowed by KONG_CLUSTER_ALLOWED_COMMON_NAMES.`,
    cause,
  }),
);

export const clientCertificate = defineError(
  'KR_SOURCE_CLIENT_CERTIFICATE',
  'The control plane answered 400 because of the client certificate.',
  (place: string, title: string) => ({
    reason: `${place}: it answered 400: ${title}.`,
    fix: 'The certificate in KONG_CLUSTER_CERT must be signed by the authority in the KONG_CLUSTER_CA_CERT of the control plane, be valid now, and be fit for clientAuth.',
  }),
);

export const badRequest = defineError(
  'KR_SOURCE_BAD_REQUEST',
  'The control plane answered 400 for another reason than the client certificate.',
  (place: string, title: string) => ({
    reason: `${place}: it answered 400: ${title}.`,
    fix: 'This node sends node_id, node_hostname and node_version, which is all that Kong asks for: check what stands between the two, such as a load balancer that speaks HTTP instead of passing TCP through.',
  }),
);

export const notFound = defineError(
  'KR_SOURCE_NOT_FOUND',
  'What listens at the address answered 404: it is not the cluster_listen of a control plane.',
  (place: string, title: string) => ({
    reason: `${place}: it answered 404: ${title}.`,
    fix: `This is not the cluster_listen of a control plane: ${ADDRESS} may name cluster_telemetry_listen (8006), the proxy or the Admin API instead of port 8005, or incremental sync alone is served there.`,
  }),
);

export const unexpectedStatus = defineError(
  'KR_SOURCE_STATUS',
  'The control plane, or what stands before it, answered the request for the protocol with an unexpected status.',
  (place: string, status: number, title: string) => ({
    reason: `${place}: it answered ${status}: ${title}.`,
    fix: 'A control plane answers 101: check what stands between, such as a load balancer or gateway; it must pass TCP through.',
  }),
);

export const versionRefused = defineError(
  'KR_SOURCE_VERSION_REFUSED',
  "The control plane accepted the connection and closed it at once: it does not serve this node's version.",
  (place: string, version: string) => ({
    reason: `${place}: it accepted the connection of version ${version} and closed it at once.`,
    fix: 'This usually means that it does not serve this version: it must be of the same major and of the same or a newer minor version than KONG_RESILIENCE_GATEWAY_VERSION. Its log has the reason.',
  }),
);

export const closedEarly = defineError(
  'KR_SOURCE_CLOSED_EARLY',
  'The control plane closed before it had sent a configuration.',
  (place: string, code: number) => ({
    reason: `${place}: it closed before it had sent a configuration (code ${code}).`,
    fix: 'It may not have got the first message of this node in time, its configuration may exceed its own KONG_CLUSTER_MAX_PAYLOAD, or it is stopping. Its log has the reason.',
  }),
);

export const closed = defineError(
  'KR_SOURCE_CLOSED',
  'The control plane closed a connection that had worked.',
  (place: string, code: number) => ({
    reason: `${place}: it closed the connection (code ${code}).`,
    fix: 'It may be restarting; this node connects again within 10 s. If this repeats, its log has the reason.',
  }),
);

export const dead = defineError(
  'KR_SOURCE_DEAD',
  'Nothing at all was heard from the control plane for 45 s, not even an answer to a ping.',
  (place: string, limitMs: number) => ({
    reason: `${place}: nothing was heard from it for ${limitMs / 1000} s, not even a pong.`,
    fix: 'The connection was dropped and is made anew. If this repeats, check for a load balancer or firewall that forgets idle connections, and for an overloaded control plane.',
  }),
);

export const silent = defineError(
  'KR_SOURCE_SILENT',
  'The control plane is connected, but has sent no configuration within KONG_RESILIENCE_SILENCE_SECONDS.',
  (place: string, limitMs: number, version: string) => ({
    reason: `${place}: connected, but no configuration came within ${limitMs / 1000} s.`,
    fix: `This usually means that a plugin which is configured on the control plane is not in the list of this node: one that ${version} does not have, and then no gateway of ${version} gets a configuration either; or a custom one, to be added to KONG_PLUGINS. Or the control plane has no configuration, or its database is down. The log of the control plane says which.`,
  }),
);

export const payloadTooLarge = defineError(
  'KR_SOURCE_PAYLOAD',
  'The control plane sent a message larger than KONG_CLUSTER_MAX_PAYLOAD.',
  (place: string, limitBytes: number) => ({
    reason: `${place}: it sent a message of more than ${limitBytes} bytes (compressed), the limit of this node.`,
    fix: 'Raise KONG_CLUSTER_MAX_PAYLOAD to the same value on the control plane and on all of its nodes.',
  }),
);

export const protocolBroken = defineError(
  'KR_SOURCE_PROTOCOL',
  "What came from the control plane's address is not Kong's hybrid protocol.",
  (place: string, what: string) => ({
    reason: `${place}: ${what}.`,
    fix: "Check what stands between: a load balancer must pass TCP through and leave WebSocket messages whole. Kong's own messages come in one frame.",
  }),
);

const ADMIN = 'KONG_RESILIENCE_ADMIN_URL';

export const adminUnreachable = defineError(
  'KR_ADMIN_UNREACHABLE',
  'The Admin API did not answer, or not in time.',
  (place: string, cause: unknown) => ({
    reason: `${place}: no answer: ${causeOf(cause)}.`,
    fix: `Check ${ADMIN} and the admin_listen of the gateway, which is 127.0.0.1 alone by default.`,
    cause,
  }),
);

export const adminDenied = defineError(
  'KR_ADMIN_DENIED',
  'The Admin API wants credentials, or other ones.',
  (place: string, status: number) => ({
    reason: `${place}: it answered ${status}.`,
    fix: 'Set KONG_ADMIN_TOKEN to the token of an administrator who may read /config.',
  }),
);

export const adminNotDbless = defineError(
  'KR_ADMIN_NOT_DBLESS',
  'The Admin API has no /config: the gateway has a database, or this is not an Admin API.',
  (place: string, status: number, said: string) => ({
    reason: `${place}: it answered ${status}: ${said}.`,
    fix: `Only a gateway with database=off serves its configuration there. For a control plane use KONG_CLUSTER_CONTROL_PLANE instead of ${ADMIN}.`,
  }),
);

export const adminStatus = defineError(
  'KR_ADMIN_STATUS',
  'The Admin API answered with an unexpected status.',
  (place: string, status: number, said: string) => ({
    reason: `${place}: it answered ${status}: ${said}.`,
    fix: `Check ${ADMIN} and the log of the gateway; it is asked again.`,
  }),
);

export const adminTooLarge = defineError(
  'KR_ADMIN_TOO_LARGE',
  'The Admin API answered with more than KONG_RESILIENCE_MAX_CONFIG_BYTES.',
  (place: string, limitBytes: number) => ({
    reason: `${place}: the answer has more than ${limitBytes} bytes.`,
    fix: 'Raise KONG_RESILIENCE_MAX_CONFIG_BYTES if the configuration is really that large.',
  }),
);

export const adminInvalid = defineError(
  'KR_ADMIN_INVALID',
  'The Admin API answered 200 with something that is not a configuration.',
  (place: string, what: string) => ({
    reason: `${place}: ${what}.`,
    fix: `Check that ${ADMIN} is the Admin API of a gateway with database=off, without a path.`,
  }),
);

/** ` (ENOTFOUND)`, or nothing. */
function code(cause: unknown): string {
  const known = (cause as NodeJS.ErrnoException).code;
  return known === undefined ? '' : ` (${known})`;
}

/**
 * What TLS says, without what does not help here: OpenSSL's addresses and source lines, of which its reason says enough,
 * and the advice of newer Nodes about their own list of authorities, which is not asked.
 */
function tlsCause(cause: unknown): string {
  const { reason, code: known } = cause as { reason?: unknown; code?: string };
  if (typeof reason === 'string' && known?.startsWith('ERR_') === true) return `${reason} (${known})`;
  return causeOf(cause).replace(/; if the root CA is installed locally, [^(]*/, ' ');
}
