import { readFileSync } from 'node:fs';
import { readClusterPem } from './certificates';
import type { VariableName, VariableValues } from './environment-variables';
import type { ReadFile } from './files';
import { parseGatewayVersion } from './gateway-version';
import type { GatewayVersion } from './gateway-version';
import { looksOnly } from './node-environment';
import type {
  ClusterSettings,
  EnvironmentCommand,
  NodeEnvironment,
  Problem,
  UnresolvedEnvironment,
} from './node-environment';
import { ProblemList } from './problems';
import { readValues, resolveReferences, takeKnown } from './read-values';
import type { RawValues } from './read-values';
import { checkRoles } from './roles';
import { Secret } from './secret';
import { awsSettings, googleSettings, warnOfStoreSettings } from './storage-settings';
import { vaultSettings } from './vault-settings';

export interface ReadOptions {
  readonly command: EnvironmentCommand;
  /** Reads certificates and `KONG_…_FILE` files. Default: the file system, as UTF-8. */
  readonly readFile?: ReadFile;
  /** For the validity of certificates. Default: the local clock. */
  readonly now?: Date;
  /** What the secrets hold that references name, by the reference as it is written. Default: none is known. */
  readonly secrets?: ReadonlyMap<string, string>;
}

export type ReadResult =
  | { readonly ok: true; readonly environment: NodeEnvironment }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      readonly warnings: readonly Problem[];
      /** Present without a problem: these references are to be resolved, and the environment read again with `secrets`. */
      readonly unresolved?: UnresolvedEnvironment;
    };

/** What stands only where certificates are needed, and may be a file that others cannot read. */
const certificateVariables: ReadonlySet<VariableName> = new Set<VariableName>([
  'KONG_CLUSTER_CERT',
  'KONG_CLUSTER_CERT_KEY',
  'KONG_CLUSTER_CA_CERT',
  'KONG_LUA_SSL_TRUSTED_CERTIFICATE',
]);

