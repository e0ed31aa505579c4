/**
 * The policies of a store with a key of KMS, as Terraform renders them, enforced by moto: roles, users, and the keys that
 * a user's secret holds. Moto ignores every Condition, so a listing outside the prefix and a use of the key past S3 are
 * refused in policies.test.ts alone.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { S3Encryption } from '../../../constructs/aws';
import { motoServerIsMissing } from '../support/parsers';
import { type AppliedResource, terraformIsMissing } from '../support/terraform';
import { everyone, identityOf, type Rendered, renderStores, type Who } from './applied';

/** Beside the principals of the stack: a role of ECS that fills the exporter's secret into its containers. */
type Caller = Who | 'execution role';
const callers: readonly Caller[] = [...everyone, 'execution role'];
const exporters: readonly Caller[] = ['exporter role', 'exporter user'];
const readers: readonly Caller[] = [...exporters, 'importer role', 'importer user'];

/** A request by boto3, who may send it, and nobody else. */
interface Case {
  readonly what: string;
  readonly allowed: readonly Caller[];
  readonly service: string;
  readonly operation: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Names of what there is in moto. */
interface There {
  readonly bucket: string;
  readonly key: string;
  readonly secret: string;
  readonly otherSecret: string;
}

const otherBucket = 'other-bucket';
const otherKey = 'arn:aws:kms:us-east-1:123456789012:key/other';

function casesOf({ bucket: Bucket, key, secret, otherSecret }: There): Case[] {
  const s3 = (what: string, operation: string, allowed: readonly Caller[], parameters: object): Case => {
    return { what, allowed, service: 's3', operation, parameters: { Bucket, ...parameters } };
  };
  const kms = (what: string, operation: string, allowed: readonly Caller[], parameters: object = {}): Case => {
    return { what, allowed, service: 'kms', operation, parameters: { KeyId: key, ...parameters } };
  };
  const secrets = (what: string, operation: string, allowed: readonly Caller[], SecretId: string, more = {}): Case => {
    return { what, allowed, service: 'secretsmanager', operation, parameters: { SecretId, ...more } };
  };
  const iam = (operation: string, parameters: object): Case => {
    return { what: operation, allowed: [], service: 'iam', operation, parameters: { ...parameters } };
  };
  return [
    ...['config.json', 'kong-resilience.json', 'election/leader'].flatMap((name) => [
      s3(`puts ${name}`, 'put_object', exporters, { Key: `kong/3.10.0.2/${name}`, Body: '{}' }),
      s3(`gets ${name}`, 'get_object', readers, { Key: `kong/3.10.0.2/${name}` }),
      s3(`deletes ${name}`, 'delete_object', [], { Key: `kong/3.10.0.2/${name}` }),
    ]),
    s3('puts another object', 'put_object', [], { Key: 'kong/3.10.0.2/other.json', Body: '{}' }),
    s3('puts elsewhere', 'put_object', [], { Key: 'elsewhere/3.10.0.2/config.json', Body: '{}' }),
    s3('gets elsewhere', 'get_object', [], { Key: 'elsewhere/3.10.0.2/config.json' }),
    s3('lists the prefix', 'list_objects_v2', readers, { Prefix: 'kong/' }),
    s3('lists another bucket', 'list_objects_v2', [], { Bucket: otherBucket, Prefix: 'kong/' }),
    s3('puts into another bucket', 'put_object', [], { Bucket: otherBucket, Key: 'kong/3.10.0.2/config.json' }),
    s3('deletes the bucket', 'delete_bucket', [], {}),
    s3("reads the bucket's policy", 'get_bucket_policy', [], {}),
    s3('turns versioning off', 'put_bucket_versioning', [], { VersioningConfiguration: { Status: 'Suspended' } }),
    kms('makes a data key', 'generate_data_key', exporters, { KeySpec: 'AES_256' }),
    kms('decrypts', 'decrypt', readers),
    kms('makes a data key of another key', 'generate_data_key', [], { KeyId: otherKey, KeySpec: 'AES_256' }),
    kms('decrypts with another key', 'decrypt', [], { KeyId: otherKey }),
    kms('encrypts', 'encrypt', [], { Plaintext: 'text' }),
    kms('describes the key', 'describe_key', []),
    kms("reads the key's policy", 'get_key_policy', [], { PolicyName: 'default' }),
    kms('lets others use the key', 'create_grant', [], { GranteePrincipal: 'any', Operations: ['Decrypt'] }),
    kms('disables the key', 'disable_key', []),
    kms('deletes the key', 'schedule_key_deletion', []),
    secrets("reads the exporter's secret", 'get_secret_value', ['execution role'], secret),
    secrets("reads the importer's secret", 'get_secret_value', [], otherSecret),
    secrets('replaces the secret', 'put_secret_value', [], secret, { SecretString: '{}' }),
    secrets('deletes the secret', 'delete_secret', [], secret),
    iam('list_users', {}),
    iam('create_access_key', { UserName: 'any' }),
    iam('put_role_policy', { RoleName: 'any', PolicyName: 'any', PolicyDocument: '{}' }),
  ];
}

const all = ({ state }: Rendered, type: string): readonly AppliedResource[] =>
  state.resources.filter((resource) => resource.type === type);

/** The secret that holds a user's access key. */
function secretOf(rendered: Rendered, start: string): { arn: string; name: string; text: string } {
  const isOf = ({ name }: AppliedResource): boolean => name.startsWith(`${rendered.id}_${start}_`);
  const values = all(rendered, 'aws_secretsmanager_secret').find(isOf)?.values ?? {};
  const version = all(rendered, 'aws_secretsmanager_secret_version').find(isOf)?.values ?? {};
  return { arn: String(values['arn']), name: `${start}-secret`, text: String(version['secret_string']) };
}

/** What moto has to make. */
function worldOf(rendered: Rendered): object {
  const secrets = { exporter: secretOf(rendered, 'ExporterUser'), importer: secretOf(rendered, 'ImporterUser') };
  const statement = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secrets.exporter.arn };
  const trust = identityOf(rendered, 'exporter role').trust;
  const executionRole = {
    kind: 'role',
    name: 'execution',
    trust,
    policies: { Secret: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) },
  };
  const principals = everyone.map((who) => {
    const secret = who.startsWith('exporter') ? secrets.exporter.arn : secrets.importer.arn;
    return [who, { ...identityOf(rendered, who), secret }] as const;
  });
  return {
    buckets: [rendered.bucket, otherBucket],
    keys: [...all(rendered, 'aws_kms_key').map(({ values }) => values['arn']), otherKey],
    accessKeys: all(rendered, 'aws_iam_access_key').map(({ values: { id, secret, user } }) => ({ id, secret, user })),
    secrets: Object.values(secrets),
    principals: { ...Object.fromEntries(principals), 'execution role': executionRole },
  };
}

