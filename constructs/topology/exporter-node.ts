import { Construct } from 'constructs';
import { EnvValue, type EnvironmentBlock } from '../environment';
import { isKnown, throwProblems } from '../problems';
import { clusterProblems } from './cluster';
import type { IExporterNode } from './exporting';
import { nodeBlocks, type NodeProps, type ReadinessProbe } from './node';
import { everyAddress, portProblems } from './ports';
import type { IPrincipal } from './principal';
import { versionsProblems } from './versions';

/** Default port of the agent's status listener. */
export const STATUS_PORT = 8101;

export interface ExporterNodeProps extends NodeProps {
  /** Every version that the data planes run, in full: `['3.9.1']`, and both during an upgrade. */
  readonly gatewayVersions: readonly string[];
  /**
   * Port on which the agent serves `/status`, `/metrics`, `/health` and `/ready`.
   *
   * @default 8101
   */
  readonly statusPort?: number;
}

/**
 * A backup node: it receives each configuration from the control plane, writes it to the store, and proxies nothing.
 * Its principal is granted the export.
 *
 * @throws DeclarationError with everything that is wrong with its props and its environment
 */
export class ExporterNode extends Construct implements IExporterNode {
  /** Who the node is towards the store. */
  readonly principal: IPrincipal;
  readonly gatewayVersions: readonly string[];
  /** Environment of `kong-resilience run`. */
  readonly agentEnvironment: EnvironmentBlock;
  /** Environment of a gateway beside it; on Enterprise, whose own exporter it configures, the same. It has no proxy listener. */
  readonly gatewayEnvironment: EnvironmentBlock;
  /** By which a platform asks the agent whether each version is covered. */
  readonly readinessProbe: ReadinessProbe;

  constructor(scope: Construct, id: string, props: ExporterNodeProps) {
    super(scope, id);
    this.principal = props.principal;
    const { gatewayVersions, statusPort = STATUS_PORT, store, principal } = props;
    throwProblems(this, [
      ...versionsProblems(gatewayVersions),
      ...portProblems('statusPort', statusPort),
      ...clusterProblems(props),
    ]);
    this.gatewayVersions = gatewayVersions;
    this.readinessProbe = { path: '/ready', port: statusPort };
    const { agent, gateway } = nodeBlocks(this, props, {
      gatewayVersions,
      exports: true,
      imports: false,
      agent: exporterAgent(statusPort),
      gateway: noProxy,
    });
    this.agentEnvironment = agent;
    this.gatewayEnvironment = gateway;
    // A list that Terraform alone knows has no members yet.
    if (isKnown(gatewayVersions)) gatewayVersions.forEach((version) => store.addGatewayVersion(version));
    store.grantExport(principal);
  }
}

/** A node with write rights serves no traffic: what breaks into it could replace every node's configuration. */
export const noProxy = {
  KONG_PROXY_LISTEN: EnvValue.fromText('off'),
  KONG_STREAM_LISTEN: EnvValue.fromText('off'),
  KONG_ADMIN_LISTEN: EnvValue.fromText('off'),
};

export function exporterAgent(statusPort: number): Record<string, EnvValue> {
  return { KONG_RESILIENCE_STATUS_LISTEN: EnvValue.fromText(everyAddress(statusPort)) };
}
