import type { AppliedResource, AppliedState } from './terraform';

/** What is let in wider than one thing by one name, and why it may be. The text is `<actions> on <resource>`. */
const justified: readonly (readonly [allowed: RegExp, why: string])[] = [
  [
    /^ec2:[\w:,]+NetworkInterface[\w:,]* on \*$/,
    'Interfaces have no names before they are made; what runs in the function is denied them.',
  ],
  [
    /^ecr:GetAuthorizationToken on \*$/,
    'The API of ECR knows no resource for it; what it gives opens nothing by itself.',
  ],
  [
    /^logs:CreateLogStream,logs:PutLogEvents on arn:[^*]+:log-group:[^*]+:\*$/,
    'Streams of one log group, whose names AWS makes.',
  ],
  [/^s3:GetObject on arn:[^*]+:[^*/]+\/[^*]+\/\*$/, 'Any version of the gateway below the prefix.'],
  [
    /^s3:PutObject on arn:[^*]+:[^*/]+\/[^*]+\/\*\/(config\.json|kong-resilience\.json|election\/\*)$/,
    'The same, of what an exporter writes.',
  ],
  [
    /^kms:\* on \* to arn:[^*]+:root$/,
    "A key's policy has no resource but itself; it leaves to the account's IAM who may use it.",
  ],
  [
    /^kms:(Decrypt|GenerateDataKey,kms:Decrypt) on \* to arn:[^*]+$/,
    "The same: a key's policy speaks of that key alone.",
  ],
];

/** What is reachable from outside, or allowed wider than the list above; a whole deployment has nothing of it. */
export function exposureOf(resources: AppliedState['resources']): string[] {
  const found = resources
    .filter(({ mode }) => mode === 'managed')
    .flatMap((one) => [...entrancesOf(one), ...rightsOf(one)]);
  return [...new Set(found)].filter((line) => !justified.some(([allowed]) => allowed.test(line))).sort();
}

/** Ways in for anybody on the network. */
function entrancesOf({ type, address, values }: AppliedResource): string[] {
  // A rule that lets in one security group is for nobody else.
  const isOfGroup = typeof values['referenced_security_group_id'] === 'string';
  const isDoor = !isOfGroup && /ingress|^aws_lb|_elb|function_url|api_?gateway|forwarding_rule|_firewall/.test(type);
  const { ingress, member, members, acl } = values;
  const rules = Array.isArray(ingress) ? ingress.map((rule) => `${address} lets in ${JSON.stringify(rule)}`) : [];
  const isPublicService = type === 'google_cloud_run_v2_service' && ingress !== 'INGRESS_TRAFFIC_INTERNAL_ONLY';
  const everybody = [member, ...(Array.isArray(members) ? (members as unknown[]) : [])].map(String);
  return [
    ...(isDoor ? [`${address} is a way in`] : []),
    ...rules,
    ...(isPublicService ? [`${address} takes requests of ${String(ingress)}`] : []),
    ...everybody.filter((one) => /^all(Authenticated)?Users$|\*/.test(one)).map((one) => `${address} is for ${one}`),
    ...(acl === 'public-read' ? [`${address} is public`] : []),
  ];
}

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly Resource?: string | readonly string[];
  readonly Principal?: unknown;
}

const listOf = (value: string | readonly string[] = []): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** Rights of more than one name, by policies of AWS and MinIO, and by roles of Google. */
function rightsOf({ type, address, values }: AppliedResource): string[] {
  const { policy, role, permissions } = values;
  const isPolicy = typeof policy === 'string' && policy.startsWith('{');
  const statements = isPolicy ? (JSON.parse(policy) as { readonly Statement: readonly Statement[] }).Statement : [];
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
  const wide = allowed.flatMap(({ Action, NotAction, Resource, Principal }) => {
    const actions = listOf(Action);
    const to = principalsOf(Principal);
    const isWide = NotAction !== undefined || actions.some((action) => action.includes('*')) || to.includes('*');
    return listOf(Resource)
      .filter((resource) => isWide || resource.includes('*'))
      .flatMap((resource) => {
        const line = `${NotAction === undefined ? actions.join() : 'all but some'} on ${resource}`;
        return to.length === 0 ? [line] : to.map((one) => `${line} to ${one}`);
      });
  });
  const isBroad = typeof role === 'string' && /^roles\/(owner|editor|viewer|[\w.]+[aA]dmin)$/.test(role);
  return [
    ...wide,
    ...(isBroad ? [`${address} gives ${role}`] : []),
    ...(Array.isArray(permissions) ? permissions.map(String) : [])
      .filter((permission) => permission.includes('*'))
      .map((permission) => `${address} gives ${permission}`),
    ...(type.includes('policy') && policy !== undefined && !isPolicy && policy !== null
      ? [`${address} cannot be read`]
      : []),
  ];
}

function principalsOf(principal: unknown): string[] {
  if (typeof principal === 'string') return [principal];
  if (typeof principal !== 'object' || principal === null) return [];
  return Object.values(principal).flatMap((one) => listOf(one as string | readonly string[]));
}
