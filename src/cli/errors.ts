import { causeOf, defineError } from '../errors';
import { humanSeconds } from './print';

export const wrongEnvironment = defineError(
  'KR_ENV_INVALID',
  'The environment is wrong; the report before it names each variable.',
  (report: string) => ({ reason: report, fix: 'Mend each of them; docs/environment.md lists what is allowed.' }),
);

export const execWithoutLauncher = defineError(
  'KR_EXEC_WITHOUT_LAUNCHER',
  '`exec` was asked of the bundle, which node runs; only the launcher can become the command.',
  () => ({
    reason: '`exec` becomes the command, which only the launcher can: this is the bundle, started by node.',
    fix: 'Run `kong-resilience exec -- <command>` (bin/kong-resilience of the package), or `sh start.sh <command>` from the hand-over folder.',
  }),
);

export const noStatusListener = defineError(
  'KR_ENV_STATUS_LISTEN_OFF',
  '`health` and `ready` ask the running agent, which listens nowhere.',
  (listen: string) => ({
    reason:
      listen === '' || listen === 'off'
        ? 'KONG_RESILIENCE_STATUS_LISTEN is off, so the running agent cannot be asked.'
        : 'KONG_RESILIENCE_STATUS_LISTEN is not host:port, so the running agent cannot be asked.',
    fix: 'Set it for both, e.g. KONG_RESILIENCE_STATUS_LISTEN=127.0.0.1:8110.',
  }),
);

export const holdWithoutListener = defineError(
  'KR_ENV_HOLD_LISTEN_OFF',
  '`import --hold` answers probes until it is stopped, and has no address to answer them at.',
  () => ({
    reason: 'KONG_RESILIENCE_STATUS_LISTEN is off, and `import --hold` is there to answer the startup probe at it.',
    fix: 'Set it to the address that the probe asks, e.g. KONG_RESILIENCE_STATUS_LISTEN=0.0.0.0:8101, or leave --hold out.',
  }),
);

export const statusListenFailed = defineError(
  'KR_STATUS_LISTEN_FAILED',
  'The status listener could not be opened.',
  (address: string, cause: unknown) => ({
    reason: `KONG_RESILIENCE_STATUS_LISTEN=${address}: ${causeOf(cause)}.`,
    fix: 'Choose a free address, or `off`.',
    cause,
  }),
);

export const importBroke = defineError(
  'KR_IMPORT_UNEXPECTED',
  'The import ended in a way that this program did not foresee.',
  (cause: unknown) => ({
    reason: `The import ended unexpectedly: ${causeOf(cause)}.`,
    fix: 'This is a mistake in the program: please report it with the line of the log before this one. The gateway is not held back.',
    cause,
  }),
);

export const checkStale = defineError(
  'KR_CHECK_STALE',
  'The stored configuration is whole, and has not been confirmed for longer than KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS.',
  (
    where: string,
    what: 'last confirmed' | 'written and never confirmed' | 'written',
    ageSeconds: number,
    maxAgeSeconds: number,
  ) => ({
    reason: `${where}: ${what} ${humanSeconds(ageSeconds)} ago, by the clock of the store; ${maxAgeSeconds} s are allowed (KONG_RESILIENCE_CHECK_MAX_AGE_SECONDS).`,
    fix: 'Check that an exporter of this version runs and reaches its control plane and this store: its log and its /status say what is wrong.',
  }),
);

export const checkTimedOut = defineError(
  'KR_CHECK_TIMED_OUT',
  '`check` did not come to an end within KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS.',
  (seconds: number) => ({
    reason: `The store was not read to its end within ${seconds} s, which is what an importer has.`,
    fix: 'Check the way to the store; raise KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS, for importers too, where it only took longer.',
  }),
);
