import { Gauge, Registry, Counter } from 'prom-client';
import type { VersionExportStatus } from '../exporter';

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

/** The metrics in Prometheus's text format, one label: `version`, the gateway's. */
export async function renderMetrics(versions: readonly VersionExportStatus[]): Promise<{ type: string; text: string }> {
  const registry = new Registry();
  for (const { name, type, help, read } of metricDefinitions) {
    const options = { name, help, labelNames: ['version'], registers: [registry] };
    const metric = type === 'gauge' ? new Gauge(options) : new Counter(options);
    for (const status of versions) {
      const value = read(status);
      if (value !== undefined) metric.inc({ version: status.version }, value);
    }
  }
  return { type: registry.contentType, text: await registry.metrics() };
}

function seconds(iso: string | null): number | undefined {
  return iso === null ? undefined : Date.parse(iso) / 1000;
}
