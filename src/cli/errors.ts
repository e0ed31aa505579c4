import { causeOf, defineError } from '../errors';

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

export const statusListenFailed = defineError(
  'KR_STATUS_LISTEN_FAILED',
  'The status listener could not be opened.',
  (address: string, cause: unknown) => ({
    reason: `KONG_RESILIENCE_STATUS_LISTEN=${address}: ${causeOf(cause)}.`,
    fix: 'Choose a free address, or `off`.',
    cause,
  }),
);
