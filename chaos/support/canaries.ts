/**
 * Secrets that must show nowhere but in the stored object, the spool and the hand-over folder. `secrets.test.ts`, the last
 * suite, searches for them.
 *
 * A suite needs to do nothing for what it gives to a `Program` in its environment: that is remembered (test/support/
 * left-behind.ts). One that publishes a table with secrets of consumers takes `canaryTable`, or plants its own.
 */
import { plantSecrets, type Secret } from '../../test/support/left-behind';

/** As no log has it by chance, and with letters that base64, URLs and JSON write otherwise. */
const canary = (name: string): string => `CANARY-${name}-"q+/\\ü-0123456789abcdef`;
/** For what must be letters and digits. */
const plainCanary = (name: string): string => `CANARY${name}0123456789abcdefXYZ`;

/** Secrets of consumers and services, as Kong has them. */
export const consumerSecrets: readonly Secret[] = [
  ['API key', canary('api-key')],
  ['password', canary('password')],
  ['secret of HMAC', canary('hmac')],
  ['secret of a JWT', canary('jwt')],
  ['secret of OAuth 2', canary('oauth2')],
  ['private key of a certificate', canary('private-key')],
  ['credential of a plugin', canary('plugin')],
];
const [apiKey = '', password = '', hmac = '', jwt = '', oauth2 = '', privateKey = '', plugin = ''] =
  consumerSecrets.map(([, value]) => value);

/** A configuration in which each kind of secret stands. */
export function canaryTable(): Buffer {
  plantSecrets(consumerSecrets);
  const consumer = { id: 'c1' };
  return Buffer.from(
    JSON.stringify({
      _format_version: '3.0',
      _transform: false,
      services: [{ id: 's1', name: 'echo', host: 'upstream.test' }],
      consumers: [{ ...consumer, username: 'ann' }],
      keyauth_credentials: [{ id: 'k1', key: apiKey, consumer }],
      basicauth_credentials: [{ id: 'b1', username: 'ann', password, consumer }],
      hmacauth_credentials: [{ id: 'h1', username: 'ann', secret: hmac, consumer }],
      jwt_secrets: [{ id: 'j1', key: 'iss', secret: jwt, consumer }],
      oauth2_credentials: [{ id: 'o1', client_id: 'id', client_secret: oauth2, consumer }],
      certificates: [{ id: 'x1', cert: '-----BEGIN CERTIFICATE-----', key: privateKey }],
      plugins: [{ id: 'p1', name: 'aws-lambda', config: { aws_secret: plugin } }],
    }),
  );
}

/** Credentials of every kind; a test takes those that it can do without being right. */
export const canaryEnvironment = {
  AWS_ACCESS_KEY_ID: plainCanary('AWSKEYID'),
  AWS_SECRET_ACCESS_KEY: canary('aws-secret'),
  AWS_SESSION_TOKEN: plainCanary('AWSTOKEN'),
  KONG_ADMIN_TOKEN: plainCanary('ADMINTOKEN'),
  AZURE_CLIENT_SECRET: canary('azure'),
} as const;

/** The same kinds under names that somebody misspelt: that is told, and the value is not. */
export const misspeltEnvironment = {
  AWS_SECRET_ACCES_KEY: canary('misspelt-aws-secret'),
  AWS_SESION_TOKEN: canary('misspelt-aws-token'),
  KONG_CLUSTER_CERT_KEYS: canary('misspelt-cluster-key'),
  GCP_SERVICE_ACOUNT: canary('misspelt-google'),
  KONG_ADMIN_TOKENS: canary('misspelt-admin-token'),
  KONG_RESILIENCE_SECRET: canary('unknown-secret'),
  KONG_CLUSTER_FALLBACK_TOKEN: canary('unknown-token'),
} as const;
