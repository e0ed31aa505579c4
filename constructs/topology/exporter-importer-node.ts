import { Construct } from 'constructs';
import type { EnvironmentBlock } from '../environment';
import { throwProblems } from '../problems';
import { clusterProblems } from './cluster';
import { exporterAgent, noProxy, STATUS_PORT } from './exporter-node';
import type { IExporterNode } from './exporting';
import { nodeBlocks, type NodeProps, type ReadinessProbe } from './node';
import { portProblems } from './ports';
import type { IPrincipal } from './principal';
import { versionProblems } from './versions';

export interface ExporterImporterNodeProps extends NodeProps {
  /** Full version of the gateway: `3.9.1`. One, since it imports. */
  readonly gatewayVersion: string;
  /**
   * Port on which the agent serves `/status`, `/metrics`, `/health` and `/ready`.
   *
   * @default 8101
   */
  readonly statusPort?: number;
}

/**
 * A node that exports and imports, as Kong allows since 3.6, and that proxies nothing: a backup node which also starts
 * without a control plane. Its principal is granted the export, so give it to no node that proxies.
 *
 * What runs an exporter takes it too (`EcsExporter`, `KubernetesExporter`, …), and runs its export alone: `kong-resilience
 * export`. The import is for a gateway in the same place, with `gatewayEnvironment`: run `kong-resilience run` there.
 *
 * @throws DeclarationError with everything that is wrong with its props and its environment
 */
export class ExporterImporterNode extends Construct implements IExporterNode {
  /** Who the node is towards the store. */
  readonly principal: IPrincipal;
  readonly gatewayVersion: string;
  /** The same, as what it exports. */
  readonly gatewayVersions: readonly string[];
  /** Environment of `kong-resilience run`. */
  readonly agentEnvironment: EnvironmentBlock;
  /** Environment of a gateway beside it; on Enterprise, whose own fallback it configures, the agent's variables too. */
  readonly gatewayEnvironment: EnvironmentBlock;
  /** By which a platform asks the agent whether its version is covered. */
  readonly readinessProbe: ReadinessProbe;

  constructor(scope: Construct, id: string, props: ExporterImporterNodeProps) {
    super(scope, id);
    this.principal = props.principal;
    const { gatewayVersion, statusPort = STATUS_PORT, store, principal } = props;
    throwProblems(this, [
      ...versionProblems('gatewayVersion', gatewayVersion),
      ...portProblems('statusPort', statusPort),
      ...clusterProblems(props),
    ]);
    this.gatewayVersion = gatewayVersion;
    this.gatewayVersions = [gatewayVersion];
    this.readinessProbe = { path: '/ready', port: statusPort };
    const { agent, gateway } = nodeBlocks(this, props, {
      gatewayVersions: this.gatewayVersions,
      exports: true,
      imports: true,
      agent: exporterAgent(statusPort),
      gateway: noProxy,
    });
    this.agentEnvironment = agent;
    this.gatewayEnvironment = gateway;
    store.addGatewayVersion(gatewayVersion);
    store.grantExport(principal);
  }
}
