import { causeOf, defineError } from '../errors';

export const handoverDenied = defineError(
  'KR_HANDOVER_DENIED',
  'The hand-over folder cannot be read or written by this user, or its file system is read-only.',
  (path: string, action: string, cause: unknown) => ({
    reason: `${path}: ${action} was denied: ${causeOf(cause)}.`,
    fix: 'Give this user the folder in KONG_RESILIENCE_HANDOVER_DIR on a volume that is not read-only, and make it a member of KONG_RESILIENCE_HANDOVER_GROUP.',
    cause,
  }),
);

export const handoverFull = defineError(
  'KR_HANDOVER_FULL',
  'There is no room left for the configuration in the hand-over folder.',
  (path: string, action: string, cause: unknown) => ({
    reason: `${path}: ${action} found no room: ${causeOf(cause)}.`,
    fix: 'Make room on the volume of KONG_RESILIENCE_HANDOVER_DIR; what was handed over before is untouched.',
    cause,
  }),
);

export const handoverFailed = defineError(
  'KR_HANDOVER_FAILED',
  'The hand-over folder cannot be used for another reason that the system gave.',
  (path: string, action: string, cause: unknown) => ({
    reason: `${path}: ${action} failed: ${causeOf(cause)}.`,
    fix: 'Check that KONG_RESILIENCE_HANDOVER_DIR is a folder on a working volume, and that one importer alone uses it.',
    cause,
  }),
);

export const handoverDamaged = defineError(
  'KR_HANDOVER_DAMAGED',
  'A file of the hand-over folder is not as it was written.',
  (path: string, cause: unknown) => ({
    reason: `${path} is not as it was written: ${causeOf(cause)}.`,
    fix: 'Remove it; the next import writes it anew.',
    cause,
  }),
);

export const gatewayRefused = defineError(
  'KR_GATEWAY_REFUSED',
  'The running gateway does not take the configuration (HTTP 400).',
  (place: string, problems: string) => ({
    reason: `${place}: the gateway refused the configuration: ${problems}.`,
    fix: 'Import the configuration that was exported for this very gateway version, and enable its plugins in KONG_PLUGINS.',
  }),
);

export const gatewayDenied = defineError(
  'KR_GATEWAY_DENIED',
  'The running gateway asks for credentials, or for others (HTTP 401, 403).',
  (place: string, status: number) => ({
    reason: `${place}: the gateway denied the caller (HTTP ${status}).`,
    fix: 'Set KONG_ADMIN_TOKEN to a token that may write the configuration.',
  }),
);

export const gatewayNotDbless = defineError(
  'KR_GATEWAY_NOT_DBLESS',
  'What answers has no POST /config: a gateway with a database, or no Admin API (HTTP 404, 405).',
  (place: string, status: number) => ({
    reason: `${place}: there is no such endpoint (HTTP ${status}).`,
    fix: 'Let KONG_RESILIENCE_ADMIN_URL name the Admin API of a gateway with KONG_DATABASE=off and without hybrid mode.',
  }),
);

export const gatewayFull = defineError(
  'KR_GATEWAY_FULL',
  'The configuration does not fit into the running gateway (HTTP 413).',
  (place: string, bytes: number) => ({
    reason: `${place}: the configuration of ${bytes} bytes is too large (HTTP 413).`,
    fix: 'Raise KONG_LMDB_MAP_SIZE, and KONG_NGINX_ADMIN_CLIENT_MAX_BODY_SIZE, of the gateway.',
  }),
);

export const gatewayBusy = defineError(
  'KR_GATEWAY_BUSY',
  'The running gateway was busy with another load for the whole time limit (HTTP 429).',
  (place: string, timeoutMs: number) => ({
    reason: `${place}: the gateway is still loading another configuration (HTTP 429), and the limit of ${timeoutMs} ms does not allow to wait longer.`,
    fix: 'Try again later, or give the import more time with KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS.',
  }),
);

export const gatewayExiting = defineError(
  'KR_GATEWAY_EXITING',
  'The running gateway said that it is about to end for the whole time limit (HTTP 503).',
  (place: string, timeoutMs: number) => ({
    reason: `${place}: the gateway says that it is exiting (HTTP 503), for the whole limit of ${timeoutMs} ms.`,
    fix: 'Start the gateway, then import again.',
  }),
);

export const gatewayTimedOut = defineError(
  'KR_GATEWAY_TIMED_OUT',
  'The running gateway began to load the configuration and gave up in time (HTTP 504): whether it serves it is not known.',
  (place: string) => ({
    reason: `${place}: the gateway did not finish loading the configuration in its own time limit (HTTP 504).`,
    fix: 'Compare configuration_hash in its GET /status; import again when it is not the new one.',
  }),
);

export const gatewayUnexpected = defineError(
  'KR_GATEWAY_UNEXPECTED',
  'The running gateway answered with a status that its Admin API does not define.',
  (place: string, status: number) => ({
    reason: `${place}: the answer was HTTP ${status}.`,
    fix: 'Check that KONG_RESILIENCE_ADMIN_URL names the Admin API itself, and read its error log.',
  }),
);

export const gatewayUnreachable = defineError(
  'KR_GATEWAY_UNREACHABLE',
  'The running gateway did not answer: refused, no such host, TLS, cut, or the time limit.',
  (place: string, cause: unknown) => ({
    reason: `${place}: the gateway did not answer: ${causeOf(cause)}.`,
    fix: 'Check KONG_RESILIENCE_ADMIN_URL and that the gateway runs and listens there (KONG_ADMIN_LISTEN).',
    cause,
  }),
);
