import { causeOf, type ResilienceError } from '../errors';
import { awsCredentialPlaces, credentialFailure } from '../runtime/credentials';
import { storeDenied, storeNoCredentials, storeRefused, storeUnreachable } from './errors';
import { awsStatusOf, isTransportError } from '../runtime/transport';
import { errorFor, NoObjectStore, type Subject, type Verdict, verdictOf } from './http-answer';

/** Error codes that mean something else than their status, which is 400 for most of them. */
const verdictByCode: Readonly<Record<string, Verdict>> = {
  NoSuchBucket: 'no-bucket',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  InvalidToken: 'denied',
  TokenRefreshRequired: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  RequestExpired: 'denied',
  // versitygw's 404 for an access key that it does not know.
  XAdminUserNotFound: 'denied',
  RequestTimeout: 'unreachable',
  Throttling: 'unreachable',
  ThrottlingException: 'unreachable',
  RequestThrottled: 'unreachable',
  SlowDown: 'unreachable',
  // What we sent was damaged on its way: another try may well succeed.
  BadDigest: 'unreachable',
  IncompleteBody: 'unreachable',
  XAmzContentSHA256Mismatch: 'unreachable',
};

interface Answer {
  readonly status: number;
  /** Absent for the answer to a HEAD, which has no body. */
  readonly code: string | undefined;
}

/** The store's answer in an error of the SDK; nothing where no answer came. */
function answerIn(error: unknown): Answer | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = awsStatusOf(error);
  if (status === undefined) return undefined;
  // `NotFound` is the SDK's own name for a 404 without a code.
  const known = !/^(Error|Unknown|NotFound|\d+)$/.test(error.name);
  return { status, code: known ? error.name : undefined };
}

/** Whether a 403 may only mean that the object is missing: AWS says so to who may not list. */
export function mayBeMissing(error: unknown): boolean {
  const answer = answerIn(error);
  return answer?.status === 403 && (answer.code === undefined || /^(AccessDenied|Forbidden|403)$/.test(answer.code));
}

/** The status of a refusal without a code: the answer to a HEAD has none, whoever gives it. */
export function unexplainedStatus(error: unknown): number | undefined {
  const answer = answerIn(error);
  if (answer === undefined || answer.code !== undefined) return undefined;
  // What is busy or down has nothing to explain.
  return [408, 429].includes(answer.status) || answer.status >= 500 ? undefined : answer.status;
}

/** Maps what the SDK throws, by HTTP status first (a HEAD has no code), to the errors of this module. */
export function s3Error(error: unknown, subject: Subject): ResilienceError {
  const { location, action } = subject;
  const answer = answerIn(error);
  if (answer === undefined) {
    if (isTransportError(error)) return storeUnreachable(location, action, error);
    return storeRefused(location, action, error);
  }
  const cause = describe(error, answer);
  if (answer.code === 'RequestTimeTooSkewed') {
    const fix = "Set this machine's clock: the store allows a difference of 15 minutes.";
    return storeDenied(location, action, new Error(`this machine's clock is wrong: ${cause.message}`), fix);
  }
  if (answer.code === undefined && answer.status === 404) {
    return storeRefused(location, action, new NoObjectStore('AWS_CONFIG_STORAGE_ENDPOINT'));
  }
  if (answer.code === 'NoSuchKey') return errorFor(withoutKey(subject), subject, cause);
  return errorFor(verdictIn(answer), subject, cause);
}

function verdictIn({ code, status }: Answer): Verdict {
  // Without a code it need not be the store's own word: 501 as well may be a proxy's.
  if (code === undefined) return status >= 500 ? 'unreachable' : verdictOf(status);
  return verdictByCode[code] ?? verdictOf(status);
}

/** What NoSuchKey means: a version to be replaced is gone; nothing else but a read can miss a key. */
function withoutKey({ key, writes, replaces = false }: Subject): Verdict {
  if (writes) return replaces ? 'conflict' : 'refused';
  return key === undefined ? 'refused' : 'absent';
}

/** Errors before any request: the credential chain found nothing, or what it asked said no. */
export function s3CredentialError(error: unknown, location: string): ResilienceError {
  const action = 'getting credentials';
  const status = answerIn(error)?.status;
  if (status !== undefined && verdictOf(status) !== 'unreachable') return storeDenied(location, action, error);
  if (status !== undefined || isTransportError(error)) return storeUnreachable(location, action, error);
  return storeNoCredentials(location, awsCredentialPlaces(), credentialFailure(error));
}

/** Code, text and status, and none of the request and response that the SDK's errors carry. */
function describe(error: unknown, { status, code }: Answer): Error {
  const text = causeOf(error);
  const unsaid = text === '' || text === 'UnknownError' || text === 'Unknown' || text === code;
  const parts = [code, unsaid ? undefined : text.split('\n')[0]?.replace(/\.$/, '')].filter(
    (part) => part !== undefined,
  );
  return new Error(`HTTP ${status}${parts.length === 0 ? '' : ` ${parts.join(': ')}`}`);
}
