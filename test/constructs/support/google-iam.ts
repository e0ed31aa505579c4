/**
 * Evaluates the grants of a synthesized stack as Google's documentation of IAM says: an allow policy is a list of bindings,
 * and a request is allowed when any of them has its principal, its permission and a condition that holds. The conditions are
 * evaluated by a CEL library; here are only the functions that IAM adds to CEL.
 */
import { Environment } from '@marcbachmann/cel-js';
import type { GoogleStack } from './google-stack';

/** Permissions of the predefined roles that matter to objects, after Google's table of roles. */
const predefinedRoles: Readonly<Record<string, readonly string[]>> = {
  'roles/storage.objectViewer': ['storage.objects.get', 'storage.objects.list'],
  'roles/storage.objectUser': [
    'storage.objects.create',
    'storage.objects.delete',
    'storage.objects.get',
    'storage.objects.list',
    'storage.objects.move',
    'storage.objects.restore',
    'storage.objects.update',
  ],
};

/** Extended by IAM: `extract` of a text by a template, and the attributes of an API. */
class Api {
  constructor(readonly attributes: Readonly<Record<string, string>>) {}
}

const iam = new Environment()
  .registerType('Api', { ctor: Api, fields: {} })
  .registerVariable('api', 'Api')
  .registerVariable({ name: 'resource', schema: { name: 'string', type: 'string', service: 'string' } })
  .registerFunction(
    'Api.getAttribute(string, string): string',
    (api: Api, name: string, fallback: string) => api.attributes[name] ?? fallback,
  )
  .registerFunction('string.extract(string): string', extract);

/** As Google documents it: what stands between the first match of the text before the braces and the next of that after; empty for none. */
export function extract(text: string, template: string): string {
  const parts = /^([^{}]*)\{\w+\}([^{}]*)$/.exec(template);
  if (parts === null) throw new Error(`not a template: ${template}`);
  const [, before = '', after = ''] = parts;
  const start = text.indexOf(before);
  if (start < 0) return '';
  const rest = text.slice(start + before.length);
  if (after === '') return rest;
  const end = rest.indexOf(after);
  return end < 0 ? '' : rest.slice(0, end);
}

/** A synthesized stack, or an applied one. */
type Grants = Pick<GoogleStack, 'resources'>;

interface Binding {
  readonly bucket: string;
  readonly role: string;
  readonly member: string;
  readonly condition?: { readonly expression: string };
}

/** One request to Cloud Storage. */
export interface GoogleRequest {
  readonly member: string;
  readonly permission: string;
  readonly bucket: string;
  /** Key of the object; a listing has none. */
  readonly key?: string;
  /** Prefix of a listing. */
  readonly listPrefix?: string;
}

/** All conditions of a stack's grants. */
export function conditionsOf(stack: Grants): string[] {
  return bindingsOf(stack).flatMap(({ condition }) => (condition === undefined ? [] : [condition.expression]));
}

/** Whether the grants of a stack allow a request. */
export function isAllowed(stack: Grants, request: GoogleRequest): boolean {
  return bindingsOf(stack).some(
    ({ bucket, role, member, condition }) =>
      referenced(stack, bucket, 'name') === request.bucket &&
      member === request.member &&
      permissionsOf(stack, role).includes(request.permission) &&
      (condition === undefined || holds(condition.expression, request)),
  );
}

/** Whether the grants allow to store an object under a key: Google asks for `delete` too where one is replaced. */
export function mayPut(stack: Grants, request: Omit<GoogleRequest, 'permission'>, replaces: boolean): boolean {
  const verbs = ['storage.objects.create', ...(replaces ? ['storage.objects.delete'] : [])];
  return verbs.every((permission) => isAllowed(stack, { ...request, permission }));
}

function bindingsOf(stack: Grants): Binding[] {
  return Object.entries(stack.resources)
    .filter(([address]) => address.startsWith('google_storage_bucket_iam_member.'))
    .map(([, args]) => args as unknown as Binding);
}

function permissionsOf(stack: Grants, role: string): readonly string[] {
  const custom = Object.entries(stack.resources).find(
    ([address, { name }]) =>
      address.startsWith('google_project_iam_custom_role.') && [name, `\${${address}.name}`].includes(role),
  );
  const permissions = predefinedRoles[role] ?? (custom?.[1]['permissions'] as string[] | undefined);
  if (permissions === undefined) throw new Error(`the role ${role} is not known`);
  return permissions;
}

/** The argument that a reference such as `${google_storage_bucket.x.name}` has in the same stack. */
function referenced(stack: Grants, text: string, attribute: string): unknown {
  const address = new RegExp(`^\\$\\{(\\w+\\.\\w+)\\.${attribute}\\}$`).exec(text)?.[1];
  return address === undefined ? text : stack.resources[address]?.[attribute];
}

function holds(expression: string, { bucket, key, listPrefix }: GoogleRequest): boolean {
  const name = `projects/_/buckets/${bucket}`;
  const kind = key === undefined ? 'Bucket' : 'Object';
  const held: unknown = iam.evaluate(expression, {
    resource: {
      name: key === undefined ? name : `${name}/objects/${key}`,
      type: `storage.googleapis.com/${kind}`,
      service: 'storage.googleapis.com',
    },
    api: new Api(listPrefix === undefined ? {} : { 'storage.googleapis.com/objectListPrefix': listPrefix }),
  });
  if (typeof held !== 'boolean') throw new Error(`not a condition: ${expression}`);
  return held;
}
