import type { GatewayVersion } from './gateway-version';
import type { Secret } from './secret';
import type { StorageUrl } from './storage-url';
import type { VaultReference } from './vault-reference';

/** What the environment is read for. `status` and `check` look at the store alone: they need no role and read no certificate. */
export type EnvironmentCommand = 'run' | 'export' | 'import' | 'status' | 'check';

/** Whether a command looks at the store alone. */
export function looksOnly(command: EnvironmentCommand): boolean {
  return command === 'status' || command === 'check';
}

/** What a node's environment block says, validated: the only form in which the rest of the agent sees it. Durations are in milliseconds. */
export interface NodeEnvironment {
  /** What this command does: `export` and `import` do that alone, `run` what the switches say, `status` and `check` perhaps neither. */
  readonly role: { readonly export: boolean; readonly import: boolean };
  /** At least one; whoever imports has exactly one. */
  readonly versions: readonly [GatewayVersion, ...GatewayVersion[]];
  readonly storage: StorageUrl;
  readonly aws: AwsSettings;
  readonly google: GoogleSettings;
  readonly cluster: ClusterSettings;
  /** KONG_PLUGINS: names beside `bundled`; empty when unset. */
  readonly plugins: readonly string[];
  /** KONG_RESILIENCE_ADMIN_URL: a DB-less gateway without hybrid mode; then it is the source, and what an import is posted to. */
  readonly adminUrl?: URL;
  /** KONG_ADMIN_TOKEN, sent as `Kong-Admin-Token` to adminUrl. */
  readonly adminToken?: Secret;
  readonly exportDelayMs: number;
  readonly maxConfigBytes: number;
  readonly leaseMs: number;
  readonly reconnectMs: number;
  readonly silenceMs: number;
  readonly storeTimeoutMs: number;
  readonly importPolicy: 'fallback' | 'always';
  readonly importDeadlineMs: number;
  /** How long an importer waits for its control plane before it also asks the store. */
  readonly controlPlaneTimeoutMs: number;
  readonly olderVersions: boolean;
  /** KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS. */
  readonly checkMaxAge: {
    readonly ms: number;
    /** Whether it was set: then it bounds the age of an object that tells no confirmation as well. */ readonly explicit: boolean;
  };
  readonly handoverDir: string;
  /** Numeric group that may read the hand-over (then 0640), else 0600. */
  readonly handoverGroup?: number;
  readonly spool: {
    readonly dir: string;
    /** false: the default; then an unwritable one is a warning, not an error. */ readonly explicit: boolean;
  };
  /** KONG_RESILIENCE_NODE_ID, else derived from host name, storage and version (UUID v5). */
  readonly nodeId?: string;
  readonly statusListen?: { readonly host: string; readonly port: number };
  readonly shutdownMs: number;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'auto' | 'json' | 'pretty' };
  /** Told once at start; none of them stops the program. */
  readonly warnings: readonly Problem[];
}

export interface AwsSettings {
  readonly region?: string;
  /** Keys of which at least one was a reference, which the SDK's own chain could not read. Absent: the chain. */
  readonly credentials?: Secret<Readonly<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string }>>;
  readonly endpoint?: URL;
  /** KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG: merged into each put of a configuration. */
  readonly putSettings: Readonly<Record<string, unknown>>;
}

export interface GoogleSettings {
  /** GCP_SERVICE_ACCOUNT, parsed. Absent: application default credentials. */
  readonly serviceAccount?: Secret<Readonly<{ client_email: string; private_key: string; project_id?: string }>>;
  /** KONG_RESILIENCE_GCS_ENDPOINT, for an emulator or a private endpoint. With a loopback one no credentials are sent. */
  readonly endpoint?: URL;
}

export interface ClusterSettings {
  readonly controlPlane: { readonly host: string; readonly port: number };
  /** Present where that is Kong's default, because KONG_CLUSTER_CONTROL_PLANE is not set. */
  readonly controlPlaneIsDefault?: true;
  readonly mtls: 'shared' | 'pki' | 'pki_check_cn';
  /** PEM text, read and decoded; absent where no hybrid connection is made (adminUrl). */
  readonly certificate?: string;
  readonly key?: Secret;
  readonly serverName?: string;
  /** PEM texts of KONG_CLUSTER_CA_CERT and of the paths in KONG_LUA_SSL_TRUSTED_CERTIFICATE. */
  readonly trusted: readonly string[];
  /** Whether `system` is among KONG_LUA_SSL_TRUSTED_CERTIFICATE (default yes). */
  readonly trustSystem: boolean;
  readonly maxPayloadBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Present only with KONG_CLUSTER_USE_PROXY=on. */
  readonly proxy?: Secret<URL>;
}

/** A variable that holds a reference of Kong's vaults, or has one among the entries of its list. */
export interface VariableReference {
  readonly variable: string;
  readonly reference: VaultReference;
}

/** How secrets are read that references name. */
export interface VaultSettings {
  readonly env: {
    /** KONG_VAULT_ENV_PREFIX */
    readonly prefix?: string;
  };
  readonly aws: {
    /** KONG_VAULT_AWS_REGION, or else AWS_REGION or AWS_DEFAULT_REGION. */
    readonly region?: string;
    /** KONG_VAULT_AWS_ENDPOINT_URL */
    readonly endpoint?: URL;
  };
  readonly gcp: {
    /** KONG_VAULT_GCP_PROJECT_ID, or the project of the service account. */
    readonly project?: string;
    /** KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT */
    readonly endpoint?: URL;
    /** GCP_SERVICE_ACCOUNT, where it is no reference itself. Absent: application default credentials. */
    readonly serviceAccount?: GoogleSettings['serviceAccount'];
  };
}

/**
 * An environment without an error as far as it can be read, before the secrets are there that its references name: what
 * is needed to read them, and what is known already.
 */
export interface UnresolvedEnvironment extends Pick<
  NodeEnvironment,
  'role' | 'versions' | 'handoverDir' | 'handoverGroup' | 'statusListen' | 'importDeadlineMs' | 'log' | 'warnings'
> {
  readonly references: readonly [VariableReference, ...VariableReference[]];
  readonly vaults: VaultSettings;
}

/** One thing wrong with an environment. `text` names the variable, the value where it may be shown, what is allowed, and the likely intent. */
export interface Problem {
  readonly code: string;
  readonly variable: string;
  readonly text: string;
}
