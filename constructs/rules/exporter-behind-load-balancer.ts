import { allOf, anyOf, fromBoolean, type Answer } from './reading/answer';
import type { Element } from './reading/element';
import { blocksOf, textOf } from './reading/attributes';
import { settingOnKubernetes } from './reading/kubernetes';
import { groupExports, type Container, type NodeGroup } from './reading/nodes';
import { equals, isOneOf, isWhole } from './reading/text';
import { tasksOf } from './reading/ecs-service';
import type { View } from './reading/view';
import { defineRule, type Finding, type Told } from './rule';

const fix =
  'An exporter may write every configuration and should serve no traffic. Take it out, and proxy on nodes that only import.';

/** A backup node that traffic can reach. */
export const exporterBehindLoadBalancer = defineRule(
  'KR_RULE_EXPORTER_BEHIND_LOAD_BALANCER',
  'warning',
  'A node that exports gets traffic from a load balancer.',
  (view, tell) => [
    ...view.app.all('resource', 'aws_ecs_service').flatMap((service) => ecsService(view, service, tell)),
    ...attachments(view, tell),
    ...view.groups.flatMap((group) => cloudRun(group, tell)),
    ...unseen(view, tell),
  ],
);

function ecsService(view: View, service: Element, tell: Told): Finding[] {
  const balancers = blocksOf(service.attributes, 'load_balancer');
  if (balancers.list.length === 0 && balancers.complete) return [];
  return tasksOf(view, service).flatMap(([group, same]): Finding[] => {
    const names = balancers.list.map((block) => textOf(block, 'container_name') ?? '');
    const traffic = balancers.list.length === 0 ? 'unknown' : anyOf(names.map((name) => reached(group, name)));
    const answer = allOf([same, groupExports(group), traffic]);
    const what = `the service's load balancer sends traffic to "${group.construct.node.path}", which exports`;
    return told(tell, service, answer, what);
  });
}

/** A control plane may well stand behind one, for its data planes. */
function reached({ containers }: NodeGroup, name: string): Answer {
  const target = containers.find((container: Container) => container.name === name);
  if (target === undefined) return isWhole(name) ? 'yes' : 'unknown';
  return fromBoolean(!target.isControlPlane);
}

function attachments(view: View, tell: Told): Finding[] {
  const instances = view.app.all('resource', 'aws_instance');
  return view.app
    .all('resource', 'aws_lb_target_group_attachment', 'aws_alb_target_group_attachment')
    .flatMap((attachment) =>
      instances.flatMap((instance): Finding[] => {
        const target = equals(textOf(attachment.attributes, 'target_id') ?? '', view.nameOf(instance));
        const what = `the target group sends traffic to "${instance.construct.node.path}", whose user data exports`;
        return told(tell, attachment, target === 'yes' ? userDataExports(instance) : 'no', what);
      }),
    );
}

function userDataExports({ attributes }: Element): Answer {
  const encoded = textOf(attributes, 'user_data_base64');
  const data =
    encoded !== undefined && isWhole(encoded)
      ? Buffer.from(encoded, 'base64').toString('utf8')
      : (encoded ?? textOf(attributes, 'user_data') ?? '');
  if (/KONG_CLUSTER_FALLBACK_CONFIG_EXPORT=["']?(on|true)\b/.test(data)) return 'yes';
  return isWhole(data) ? 'no' : 'unknown';
}

function cloudRun(group: NodeGroup, tell: Told): Finding[] {
  if (group.platform !== 'cloud-run-service') return [];
  const ingress = textOf(group.element.attributes, 'ingress') ?? 'INGRESS_TRAFFIC_ALL';
  const internal = isOneOf(ingress, ['INGRESS_TRAFFIC_INTERNAL_ONLY']);
  const open: Answer = internal === 'yes' ? 'no' : internal === 'no' ? 'yes' : 'unknown';
  const traffic = group.containers.some((container) => container.isControlPlane) ? 'no' : open;
  const shown = isWhole(ingress) ? ingress : 'what Terraform knows';
  const what = `the service's ingress is ${shown}, so it gets traffic, and it exports`;
  return told(tell, group.element, allOf([groupExports(group), traffic]), what);
}

function told(tell: Told, { construct }: Element, answer: Answer, what: string): Finding[] {
  if (answer === 'yes') return [tell.found(construct, `${what}. ${fix}`)];
  if (answer === 'no') return [];
  return [tell.unknown(construct, `whether ${what}, depends on what is not in the stack.`)];
}

/** What Terraform hands on to Kubernetes is text to it. */
function unseen(view: View, tell: Told): Finding[] {
  return settingOnKubernetes(view.app, 'cluster_fallback_config_export').map(({ construct }) =>
    tell.unknown(
      construct,
      'it sets KONG_CLUSTER_FALLBACK_CONFIG_EXPORT, and which Service of Kubernetes selects its pods is not in the stack. See that none does but for the status port.',
    ),
  );
}
