import type { Element } from './element';
import { blocksOf, textOf, textsOf, type Attributes } from './attributes';
import { isWhole, type Placeholders } from './text';

/** How a kind of resource is named, and which of its attributes hold the name. */
interface Naming {
  /** The argument in which a user gives it; without one Terraform makes it. */
  readonly argument?: string;
  /** Attributes that are the name itself. */
  readonly same: readonly string[];
  readonly arn?: (name: string) => string;
}

const bucket: Naming = { argument: 'bucket', same: ['id', 'bucket'], arn: (name) => `arn:aws:s3:::${name}` };
const role: Naming = { argument: 'name', same: ['id', 'name'], arn: (name) => `arn:aws:iam:::role/${name}` };
const user: Naming = { argument: 'name', same: ['id', 'name'], arn: (name) => `arn:aws:iam:::user/${name}` };
const ownArn: Naming = { same: ['id', 'arn'] };

const namings: Readonly<Record<string, Naming>> = {
  aws_s3_bucket: bucket,
  minio_s3_bucket: bucket,
  google_storage_bucket: { argument: 'name', same: ['id', 'name'] },
  aws_iam_role: role,
  aws_iam_user: user,
  aws_iam_policy: ownArn,
  aws_secretsmanager_secret: ownArn,
  aws_lb_target_group: ownArn,
  aws_alb_target_group: ownArn,
  aws_ecs_task_definition: { same: ['arn', 'arn_without_revision'] },
  aws_instance: { same: ['id'] },
  google_project_iam_custom_role: { same: ['id', 'name'] },
};

/** What an attribute of a resource is: its name, what was given, or undefined when Terraform alone knows. */
export function attributeOfElement(
  element: Element,
  attribute: string,
  placeholders: Placeholders,
  key: string,
): string | undefined {
  const { type, kind, attributes } = element;
  const naming = namings[type];
  if (naming !== undefined && (naming.same.includes(attribute) || (attribute === 'arn' && naming.arn !== undefined))) {
    const name = nameOf(element, placeholders);
    return attribute === 'arn' && naming.arn !== undefined ? naming.arn(name) : name;
  }
  if (type === 'google_service_account') return serviceAccount(element, attribute, placeholders, key);
  if (kind === 'data' && type === 'aws_iam_policy_document' && attribute === 'json') return policyDocument(attributes);
  if (kind === 'data' && type === 'google_iam_policy' && attribute === 'policy_data') {
    return JSON.stringify({ bindings: blocksOf(attributes, 'binding').list });
  }
  return textOf(attributes, attribute);
}

/** The name of a resource of one of the kinds above. */
export function nameOf({ type, kind, attributes, construct }: Element, placeholders: Placeholders): string {
  const argument = namings[type]?.argument;
  const given = argument === undefined ? undefined : textOf(attributes, argument);
  return given ?? placeholders.name(kind === 'data' ? `data ${construct.node.path}` : construct.node.path);
}

/** `<id>@<project>.iam.gserviceaccount.com`; the project may be the provider's. */
function serviceAccount(
  { attributes }: Element,
  attribute: string,
  placeholders: Placeholders,
  key: string,
): string | undefined {
  if (attribute !== 'email' && attribute !== 'member') return textOf(attributes, attribute);
  const id = textOf(attributes, 'account_id') ?? '';
  const stack = key.split('|', 1)[0] ?? '';
  const project = textOf(attributes, 'project') ?? placeholders.hole(`${stack}|provider project`, 'provider::project');
  const email = id.includes('@') ? id : `${id}@${project}.iam.gserviceaccount.com`;
  return attribute === 'email' ? email : `serviceAccount:${email}`;
}

/** The JSON that the data source makes; undefined where it takes in other documents. */
function policyDocument(attributes: Attributes): string | undefined {
  const others = ['source_policy_documents', 'override_policy_documents', 'source_json', 'override_json'];
  const statements = blocksOf(attributes, 'statement');
  if (!statements.complete || others.some((name) => attributes[name] !== undefined)) return undefined;
  return JSON.stringify({
    Statement: statements.list.map((statement) => ({
      Effect: textOf(statement, 'effect') ?? 'Allow',
      ...listed(statement, 'actions', 'Action'),
      ...listed(statement, 'not_actions', 'NotAction'),
      ...listed(statement, 'resources', 'Resource'),
      ...listed(statement, 'not_resources', 'NotResource'),
      ...principals(statement),
      ...(blocksOf(statement, 'condition').list.length === 0 ? {} : { Condition: {} }),
    })),
  });
}

function listed(statement: Attributes, from: string, to: string): Attributes {
  return statement[from] === undefined ? {} : { [to]: textsOf(statement, from) };
}

function principals(statement: Attributes): Attributes {
  const blocks = blocksOf(statement, 'principals').list;
  if (blocks.length === 0) return {};
  return {
    Principal: Object.fromEntries(blocks.map((block) => [textOf(block, 'type') ?? '*', textsOf(block, 'identifiers')])),
  };
}

/** Name of a role or user by its ARN, or by itself. */
export function nameInArn(arn: string): string {
  return isWhole(arn) || arn.includes('/') ? (arn.split('/').at(-1) ?? arn) : arn;
}
