import { isAllowed } from '../support/aws-iam';
import type { Attributes, Synthesized } from '../support/aws-stack';
import { type AppliedState, valuesOf } from '../support/terraform';

const account = '123456789012';

/** What a role may do with the store, by the policies as Terraform rendered them: of each request, `allowed` or `denied`. */
export async function accessOf(state: AppliedState, role: string, bucket: string): Promise<Record<string, string>> {
  const rendered = asSynthesized(state);
  const principal = String(valuesOf(state, 'aws_iam_role', role)['arn']);
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const requests = {
    'get kong/3.9.1/config.json': ['s3:GetObject', '/kong/3.9.1/config.json'],
    'put kong/3.9.1/config.json': ['s3:PutObject', '/kong/3.9.1/config.json'],
    'put kong/3.9.1/kong-resilience.json': ['s3:PutObject', '/kong/3.9.1/kong-resilience.json'],
    'put kong/3.9.1/else.json': ['s3:PutObject', '/kong/3.9.1/else.json'],
    'delete kong/3.9.1/config.json': ['s3:DeleteObject', '/kong/3.9.1/config.json'],
    'get reports/2026.csv': ['s3:GetObject', '/reports/2026.csv'],
    'list kong/': ['s3:ListBucket', '', 'kong/'],
    'list everything': ['s3:ListBucket', '', ''],
  } as const;
  const answers = Object.entries(requests).map(async ([name, [action, key, prefix]]) => {
    const allowed = await isAllowed(rendered, {
      principal,
      action,
      resource: `${bucketArn}${key}`,
      account,
      ...(prefix === undefined ? {} : { context: { 's3:prefix': prefix } }),
    });
    return [name, allowed ? 'allowed' : 'denied'] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

/** Whether a role may read a secret. */
export function readsSecret(state: AppliedState, role: string, secret: string): Promise<boolean> {
  const principal = String(valuesOf(state, 'aws_iam_role', role)['arn']);
  const request = { principal, action: 'secretsmanager:GetSecretValue', resource: secret, account };
  return isAllowed(asSynthesized(state), request);
}

/** What a node that exports may do, and nothing else. */
export const exports = {
  'get kong/3.9.1/config.json': 'allowed',
  'put kong/3.9.1/config.json': 'allowed',
  'put kong/3.9.1/kong-resilience.json': 'allowed',
  'put kong/3.9.1/else.json': 'denied',
  'delete kong/3.9.1/config.json': 'denied',
  'get reports/2026.csv': 'denied',
  'list kong/': 'allowed',
  'list everything': 'denied',
};

/** The same of a node that imports. */
export const imports = {
  ...exports,
  'put kong/3.9.1/config.json': 'denied',
  'put kong/3.9.1/kong-resilience.json': 'denied',
};

/** What everyone else may do. */
export const nothing = Object.fromEntries(Object.keys(exports).map((request) => [request, 'denied']));

/** An applied stack, as the evaluator of policies takes it. */
export function asSynthesized({ resources }: AppliedState): Synthesized {
  const byKind = (mode: string): Record<string, Record<string, Attributes>> => {
    const kinds: Record<string, Record<string, Attributes>> = {};
    for (const { type, name, values } of resources.filter((resource) => resource.mode === mode)) {
      (kinds[type] ??= {})[name] = { ...values };
    }
    return kinds;
  };
  return { resource: byKind('managed'), data: byKind('data'), output: {} };
}