const skipped = motoServerIsMissing() || terraformIsMissing();

describe.skipIf(skipped)("what moto allows by the policies of Amazon S3's store as they are rendered", () => {
  let outcomes: ReadonlyMap<string, string>;
  beforeAll(async () => {
    const encryption = S3Encryption.ownKey();
    const { Encrypted: rendered } = await renderStores({ Encrypted: { encryption, gatewayVersions: ['3.10.0.2'] } });
    const there = {
      bucket: rendered.bucket,
      key: String(all(rendered, 'aws_kms_key')[0]?.values['arn']),
      secret: secretOf(rendered, 'ExporterUser').arn,
      otherSecret: secretOf(rendered, 'ImporterUser').arn,
    };
    const requests = casesOf(there).flatMap(({ what, service, operation, parameters }) =>
      callers.map((who) => ({ name: `${who}: ${what}`, request: { who, service, operation, parameters } })),
    );
    const input = JSON.stringify({ ...worldOf(rendered), requests: requests.map(({ request }) => request) });
    const script = join(__dirname, 'enforce_in_moto.py');
    const { status, stdout, stderr } = spawnSync('python3', [script], { input, encoding: 'utf8', timeout: 120_000 });
    expect(status, stderr).toBe(0);
    const answers = JSON.parse(stdout) as readonly string[];
    outcomes = new Map(requests.map(({ name }, index) => [name, answers[index] ?? '']));
  }, 240_000);

  const nowhere: There = { bucket: '', key: '', secret: '', otherSecret: '' };
  const table = casesOf(nowhere).flatMap(({ what, allowed }) =>
    callers.map((who) => [who, allowed.includes(who) ? 'may' : 'may not', what, allowed.includes(who)] as const),
  );

  it.each(table)('the %s %s: %s', (who, _may, what, may) => {
    const outcome = outcomes.get(`${who}: ${what}`);
    expect(outcome).toMatch(may ? /^allowed$/ : /^AccessDenied$/);
  });
});