/**
 * Reads a node's environment block: the one of the gateway beside it, and the gateway's version.
 *
 * Gives either the environment, or all its problems at once; it never throws for what stands in it. References of
 * Kong's vaults are resolved by the caller: without their secrets, an environment that has no other problem is
 * `unresolved`. Values are
 * trimmed and an empty one counts as not set, as in Kong. The rules are those of Kong's kong.conf reference and
 * of docs/environment.md; the first version of each variable stands in `environmentVariables`.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>, options: ReadOptions): ReadResult {
  const {
    command,
    readFile = (path) => readFileSync(path, 'utf8'),
    now,
    secrets = new Map<string, string>(),
  } = options;
  const problems = new ProblemList();
  const connects = !looksOnly(command) && (env['KONG_RESILIENCE_ADMIN_URL']?.trim() ?? '') === '';
  const known = takeKnown(env, readFile, (name) => connects || !certificateVariables.has(name), problems);
  const raw = resolveReferences(known, secrets, (name) => isUsed(name, command, connects, known), problems);
  const values = readValues(raw, problems);

  const role = checkRoles(command, values, raw, problems);
  const versions = readVersions(command, role.import, values, problems);
  warnOfKongVersion(values, raw, problems);
  requireStorage(raw, problems);
  const aws = awsSettings(values, raw, problems);
  warnOfStoreSettings(values, raw, problems);
  checkNodeId(values, problems);
  const controlPlaneTimeoutMs = fitControlPlaneTimeout(values, raw, problems);
  const proxy = readProxy(values, raw, problems);
  const pem = connects
    ? readClusterPem({ values, readFile, now: now ?? new Date(), problems })
    : { trusted: [], trustSystem: true };

  const storage = values.KONG_CLUSTER_FALLBACK_CONFIG_STORAGE;
  const vaults = vaultSettings(values, problems);
  const [reference, ...references] = problems.unresolved;
  if (problems.errors.length === 0 && versions !== undefined && reference !== undefined) {
    const unresolved: UnresolvedEnvironment = {
      references: [reference, ...references],
      vaults,
      role,
      versions,
      handoverDir: values.KONG_RESILIENCE_HANDOVER_DIR,
      ...present('handoverGroup', values.KONG_RESILIENCE_HANDOVER_GROUP),
      ...present('statusListen', values.KONG_RESILIENCE_STATUS_LISTEN),
      importDeadlineMs: values.KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS,
      log: { level: values.KONG_LOG_LEVEL, format: values.KONG_RESILIENCE_LOG_FORMAT },
      warnings: problems.warnings,
    };
    return { ok: false, problems: [], warnings: problems.warnings, unresolved };
  }
  if (problems.errors.length > 0 || storage === undefined || versions === undefined) {
    return { ok: false, problems: problems.errors, warnings: problems.warnings };
  }
  const cluster: ClusterSettings = {
    controlPlane: values.KONG_CLUSTER_CONTROL_PLANE,
    ...(raw.has('KONG_CLUSTER_CONTROL_PLANE') ? {} : { controlPlaneIsDefault: true }),
    mtls: values.KONG_CLUSTER_MTLS,
    ...pem,
    ...present('serverName', values.KONG_CLUSTER_SERVER_NAME),
    maxPayloadBytes: values.KONG_CLUSTER_MAX_PAYLOAD,
    labels: values.KONG_CLUSTER_DP_LABELS ?? {},
    ...present('proxy', proxy),
  };
  const environment: NodeEnvironment = {
    role,
    versions,
    storage,
    aws,
    google: googleSettings(values),
    cluster,
    plugins: values.KONG_PLUGINS ?? [],
    ...present('adminUrl', values.KONG_RESILIENCE_ADMIN_URL),
    ...present('adminToken', secret(values.KONG_ADMIN_TOKEN)),
    exportDelayMs: values.KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY,
    maxConfigBytes: values.KONG_RESILIENCE_MAX_CONFIG_BYTES,
    leaseMs: values.KONG_RESILIENCE_LEASE_SECONDS,
    reconnectMs: values.KONG_RESILIENCE_RECONNECT_SECONDS,
    silenceMs: values.KONG_RESILIENCE_SILENCE_SECONDS,
    storeTimeoutMs: values.KONG_RESILIENCE_STORE_TIMEOUT_SECONDS,
    importPolicy: values.KONG_RESILIENCE_IMPORT,
    importDeadlineMs: values.KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS,
    controlPlaneTimeoutMs,
    olderVersions: values.KONG_RESILIENCE_IMPORT_OLDER_VERSION,
    checkMaxAge: {
      ms: values.KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS,
      explicit: raw.has('KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS'),
    },
    handoverDir: values.KONG_RESILIENCE_HANDOVER_DIR,
    ...present('handoverGroup', values.KONG_RESILIENCE_HANDOVER_GROUP),
    spool: { dir: values.KONG_RESILIENCE_SPOOL_DIR, explicit: raw.has('KONG_RESILIENCE_SPOOL_DIR') },
    ...present('nodeId', values.KONG_RESILIENCE_NODE_ID),
    ...present('statusListen', values.KONG_RESILIENCE_STATUS_LISTEN),
    shutdownMs: values.KONG_RESILIENCE_SHUTDOWN_SECONDS,
    log: { level: values.KONG_LOG_LEVEL, format: values.KONG_RESILIENCE_LOG_FORMAT },
    warnings: problems.warnings,
  };
  return { ok: true, environment };
}

/** Whether anything is done with a variable here: a reference in another one is the gateway's alone. */
function isUsed(name: VariableName, command: EnvironmentCommand, connects: boolean, known: RawValues): boolean {
  if (certificateVariables.has(name)) return connects;
  if (name === 'KONG_ADMIN_TOKEN') return !looksOnly(command) && known.has('KONG_RESILIENCE_ADMIN_URL');
  if (name === 'KONG_PROXY_SERVER') {
    return !['off', 'false'].includes(known.get('KONG_CLUSTER_USE_PROXY') ?? 'off');
  }
  return true;
}

/** A property that is left out rather than undefined. */
function present<Name extends string, T>(name: Name, value: T | undefined): { [Key in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [Key in Name]?: T });
}

function secret(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value);
}

function requireStorage(raw: RawValues, problems: ProblemList): void {
  const name = 'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE';
  if (raw.has(name) || problems.errors.some(({ variable }) => variable === `${name}_FILE`)) return;
  problems.add(
    'KR_ENV_MISSING',
    name,
    `${name} is not set. Say where the configuration is stored: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder.`,
  );
}

