/** The agent on any Kubernetes: manifests of the exporter, the check and the alarms, values of Kong's chart for gateways. */
export { AgentConfigMap } from './agent-config-map';
export type { AgentConfigMapProps } from './agent-config-map';
export { AgentImage } from './agent-image';
export { KubernetesAlarms } from './alarms';
export type { KubernetesAlarmsProps } from './alarms';
export { KubernetesCheck } from './check';
export type { KubernetesCheckProps } from './check';
export { KubernetesExporter } from './exporter';
export type { KubernetesExporterProps } from './exporter';
export { KubernetesImporter } from './importer';
export type { GatewayPodParts, KongChartValues, KubernetesImporterProps } from './importer';
export type { KubernetesManifest, KubernetesMetadata } from './manifest';
export type { AgentPodProps } from './pod-props';
export type { AgentResources } from './resources';
