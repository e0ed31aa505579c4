import { defineError } from '../errors';

export const nothingToImport = defineError(
  'KR_IMPORT_ABSENT',
  'The control plane does not answer, and the store holds no configuration that this node could use.',
  (key: string, older: string) => ({
    reason: `${key} does not exist, and ${older}.`,
    fix: 'Check that an exporter of this gateway version runs and writes to this store; `kong-resilience status` shows what is there.',
  }),
);

export const digestMismatch = defineError(
  'KR_IMPORT_DIGEST_MISMATCH',
  'The stored configuration does not have the digest that its exporter wrote beside it.',
  (key: string, expected: string, actual: string) => ({
    reason: `${key}: SHA-256 is ${actual}, its metadata says ${expected}.`,
    fix: 'It was changed or damaged after its export: restore an earlier version of the object, or let an exporter write it anew.',
  }),
);

export const importStopped = defineError(
  'KR_IMPORT_STOPPED',
  'The import was asked to stop before it had a configuration.',
  () => ({
    reason: 'The import was stopped by a signal before it had a configuration.',
    fix: 'What an earlier import staged is still there; give the next one the time of KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS.',
  }),
);

export const importTimedOut = defineError(
  'KR_IMPORT_TIMED_OUT',
  'The control plane does not answer, and the first try to read the store did not end before the deadline.',
  (seconds: number) => ({
    reason: `No configuration within ${seconds} s: the control plane does not answer, and reading the store did not end.`,
    fix: 'Check the way to the store; raise KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS where it only took longer.',
  }),
);
