import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret';
import { TerraformVariable, type TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  EcsExporter,
  EcsImporter,
  EcsTaskRole,
  EnvValue,
  ExistingRole,
  KongResilience,
  S3Store,
} from '../../../constructs/aws';
import { image } from '../aws/deployment/support';
import { toldBy } from './harness';

const code = 'KR_RULE_SECRET_KEY_NOT_GIVEN';
const keyArn = 'arn:aws:kms:eu-central-1:111111111111:key/1234';

/** What the rule tells of an exporter and an importer on ECS that have their certificate in a secret under a key. */
function toldOf(
  key: (stack: TerraformStack) => string | undefined,
  given: Readonly<Record<string, string>> = {},
): string[] {
  return toldBy(code, (stack) => {
    const secret = new SecretsmanagerSecret(stack, 'Secret', { kmsKeyId: key(stack) });
    const kong = new KongResilience(stack, 'Kong', {
      store: new S3Store(stack, 'Store'),
      controlPlane: 'cp.acme.com:8005',
      clusterCert: EnvValue.fromAwsSecret(secret.arn, 'cert'),
      clusterCertKey: EnvValue.fromAwsSecret(secret.arn, 'key'),
    });
    const exporter = kong.addExporter('Exporter', {
      principal: new EcsTaskRole(stack, 'ExporterRole'),
      gatewayVersions: ['3.9.1'],
    });
    const subnets = ['subnet-1'];
    new EcsExporter(stack, 'Export', { exporter, image, cluster: 'c', subnets, ...given });
    const importer = kong.addImporter('Importer', {
      principal: new EcsTaskRole(stack, 'ImporterRole'),
      gatewayVersion: '3.9.1',
    });
    const executionRole = ExistingRole.fromRoleName(stack, 'Execution', 'kong-execution');
    new EcsImporter(stack, 'Import', { importer, image, executionRole, ...given });
  });
}

const found = (path: string, role: string, key: string) =>
  `${path} warn: ${code} the role ${role} gets the right to the secret of "Stack/Secret", and none to the key "${key}" of KMS that encrypts it, without which nothing that reads it starts. Give secretsKmsKeyArn to the construct that reads it.`;

describe(code, () => {
  it('tells of what reads a secret under a customer key, and is not given the key', () => {
    const told = toldOf((stack) => new KmsKey(stack, 'Key').arn);
    expect(told).toEqual([
      found(
        'Stack/Export/ExecutionRole/Start-Export',
        'of "Stack/Export/ExecutionRole/Resource"',
        '${aws_kms_key.Key.arn}',
      ),
      found('Stack/Execution/Start-Import', '"kong-execution"', '${aws_kms_key.Key.arn}'),
    ]);
  });

  it.each([
    ['a key by its ARN', keyArn],
    ['an alias of the account', 'alias/kong'],
  ])('tells of %s', (_, key) => expect(toldOf(() => key)).toHaveLength(2));

  it('says nothing where the key is given', () => {
    expect(toldOf(() => keyArn, { secretsKmsKeyArn: keyArn })).toEqual([]);
  });

  it.each([
    ['the key of Secrets Manager, by default', undefined],
    ['the key of Secrets Manager, by its alias', 'alias/aws/secretsmanager'],
    ['the same, by the ARN of the alias', 'arn:aws:kms:eu-central-1:111111111111:alias/aws/secretsmanager'],
  ])('says nothing of %s', (_, key) => expect(toldOf(() => key)).toEqual([]));

  it('tells of a key that Terraform alone knows', () => {
    const key = (stack: TerraformStack) => new TerraformVariable(stack, 'key', { type: 'string' }).stringValue;
    expect(toldOf(key)).toHaveLength(2);
  });
});
