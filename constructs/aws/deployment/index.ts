/** The agent on AWS: exporters on ECS and Lambda, importers in a task of ECS, the scheduled check, and their alarms. */
export type { AlarmProps, ExporterAlarmProps } from './alarms';
export type {
  EcsContainer,
  EcsDependency,
  EcsHealthCheck,
  EcsLogConfiguration,
  EcsMountPoint,
  EcsPortMapping,
  EcsRestartPolicy,
} from './ecs-container';
export { EcsExporter } from './ecs-exporter';
export type { EcsExporterProps } from './ecs-exporter';
export { EcsImporter } from './ecs-importer';
export type { EcsImporterProps, EcsTaskParts } from './ecs-importer';
export type { NetworkProps } from './egress';
export { LambdaExporter } from './lambda-exporter';
export type { LambdaExporterProps } from './lambda-exporter';
export type { LogProps } from './log-group';
export { ScheduledCheck } from './scheduled-check';
export type { ScheduledCheckProps } from './scheduled-check';
export type { FunctionProps } from './scheduled-function';
export type { SecretsProps } from './secret-rights';
export type { PlaceProps } from './surroundings';
