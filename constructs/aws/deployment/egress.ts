import { DataAwsSubnet } from '@cdktf/provider-aws/lib/data-aws-subnet';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { conditional, Fn, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { isKnown, type Problem } from '../../problems';
import type { EnvironmentBlock } from '../../environment';
import { listProblems } from '../../topology/lists';
import { emptyNetwork } from './problems';
import type { PlaceProps } from './surroundings';

/** Where a deployment is in a VPC. */
export interface NetworkProps {
  /**
   * Security groups.
   *
   * @default one of its own, without ingress, and with egress over IPv4 to the control plane's port, HTTPS and DNS
   */
  readonly securityGroups?: string[];
  /**
   * Id of the VPC of its own security group.
   *
   * @default read from the first subnet
   */
  readonly vpcId?: string;
  /**
   * Further TCP ports that its own security group lets out: an HTTP proxy, an object store on a port of its own.
   *
   * @default none
   */
  readonly egressPorts?: number[];
}

/** @param withoutSubnets what a deployment is that is given none; undefined where it must have some */
export function checkNetwork(
  { subnets, securityGroups, egressPorts = [] }: NetworkProps & { readonly subnets?: string[] },
  withoutSubnets?: string,
): Problem[] {
  return [
    ...(subnets === undefined && withoutSubnets !== undefined
      ? []
      : checkIds('subnets', subnets, '["subnet-0a1b2c3d"]', withoutSubnets)),
    ...(securityGroups === undefined
      ? []
      : checkIds('securityGroups', securityGroups, '["sg-0a1b2c3d"]', 'one of its own')),
    ...listProblems('egressPorts', egressPorts, '[3128]'),
  ];
}

function checkIds(prop: string, ids: string[] | undefined, example: string, without?: string): Problem[] {
  const noList = listProblems(prop, ids, example);
  return noList.length === 0 && isKnown(ids) && ids.length === 0 ? [emptyNetwork(prop, without)] : noList;
}

/** The given security groups, or one of its own that only lets out what the agent needs. */
export function securityGroupsOf(
  scope: Construct,
  name: string,
  props: NetworkProps & PlaceProps & { readonly subnets: string[] },
  environment: EnvironmentBlock,
): string[] {
  const { provider, region, tags, subnets, egressPorts = [] } = props;
  if (props.securityGroups !== undefined) return props.securityGroups;
  const first = isKnown(subnets) ? (subnets[0] ?? '') : (Fn.element(subnets, 0) as string);
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    provider,
    region,
    namePrefix: `${name}-`,
    description: 'Agent of Kong Gateway: nothing comes in',
    vpcId: props.vpcId ?? new DataAwsSubnet(scope, 'Subnet', { provider, region, id: first }).vpcId,
    tags,
  });
  const rule = (id: string, port: number, ipProtocol = 'tcp', count?: number): void => {
    new VpcSecurityGroupEgressRule(scope, id, {
      provider,
      region,
      securityGroupId: group.id,
      ipProtocol,
      fromPort: port,
      toPort: port,
      // Neither the control plane nor the stores of a cloud have addresses that stay.
      cidrIpv4: '0.0.0.0/0',
      tags,
      ...(count === undefined ? {} : { count }),
    });
  };
  rule('EgressHttps', 443);
  // The VPC's own resolver needs none; others do.
  rule('EgressDnsUdp', 53, 'udp');
  rule('EgressDnsTcp', 53);
  const port = controlPlanePort(environment.get('KONG_CLUSTER_CONTROL_PLANE')?.toString() ?? '');
  const known = [443, 53, ...[port, ...egressPorts].filter(isKnown)];
  for (const further of new Set(known.slice(2))) {
    if (further !== 443 && further !== 53) rule(`Egress${further}`, further);
  }
  // AWS refuses a rule that it has already.
  const unknown = [port, ...egressPorts].filter((candidate) => !isKnown(candidate));
  unknown.forEach((further, index) => {
    const count = Token.asNumber(conditional(Fn.contains(known, further), 0, 1));
    rule(index === 0 ? 'EgressFurther' : `EgressFurther${index + 1}`, further, 'tcp', count);
  });
  return [group.id];
}

/** Port of `host:port`; of a token, what Terraform reads behind the last colon. */
function controlPlanePort(address: string): number {
  const port = /:(\d+)$/.exec(address)?.[1];
  return port === undefined ? Fn.tonumber(Fn.element(Fn.reverse(Fn.split(':', address)), 0)) : Number(port);
}
