/** A secret text with a canary in it, of the form that a variable takes. */
type Secret = (canary: string) => string;

const keyOf: Secret = (canary) => `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----\n`;
const itself: Secret = (canary) => canary;

/**
 * Every variable that may hold a secret, and a secret that it may hold: those of the contract, which a test compares, then
 * options of the gateway. AWS_ACCESS_KEY_ID is not among them: it names a key, as a user name does, and stands in every
 * request and log of AWS.
 */
export const plainSecrets: Readonly<Record<string, Secret>> = {
  AWS_CONTAINER_AUTHORIZATION_TOKEN: itself,
  AWS_SECRET_ACCESS_KEY: itself,
  AWS_SESSION_TOKEN: itself,
  AZURE_CLIENT_SECRET: itself,
  GCP_SERVICE_ACCOUNT: (canary) =>
    JSON.stringify({
      type: 'service_account',
      project_id: 'acme',
      private_key: keyOf(canary),
      client_email: 'kong@acme.iam.gserviceaccount.com',
    }),
  KONG_ADMIN_TOKEN: itself,
  KONG_CLUSTER_CERT_KEY: keyOf,
  KONG_PROXY_SERVER: (canary) => `http://kong:${canary}@proxy.example.com:3128`,
  // A certificate's file often has its key too.
  KONG_CLUSTER_CERT: keyOf,
  KONG_LICENSE_DATA: itself,
  KONG_PG_PASSWORD: itself,
  KONG_VAULT_TOKEN: itself,
};
