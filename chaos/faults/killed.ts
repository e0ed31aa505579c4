import type { ExportOutcome, Fault, ImportOutcome, KillOutcome, StartOutcome } from './fault';

/** How many kills the forms of a run have, in all. */
export interface KillInjection {
  readonly kills: { readonly ci: number; readonly short: number; readonly long: number };
}

type Row<Next> = Fault<KillInjection> & { readonly expected: Next & { readonly killed: KillOutcome } };
type Exporting = Row<{ readonly export: ExportOutcome }>;
type Importing = Row<{ readonly import: ImportOutcome }>;
type Starting = Row<{ readonly start: StartOutcome }>;

/** What the next exporter does. */
const exported: ExportOutcome = {
  log: { level: 'info', event: 'exported', text: 'exported' },
  exitCode: 0,
  metrics: { kong_resilience_leader: 1, kong_resilience_pending: 0 },
  stored: 'the newest',
};

/** What the next import does. */
const imported: ImportOutcome = {
  log: { level: 'info', event: 'imported', text: 'the import has succeeded' },
  exitCode: 0,
  metrics: { kong_resilience_import_ended: 1, kong_resilience_import_failed: 0 },
  handedOver: 'what is stored',
};
const handoverFiles = ['cache.lua', 'config.json', 'handed-over', 'result.json', 'start.sh'];

export const exporterKilled: Exporting = {
  id: 'killed-exporter',
  fault: 'An exporter, at any instant from its start to its rest, on a folder, MinIO, versitygw and fake-gcs-server.',
  inject: { kills: { ci: 120, short: 1_000, long: 10_000 } },
  expected: { killed: { leaves: ['an earlier one', 'the newest'], files: [] }, export: exported },
};

export const spoolKilled: Exporting = {
  id: 'killed-exporter-spool',
  fault: 'An exporter that cannot reach its store, and has nothing but its spool.',
  inject: { kills: { ci: 20, short: 100, long: 1_000 } },
  expected: { killed: { leaves: ['nothing', 'an earlier one', 'the newest'], files: [] }, export: exported },
};

export const importersKilled: readonly (Importing & { readonly inject: { readonly fresh: boolean } })[] = [
  {
    id: 'killed-importer',
    fault: 'An importer, with the file of an earlier import in the hand-over folder.',
    inject: { kills: { ci: 24, short: 120, long: 1_200 }, fresh: false },
    expected: { killed: { leaves: ['an earlier one', 'the newest'], files: handoverFiles }, import: imported },
  },
  {
    id: 'killed-importer-fresh',
    fault: 'An importer on a fresh node, without a hand-over folder.',
    inject: { kills: { ci: 16, short: 80, long: 800 }, fresh: true },
    expected: { killed: { leaves: ['nothing', 'the newest'], files: handoverFiles }, import: imported },
  },
];

export const startKilled: Starting = {
  id: 'killed-start-script',
  fault: 'The start script, with all that it has started, while it decides.',
  inject: { kills: { ci: 40, short: 200, long: 2_000 } },
  expected: {
    killed: { leaves: ['the newest'], files: ['checked', 'kong-resilience.started-from'] },
    start: { said: 'there is no cache', file: 'the staged file', serves: 'what was handed over' },
  },
};

export const killedFaults = [exporterKilled, spoolKilled, ...importersKilled, startKilled];
