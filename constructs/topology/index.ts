/** A store, its exporters and its importers: what is the same on every cloud. */
export type { ClusterProps } from './cluster';
export { ExporterImporterNode } from './exporter-importer-node';
export type { ExporterImporterNodeProps } from './exporter-importer-node';
export { ExporterNode } from './exporter-node';
export type { ExporterNodeProps } from './exporter-node';
export type { IExporterNode } from './exporting';
export { noteExportGrant } from './grants';
export { ImporterNode } from './importer-node';
export type { ImporterNodeProps } from './importer-node';
export { KongResilience } from './kong-resilience';
export type {
  AddExporterImporterOptions,
  AddExporterOptions,
  AddImporterOptions,
  KongResilienceProps,
  TopologyNodeOptions,
} from './kong-resilience';
export type { NodeProps, ReadinessProbe } from './node';
export { AGENT_UID, HANDOVER_DIR, SPOOL_DIR, START_SCRIPT } from './paths';
export type { IPrincipal, PodAccount } from './principal';
export type { IConfigurationStore } from './store';
