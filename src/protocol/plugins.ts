import { ENTERPRISE_PLUGINS } from '../snapshot';

/** The plugins of open-source Kong Gateway 3.9, which holds those of all earlier 3.x releases. */
const OPEN_SOURCE = [
  'acl',
  'acme',
  'ai-prompt-decorator',
  'ai-prompt-guard',
  'ai-prompt-template',
  'ai-proxy',
  'ai-request-transformer',
  'ai-response-transformer',
  'aws-lambda',
  'azure-functions',
  'basic-auth',
  'bot-detection',
  'correlation-id',
  'cors',
  'datadog',
  'file-log',
  'grpc-gateway',
  'grpc-web',
  'hmac-auth',
  'http-log',
  'ip-restriction',
  'jwt',
  'key-auth',
  'ldap-auth',
  'loggly',
  'oauth2',
  'opentelemetry',
  'post-function',
  'pre-function',
  'prometheus',
  'proxy-cache',
  'rate-limiting',
  'redirect',
  'request-size-limiting',
  'request-termination',
  'request-transformer',
  'response-ratelimiting',
  'response-transformer',
  'session',
  'standard-webhooks',
  'statsd',
  'syslog',
  'tcp-log',
  'udp-log',
  'zipkin',
] as const;

/** Bundled with some Enterprise release, and not among those that an open-source node is known to lack. */
const OTHERS = [
  'ai-mcp',
  'collector',
  'konnect-application-auth',
  'kubernetes-sidecar-injector',
  'statsd-advanced',
  'upstream-tls',
] as const;

/**
 * Every plugin name that Kong is known to bundle. A control plane sends nothing at all to a node that lacks one plugin
 * which it has configured, and a name that it does not know is harmless (measured), so a node that proxies nothing
 * announces them all.
 */
export const BUNDLED_PLUGINS: readonly string[] = [...OPEN_SOURCE, ...ENTERPRISE_PLUGINS, ...OTHERS];

/** The bundled names and those of KONG_PLUGINS, each once. */
export function pluginNames(custom: readonly string[]): readonly string[] {
  return [...new Set([...BUNDLED_PLUGINS, ...custom])];
}
