import { causeOf, defineError } from '../errors';

export const leaseLost = defineError(
  'KR_LEASE_LOST',
  'Another exporter took the lease of this version; this one follows from now on.',
  (key: string, host: string | undefined, cause?: unknown) => ({
    reason: `${key}: the lease is no longer held by this exporter${host === undefined ? '' : `; ${host} has it`}.`,
    fix: 'Nothing to do: one exporter leads, the others take over when it is gone.',
    cause,
  }),
);

export const putTooSlow = defineError(
  'KR_EXPORT_LEASE_TOO_SHORT',
  'A configuration could not be written within what was left of the lease.',
  (key: string, bytes: number, limitMs: number, cause?: unknown) => ({
    // Whole seconds, so that one try after the other says the same.
    reason: `${key}: writing ${bytes} bytes did not end within ${Math.ceil(limitMs / 1000)} s, which is what the lease leaves.`,
    fix: 'Raise KONG_RESILIENCE_LEASE_SECONDS (and KONG_RESILIENCE_STORE_TIMEOUT_SECONDS), or give the store a faster way.',
    cause,
  }),
);

export const spoolUnwritable = defineError(
  'KR_SPOOL_UNWRITABLE',
  'The folder for configurations that could not be exported yet cannot be used.',
  (dir: string, cause: unknown) => ({
    reason: `${dir}: the spool cannot be used: ${causeOf(cause)}.`,
    fix: 'Set KONG_RESILIENCE_SPOOL_DIR to a folder that this user may write, with room for a configuration; without one, what is not exported yet is lost when this process ends.',
    cause,
  }),
);

export const exportTimedOut = defineError(
  'KR_EXPORT_TIMED_OUT',
  '`export --once` ended without a confirmed export of every version.',
  (versions: readonly string[], seconds: number) => ({
    reason: `No confirmed export within ${seconds} s for ${versions.join(', ')}.`,
    fix: 'The errors before this one say why; raise --timeout where it only took longer.',
  }),
);

export const exportStopped = defineError(
  'KR_EXPORT_STOPPED',
  '`export --once` was asked to stop before each version had a confirmed export.',
  (versions: readonly string[], cause: unknown) => ({
    reason: `The export was asked to end (${causeOf(cause)}) before it was confirmed for ${versions.join(', ')}.`,
    fix: 'Run it again: it exports what is current then.',
    cause,
  }),
);
