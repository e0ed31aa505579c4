import { AwsProvider, type AwsProviderConfig } from '@cdktf/provider-aws/lib/provider';
import { TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import {
  CrossAccountRole,
  EcsTaskRole,
  ExistingRole,
  S3Encryption,
  S3Replication,
  S3Store,
} from '../../../constructs/aws';
import { synth } from '../support/aws-stack';

const ours = '111111111111';
const theirs = '222222222222';
const roleIn = (account: string) => `arn:aws:iam::${account}:role/gateway`;
const keyIn = (account: string) => `arn:aws:kms:eu-central-1:${account}:key/example`;

/** What a stack with this provider tells of accounts. */
function told(config: AwsProviderConfig, build: (stack: TerraformStack) => void): string[] {
  const stack = new TerraformStack(Testing.app(), 'Stack');
  new AwsProvider(stack, 'aws', config);
  build(stack);
  synth(stack);
  return stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.map(({ data }) => `${node.path}: ${String(data)}`))
    .filter((text) => text.includes('KR_TF_AWS_OTHER_ACCOUNT'));
}

const importedBy =
  (arn: string, kmsKeyArn?: string) =>
  (stack: TerraformStack): void => {
    const store = S3Store.fromBucketName(stack, 'Store', 'kong', { kmsKeyArn });
    store.grantImport(ExistingRole.fromRoleArn(stack, 'Gateway', arn));
  };

const text = (stores: string) =>
  `Stack/Store: KR_TF_AWS_OTHER_ACCOUNT "${roleIn(theirs)}" is of account ${theirs}, and the store of ${stores}: the policies of the bucket and its key must let it in there. Where this stack declares their policies, give a CrossAccountRole in its place; else grant one in the stack that does.`;

describe('an existing role whose ARN is of another account', () => {
  it.each<[string, AwsProviderConfig, string, string?]>([
    ['the account of the key', {}, ours, keyIn(ours)],
    ['the key, whatever the provider is held to', { allowedAccountIds: [theirs] }, ours, keyIn(ours)],
    ['the only account of the provider', { allowedAccountIds: [ours] }, ours],
    ['all accounts of the provider', { allowedAccountIds: [ours, '333333333333'] }, `${ours} or 333333333333`],
    ['the role of the provider', { assumeRole: [{ roleArn: roleIn(theirs) }, { roleArn: roleIn(ours) }] }, ours],
  ])('is told beside %s', (_, provider, stores, kmsKeyArn) => {
    expect(told(provider, importedBy(roleIn(theirs), kmsKeyArn))).toEqual([text(stores)]);
    expect(told(provider, importedBy(roleIn(ours), kmsKeyArn))).toEqual([]);
  });

  it('is told once, of a store that is declared and of its replica', () => {
    const declare = (stack: TerraformStack): void => {
      const store = new S3Store(stack, 'Store', {
        gatewayVersions: ['3.9.1'],
        encryption: S3Encryption.ownKey(),
        replication: S3Replication.toRegion('us-west-2'),
      });
      const role = ExistingRole.fromRoleArn(stack, 'Gateway', roleIn(theirs));
      store.grantImport(role);
      store.primaryRegion.grantImport(role);
    };
    expect(told({ allowedAccountIds: [ours] }, declare)).toEqual([text(ours)]);
  });

  it('is told by the provider that the store has', () => {
    const declare = (stack: TerraformStack): void => {
      const provider = new AwsProvider(stack, 'other', { alias: 'other', allowedAccountIds: [ours] });
      const store = S3Store.fromBucketName(stack, 'Store', 'kong', { provider });
      store.grantImport(ExistingRole.fromRoleArn(stack, 'Gateway', roleIn(theirs)));
    };
    expect(told({ allowedAccountIds: [theirs] }, declare)).toEqual([text(ours)]);
  });

  it('is none where an account is not known, or the principal is given as one of another', () => {
    expect(told({}, importedBy(roleIn(theirs)))).toEqual([]);
    const declare = (stack: TerraformStack): void => {
      const arn = new TerraformVariable(stack, 'arn', { type: 'string' }).stringValue;
      const store = S3Store.fromBucketName(stack, 'Store', 'kong', { kmsKeyArn: keyIn(ours) });
      store.grantImport(ExistingRole.fromRoleArn(stack, 'Unknown', arn));
      store.grantImport(new EcsTaskRole(stack, 'Task'));
      store.grantImport(new CrossAccountRole(stack, 'Theirs', { roleArn: roleIn(theirs) }));
    };
    expect(told({ allowedAccountIds: [ours] }, declare)).toEqual([]);
    const unknown = (stack: TerraformStack): void => importedBy(roleIn(theirs))(stack);
    const stack = new TerraformStack(Testing.app(), 'Other');
    const account = new TerraformVariable(stack, 'account', { type: 'string' }).stringValue;
    expect(told({ allowedAccountIds: [account] }, unknown)).toEqual([]);
  });
});
