import { Gauge, Registry, Counter } from 'prom-client';
import type { VersionExportStatus } from '../exporter';
import type { ImportResult } from '../importer';

/**
 * The metrics, as read from the status document when they are asked for: one truth.
 * The one to alarm on is the age of `kong_resilience_last_confirmed_timestamp_seconds`.
 */
export const metricDefinitions = [
  {
    name: 'kong_resilience_last_confirmed_timestamp_seconds',
    type: 'gauge',
    help: 'When the stored configuration was last received from the control plane, by the clock of the store; absent while unknown.',
    read: (s: VersionExportStatus) => seconds(s.confirmedAt),
  },
  {
    name: 'kong_resilience_last_export_timestamp_seconds',
    type: 'gauge',
    help: 'When this exporter last wrote a configuration, by the clock of the store; absent before the first.',
    read: (s: VersionExportStatus) => seconds(s.exportedAt),
  },
  {
    name: 'kong_resilience_source_live',
    type: 'gauge',
    help: '1 while connected to the control plane and a configuration was received on this connection.',
    read: (s: VersionExportStatus) => Number(s.source === 'live'),
  },
  {
    name: 'kong_resilience_leader',
    type: 'gauge',
    help: '1 while this exporter holds the lease of the version.',
    read: (s: VersionExportStatus) => Number(s.role === 'leader'),
  },
  {
    name: 'kong_resilience_pending',
    type: 'gauge',
    help: '1 while a configuration was received that this exporter has yet to write.',
    read: (s: VersionExportStatus) => Number(s.pending),
  },
  {
    name: 'kong_resilience_stored_bytes',
    type: 'gauge',
    help: 'Size of the stored configuration; absent while unknown or none.',
    read: (s: VersionExportStatus) => s.stored?.bytes,
  },
  {
    name: 'kong_resilience_configurations_received_total',
    type: 'counter',
    help: 'Configurations received from the control plane.',
    read: (s: VersionExportStatus) => s.receivedTotal,
  },
  {
    name: 'kong_resilience_exports_total',
    type: 'counter',
    help: 'Configurations written.',
    read: (s: VersionExportStatus) => s.exportsTotal,
  },
  {
    name: 'kong_resilience_unchanged_total',
    type: 'counter',
    help: 'Configurations received that were stored already, and so confirmed it.',
    read: (s: VersionExportStatus) => s.unchangedTotal,
  },
  {
    name: 'kong_resilience_export_failures_total',
    type: 'counter',
    help: 'Tries to read or write the store that failed; losing the lease to another exporter is no failure.',
    read: (s: VersionExportStatus) => s.exportFailuresTotal,
  },
  {
    name: 'kong_resilience_source_problems_total',
    type: 'counter',
    help: 'Problems with the control plane: refused, silent, closed, not a configuration.',
    read: (s: VersionExportStatus) => s.sourceProblemsTotal,
  },
] as const;

/** The metrics of an importer that stays (`import --hold`); all but the first are absent until the import has ended. */
export const importMetricDefinitions = [
  {
    name: 'kong_resilience_import_ended',
    type: 'gauge',
    help: '1 once the import has ended, whatever became of it.',
    read: (result: ImportResult | undefined) => Number(result !== undefined),
  },
  {
    name: 'kong_resilience_import_failed',
    type: 'gauge',
    help: '1 when it failed.',
    read: (result: ImportResult | undefined) =>
      result === undefined ? undefined : Number(result.outcome === 'failed'),
  },
  {
    name: 'kong_resilience_import_duration_seconds',
    type: 'gauge',
    help: 'How long it took.',
    read: (result: ImportResult | undefined) => (result === undefined ? undefined : result.tookMs / 1000),
  },
  {
    name: 'kong_resilience_import_staged_bytes',
    type: 'gauge',
    help: 'Size of what it staged; absent where it staged nothing.',
    read: (result: ImportResult | undefined) => result?.bytes,
  },
  {
    name: 'kong_resilience_import_staged_age_seconds',
    type: 'gauge',
    help: 'How old that was at the import, by the clock of the store; absent where it is not from the store.',
    read: (result: ImportResult | undefined) => result?.ageSeconds,
  },
] as const;

/** Metrics in Prometheus's text format. */
interface Rendered {
  readonly type: string;
  readonly text: string;
}

/** The metrics of an exporter, one label: `version`, the gateway's. */
export function renderMetrics(versions: readonly VersionExportStatus[]): Promise<Rendered> {
  return render(
    metricDefinitions,
    versions.map((status) => [status.version, status]),
  );
}

/** The metrics of an importer, with the same label. */
export function renderImportMetrics(version: string, result: ImportResult | undefined): Promise<Rendered> {
  return render(importMetricDefinitions, [[version, result]]);
}

interface Definition<S> {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly read: (subject: S) => number | undefined;
}

async function render<S>(
  definitions: readonly Definition<S>[],
  subjects: readonly (readonly [version: string, subject: S])[],
): Promise<Rendered> {
  const registry = new Registry();
  for (const { name, type, help, read } of definitions) {
    const options = { name, help, labelNames: ['version'], registers: [registry] };
    const metric = type === 'gauge' ? new Gauge(options) : new Counter(options);
    for (const [version, subject] of subjects) {
      const value = read(subject);
      if (value !== undefined) metric.inc({ version }, value);
    }
  }
  return { type: registry.contentType, text: await registry.metrics() };
}

function seconds(iso: string | null): number | undefined {
  return iso === null ? undefined : Date.parse(iso) / 1000;
}