function readVersions(
  command: EnvironmentCommand,
  imports: boolean,
  values: VariableValues,
  problems: ProblemList,
): readonly [GatewayVersion, ...GatewayVersion[]] | undefined {
  const own = 'KONG_RESILIENCE_GATEWAY_VERSION';
  const versions = values[own] ?? values.KONG_VERSION;
  const reported = problems.errors.some(({ variable }) => variable === own || variable.startsWith('KONG_VERSION'));
  if (versions === undefined && !reported) {
    problems.add(
      'KR_ENV_MISSING',
      own,
      `${own} is not set, nor is KONG_VERSION. Set it to the full version of the gateway, such as 3.9.1 or 3.10.0.2; "kong version" prints it.`,
    );
  }
  if (versions !== undefined && versions.length > 1 && imports && !looksOnly(command)) {
    const name = values[own] === undefined ? 'KONG_VERSION' : own;
    const list = versions.map(({ text }) => text).join(',');
    problems.add(
      'KR_ENV_VERSION',
      name,
      `${name} is "${list}", but this node imports, and a gateway has one version. Name only that one; several are for an exporter.`,
    );
  }
  return versions;
}

/** Our own version counts. That of Kong's image, when it is a full version too, should be among ours. */
function warnOfKongVersion(
  { KONG_RESILIENCE_GATEWAY_VERSION: used }: VariableValues,
  raw: RawValues,
  problems: ProblemList,
): void {
  const kongs = parseGatewayVersion(raw.get('KONG_VERSION') ?? '');
  if (used === undefined || kongs === undefined || used.some(({ text }) => text === kongs.text)) return;
  const list = used.map(({ text }) => text).join(',');
  problems.add(
    'KR_ENV_VERSION_DIFFERS',
    'KONG_VERSION',
    `KONG_VERSION is "${kongs.text}", but KONG_RESILIENCE_GATEWAY_VERSION is "${list}" and is used. If the gateway was upgraded, change the latter too.`,
  );
}

function checkNodeId(
  { KONG_RESILIENCE_NODE_ID: ours, KONG_NODE_ID: gateways }: VariableValues,
  problems: ProblemList,
): void {
  if (ours === undefined || gateways?.toLowerCase() !== ours) return;
  problems.add(
    'KR_ENV_NODE_ID',
    'KONG_RESILIENCE_NODE_ID',
    `KONG_RESILIENCE_NODE_ID is "${ours}", which is the gateway's own KONG_NODE_ID. Take another UUID, or unset it.`,
  );
}

/** The control plane's part of the deadline. Two values that were both chosen must fit; else the time limit gives way. */
function fitControlPlaneTimeout(values: VariableValues, raw: RawValues, problems: ProblemList): number {
  const name = 'KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS';
  const deadlineName = 'KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS';
  const timeout = values[name];
  const deadline = values[deadlineName];
  if (problems.concerns(name) || problems.concerns(deadlineName)) return timeout;
  if (timeout < deadline) return timeout;
  const capped = Math.ceil(deadline / 2);
  if (raw.has(name) && raw.has(deadlineName)) {
    problems.add(
      'KR_ENV_RANGE',
      name,
      `${name} is "${timeout / 1000}": it must be less than ${deadlineName}, which is "${deadline / 1000}", or no time is left for the store.`,
    );
  } else if (raw.has(name)) {
    problems.add(
      'KR_ENV_CAPPED',
      name,
      `${name} is "${timeout / 1000}", which leaves no time for the store: ${deadlineName} is ${deadline / 1000} by default. It is shortened to ${capped / 1000}; raise the deadline.`,
    );
  }
  return capped;
}

function readProxy(values: VariableValues, raw: RawValues, problems: ProblemList): Secret<URL> | undefined {
  if (!values.KONG_CLUSTER_USE_PROXY) return undefined;
  const url = values.KONG_PROXY_SERVER;
  if (!raw.has('KONG_PROXY_SERVER') && !problems.errors.some(({ variable }) => variable === 'KONG_PROXY_SERVER_FILE')) {
    problems.add(
      'KR_ENV_MISSING',
      'KONG_PROXY_SERVER',
      'KONG_PROXY_SERVER is not set, but KONG_CLUSTER_USE_PROXY is on. Set it to http://host:port, or unset the other.',
    );
  }
  if (url?.protocol === 'https:' && !values.KONG_PROXY_SERVER_SSL_VERIFY) {
    problems.add(
      'KR_ENV_UNUSED',
      'KONG_PROXY_SERVER_SSL_VERIFY',
      'KONG_PROXY_SERVER_SSL_VERIFY is off and has no effect: the certificate of the proxy is always verified.',
    );
  }
  return url === undefined ? undefined : new Secret(url);
}
