import type { IConstruct } from 'constructs';
import type { EnvironmentBlock } from '../environment';
import type { ReadinessProbe } from './node';
import type { IPrincipal } from './principal';

/** A node that exports, as what runs it sees it: an `ExporterNode`, or an `ExporterImporterNode`. */
export interface IExporterNode extends IConstruct {
  /** Who the node is towards the store. */
  readonly principal: IPrincipal;
  /** The versions that it exports. */
  readonly gatewayVersions: readonly string[];
  /** Environment of the agent. */
  readonly agentEnvironment: EnvironmentBlock;
  /** By which a platform asks the agent whether each version is covered. */
  readonly readinessProbe: ReadinessProbe;
}

/**
 * @internal Command of an agent that runs with no gateway beside it. `run` would first import for one where the environment says
 * so, and answer no probe meanwhile.
 */
export function exporterCommand({ agentEnvironment }: IExporterNode): string {
  return agentEnvironment.get('KONG_CLUSTER_FALLBACK_CONFIG_IMPORT') === undefined ? 'run' : 'export';
}
