import { allOf, type Answer } from './reading/answer';
import type { Element } from './reading/element';
import { blockOf, blocksOf, textOf, type Attributes } from './reading/attributes';
import { settingOnKubernetes } from './reading/kubernetes';
import { commandOf, groupImports, type Container, type NodeGroup } from './reading/nodes';
import { equals, isWhole } from './reading/text';
import { tasksOf } from './reading/ecs-service';
import type { View } from './reading/view';
import { defineRule, type Finding, type Told } from './rule';

const fix =
  'A gateway without a configuration passes it and answers every request with 404. Ask /status/ready of the status listener, by HTTP.';

/** A check that a gateway without a configuration passes. */
export const blindReadiness = defineRule(
  'KR_RULE_BLIND_READINESS',
  'warning',
  'The readiness check of a node that imports passes on a gateway without a configuration.',
  (view, tell) => [
    ...view.groups.flatMap((group) =>
      group.platform === 'ecs'
        ? healthChecks(group, tell)
        : group.platform === 'cloud-run-service'
          ? startupProbes(group, tell)
          : [],
    ),
    ...view.app.all('resource', 'aws_ecs_service').flatMap((service) => targetGroups(view, service, tell)),
    ...unseen(view, tell),
  ],
);

/** What a check asks for, and whether an empty node passes it. */
interface Check {
  readonly shown: string;
  readonly blind: Answer;
}

function told(
  tell: Told,
  { construct }: Pick<Element, 'construct'>,
  subject: string,
  check: Check,
  certain: Answer,
  more = '',
): Finding[] {
  const answer = allOf([certain, check.blind]);
  if (answer === 'yes') return [tell.found(construct, `${subject} ${check.shown}. ${fix}${more}`)];
  if (answer === 'no') return [];
  return [
    tell.unknown(
      construct,
      `whether ${subject} ${check.shown}, and would see a gateway without a configuration, is not in the stack.`,
    ),
  ];
}

function gatewaysOf(group: NodeGroup): readonly Container[] {
  return group.containers.filter((container) => container.isGateway && !container.isControlPlane);
}

function healthChecks(group: NodeGroup, tell: Told): Finding[] {
  return gatewaysOf(group).flatMap(({ name, attributes }) => {
    const command = commandOf(blockOf(attributes, 'healthCheck'));
    if (command === undefined) return [];
    return told(
      tell,
      group,
      `the health check of the container "${name}"`,
      commandCheck(command),
      groupImports(group),
      ' EcsImporter brings such a check where healthCheck is left out.',
    );
  });
}

function commandCheck(command: string): Check {
  const shown = `runs ${isWhole(command) ? `"${command}"` : 'a command with values of Terraform'}`;
  if (/\/status\/ready\b/.test(command)) return { shown, blind: 'no' };
  const blind = /\bkong health\b|\/status(\W|$)|\bnc\b|\/dev\/tcp|https?:\/\/[^/\s"']+\/?(["'\s]|$)/.test(command);
  return { shown, blind: blind ? 'yes' : 'unknown' };
}

function startupProbes(group: NodeGroup, tell: Told): Finding[] {
  return gatewaysOf(group).flatMap(({ name, attributes }) => {
    const probe = blockOf(attributes, 'startup_probe');
    const known = blocksOf(attributes, 'startup_probe').complete;
    return told(
      tell,
      group,
      `the startup probe of the container "${name}"`,
      probeCheck(probe, known),
      groupImports(group),
    );
  });
}

function probeCheck(probe: Attributes | undefined, known: boolean): Check {
  if (!known) return { shown: 'is made by Terraform', blind: 'unknown' };
  if (probe === undefined) return { shown: 'is that of Cloud Run, which only opens a TCP connection', blind: 'yes' };
  const http = blockOf(probe, 'http_get');
  if (http !== undefined) return pathCheck(textOf(http, 'path') ?? '/');
  if (blockOf(probe, 'grpc') !== undefined) return { shown: 'asks by gRPC', blind: 'unknown' };
  return { shown: 'only opens a TCP connection', blind: 'yes' };
}

function pathCheck(path: string): Check {
  if (!isWhole(path)) return { shown: 'asks for a path that Terraform knows', blind: 'unknown' };
  return { shown: `asks for "${path}"`, blind: path.replace(/\?.*$/, '') === '/status/ready' ? 'no' : 'yes' };
}

function targetGroups(view: View, service: Element, tell: Told): Finding[] {
  const groups = view.app.all('resource', 'aws_lb_target_group', 'aws_alb_target_group');
  return tasksOf(view, service).flatMap(([task, same]) => {
    const imports = gatewaysOf(task).length === 0 ? 'no' : allOf([same, groupImports(task)]);
    if (imports === 'no') return [];
    return blocksOf(service.attributes, 'load_balancer').list.flatMap((block) => {
      const arn = textOf(block, 'target_group_arn');
      if (arn === undefined) return [];
      const group = groups.find((candidate) => equals(view.nameOf(candidate), arn) === 'yes');
      const check =
        group === undefined
          ? { shown: 'is declared elsewhere', blind: 'unknown' as const }
          : targetCheck(group.attributes);
      return told(
        tell,
        group ?? service,
        `the health check of the target group of "${service.construct.node.path}"`,
        check,
        imports,
      );
    });
  });
}

function targetCheck(group: Attributes): Check {
  const check = blockOf(group, 'health_check') ?? {};
  const layer4 = ['TCP', 'TLS', 'UDP', 'TCP_UDP'];
  const groupProtocol = textOf(group, 'protocol') ?? '';
  // Terraform's provider asks by HTTP, unless it is told otherwise or the group is of a network load balancer without a path.
  const given = textOf(check, 'protocol') ?? (layer4.includes(groupProtocol) ? 'TCP' : 'HTTP');
  if (!isWhole(given)) return { shown: 'asks by a protocol that Terraform knows', blind: 'unknown' };
  if (given === 'TCP') return { shown: 'only opens a TCP connection', blind: 'yes' };
  return pathCheck(textOf(check, 'path') ?? '/');
}

/** What Terraform hands on to Kubernetes is text to it. */
function unseen(view: View, tell: Told): Finding[] {
  return settingOnKubernetes(view.app, 'cluster_fallback_config_import')
    .filter(({ attributes }) => !JSON.stringify(attributes).includes('/status/ready'))
    .map(({ construct }) =>
      tell.unknown(
        construct,
        'it sets KONG_CLUSTER_FALLBACK_CONFIG_IMPORT, and no readiness probe on /status/ready is in it. See that its pods have one.',
      ),
    );
}
