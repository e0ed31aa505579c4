import { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration';
import { TerraformVariable, type TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EcsTaskRole, S3Encryption, S3Store } from '../../../constructs/aws';
import { toldBy } from './harness';

const code = 'KR_RULE_KEY_NOT_GIVEN';
const keyArn = 'arn:aws:kms:eu-central-1:111111111111:key/1234';
const variable = (stack: TerraformStack) => new TerraformVariable(stack, 'value', { type: 'string' }).stringValue;

interface Given {
  readonly sseAlgorithm?: string;
  readonly kmsMasterKeyId?: string;
}

function encrypt(stack: TerraformStack, bucket: string, { sseAlgorithm = 'aws:kms', kmsMasterKeyId = keyArn }: Given) {
  new S3BucketServerSideEncryptionConfigurationA(stack, 'Encryption', {
    bucket,
    rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm, kmsMasterKeyId } }],
  });
}

/** What the rule tells of a store in a bucket that is encrypted so. */
const toldOf = (given: (stack: TerraformStack) => Given, options: (stack: TerraformStack) => object = () => ({})) =>
  toldBy(code, (stack) => {
    const { bucket } = new S3Bucket(stack, 'Bucket', { bucket: 'ours' });
    encrypt(stack, bucket, given(stack));
    const store = S3Store.fromBucketName(stack, 'Store', bucket, { prefix: 'kong', ...options(stack) });
    store.grantImport(new EcsTaskRole(stack, 'Reader'));
  });

const found = (bucket: string, key: string) =>
  `Stack/Store warn: ${code} the bucket ${bucket} is encrypted with the key "${key}" of KMS, and the store is not given it: no principal gets rights to the key, and every put and read would be denied. Pass kmsKeyArn: S3Store.fromBucketName(…, { kmsKeyArn }).`;

const unknown = (bucket: string, key: string) =>
  `Stack/Store info: ${code} could not be checked: whether the bucket ${bucket} is encrypted with the key "${key}" of KMS depends on what is not in the stack. If so, pass kmsKeyArn.`;

describe(code, () => {
  it.each(['aws:kms', 'aws:kms:dsse'])('tells of a store that is not given the key of its bucket: %s', (algorithm) => {
    expect(toldOf(() => ({ sseAlgorithm: algorithm }))).toEqual([found('"ours"', keyArn)]);
  });

  it('names a key that the stack declares', () => {
    expect(toldOf((stack) => ({ kmsMasterKeyId: new KmsKey(stack, 'Key').arn }))).toEqual([
      found('"ours"', '${aws_kms_key.Key.arn}'),
    ]);
  });

  it('says nothing when the key is given', () => {
    expect(
      toldOf(
        () => ({}),
        () => ({ kmsKeyArn: keyArn }),
      ),
    ).toEqual([]);
    const key = (stack: TerraformStack) =>
      (stack.node.tryFindChild('Key') as KmsKey | undefined) ?? new KmsKey(stack, 'Key');
    const both = toldOf(
      (stack) => ({ kmsMasterKeyId: key(stack).arn }),
      (stack) => ({ kmsKeyArn: key(stack).arn }),
    );
    expect(both).toEqual([]);
  });

  it('says nothing of keys that S3 manages', () => {
    expect(toldOf(() => ({ sseAlgorithm: 'AES256' }))).toEqual([]);
    expect(toldOf(() => ({ kmsMasterKeyId: 'alias/aws/s3' }))).toEqual([]);
    const arn = 'arn:aws:kms:eu-central-1:111111111111:alias/';
    expect(toldOf(() => ({ kmsMasterKeyId: `${arn}aws/s3` }))).toEqual([]);
    expect(toldOf(() => ({ kmsMasterKeyId: `${arn}our-aws/s3` }))).toEqual([found('"ours"', `${arn}our-aws/s3`)]);
    const unnamed = toldBy(code, (stack) => {
      new S3BucketServerSideEncryptionConfigurationA(stack, 'Encryption', {
        bucket: 'ours',
        rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms' } }],
      });
      S3Store.fromBucketName(stack, 'Store', 'ours');
    });
    expect(unnamed).toEqual([]);
  });

  it('says nothing of another bucket, and sees that of a bucket declared elsewhere', () => {
    const beside = (bucket: string) =>
      toldBy(code, (stack) => {
        S3Store.fromBucketName(stack, 'Store', 'theirs');
        encrypt(stack, bucket, {});
      });
    expect(beside('other')).toEqual([]);
    expect(beside('theirs')).toEqual([found('"theirs"', keyArn)]);
  });

  it('reads the older block of the bucket', () => {
    const inline = (bucket: string) =>
      toldBy(code, (stack) => {
        new S3Bucket(stack, 'Bucket', {
          bucket,
          serverSideEncryptionConfiguration: {
            rule: { applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: keyArn } },
          },
        });
        S3Store.fromBucketName(stack, 'Store', 'ours');
      });
    expect(inline('ours')).toEqual([found('"ours"', keyArn)]);
    expect(inline('other')).toEqual([]);
  });

  it('says that it could not check what Terraform alone knows', () => {
    expect(toldOf((stack) => ({ sseAlgorithm: variable(stack) }))).toEqual([unknown('"ours"', keyArn)]);
    const named = toldBy(code, (stack) => {
      encrypt(stack, variable(stack), {});
      S3Store.fromBucketName(stack, 'Store', 'ours');
    });
    expect(named).toEqual([unknown('"ours"', keyArn)]);
  });

  it('says nothing of a bucket that the store declares, with whatever key', () => {
    const own = (encryption: S3Encryption) => toldBy(code, (stack) => new S3Store(stack, 'Store', { encryption }));
    expect(own(S3Encryption.s3Managed())).toEqual([]);
    expect(own(S3Encryption.ownKey())).toEqual([]);
    expect(own(S3Encryption.existingKey(keyArn))).toEqual([]);
  });
});
