import { causeOf, defineError, ResilienceError } from '../errors';
import { noCredentials } from '../runtime/credentials';

/** What is to be done differs by the kind of store; `cloud` stands for what is not named. */
function forScheme(
  location: string,
  texts: { readonly s3?: string; readonly cloud: string; readonly file: string },
): string {
  if (location.startsWith('file:')) return texts.file;
  return location.startsWith('s3:') ? (texts.s3 ?? texts.cloud) : texts.cloud;
}

/** The reason of a cause, without the full stop that some end with. */
function said(cause: unknown): string {
  return cause === undefined ? '' : `: ${causeOf(cause).replace(/[.\s]+$/, '')}`;
}

export const storeAbsent = defineError(
  'KR_STORE_ABSENT',
  'The store answered, and has no such object.',
  (location: string, what: string, cause?: unknown) => ({
    reason: `${location}: ${what} does not exist.`,
    fix: 'Check bucket and prefix in KONG_CLUSTER_FALLBACK_CONFIG_STORAGE and that an exporter of this gateway version has written.',
    cause,
  }),
);

export const storeNoBucket = defineError(
  'KR_STORE_NO_BUCKET',
  'The store answered, and has no such bucket; for file://, there is no such folder.',
  (location: string, cause?: unknown) =>
    location.startsWith('file:')
      ? {
          reason: `${location}: the folder does not exist.`,
          fix: 'Check KONG_CLUSTER_FALLBACK_CONFIG_STORAGE and that the folder is mounted here; only an exporter makes it.',
          cause,
        }
      : {
          reason: `${location}: the bucket does not exist.`,
          fix: 'Check the bucket in KONG_CLUSTER_FALLBACK_CONFIG_STORAGE and the endpoint; this program makes no bucket.',
          cause,
        },
);

export const storeDenied = defineError(
  'KR_STORE_DENIED',
  'The store knows or refuses the caller: wrong credentials, or ones without this permission.',
  (
    location: string,
    action: string,
    cause?: unknown,
    fix: string = forScheme(location, {
      cloud:
        'Check the credentials and the permissions: an exporter puts, gets and lists under the prefix, an importer gets and lists.',
      file: 'Give this user the folder: an exporter reads and writes it, an importer reads it; and mount it writable for an exporter.',
    }),
  ) => ({
    reason: `${location}: ${action} was denied${said(cause)}.`,
    fix,
    cause,
  }),
);

export const storeNoCredentials = defineError(
  'KR_STORE_NO_CREDENTIALS',
  'There are no credentials to call the store with, or what was found is none.',
  (location: string, places: string, cause: Error | undefined) => ({
    reason: `${location}: ${noCredentials(places, cause)}.`,
    fix: forScheme(location, {
      s3: 'Attach a role to the task, pod, function or machine that this program runs in, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or mend what is set.',
      cloud:
        'Attach a service account to the service, pod or machine that this program runs in, set GCP_SERVICE_ACCOUNT, or mend what is set.',
      file: '',
    }),
    cause,
  }),
);

export const storeCorrupt = defineError(
  'KR_STORE_CORRUPT',
  'The store sent bytes that are not what was stored: cut, damaged, or not the object at all.',
  (location: string, what: string, cause?: unknown) => ({
    reason: `${location}: ${what}.`,
    fix: 'Read it again; if it stays so, restore an earlier version of the object, or let an exporter write it anew.',
    cause,
  }),
);

export const storeUnreachable = defineError(
  'KR_STORE_UNREACHABLE',
  'The store did not answer in time, or not as a store does: refused, no such host, time limit, 5xx, throttled, a page.',
  (location: string, action: string, cause?: unknown) => ({
    reason: `${location}: ${action} did not succeed${said(cause)}.`,
    fix: forScheme(location, {
      s3: 'Check the network, AWS_CONFIG_STORAGE_ENDPOINT and the region.',
      cloud: 'Check the network and KONG_RESILIENCE_GCS_ENDPOINT.',
      file: 'Check the volume and the room that is left on it.',
    }),
    cause,
  }),
);

export const storeConflict = defineError(
  'KR_STORE_CONFLICT',
  'A conditional write found another version of the object than the one it was meant to replace.',
  (location: string, key: string, cause?: unknown) => ({
    reason: `${location}: ${key} is not the version that this write was meant to replace.`,
    fix: 'Another exporter wrote it; what is stored is read again before anything is written.',
    cause,
  }),
);

export const storeRefused = defineError(
  'KR_STORE_REFUSED',
  'The store will never accept the request as it is, or what answered, with 404 time and again, is no object store.',
  (location: string, action: string, cause?: unknown) => ({
    reason: `${location}: ${action} was refused${said(cause)}.`,
    fix: forScheme(location, {
      s3: 'Check bucket name, region, endpoint and KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG.',
      cloud: 'Check the bucket name and KONG_RESILIENCE_GCS_ENDPOINT.',
      file: 'Check the folder in KONG_CLUSTER_FALLBACK_CONFIG_STORAGE.',
    }),
    cause,
  }),
);

/** Whether another try may help: everything but what the store has settled. */
export function isRetryable(error: unknown): boolean {
  return (
    error instanceof ResilienceError &&
    [storeUnreachable.code, storeDenied.code, storeNoCredentials.code, storeCorrupt.code].includes(error.code)
  );
}
