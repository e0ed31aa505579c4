import { causeOf, defineError } from '../errors';

export const cannotStart = defineError(
  'KR_DEMO_DATA_PLANE_START',
  'The simulated data plane did not start, as a gateway does not, because its declarative file is missing or invalid.',
  (path: string, cause: unknown) => ({
    reason: `The simulated data plane does not start: ${path}: ${causeOf(cause)}.`,
    fix: 'Name a JSON file that holds a Kong configuration, or none.',
    cause,
  }),
);

export const cannotServe = defineError(
  'KR_DEMO_CONFIGURATION',
  'The simulated data plane cannot serve a configuration, and keeps the one that it has.',
  (what: string, cause?: unknown) => ({
    reason: `The simulated data plane cannot serve this configuration: ${what}.`,
    fix: 'It simulates a small part of a gateway; take this out of the configuration of the demo or test.',
    cause,
  }),
);

export const stepFailed = defineError(
  'KR_DEMO_STEP',
  'A step of the demo did not come about in time, so that the steps after it make no sense.',
  (what: string, limitMs: number, said: string) => ({
    reason: `The demo stopped: ${what} did not come about within ${limitMs / 1000} s.${itSaid(said)}`,
    fix: 'Run it again on a machine that is less busy; if it stays so, report it with this text.',
  }),
);

export const processFailed = defineError(
  'KR_DEMO_PROCESS',
  'A process of this program that the demo started ended otherwise than it must.',
  (name: string, how: string, said: string) => ({
    reason: `The demo's ${name} process ${how}.${itSaid(said)}`,
    fix: 'Report this with what the process said.',
  }),
);

export const interrupted = defineError('KR_DEMO_INTERRUPTED', 'The demo was told to end by a signal.', () => ({
  reason: 'The demo was interrupted.',
  fix: 'Run it again to see the rest.',
}));

function itSaid(log: string): string {
  return log === '' ? '' : ` Its process said:\n${log}\n`;
}
