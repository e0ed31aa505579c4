import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { TerraformStack, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  CrossAccountRole,
  EcsImporter,
  EcsTaskRole,
  EnvValue,
  ExistingRole,
  ExporterNode,
  ImporterNode,
  KongResilienceRules,
  S3Store,
} from '../../../../constructs/aws';
import { only, synth } from '../../support/aws-stack';
import { containersOf, image, refusalOf, statementsOf } from './support';

const taskRole = 'arn:aws:iam::222222222222:role/kong-task';
const secret = 'arn:aws:secretsmanager:us-east-1:222222222222:secret:kong-cluster-AbCdEf';
const cluster = {
  controlPlane: 'cp.acme.com:8005',
  clusterCert: EnvValue.fromAwsSecret(secret, 'cert'),
  clusterCertKey: EnvValue.fromAwsSecret(secret, 'key'),
};
const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/configurations';

describe('gateways in another account', () => {
  const app = Testing.app();
  const home = new TerraformStack(app, 'Home');
  new AwsProvider(home, 'aws', { region: 'eu-central-1' });
  const store = new S3Store(home, 'Store', { bucketName: 'acme-kong' });
  new ExporterNode(home, 'Exporter', {
    ...cluster,
    store,
    principal: new EcsTaskRole(home, 'ExporterRole'),
    gatewayVersions: ['3.9.1'],
  });
  store.grantImport(new CrossAccountRole(home, 'OtherAccount', { roleArn: taskRole }));

  const stack = new TerraformStack(app, 'Gateways');
  new AwsProvider(stack, 'aws', { region: 'us-east-1', allowedAccountIds: ['222222222222'] });
  const importer = new ImporterNode(stack, 'Gateway', {
    store: S3Store.fromBucketName(stack, 'Store', 'acme-kong', {
      region: 'eu-central-1',
      gatewayVersions: ['3.9.1'],
      kmsKeyArn: keyArn,
    }),
    principal: ExistingRole.fromRoleArn(stack, 'TaskRole', taskRole),
    gatewayVersion: '3.9.1',
    ...cluster,
  });
  const handover = new EcsImporter(stack, 'Import', { importer, image });
  const kong = { name: 'kong', image: 'kong:3.9.1' };
  stack.addOverride(
    'resource.aws_ecs_task_definition.Task.container_definitions',
    handover.taskDefinitionParts([kong]).containerDefinitions,
  );
  KongResilienceRules.addToStacks(app);
  const [there, here] = [synth(home), synth(stack)];

  it('are declared by themselves, without a warning', () => {
    const told = stack.node
      .findAll()
      .flatMap(({ node }) => node.metadata.map(({ type, data }) => `${type} ${String(data).split(' ')[0] ?? ''}`));
    expect(told.filter((text) => text.startsWith('@cdktf/'))).toEqual([
      '@cdktf/info KR_TF_S3_EXISTING_BUCKET',
      '@cdktf/info KR_TF_S3_EXISTING_KEY',
      '@cdktf/info KR_TF_AWS_OTHER_ACCOUNT',
    ]);
  });

  it('reach the bucket in its own region, with the same rights on both sides', () => {
    const [container] = containersOf(here);
    expect(container?.environment).toContainEqual({ name: 'AWS_REGION', value: 'eu-central-1' });
    const theirs = statementsOf(here, 'TaskRole') as { Action: string[] }[];
    expect(theirs.flatMap(({ Action }) => Action)).toEqual(['s3:GetObject', 's3:ListBucket', 'kms:Decrypt']);
    const policy = JSON.parse(String(only(there, 'aws_s3_bucket_policy')['policy'])) as {
      Statement: { Principal: { AWS: unknown }; Action: string[] }[];
    };
    const letIn = policy.Statement.filter(({ Principal }) => JSON.stringify(Principal).includes(taskRole));
    expect(letIn.flatMap(({ Action }) => Action)).toEqual(['s3:GetObject', 's3:ListBucket']);
  });
});

it('a role of another account is told where its tasks are declared', () => {
  const refusal = refusalOf(({ stack, kong }) => {
    const principal = new CrossAccountRole(stack, 'Theirs', { roleArn: taskRole });
    const importer = kong.addImporter('Other', { principal, gatewayVersion: '3.9.1' });
    new EcsImporter(stack, 'Import', { importer, image });
  });
  expect(refusal).toBe(
    'Stack/Import: 1 problem\n  KR_TF_ECS_PRINCIPAL the principal "Stack/Theirs" is a role of another account, and tasks run in the account of their role. Declare an ImporterNode by itself and its EcsImporter in a stack of that account, with the role there as an EcsTaskRole or ExistingRole; here grant the store to this one: store.grantImport(…).',
  );
});
