import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { EnvironmentBlock, EnvValue, VaultReferences, type EnvValues } from '../environment';
import { inform, isKnown } from '../problems';
import { clusterEnvironment, type ClusterProps } from './cluster';
import type { IPrincipal } from './principal';
import { publicAuthority, unusedAuthority } from './problems';
import type { IConfigurationStore } from './store';
import { isEnterprise } from './versions';

/** What every node beside a store has. */
export interface NodeProps extends ClusterProps {
  /** Where configurations are stored. */
  readonly store: IConfigurationStore;
  /** Who the node is towards the store. It is granted what the node needs, and nothing else. */
  readonly principal: IPrincipal;
  /**
   * Variables of your own, for both blocks; those that start with KONG_RESILIENCE_ are the agent's alone. A value that
   * differs from the derived one is an error: see `environmentOverrides`.
   *
   * @default none
   */
  readonly environment?: EnvValues;
  /**
   * Variables that replace what is derived or in `environment`, knowingly.
   *
   * @default none
   */
  readonly environmentOverrides?: EnvValues;
}

/** A request by which a platform asks a node whether it is ready. */
export interface ReadinessProbe {
  readonly path: string;
  readonly port: number;
}

/** @internal What a kind of node adds to the common environment. */
export interface NodeKind {
  readonly gatewayVersions: readonly string[];
  readonly exports: boolean;
  readonly imports: boolean;
  /** For the agent alone. */
  readonly agent: EnvValues;
  /** For the gateway alone. */
  readonly gateway: EnvValues;
}

const text = (value: string): EnvValue => EnvValue.fromText(value);

/**
 * The two environment blocks of a node. The agent's says everything; an open-source gateway's lacks the fallback, which
 * it does not have, and the credentials of the store; an Enterprise gateway's is the agent's.
 */
export function nodeBlocks(
  node: Construct,
  props: NodeProps,
  kind: NodeKind,
): { agent: EnvironmentBlock; gateway: EnvironmentBlock } {
  const { store, principal, environment = {}, environmentOverrides = {} } = props;
  const cluster = clusterEnvironment(props);
  const reach = kind.exports ? store.exporterEnvironment : store.importerEnvironment;
  const fallback: EnvValues = {
    ...reach,
    ...principal.credentials,
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: text(kind.exports ? store.storageUrl : store.importStorageUrl),
    ...(kind.exports ? { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: text('on') } : {}),
    ...(kind.imports ? { KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: text('on') } : {}),
  };
  const versions: EnvValues = { KONG_RESILIENCE_GATEWAY_VERSION: text(joined(kind.gatewayVersions)) };
  const gateways = isEnterprise(kind.gatewayVersions) ? { ...cluster, ...fallback } : cluster;
  const agent = new EnvironmentBlock(node, {
    derived: { ...cluster, ...fallback, ...versions, ...kind.agent },
    user: environment,
    override: environmentOverrides,
  });
  const mtls = agent.get('KONG_CLUSTER_MTLS')?.toString() ?? '';
  if (['pki', 'pki_check_cn'].includes(mtls) && trustsPublicAlone(agent)) inform(node, publicAuthority(mtls));
  if (['', 'shared'].includes(mtls) && agent.get('KONG_CLUSTER_CA_CERT') !== undefined) inform(node, unusedAuthority());
  return {
    agent,
    gateway: new EnvironmentBlock(node, {
      derived: { ...gateways, ...kind.gateway },
      user: gatewayPart(environment),
      override: gatewayPart(environmentOverrides),
      references: isEnterprise(kind.gatewayVersions)
        ? VaultReferences.byEnterpriseGateway()
        : VaultReferences.byOpenSourceGateway(),
    }),
  };
}

function trustsPublicAlone(agent: EnvironmentBlock): boolean {
  const trusted = agent.get('KONG_LUA_SSL_TRUSTED_CERTIFICATE')?.toString();
  return agent.get('KONG_CLUSTER_CA_CERT') === undefined && trusted === 'system';
}

/** A list that Terraform alone knows is joined by it. */
function joined(versions: readonly string[]): string {
  return isKnown(versions) ? versions.join(',') : Fn.join(',', [...versions]);
}

function gatewayPart(values: EnvValues): EnvValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('KONG_RESILIENCE_')));
}
