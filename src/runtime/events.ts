import type { Log } from './log';

interface LogEvent {
  /** The level at which it is told; the same event may be told again at `debug`. */
  readonly level: 'info' | 'error';
  /** What the line has beside `time`, `level`, `message` and `event`; one in brackets is not always there. */
  readonly fields: string;
  /** One sentence for the table in docs/metrics.md: when it is told. */
  readonly meaning: string;
}

/**
 * The lines of the log that alarms may match, by their field `event`. Names, levels and fields are stable; `message` is
 * for people. docs/metrics.md shows the table, and is checked against it.
 */
export const logEvents = {
  started: {
    level: 'info',
    fields: '`versions`, `store`, `program`',
    meaning: 'An exporter has begun to work.',
  },
  exported: {
    level: 'info',
    fields: '`version`, `bytes`, `ms`, (`configHash`)',
    meaning: 'A configuration was written.',
  },
  confirmed: {
    level: 'info',
    fields: '`version`, `confirmedAt`, (`configHash`)',
    meaning:
      'What is stored is what the control plane sends now: written just now, or received again; once in 14 minutes and version, those between at `debug`.',
  },
  export_failed: {
    level: 'error',
    fields: '`version` or `versions`, `code`, `reason`, `fix`, (`tries`, `sinceSeconds`, `retryInMs`)',
    meaning:
      'A try to read or write the store failed: each different problem at once and then every ten minutes, the tries between at `debug`; or `export --once` gave up, with all its `versions`.',
  },
  source_failed: {
    level: 'error',
    fields: '`version`, `code`, `reason`, `fix`, `tries`, `sinceSeconds`',
    meaning: 'The control plane, or the Admin API, gives no configuration; told as often as `export_failed`.',
  },
  imported: {
    level: 'info',
    fields: '`version`, `outcome`, `tookMs`, (`from`, `olderVersion`, `key`, `ageSeconds`)',
    meaning: 'An import ended, and did not fail.',
  },
  import_failed: {
    level: 'error',
    fields: '`version`, `code`, `reason`, `fix`, `tookMs`',
    meaning: 'An import ended without a configuration and without a control plane that answers.',
  },
  check_passed: {
    level: 'info',
    fields: '`check` ("passed"), `version`, `freshness`, `ageSeconds`, (`confirmedAgeSeconds`)',
    meaning: '`check`: an importer of this version would find a whole and fresh configuration.',
  },
  check_failed: {
    level: 'error',
    fields: '`check` ("failed"), `version`, `code`, `reason`, `fix`, (`olderVersion`)',
    meaning: '`check`: it would not.',
  },
} as const satisfies Record<string, LogEvent>;

export type LogEventName = keyof typeof logEvents;

/** Tells an event at its level, or at `debug` where it has been told often enough. */
export function logEvent(
  log: Log,
  event: LogEventName,
  fields: object,
  message: string,
  level: LogEvent['level'] | 'debug' = logEvents[event].level,
): void {
  log[level]({ event, ...fields }, message);
}
