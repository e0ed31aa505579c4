/**
 * A synthesized stack as AWS would see it: references replaced by what the resources would be called. It knows the
 * references that the library writes and no others, so that a new one is noticed.
 */
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { TerraformStack, Testing } from 'cdktf';
import type { Construct } from 'constructs';
import { DeclarationError } from '../../../constructs/problems';

/** Where the stack is deployed. */
export interface World {
  readonly partition: string;
  readonly dnsSuffix: string;
  readonly region: string;
  readonly account: string;
}

/** The usual one. */
export const home: World = {
  partition: 'aws',
  dnsSuffix: 'amazonaws.com',
  region: 'us-east-2',
  account: '111111111111',
};

/** Attributes of one resource or data source. */
export type Attributes = Record<string, unknown>;

/** What `Testing.synth` gives: kind of resource, then name. */
export interface Synthesized {
  readonly resource: Record<string, Record<string, Attributes>>;
  readonly data: Record<string, Record<string, Attributes>>;
  readonly output: Record<string, Attributes>;
}

/** A stack with a provider and what `build` puts into it. */
export function stackOf(build: (stack: TerraformStack) => void): TerraformStack {
  const stack = new TerraformStack(Testing.app(), 'Stack');
  new AwsProvider(stack, 'aws');
  build(stack);
  return stack;
}

/** The stack's JSON with its references. Validators run as in an app. */
export function synth(stack: TerraformStack): Synthesized {
  return { resource: {}, data: {}, output: {}, ...(JSON.parse(Testing.synth(stack, true)) as Partial<Synthesized>) };
}

/** The one resource of a kind. */
export function only(synthesized: Synthesized, kind: string): Attributes {
  const found = Object.values(synthesized.resource[kind] ?? {});
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`there are ${found.length} of ${kind}`);
  return first;
}

/** The whole message with which something is refused. */
export function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DeclarationError) return error.message;
    throw error;
  }
  return 'not refused';
}

/** Paths of all constructs below one, itself included. */
export function pathsOf(construct: Construct): string[] {
  return construct.node.findAll().map((node) => node.node.path);
}

/** The stack with its references replaced. */
export function render(stack: TerraformStack, world: World = home): Synthesized {
  const synthesized = synth(stack);
  const resolve = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(/\$\{([^{}]*)\}/g, (_, text: string) => look(text));
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolve(member)]));
  };
  const look = (reference: string): string => {
    const match = /^(data\.)?(\w+)\.([\w-]+)\.(\w+)$/.exec(reference);
    const [, data, kind = '', name = '', attribute = ''] = match ?? [];
    const given = (data === undefined ? synthesized.resource : synthesized.data)[kind]?.[name];
    if (given === undefined) throw new Error(`no such reference: ${reference}`);
    const known = attributesOf(kind, name, given, world)[attribute];
    if (known === undefined) throw new Error(`what is ${reference}?`);
    return known.includes('${') ? (resolve(known) as string) : known;
  };
  return resolve(synthesized) as Synthesized;
}

function attributesOf(kind: string, name: string, given: Attributes, world: World): Record<string, string> {
  const { partition, account, dnsSuffix } = world;
  const text = (attribute: string, other: string) => (given[attribute] as string | undefined) ?? other;
  const region = text('region', world.region);
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const iam = (sort: string) => `arn:${partition}:iam::${account}:${sort}${text('path', '/')}`;
  switch (kind) {
    case 'aws_partition':
      return { partition, dns_suffix: dnsSuffix };
    case 'aws_caller_identity':
      return { account_id: account };
    case 'aws_region':
      return { region };
    case 'aws_s3_bucket': {
      const bucket = text('bucket', `${text('bucket_prefix', 'terraform-')}${slug}`);
      return { bucket, arn: `arn:${partition}:s3:::${bucket}`, bucket_region: region };
    }
    case 'aws_kms_key':
      return { arn: `arn:${partition}:kms:${region}:${account}:key/${slug}` };
    case 'aws_iam_role': {
      const role = text('name', `${text('name_prefix', '')}${slug}`);
      return { name: role, arn: `${iam('role')}${role}` };
    }
    case 'aws_iam_user': {
      const user = text('name', text('user_name', ''));
      return { name: user, arn: `${iam('user')}${user}` };
    }
    case 'aws_iam_access_key':
      return { id: 'AKIA', secret: 'access-key' };
    case 'aws_secretsmanager_secret':
      return { id: `secret-${slug}`, arn: `arn:${partition}:secretsmanager:${region}:${account}:secret:${slug}` };
    default:
      return {};
  }
}
