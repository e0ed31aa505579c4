import type { KmsKey } from '@cdktf/provider-aws/lib/kms-key';
import type { KmsKeyPolicy } from '@cdktf/provider-aws/lib/kms-key-policy';
import type { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import type { IConstruct } from 'constructs';
import { expressionOf } from '../problems';
import { isAttributeOf, resourceNamed, resourcesOf } from '../topology/same-stack';

/** Whether the bucket of this name is declared in the stack of the store. */
export function declaresBucket(store: IConstruct, bucketName: string): boolean {
  return resourceNamed<S3Bucket>(store, 'aws_s3_bucket', bucketName, ({ bucketInput }) => bucketInput) !== undefined;
}

/** Whether the key is declared in the stack of the store, and its policy lets IAM policies of its account decide, as the default does. */
export function declaresAccountKey(store: IConstruct, keyArn: string): boolean {
  const arn = expressionOf(store, keyArn);
  const key = resourcesOf<KmsKey>(store, 'aws_kms_key').find((one) => isAttributeOf(one, arn, ['arn']));
  if (key === undefined) return false;
  const apart = resourcesOf<KmsKeyPolicy>(store, 'aws_kms_key_policy').filter(({ keyIdInput }) =>
    isAttributeOf(key, expressionOf(store, keyIdInput ?? ''), ['id', 'key_id', 'arn']),
  );
  return [key, ...apart].every(
    ({ policyInput }) => policyInput === undefined || letsAccountDecide(expressionOf(store, policyInput)),
  );
}

/** The statement that the default policy of a key has: everything, to the account itself. */
function letsAccountDecide(policy: string): boolean {
  let read: { readonly Statement?: unknown };
  try {
    read = JSON.parse(policy) as typeof read;
  } catch {
    // Terraform alone knows it.
    return false;
  }
  return listOf(read.Statement).some((statement) => {
    const { Effect, Principal, Action, Condition } = statement as Readonly<Record<string, unknown>>;
    const accounts = listOf((Principal as { readonly AWS?: unknown } | undefined)?.AWS);
    return (
      Effect === 'Allow' &&
      Condition === undefined &&
      listOf(Action).includes('kms:*') &&
      accounts.some((account) => /^arn:[^:]+:iam::.*:root$/.test(String(account)))
    );
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
