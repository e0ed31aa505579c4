/**
 * What an open-source gateway does not know of an Enterprise table.
 *
 * Sources: Kong's public documentation (developer.konghq.com: each plugin's page states its tier, "Reserved entity
 * names" lists the entities), and for what open source does know, a table that an open-source Kong 3.9.3 sent: 3.9 is
 * the last minor version of open-source images. A test holds this file against that captured table.
 */

/** Plugins of the tiers `enterprise` and `ai_gateway_enterprise`; none of them is in an open-source gateway. */
export const ENTERPRISE_PLUGINS: ReadonlySet<string> = new Set([
  'ace',
  'ai-a2a-proxy',
  'ai-aws-guardrails',
  'ai-azure-content-safety',
  'ai-custom-guardrail',
  'ai-gcp-model-armor',
  'ai-lakera-guard',
  'ai-llm-as-judge',
  'ai-mcp-oauth2',
  'ai-mcp-proxy',
  'ai-prompt-compressor',
  'ai-proxy-advanced',
  'ai-rag-injector',
  'ai-rate-limiting-advanced',
  'ai-sanitizer',
  'ai-semantic-cache',
  'ai-semantic-prompt-guard',
  'ai-semantic-response-guard',
  'app-dynamics',
  'application-registration',
  'canary',
  'confluent',
  'confluent-consume',
  'datakit',
  'degraphql',
  'exit-transformer',
  'forward-proxy',
  'graphql-proxy-cache-advanced',
  'graphql-rate-limiting-advanced',
  'header-cert-auth',
  'injection-protection',
  'jq',
  'json-threat-protection',
  'jwe-decrypt',
  'jwt-signer',
  'kafka-consume',
  'kafka-log',
  'kafka-upstream',
  'key-auth-enc',
  'ldap-auth-advanced',
  'metering-and-billing',
  'mocking',
  'mtls-auth',
  'oas-validation',
  'oauth2-introspection',
  'opa',
  'openid-connect',
  'proxy-cache-advanced',
  'rate-limiting-advanced',
  'request-callout',
  'request-transformer-advanced',
  'request-validator',
  'response-transformer-advanced',
  'route-by-header',
  'route-transformer-advanced',
  'saml',
  'service-protection',
  'solace-consume',
  'solace-log',
  'solace-upstream',
  'tls-handshake-modifier',
  'tls-metadata-headers',
  'upstream-oauth',
  'upstream-timeout',
  'vault-auth',
  'websocket-size-limit',
  'websocket-validator',
  'xml-threat-protection',
]);

/**
 * Plugins that decide who may pass. Without one of them a route answers callers whom it refused before.
 *
 * Of Enterprise: the documentation's category "authentication" but for `upstream-oauth`, which authenticates the gateway
 * to the upstream; `opa`, `ace`, `ai-mcp-oauth2` and `application-registration`; and, as they are used to ask another
 * service whether a request may pass, `request-callout` and `datakit`. Plugins that look at what is sent, and not at who
 * sends it (validators, threat protection, guardrails, rate limits), are not among them.
 *
 * Of open source: they matter here only where an instance cannot be carried over, because it is scoped to a consumer
 * group or has a condition.
 */
export const GUARDING_PLUGINS: ReadonlySet<string> = new Set([
  'ace',
  'ai-mcp-oauth2',
  'application-registration',
  'datakit',
  'header-cert-auth',
  'jwe-decrypt',
  'jwt-signer',
  'key-auth-enc',
  'ldap-auth-advanced',
  'mtls-auth',
  'oauth2-introspection',
  'opa',
  'openid-connect',
  'request-callout',
  'saml',
  'vault-auth',

  'acl',
  'basic-auth',
  'bot-detection',
  'hmac-auth',
  'ip-restriction',
  'jwt',
  'key-auth',
  'ldap-auth',
  'oauth2',
  'post-function',
  'pre-function',
  'request-termination',
  'session',
]);

/** Lists of entities that only Enterprise has: of its core, and of its plugins. */
export const ENTERPRISE_ENTITIES: ReadonlySet<string> = new Set([
  'admins',
  'application_instances',
  'applications',
  'audit_objects',
  'audit_requests',
  'consumer_group_consumers',
  'consumer_group_plugins',
  'consumer_groups',
  'consumer_reset_secrets',
  'credentials',
  'custom_plugins',
  'degraphql_routes',
  'developers',
  'document_objects',
  'event_hooks',
  'files',
  'graphql_ratelimiting_advanced_cost_decoration',
  'group_rbac_roles',
  'groups',
  'jwt_signer_jwks',
  'keyauth_enc_credentials',
  'keyring_keys',
  'keyring_meta',
  'legacy_files',
  'licenses',
  'login_attempts',
  'mtls_auth_credentials',
  'oic_issuers',
  'oic_jwks',
  'partials',
  'plugins_partials',
  'rbac_role_endpoints',
  'rbac_role_entities',
  'rbac_roles',
  'rbac_user_groups',
  'rbac_user_roles',
  'rbac_users',
  'vault_auth_vaults',
  'vaults_auth',
  'workspace_entity_counters',
]);

/** Every field that an open-source gateway knows of an entity; it refuses the whole table for one that it does not. */
export const OPEN_SOURCE_FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    acls: fields('consumer created_at group id tags'),
    basicauth_credentials: fields('consumer created_at id password tags username'),
    ca_certificates: fields('cert cert_digest created_at id tags updated_at'),
    certificates: fields('cert cert_alt created_at id key key_alt snis tags updated_at'),
    consumers: fields('created_at custom_id id tags updated_at username'),
    hmacauth_credentials: fields('consumer created_at id secret tags username'),
    jwt_secrets: fields('algorithm consumer created_at id key rsa_public_key secret tags'),
    key_sets: fields('created_at id name tags updated_at'),
    keyauth_credentials: fields('consumer created_at id key tags ttl'),
    plugins: fields('config consumer created_at enabled id instance_name name protocols route service tags updated_at'),
    // `expression` and `priority` are known where router_flavor is `expressions`.
    routes: fields(
      'created_at destinations expression headers hosts https_redirect_status_code id methods name path_handling paths ' +
        'preserve_host priority protocols regex_priority request_buffering response_buffering service snis sources ' +
        'strip_path tags updated_at',
    ),
    services: fields(
      'ca_certificates client_certificate connect_timeout created_at enabled host id name path port protocol ' +
        'read_timeout retries tags tls_verify tls_verify_depth updated_at write_timeout',
    ),
    snis: fields('certificate created_at id name tags updated_at'),
    targets: fields('created_at id tags target updated_at upstream weight'),
    upstreams: fields(
      'algorithm client_certificate created_at hash_fallback hash_fallback_header hash_fallback_query_arg ' +
        'hash_fallback_uri_capture hash_on hash_on_cookie hash_on_cookie_path hash_on_header hash_on_query_arg ' +
        'hash_on_uri_capture healthchecks host_header id name slots tags updated_at use_srv_name',
    ),
    workspaces: fields('comment config created_at id meta name updated_at'),
    vaults: fields('config created_at description id name prefix tags updated_at'),
  }),
);

function fields(names: string): ReadonlySet<string> {
  return new Set(names.split(' '));
}
