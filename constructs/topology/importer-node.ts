import { Construct } from 'constructs';
import { compareGatewayVersions, parseGatewayVersion } from '../../src/contract';
import { EnvValue, type EnvironmentBlock } from '../environment';
import { throwProblems, warn } from '../problems';
import { clusterProblems } from './cluster';
import { noteReader } from './grants';
import { nodeBlocks, type NodeProps, type ReadinessProbe } from './node';
import { everyAddress, portProblems } from './ports';
import type { IPrincipal } from './principal';
import { noReadiness } from './problems';
import type { IConfigurationStore } from './store';
import { versionProblems } from './versions';

const STATUS_PORT = 8100;
const firstWithReadiness = parseGatewayVersion('3.3.0');

export interface ImporterNodeProps extends NodeProps {
  /** Full version of the gateway: `3.9.1`. One, since a gateway has one. */
  readonly gatewayVersion: string;
  /**
   * Port of the gateway's status listener, which serves `/status/ready`.
   *
   * @default 8100
   */
  readonly gatewayStatusPort?: number;
}

/**
 * A data plane that comes up from the store when its control plane does not answer. It proxies, so its principal is
 * granted the import and can never be granted more.
 *
 * @throws DeclarationError with everything that is wrong with its props and its environment, or when its principal may write
 */
export class ImporterNode extends Construct {
  /** Who the node is towards the store. */
  readonly principal: IPrincipal;
  readonly gatewayVersion: string;
  /** Environment of `kong-resilience import`, which runs before the gateway starts. */
  readonly agentEnvironment: EnvironmentBlock;
  /** Environment of the gateway; on Enterprise, whose own importer it configures, the agent's variables too. */
  readonly gatewayEnvironment: EnvironmentBlock;
  /** By which a platform asks the gateway whether it has a configuration; without it an empty node gets traffic. */
  readonly readinessProbe: ReadinessProbe;
  /** Where its configuration is stored. */
  readonly store: IConfigurationStore;

  constructor(scope: Construct, id: string, props: ImporterNodeProps) {
    super(scope, id);
    this.principal = props.principal;
    const { gatewayVersion, gatewayStatusPort = STATUS_PORT, store, principal } = props;
    throwProblems(this, [
      ...versionProblems('gatewayVersion', gatewayVersion),
      ...portProblems('gatewayStatusPort', gatewayStatusPort),
      ...clusterProblems(props),
    ]);
    this.gatewayVersion = gatewayVersion;
    this.readinessProbe = { path: '/status/ready', port: gatewayStatusPort };
    const version = parseGatewayVersion(gatewayVersion);
    if (version !== undefined && firstWithReadiness !== undefined) {
      if (compareGatewayVersions(version, firstWithReadiness) < 0) warn(this, noReadiness(gatewayVersion));
    }
    const { agent, gateway } = nodeBlocks(this, props, {
      gatewayVersions: [gatewayVersion],
      exports: false,
      imports: true,
      agent: {},
      gateway: { KONG_STATUS_LISTEN: EnvValue.fromText(everyAddress(gatewayStatusPort)) },
    });
    this.agentEnvironment = agent;
    this.gatewayEnvironment = gateway;
    this.store = store;
    noteReader(this, principal);
    store.grantImport(principal);
  }
}
