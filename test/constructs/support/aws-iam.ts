/** Asks a kept evaluator of IAM what a synthesized stack allows: identity policies, the bucket's policy, the key's. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { Attributes, Synthesized } from './aws-stack';

/** One request to AWS. */
export interface Request {
  /** ARN of the role or user. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** Account of the resource. */
  readonly account: string;
  readonly context?: Record<string, string>;
}

/** What is not in the stack but counts: the policies of principals in other accounts, say. */
export interface Beside {
  readonly identityPolicies?: readonly string[];
  readonly boundary?: string;
  readonly resourcePolicy?: string;
}

/**
 * The evaluator knows no keys of an encryption context, and would ignore one: it gets this one under the name of a key of
 * the same kind, in requests and policies alike.
 */
const renamed = ['kms:EncryptionContext:aws:s3:arn', 'aws:RequestTag/EncryptionContext'] as const;

/** Whether AWS would allow a request, by the policies of a rendered stack. */
export async function isAllowed(stack: Synthesized, request: Request, beside: Beside = {}): Promise<boolean> {
  const parse = (text: string): unknown => JSON.parse(text.replaceAll(...renamed));
  const context = { 'aws:SecureTransport': 'true', ...request.context };
  const resourcePolicy = beside.resourcePolicy ?? resourcePolicyOf(stack, request.resource);
  const answer = await runSimulation(
    {
      request: {
        principal: request.principal,
        action: request.action,
        resource: { resource: request.resource, accountId: request.account },
        contextVariables: parse(JSON.stringify(context)) as Record<string, string>,
      },
      identityPolicies: [...identityPoliciesOf(stack, request.principal), ...(beside.identityPolicies ?? [])].map(
        (text, index) => ({ name: `policy-${index}`, policy: parse(text) }),
      ),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(beside.boundary === undefined
        ? {}
        : { permissionBoundaryPolicies: [{ name: 'boundary', policy: parse(beside.boundary) }] }),
      ...(resourcePolicy === undefined ? {} : { resourcePolicy: parse(resourcePolicy) }),
    },
    {},
  );
  if (answer.resultType === 'single' && answer.result.ignoredContextKeys?.length !== 0) {
    throw new Error(`ignored: ${answer.result.ignoredContextKeys?.join()}`);
  }
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors, null, 2));
  return answer.overallResult === 'Allowed';
}

/** The inline policies of a role or user, by its ARN. */
export function identityPoliciesOf(stack: Synthesized, arn: string): string[] {
  const name = arn.split('/').at(-1);
  const of = (kind: string, member: string): Attributes[] =>
    Object.values(stack.resource[kind] ?? {}).filter((attributes) => attributes[member] === name);
  const policies = arn.includes(':role/') ? of('aws_iam_role_policy', 'role') : of('aws_iam_user_policy', 'user');
  return policies.map(({ policy }) => policy as string);
}

function resourcePolicyOf(stack: Synthesized, resource: string): string | undefined {
  const bucket = /:s3:::([^/]+)/.exec(resource)?.[1];
  if (bucket !== undefined) {
    const policies = Object.values(stack.resource['aws_s3_bucket_policy'] ?? {});
    return policies.find((attributes) => attributes['bucket'] === bucket)?.['policy'] as string | undefined;
  }
  const key = /:key\/(.+)$/.exec(resource)?.[1];
  const keys = Object.entries(stack.resource['aws_kms_key'] ?? {});
  const found = keys.find(([name]) => name.toLowerCase().replace(/[^a-z0-9]+/g, '-') === key);
  return found?.[1]['policy'] as string | undefined;
}
