import { ResilienceError } from '../errors';

/**
 * The exit codes, part of the public contract. `import` uses 1 and 3 to 7 with `--strict` (`--require`) alone: otherwise what
 * happens after the environment has been read never holds a gateway back.
 */
export const exitCodes = {
  ok: { code: 0, meaning: 'Done, or nothing to do.' },
  failed: { code: 1, meaning: 'An unexpected failure; for `health` and `ready`: no.' },
  usage: { code: 2, meaning: 'A wrong environment, option or argument.' },
  absent: { code: 3, meaning: 'The store answers, and has no configuration for this version.' },
  denied: {
    code: 4,
    meaning:
      'The store, the control plane, the Admin API or a vault refuses the caller, there are no credentials to call it with, or the bucket does not exist.',
  },
  corrupt: { code: 5, meaning: 'What is stored is no configuration that may be used.' },
  unreachable: { code: 6, meaning: 'The store, the control plane or a vault does not answer, or not in time.' },
  local: { code: 7, meaning: 'The hand-over folder, the spool or another local file cannot be used.' },
  stale: {
    code: 8,
    meaning: 'What is stored is whole, and older than `KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS` allows.',
  },
} as const;

export type ExitName = keyof typeof exitCodes;

const byErrorCode: readonly (readonly [RegExp, ExitName])[] = [
  [/^KR_ENV_|^KR_STATUS_LISTEN_|^KR_EXEC_|^KR_VAULT_(ABSENT|REFUSED|CONTENT)$/, 'usage'],
  [/^KR_(STORE|IMPORT)_ABSENT$/, 'absent'],
  [
    /^KR_VAULT_DENIED$|^KR_STORE_(DENIED|NO_CREDENTIALS|NO_BUCKET|REFUSED)$|^KR_(GATEWAY|ADMIN)_(DENIED|NOT_DBLESS)$|^KR_GATEWAY_FULL$/,
    'denied',
  ],
  [/^KR_STORE_CORRUPT$|^KR_CONFIG_|^KR_MESSAGE_|^KR_IMPORT_DIGEST_MISMATCH$|^KR_GATEWAY_REFUSED$/, 'corrupt'],
  [
    /^KR_STORE_|_TIMED_OUT$|^KR_VAULT_|^KR_CONTROL_PLANE_|^KR_SOURCE_|^KR_GATEWAY_|^KR_ADMIN_|^KR_IMPORT_STOPPED$|^KR_(LEASE|EXPORT)_/,
    'unreachable',
  ],
  [/^KR_HANDOVER_|^KR_SPOOL_/, 'local'],
  [/^KR_CHECK_STALE$/, 'stale'],
];

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ResilienceError) {
    for (const [pattern, name] of byErrorCode) if (pattern.test(error.code)) return exitCodes[name].code;
  }
  return exitCodes.failed.code;
}
