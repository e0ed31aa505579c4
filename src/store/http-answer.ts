import type { ResilienceError } from '../errors';
import { storeAbsent, storeConflict, storeDenied, storeNoBucket, storeRefused, storeUnreachable } from './errors';

/** What a store's answer means for the caller. */
export type Verdict = 'absent' | 'no-bucket' | 'denied' | 'conflict' | 'refused' | 'unreachable';

/**
 * Reads an HTTP status as S3 and Google Cloud Storage both mean it. 404 is `refused`: every web server says it, and
 * only what comes with it tells an object store that lacks something, which each driver reads itself.
 */
export function verdictOf(status: number): Verdict {
  if (status === 401 || status === 403) return 'denied';
  // AWS answers 409 ConditionalRequestConflict when two conditional writes meet.
  if (status === 409 || status === 412) return 'conflict';
  if (status === 408 || status === 429) return 'unreachable';
  // Not implemented stays so: MinIO's answer to an encryption that it has no key service for.
  if (status === 501) return 'refused';
  if (status >= 300 && status < 500) return 'refused';
  return 'unreachable';
}

/** What a call was about, for messages. */
export interface Subject {
  readonly location: string;
  readonly action: string;
  /** Absent for a listing. */
  readonly key?: string;
  /** Whether it is a conditional write. */
  readonly writes: boolean;
  /** Whether it is a write over a version that has to be there; default: no. */
  readonly replaces?: boolean;
}

/**
 * The answer, 404, of what is no object store. A wrong endpoint gives it for ever; a proxy or load balancer in front of
 * a store may give it while it is set up anew, so that a read asks a few times more (call.ts).
 */
export class NoObjectStore extends Error {
  /** @param setting the variable that leads there */
  constructor(setting: string) {
    super(`HTTP 404, and not as an object store says it: this is not an object store; check ${setting}`);
  }
}

export function errorFor(verdict: Verdict, subject: Subject, cause: Error): ResilienceError {
  const { location, action, key } = subject;
  switch (verdict) {
    case 'absent':
      // A write makes its object: what is missing is the bucket.
      if (key === undefined || subject.writes) return storeNoBucket(location, cause);
      return storeAbsent(location, `the object ${key}`, cause);
    case 'no-bucket':
      return storeNoBucket(location, cause);
    case 'denied':
      return storeDenied(location, action, cause);
    case 'conflict':
      if (!subject.writes || key === undefined) return storeUnreachable(location, action, cause);
      return storeConflict(location, key, cause);
    case 'refused':
      return storeRefused(location, action, cause);
    case 'unreachable':
      return storeUnreachable(location, action, cause);
  }
}

/** Reads a `Date` or `Last-Modified` header; nothing where it is missing or no date. */
export function httpDate(value: string | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : new Date(time);
}

/**
 * The store's clock beside a `lastModified` of the same answer. Both are whole seconds, and servers that refresh their
 * `Date` once a second (versitygw) lag by one: an object must not seem to come from the future.
 */
export function clockBeside(lastModified: Date, date: Date): Date {
  return date < lastModified ? lastModified : date;
}
