import { parseGatewayVersion } from '../contract';
import { ENTERPRISE_PLUGINS } from '../snapshot';

/** The plugins of open-source Kong Gateway 3.0; up to 3.9 none of them was removed. */
const OPEN_SOURCE = [
  'acl',
  'acme',
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
  'request-size-limiting',
  'request-termination',
  'request-transformer',
  'response-ratelimiting',
  'response-transformer',
  'session',
  'statsd',
  'syslog',
  'tcp-log',
  'udp-log',
  'zipkin',
] as const;

/** Bundled with some Enterprise release, and not among those that an open-source node is known to lack. */
const OTHERS = [
  'collector',
  'konnect-application-auth',
  'kubernetes-sidecar-injector',
  'statsd-advanced',
  'upstream-tls',
] as const;

/**
 * The plugins that a minor version of Kong 3 brought; all others are announced for every version.
 *
 * Sources: for open source the bundled lists at Kong's release tags 3.0.0 to 3.9.3; for Enterprise its public
 * documentation (developer.konghq.com): each plugin's minimum version, which agrees with the plugins that it lists for
 * each of 3.4 and 3.7 to 3.15, and with the changelog. `ace` is in the list of 3.12, though its page says 3.13.
 *
 * What was removed needs no table: a control plane is never older than its nodes, so it does not have it either.
 */
const NEW_IN: Readonly<Record<number, readonly string[]>> = {
  1: ['app-dynamics', 'jwe-decrypt', 'oas-validation', 'saml', 'xml-threat-protection'],
  6: [
    'ai-prompt-decorator',
    'ai-prompt-guard',
    'ai-prompt-template',
    'ai-proxy',
    'ai-request-transformer',
    'ai-response-transformer',
  ],
  7: ['ai-azure-content-safety', 'ai-rate-limiting-advanced'],
  8: [
    'ai-proxy-advanced',
    'ai-semantic-cache',
    'ai-semantic-prompt-guard',
    'confluent',
    'header-cert-auth',
    'json-threat-protection',
    'standard-webhooks',
    'upstream-oauth',
  ],
  9: ['injection-protection', 'redirect', 'service-protection'],
  10: ['ai-rag-injector', 'ai-sanitizer', 'confluent-consume', 'kafka-consume', 'request-callout'],
  11: ['ai-aws-guardrails', 'ai-prompt-compressor', 'datakit', 'solace-upstream'],
  12: [
    'ace',
    'ai-gcp-model-armor',
    'ai-llm-as-judge',
    'ai-mcp',
    'ai-mcp-oauth2',
    'ai-mcp-proxy',
    'ai-semantic-response-guard',
    'solace-consume',
    'solace-log',
  ],
  13: ['ai-lakera-guard'],
  14: ['ai-a2a-proxy', 'ai-custom-guardrail', 'metering-and-billing'],
};

/** Every plugin name that Kong is known to bundle, with whatever version. */
export const BUNDLED_PLUGINS: readonly string[] = [
  ...new Set([...OPEN_SOURCE, ...ENTERPRISE_PLUGINS, ...OTHERS, ...Object.values(NEW_IN).flat()]),
];

/**
 * The plugins that a node of this version announces: those that its version may bundle, of either edition, and those of
 * KONG_PLUGINS, each once.
 *
 * A control plane sends nothing at all to a node that lacks one plugin which it has configured, and a name that it does
 * not know is harmless (measured). So a node that proxies nothing announces what it can, and no more: with a plugin that
 * its version lacks it would be sent a configuration that no gateway of that version takes, in place of a good one.
 */
export function pluginNames(version: string, custom: readonly string[]): readonly string[] {
  const [major = 3, minor = 0] = parseGatewayVersion(version)?.parts ?? [];
  const newer = Object.entries(NEW_IN).filter(([since]) => major === 3 && minor < Number(since));
  const lacking = new Set(newer.flatMap(([, names]) => names));
  return [...new Set([...BUNDLED_PLUGINS.filter((name) => !lacking.has(name)), ...custom])];
}
