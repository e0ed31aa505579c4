import type { EcsSecret, EcsVariable } from '../../environment';

/** How a container writes its log. */
export interface EcsLogConfiguration {
  readonly logDriver: string;
  readonly options?: Record<string, string>;
  readonly secretOptions?: readonly EcsSecret[];
}

/** A volume of the task in a container. */
export interface EcsMountPoint {
  readonly sourceVolume: string;
  readonly containerPath: string;
  readonly readOnly?: boolean;
}

/** On what the start of a container waits. */
export interface EcsDependency {
  readonly containerName: string;
  /** START, HEALTHY, COMPLETE or SUCCESS. */
  readonly condition: string;
}

/** How ECS checks a container; it ignores the check of the image. */
export interface EcsHealthCheck {
  readonly command: readonly string[];
  /** Seconds. */
  readonly interval?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly retries?: number;
  /** Seconds. */
  readonly startPeriod?: number;
}

/** How ECS restarts a container by itself, without its task. */
export interface EcsRestartPolicy {
  readonly enabled: boolean;
  readonly ignoredExitCodes?: readonly number[];
  /** Seconds for which it must have run to be restarted: 60 to 1800. */
  readonly restartAttemptPeriod?: number;
}

/** A port of a container. */
export interface EcsPortMapping {
  readonly containerPort: number;
  readonly hostPort?: number;
  readonly protocol?: string;
  readonly name?: string;
  readonly appProtocol?: string;
}

/** A container of a task definition, in ECS's own words; members that are not named here pass through. */
export interface EcsContainer {
  readonly name: string;
  readonly image: string;
  readonly cpu?: number;
  readonly memory?: number;
  readonly memoryReservation?: number;
  readonly essential?: boolean;
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly user?: string;
  readonly environment?: readonly EcsVariable[];
  readonly secrets?: readonly EcsSecret[];
  readonly portMappings?: readonly EcsPortMapping[];
  readonly mountPoints?: readonly EcsMountPoint[];
  readonly dependsOn?: readonly EcsDependency[];
  readonly healthCheck?: EcsHealthCheck;
  readonly restartPolicy?: EcsRestartPolicy;
  readonly logConfiguration?: EcsLogConfiguration;
  readonly readonlyRootFilesystem?: boolean;
  /** Seconds. */
  readonly startTimeout?: number;
  /** Seconds. */
  readonly stopTimeout?: number;
}

/** A log configuration that writes to a group of CloudWatch Logs. */
export function awslogs(group: string, region: string, stream: string): EcsLogConfiguration {
  return {
    logDriver: 'awslogs',
    options: { 'awslogs-group': group, 'awslogs-region': region, 'awslogs-stream-prefix': stream },
  };
}
