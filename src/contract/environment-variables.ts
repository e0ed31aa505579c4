import { putSettings } from './put-settings';
import { serviceAccount } from './service-account';
import {
  anyText,
  choice,
  controlPlaneAddress,
  folder,
  googleProject,
  groupNumber,
  hostName,
  httpUrl,
  labelList,
  listenAddress,
  onOff,
  pluginList,
  proxyUrl,
  region,
  seconds,
  storageUrl,
  uuid,
  vaultPrefix,
  versionList,
  wholeNumber,
} from './value-types';
import type { ValueType } from './value-types';

/** One environment variable that a node may have. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly whose: 'ours' | 'kong' | 'aws' | 'google' | 'azure';
  readonly meaning: string;
  /** How it may be written, bounds included. */
  readonly allowed: string;
  /** As it would be written; absent when there is none. */
  readonly default?: string;
  /** Its value never stands in a message. */
  readonly secret: boolean;
  /** The first version of Kong Gateway, or of this package for our own, that knows it; absent when it was always there. */
  readonly since?: string;
  /** false: known so that it is not taken for a misspelt name, and left to the gateway or a cloud's SDK. */
  readonly read: boolean;
}

interface Entry<T, D extends string | undefined> extends Omit<EnvironmentVariable, 'name' | 'allowed' | 'default'> {
  readonly type: ValueType<T>;
  readonly default: D;
}

type Details = Partial<Pick<EnvironmentVariable, 'secret' | 'since'>>;

/** A variable of which only a value may be absent. */
function variable<T>(
  whose: EnvironmentVariable['whose'],
  type: ValueType<T>,
  meaning: string,
  details: Details = {},
): Entry<T, undefined> {
  return { whose, type, meaning, default: undefined, secret: false, read: true, ...details };
}

/** A variable with a default, so that it always has a value. */
function defaulted<T>(
  whose: EnvironmentVariable['whose'],
  type: ValueType<T>,
  value: string,
  meaning: string,
  details: Details = {},
): Entry<T, string> {
  return { whose, type, meaning, default: value, secret: false, read: true, ...details };
}

function passedBy(
  whose: EnvironmentVariable['whose'],
  meaning: string,
  details: Details = {},
): Entry<string, undefined> {
  return { ...variable(whose, anyText, meaning, details), read: false };
}

const own = { since: '0.1.0' };

