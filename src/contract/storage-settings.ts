import type { AwsSettings, GoogleSettings } from './node-environment';
import { Secret } from './secret';
import type { ProblemList } from './problems';
import type { RawValues } from './read-values';
import type { VariableName, VariableValues } from './environment-variables';
import { isLoopback } from './value-types';

/** Checks what belongs to the store together, and gives the settings of the AWS half. */
export function awsSettings(values: VariableValues, raw: RawValues, problems: ProblemList): AwsSettings {
  const endpoint = values.AWS_CONFIG_STORAGE_ENDPOINT;
  const putSettings = values.KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG ?? {};
  const { AWS_REGION: first, AWS_DEFAULT_REGION: second } = values;
  let region = first ?? second;
  if (values.KONG_CLUSTER_FALLBACK_CONFIG_STORAGE?.scheme === 's3') {
    if (first !== undefined && second !== undefined && first !== second) {
      problems.add(
        'KR_ENV_REGION',
        'AWS_REGION',
        `AWS_REGION is ${problems.shown('AWS_REGION', first)} and AWS_DEFAULT_REGION is ${problems.shown('AWS_DEFAULT_REGION', second)}: Kong's versions differ in which one they read. Set both to the region of the bucket.`,
      );
    }
    // Any endpoint that was given, even a wrong one, says that the store is not AWS.
    if (region === undefined && raw.has('AWS_CONFIG_STORAGE_ENDPOINT')) region = 'us-east-1';
    if (region === undefined && !raw.has('AWS_REGION') && !raw.has('AWS_DEFAULT_REGION')) {
      problems.add(
        'KR_ENV_MISSING',
        'AWS_REGION',
        'AWS_REGION and AWS_DEFAULT_REGION are not set, and an S3 bucket is in a region. Set both to it, such as us-east-2; a store that is not AWS needs AWS_CONFIG_STORAGE_ENDPOINT.',
      );
    }
    checkCredentials(raw, problems);
    checkEndpointPath(values, problems);
  }
  const credentials = referencedCredentials(values, problems);
  return {
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(endpoint === undefined ? {} : { endpoint }),
    putSettings,
  };
}

/** Keys that the SDK would read out of the process's environment for itself, where a reference stands. */
function referencedCredentials(values: VariableValues, { fromVault }: ProblemList): AwsSettings['credentials'] {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
  const [accessKeyId, secretAccessKey, sessionToken] = names.map((name) => values[name]);
  if (!names.some((name) => fromVault.has(name)) || accessKeyId === undefined || secretAccessKey === undefined) {
    return undefined;
  }
  return new Secret({ accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) });
}

/** A client of S3 adds the bucket behind the endpoint's path: one that is there already would be named twice. */
function checkEndpointPath(
  { AWS_CONFIG_STORAGE_ENDPOINT: endpoint, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: storage }: VariableValues,
  problems: ProblemList,
): void {
  const first = endpoint?.pathname.split('/').find((part) => part !== '');
  if (endpoint === undefined || first === undefined) return;
  const name = 'AWS_CONFIG_STORAGE_ENDPOINT';
  const subject = `${name} is ${problems.shown(name, endpoint.href)}`;
  const root = problems.fromVault.has(name) ? 'the same URL without a path' : endpoint.origin;
  if (first === storage?.bucket) {
    problems.add(
      'KR_ENV_URL',
      name,
      `${subject}: its path is the bucket, which the storage URL names already. Leave the bucket out of the endpoint: ${root}.`,
    );
    return;
  }
  problems.add(
    'KR_ENV_ENDPOINT_PATH',
    name,
    `${subject}: it has a path, and every request goes below it. Most stores are at ${root}; the prefix belongs into KONG_CLUSTER_FALLBACK_CONFIG_STORAGE.`,
  );
}

function checkCredentials(raw: RawValues, problems: ProblemList): void {
  const id = raw.has('AWS_ACCESS_KEY_ID');
  const secret = raw.has('AWS_SECRET_ACCESS_KEY');
  const report = (missing: VariableName, given: string): void =>
    problems.add(
      'KR_ENV_CREDENTIALS',
      missing,
      `${missing} is not set, but ${given} is. Set both, or neither to use the role of the workload.`,
    );
  if (id && !secret) report('AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID');
  if (secret && !id) report('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY');
  if (raw.has('AWS_SESSION_TOKEN') && !id && !secret) {
    problems.add(
      'KR_ENV_CREDENTIALS',
      'AWS_ACCESS_KEY_ID',
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, but AWS_SESSION_TOKEN is. Set all three, or none to use the role of the workload.',
    );
  }
}

/** The settings of the Google half. */
export function googleSettings({
  GCP_SERVICE_ACCOUNT: account,
  KONG_RESILIENCE_GCS_ENDPOINT: endpoint,
}: VariableValues): GoogleSettings {
  return {
    ...(account === undefined ? {} : { serviceAccount: account }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

/** Settings of one kind of store, which say nothing beside another. */
const settingsOf = {
  s3: ['AWS_CONFIG_STORAGE_ENDPOINT', 'KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG'],
  gcs: ['KONG_RESILIENCE_GCS_ENDPOINT'],
} as const;

const configuration = 'the configuration, private keys and secrets in it, crosses';

/** What an endpoint without TLS shows to whoever is on the way. */
const overPlainHttp = {
  AWS_CONFIG_STORAGE_ENDPOINT: configuration,
  KONG_RESILIENCE_GCS_ENDPOINT: configuration,
  KONG_RESILIENCE_ADMIN_URL: configuration,
  KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT: 'secrets cross',
  KONG_VAULT_AWS_ENDPOINT_URL: 'secrets cross',
} as const;

/** Warns of settings for another kind of store, and of endpoints without TLS. */
export function warnOfStoreSettings(values: VariableValues, raw: RawValues, problems: ProblemList): void {
  const scheme = values.KONG_CLUSTER_FALLBACK_CONFIG_STORAGE?.scheme;
  if (scheme !== undefined) {
    for (const [other, names] of Object.entries(settingsOf)) {
      if (other === scheme) continue;
      for (const name of names.filter((candidate) => raw.has(candidate))) {
        problems.add(
          'KR_ENV_UNUSED',
          name,
          `${name} is set and has no effect: the storage is ${scheme}://, and this is for ${other}://. Is it another node's?`,
        );
      }
    }
  }
  for (const [name, what] of Object.entries(overPlainHttp) as [keyof typeof overPlainHttp, string][]) {
    const url = values[name];
    if (url?.protocol === 'http:' && !isLoopback(url.hostname)) {
      problems.add(
        'KR_ENV_PLAIN_HTTP',
        name,
        `${name} is ${problems.shown(name, url.href)}: ${what} the network in the clear. Use https:// outside a test.`,
      );
    }
  }
}
