/** One kind of problem that an environment can have. Codes are stable: scripts may match them. */
export interface ProblemCode {
  readonly code: string;
  /** `error`: nothing starts. `warning`: told once, and the program goes on. */
  readonly severity: 'error' | 'warning';
  /** One sentence for the table in docs/environment.md. */
  readonly meaning: string;
}

const error = (meaning: string) => ({ severity: 'error', meaning }) as const;
const warning = (meaning: string) => ({ severity: 'warning', meaning }) as const;

const table = {
  KR_ENV_UNKNOWN: error(
    'A variable that does not exist: a misspelt name, or an unknown one that starts with `KONG_RESILIENCE_`.',
  ),
  KR_ENV_MISSING: error('A variable that this command needs is not set, or empty.'),
  KR_ENV_PLACEHOLDER: error('A value is still the `<placeholder>` of an example.'),
  KR_ENV_QUOTES: error('A value stands in quotes, which would be a part of it.'),
  KR_ENV_VAULT: error('A `{vault://…}` reference is not written as one, or stands where none is resolved.'),
  KR_ENV_VAULT_UNSUPPORTED: error(
    'A `{vault://…}` reference is to a vault that is not read here, or in a way that is not.',
  ),
  KR_ENV_FILE: error(
    'A `KONG_…_FILE` variable names a file that cannot be read, or stands beside the variable that it would set.',
  ),
  KR_ENV_BOOLEAN: error('A switch has a value that Kong would silently take as off, or not take at all.'),
  KR_ENV_NUMBER: error('A value is not a plain number.'),
  KR_ENV_RANGE: error('A number is outside its bounds, or contradicts another one.'),
  KR_ENV_CHOICE: error('A value is not one of the allowed words.'),
  KR_ENV_ROLE: error('The roles contradict each other, the command, or `KONG_ROLE`; or none is on.'),
  KR_ENV_STORAGE: error('The storage URL has an unknown scheme or is not written as a storage URL.'),
  KR_ENV_BUCKET: error('The bucket or folder in the storage URL is missing or cannot exist.'),
  KR_ENV_PREFIX: error('The prefix in the storage URL cannot be used.'),
  KR_ENV_AZURE: error('The storage is on Azure, which is known but not supported yet.'),
  KR_ENV_VERSION: error('A gateway version is not a full version, or there are too many.'),
  KR_ENV_REGION: error('A region is not the name of one, or `AWS_REGION` and `AWS_DEFAULT_REGION` differ.'),
  KR_ENV_CREDENTIALS: error('Only a part of the AWS credentials is set.'),
  KR_ENV_GOOGLE_KEY: error('`GCP_SERVICE_ACCOUNT` is not the JSON text of a service account key.'),
  KR_ENV_S3_SETTINGS: error('The S3 settings are not a JSON object of settings that a put can take.'),
  KR_ENV_S3_SETTINGS_OURS: error('The S3 settings would replace what the exporter sets itself.'),
  KR_ENV_URL: error('A value is not a URL of the kind that is needed.'),
  KR_ENV_ADDRESS: error('A value is not `host:port`.'),
  KR_ENV_PATH: error('A value is not an absolute path of a folder.'),
  KR_ENV_LIST: error('A list, of labels or plugins, has an entry that is none.'),
  KR_ENV_NODE_ID: error('The node id is not a UUID, or is the one of the gateway.'),
  KR_ENV_CERTIFICATE: error('A certificate cannot be read or is none.'),
  KR_ENV_KEY: error('The private key cannot be read, is none, or does not belong to the certificate.'),
  KR_ENV_VALIDITY: warning('A certificate has expired or is not valid yet.'),
  KR_ENV_PLAIN_HTTP: warning('An endpoint is reached without TLS, beyond this machine.'),
  KR_ENV_ENDPOINT_PATH: warning('The S3 endpoint has a path, below which every request goes.'),
  KR_ENV_VERSION_DIFFERS: warning('`KONG_VERSION` is none of the versions that are used.'),
  KR_ENV_CAPPED: warning('A time limit does not fit into another one and was shortened.'),
  KR_ENV_UNUSED: warning('A value is set that has no effect beside the others.'),
} as const satisfies Record<string, Omit<ProblemCode, 'code'>>;

/** The code of a problem: `KR_ENV_…`. */
export type ProblemCodeName = keyof typeof table;

/** Every code that `readEnvironment` can report. */
export const problemCodes: readonly ProblemCode[] = Object.entries(table).map(([code, kind]) => ({ code, ...kind }));

/** Whether a problem of this code stops the program. */
export function severityOf(code: ProblemCodeName): ProblemCode['severity'] {
  return table[code].severity;
}
