import type { IConstruct } from 'constructs';
import type { Answer } from '../reading/answer';
import { fromBoolean } from '../reading/answer';
import type { Element } from '../reading/element';
import { blocksOf, textOf, textsOf } from '../reading/attributes';
import { nameInArn } from '../reading/computed';
import { equals } from '../reading/text';
import type { View } from '../reading/view';
import { statementsOf, type Statement } from './iam';

/** A policy of a role or user. */
export interface AttachedPolicy {
  readonly construct: IConstruct;
  readonly kind: 'role' | 'user';
  /** Name of the role or user. */
  readonly principal: string;
  readonly policy: Policy;
}

/** What a policy says; or, of one of AWS's own that is known, whether it allows writes. */
export type Policy = { readonly statements: readonly Statement[] } | { readonly writes: Answer; readonly name: string };

/** All policies that the app attaches to roles and users. Groups are not followed. */
export function attachedPolicies(view: View): readonly AttachedPolicy[] {
  const { app } = view;
  const policies = app.all('resource', 'aws_iam_policy').map((element) => ({ element, arn: view.nameOf(element) }));
  const byArn = (arn: string): Policy => {
    const own = policies.find((policy) => equals(policy.arn, arn) === 'yes');
    return own === undefined ? { writes: managedWrites(arn), name: arn } : read(own.element, 'policy');
  };
  const attach = (element: Element, kind: AttachedPolicy['kind'], principals: readonly string[], policy: Policy) =>
    principals.map((principal) => ({ construct: element.construct, kind, principal: nameInArn(principal), policy }));
  return [
    ...app
      .all('resource', 'aws_iam_role')
      .flatMap((element) => [
        ...blocksOf(element.attributes, 'inline_policy').list.flatMap((block) =>
          attach(element, 'role', [view.nameOf(element)], readText(textOf(block, 'policy') ?? '')),
        ),
        ...textsOf(element.attributes, 'managed_policy_arns').flatMap((arn) =>
          attach(element, 'role', [view.nameOf(element)], byArn(arn)),
        ),
      ]),
    ...(['role', 'user'] as const).flatMap((kind) => [
      ...app
        .all('resource', `aws_iam_${kind}_policy`)
        .flatMap((element) => attach(element, kind, textsOf(element.attributes, kind), read(element, 'policy'))),
      ...app
        .all('resource', `aws_iam_${kind}_policy_attachment`)
        .flatMap((element) =>
          attach(
            element,
            kind,
            textsOf(element.attributes, kind),
            byArn(textOf(element.attributes, 'policy_arn') ?? ''),
          ),
        ),
      ...app
        .all('resource', 'aws_iam_policy_attachment')
        .flatMap((element) =>
          attach(
            element,
            kind,
            textsOf(element.attributes, `${kind}s`),
            byArn(textOf(element.attributes, 'policy_arn') ?? ''),
          ),
        ),
    ]),
  ];
}

function read({ attributes }: Element, name: string): Policy {
  return readText(textOf(attributes, name) ?? '');
}

function readText(text: string): Policy {
  const statements = statementsOf(text);
  return statements === undefined ? { writes: 'unknown', name: text } : { statements };
}

const writing = ['AdministratorAccess', 'PowerUserAccess', 'AmazonS3FullAccess', 'job-function/DataScientist'];
const harmless = [
  'AmazonEC2ContainerRegistryPullOnly',
  'AmazonEC2ContainerRegistryReadOnly',
  'AmazonEKSWorkerNodePolicy',
  'AmazonEKS_CNI_Policy',
  'AmazonS3ReadOnlyAccess',
  'AmazonSSMManagedInstanceCore',
  'AWSXRayDaemonWriteAccess',
  'CloudWatchAgentServerPolicy',
  'ReadOnlyAccess',
  'SecurityAudit',
  'service-role/AmazonECSTaskExecutionRolePolicy',
  'job-function/ViewOnlyAccess',
];

/** Of the policies that AWS itself keeps, those that are met beside gateways. */
function managedWrites(arn: string): Answer {
  const name = /^arn:[^:]*:iam::aws:policy\/(.*)$/.exec(arn)?.[1];
  if (name === undefined || !(writing.includes(name) || harmless.includes(name))) return 'unknown';
  return fromBoolean(writing.includes(name));
}