/** Every variable by its name: the one schema of a node's environment. */
export const variables = {
  KONG_RESILIENCE_GATEWAY_VERSION: variable(
    'ours',
    versionList,
    'Full version of the gateway: one for an importer, several with commas between for an exporter. Unset: `KONG_VERSION`.',
    own,
  ),
  KONG_RESILIENCE_ADMIN_URL: variable(
    'ours',
    httpUrl,
    'Admin API of a DB-less gateway without hybrid mode: then it is the source of an export, and what an import is posted to.',
    own,
  ),
  KONG_RESILIENCE_MAX_CONFIG_BYTES: defaulted(
    'ours',
    wholeNumber({ min: 1024, max: 524_288_000 }, 'bytes'),
    '268435456',
    'Largest configuration, inflated, in bytes.',
    own,
  ),
  KONG_RESILIENCE_LEASE_SECONDS: defaulted(
    'ours',
    seconds({ min: 2, max: 3600 }),
    '60',
    'How long an exporter that does not answer any more keeps the others from writing.',
    own,
  ),
  KONG_RESILIENCE_RECONNECT_SECONDS: defaulted(
    'ours',
    seconds({ min: 1, max: 86_400 }),
    '900',
    'How often an exporter reconnects, to be sent the current configuration and so confirm the stored one.',
    own,
  ),
  KONG_RESILIENCE_SILENCE_SECONDS: defaulted(
    'ours',
    seconds({ min: 1, max: 3600 }),
    '60',
    'After how long a connection without a configuration is told as a problem.',
    own,
  ),
  KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: defaulted(
    'ours',
    seconds({ min: 1, max: 3600 }),
    '60',
    'Total time limit of one call to the store.',
    own,
  ),
  KONG_RESILIENCE_IMPORT: defaulted(
    'ours',
    choice({ fallback: 'fallback', always: 'always' } as const),
    'fallback',
    'When a configuration is handed over: only when the control plane does not answer, or always.',
    own,
  ),
  KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: defaulted(
    'ours',
    seconds({ min: 1, max: 3600 }),
    '60',
    'Total time limit of an import.',
    own,
  ),
  KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: defaulted(
    'ours',
    seconds({ min: 1, max: 600 }),
    '10',
    'How long an import waits for the control plane before it also asks the store. Less than the deadline.',
    own,
  ),
  KONG_RESILIENCE_IMPORT_OLDER_VERSION: defaulted(
    'ours',
    onOff,
    'on',
    'Whether an import may take the configuration of the nearest older version of the same major and edition.',
    own,
  ),
  KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS: defaulted(
    'ours',
    seconds({ min: 1, max: 31_536_000 }),
    '7200',
    'How long ago the stored configuration may have been confirmed, for `check`. Where it is set, it bounds the age of an object of another exporter too, which tells no confirmation.',
    own,
  ),
  KONG_RESILIENCE_HANDOVER_DIR: defaulted(
    'ours',
    folder,
    '/var/lib/kong-resilience/handover',
    'Folder in which an import leaves the configuration for the gateway.',
    own,
  ),
  KONG_RESILIENCE_HANDOVER_GROUP: variable(
    'ours',
    groupNumber,
    'Numeric group that may read what is handed over (mode 0640). Unset: the owner alone (0600).',
    own,
  ),
  KONG_RESILIENCE_SPOOL_DIR: defaulted(
    'ours',
    folder,
    '/var/lib/kong-resilience/spool',
    'Folder in which an exporter keeps the newest configuration. By default one that cannot be written is a warning, and the exporter works without a spool; one that was set must be writable.',
    own,
  ),
  KONG_RESILIENCE_NODE_ID: variable(
    'ours',
    uuid,
    "UUID by which the control plane lists this node; never the gateway's own. Unset: made of host name, storage and version.",
    own,
  ),
  KONG_RESILIENCE_STATUS_LISTEN: defaulted(
    'ours',
    listenAddress,
    'off',
    'Where `/status`, `/metrics` and the probes are served.',
    own,
  ),
  KONG_RESILIENCE_SHUTDOWN_SECONDS: defaulted(
    'ours',
    seconds({ min: 1, max: 600 }),
    '25',
    'How long the export in hand may take after a signal to end.',
    own,
  ),
  KONG_RESILIENCE_LOG_FORMAT: defaulted(
    'ours',
    choice({ auto: 'auto', json: 'json', pretty: 'pretty' } as const),
    'auto',
    'Form of the log; `auto` is pretty on a terminal and JSON elsewhere.',
    own,
  ),
  KONG_RESILIENCE_CODE_CACHE: defaulted(
    'ours',
    onOff,
    'on',
    'Whether compiled code is kept in `$XDG_CACHE_HOME/kong-resilience` or `~/.cache/kong-resilience`, for a faster next start.',
    own,
  ),
  KONG_RESILIENCE_GCS_ENDPOINT: variable(
    'ours',
    httpUrl,
    'Another endpoint of Google Cloud Storage: an emulator or a private one.',
    own,
  ),
  KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT: variable(
    'ours',
    httpUrl,
    'Another endpoint of Google Secret Manager, for references: a private one.',
    own,
  ),

  KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: variable('kong', storageUrl, 'Where the configuration is stored.', {
    since: '3.2',
  }),
  KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: defaulted('kong', onOff, 'off', 'This node exports.', { since: '3.2' }),
  KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: defaulted('kong', onOff, 'off', 'This node imports.', { since: '3.2' }),
  KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: defaulted(
    'kong',
    seconds({ min: 0, max: 86_400 }),
    '60',
    'Seconds after an export in which later configurations are gathered; the latest is exported then.',
    { since: '3.2' },
  ),
  KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: variable(
    'kong',
    putSettings,
    'Settings added to each S3 put of a configuration.',
    {
      since: '3.2',
    },
  ),
  KONG_ROLE: variable(
    'kong',
    choice({ data_plane: 'data_plane', control_plane: 'control_plane', traditional: 'traditional' } as const),
    'Role of the gateway. An import on a control plane is an error.',
  ),
  KONG_DATABASE: variable(
    'kong',
    choice({ off: 'off', postgres: 'postgres', cassandra: 'cassandra' } as const),
    'Database of the gateway. One that takes a configuration has none.',
  ),
  KONG_VERSION: variable('kong', versionList, "Version of the gateway, set by Kong's images."),
  KONG_CLUSTER_CONTROL_PLANE: defaulted('kong', controlPlaneAddress, '127.0.0.1:8005', 'Address of the control plane.'),
  KONG_CLUSTER_MTLS: defaulted(
    'kong',
    choice({ shared: 'shared', pki: 'pki', pki_check_cn: 'pki_check_cn' } as const),
    'shared',
    'How control plane and node verify each other.',
  ),
  KONG_CLUSTER_CERT: variable('kong', anyText, 'Certificate of the node: a path, PEM, or base64 of PEM.'),
  KONG_CLUSTER_CERT_KEY: variable('kong', anyText, 'Private key of the node: a path, PEM, or base64 of PEM.', {
    secret: true,
  }),
  KONG_CLUSTER_CA_CERT: variable(
    'kong',
    anyText,
    'CA of the cluster, added to the trusted ones: a path, PEM, or base64 of PEM.',
  ),
  KONG_CLUSTER_SERVER_NAME: variable(
    'kong',
    hostName,
    'Name to verify in `pki` modes. Unset: the host of the address.',
  ),
  KONG_LUA_SSL_TRUSTED_CERTIFICATE: defaulted(
    'kong',
    anyText,
    'system',
    'Trusted certificates: `system`, paths, PEM or base64 of PEM, with commas between.',
  ),
  KONG_CLUSTER_MAX_PAYLOAD: defaulted(
    'kong',
    wholeNumber({ min: 4_194_304, max: 2_147_483_647 }, 'bytes'),
    '16777216',
    'Largest compressed message of the control plane, in bytes.',
  ),
  KONG_CLUSTER_DP_LABELS: variable('kong', labelList, 'Labels of this node.', { since: '3.1' }),
  KONG_CLUSTER_USE_PROXY: defaulted(
    'kong',
    onOff,
    'off',
    'Whether the control plane is reached through `KONG_PROXY_SERVER`.',
  ),
  KONG_PROXY_SERVER: variable('kong', proxyUrl, 'Forward proxy to the control plane.', { secret: true }),
  KONG_PLUGINS: variable(
    'kong',
    pluginList,
    'Plugins of the gateway: those beside `bundled` are announced to the control plane.',
  ),
  KONG_LOG_LEVEL: defaulted(
    'kong',
    choice({
      debug: 'debug',
      info: 'info',
      notice: 'info',
      warn: 'warn',
      error: 'error',
      crit: 'error',
      alert: 'error',
      emerg: 'error',
    } as const),
    'notice',
    'Lowest level that is logged; `notice` counts as `info`, all above `error` as `error`.',
  ),
  KONG_ADMIN_TOKEN: variable('kong', anyText, 'Token sent to the Admin API as `Kong-Admin-Token`.', { secret: true }),
  KONG_NODE_ID: variable('kong', anyText, 'Node id of the gateway; `KONG_RESILIENCE_NODE_ID` must be another.'),
  KONG_PROXY_SERVER_SSL_VERIFY: defaulted(
    'kong',
    onOff,
    'on',
    'Whether the certificate of the proxy is verified. It always is: `off` has no effect.',
  ),
  KONG_VAULT_ENV_PREFIX: variable(
    'kong',
    vaultPrefix,
    'What stands before the names in `{vault://env/…}` references that have no `prefix` of their own.',
    { since: '3.0' },
  ),
  KONG_VAULT_AWS_REGION: variable(
    'kong',
    region,
    'Region of the secrets in `{vault://aws/…}` references that are no ARN and have no `region` of their own. Unset: `AWS_REGION`.',
    { since: '3.0' },
  ),
  KONG_VAULT_AWS_ENDPOINT_URL: variable('kong', httpUrl, 'Another endpoint of AWS Secrets Manager: a private one.', {
    since: '3.4',
  }),
  KONG_VAULT_AWS_ASSUME_ROLE_ARN: variable(
    'kong',
    anyText,
    'Role in which the gateway reads secrets. None is assumed here: beside a `{vault://aws/…}` reference that is read here it is an error.',
    { since: '3.4' },
  ),
  KONG_VAULT_GCP_PROJECT_ID: variable(
    'kong',
    googleProject,
    'Project of the secrets in `{vault://gcp/…}` references. Unset: that of `GCP_SERVICE_ACCOUNT`, or of the attached identity.',
    { since: '3.0' },
  ),
  KONG_PREFIX: passedBy('kong', "The gateway's folder with its cache; read by the start script."),
  KONG_DECLARATIVE_CONFIG: passedBy(
    'kong',
    "The user's own declarative file; the start script keeps it as the last resort.",
  ),
  KONG_CLUSTER_LISTEN: passedBy('kong', 'Where a control plane listens.'),
  KONG_CLUSTER_OCSP: passedBy('kong', "Control plane's check of certificates."),

  AWS_REGION: variable(
    'aws',
    region,
    'Region of the bucket. With `AWS_CONFIG_STORAGE_ENDPOINT` and no region: `us-east-1`.',
  ),
  AWS_DEFAULT_REGION: variable(
    'aws',
    region,
    'The same. Some versions of Kong read only one of the two: set both alike.',
  ),
  AWS_ACCESS_KEY_ID: variable('aws', anyText, "Access key. Unset: the SDK's own chain.", { secret: true }),
  AWS_SECRET_ACCESS_KEY: variable('aws', anyText, 'Its secret.', { secret: true }),
  AWS_SESSION_TOKEN: variable('aws', anyText, 'Token of temporary credentials.', { secret: true }),
  AWS_CONFIG_STORAGE_ENDPOINT: variable('aws', httpUrl, 'Endpoint of an S3-compatible store that is not AWS.', {
    since: '3.2',
  }),
  AWS_ROLE_ARN: passedBy('aws', 'Role of a workload identity (IRSA).'),
  AWS_ROLE_SESSION_NAME: passedBy('aws', 'Name of its session.'),
  AWS_WEB_IDENTITY_TOKEN_FILE: passedBy('aws', 'Token of a workload identity (IRSA).'),
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: passedBy('aws', 'Role of an ECS task.'),
  AWS_CONTAINER_CREDENTIALS_FULL_URI: passedBy('aws', 'EKS Pod Identity.'),
  AWS_CONTAINER_AUTHORIZATION_TOKEN: passedBy('aws', 'EKS Pod Identity.', { secret: true }),
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: passedBy('aws', 'EKS Pod Identity.'),
  AWS_PROFILE: passedBy('aws', 'Profile in the configuration files.'),
  AWS_CONFIG_FILE: passedBy('aws', 'Configuration file.'),
  AWS_SHARED_CREDENTIALS_FILE: passedBy('aws', 'Credentials file.'),
  AWS_CA_BUNDLE: passedBy('aws', 'Trusted certificates of other AWS tools.'),
  AWS_EC2_METADATA_DISABLED: passedBy('aws', 'Whether the instance role is left alone.'),
  AWS_STS_REGIONAL_ENDPOINTS: passedBy('aws', 'Which endpoints STS is called at.'),
  AWS_ENDPOINT_URL: passedBy('aws', 'Endpoint that the SDK takes without `AWS_CONFIG_STORAGE_ENDPOINT`.'),
  AWS_ENDPOINT_URL_S3: passedBy('aws', 'The same, for S3 alone.'),

  GCP_SERVICE_ACCOUNT: variable(
    'google',
    serviceAccount,
    'Key of a service account as JSON text. Unset: application default credentials.',
    { secret: true, since: '3.2' },
  ),
  GOOGLE_APPLICATION_CREDENTIALS: passedBy('google', 'Path of a credentials file.'),
  GOOGLE_CLOUD_PROJECT: passedBy('google', 'Project.'),

  AZURE_TENANT_ID: passedBy('azure', 'Tenant; Azure is not supported yet.', { since: '3.14' }),
  AZURE_CLIENT_ID: passedBy('azure', 'Client; Azure is not supported yet.', { since: '3.14' }),
  AZURE_CLIENT_SECRET: passedBy('azure', 'Its secret; Azure is not supported yet.', { secret: true, since: '3.14' }),
} as const;

/** Name of a variable that is known. */
export type VariableName = keyof typeof variables;

type ValueOf<E> = E extends { type: ValueType<infer T>; default: infer D }
  ? D extends string
    ? T
    : T | undefined
  : never;

/** What each variable says, read; a variable with a default always has a value. */
export type VariableValues = { readonly [Name in VariableName]: ValueOf<(typeof variables)[Name]> };

/** The names in the order of the table. */
export const variableNames = Object.keys(variables) as VariableName[];

/** The table that docs/environment.md shows. */
export const environmentVariables: readonly EnvironmentVariable[] = variableNames.map((name) => {
  const { type, default: value, ...details }: Entry<unknown, string | undefined> = variables[name];
  return { name, ...details, allowed: type.allowed, ...(value === undefined ? {} : { default: value }) };
});
