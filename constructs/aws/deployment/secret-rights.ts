import { awsSecretArns } from '../../environment/aws-secrets';
import type { EnvironmentBlock } from '../../environment';
import { checkKeyArn } from '../checks';
import type { Problem } from '../../problems';
import { unmountedProblems } from '../../topology/named-files';
import type { PolicyStatement } from '../policy';
import type { Surroundings } from './surroundings';

export interface SecretsProps {
  /**
   * ARN of the customer key of KMS with which the secrets are encrypted.
   *
   * @default none: they are encrypted with the key of AWS, aws/secretsmanager
   */
  readonly secretsKmsKeyArn?: string;
}

export function checkSecrets({ secretsKmsKeyArn }: SecretsProps): Problem[] {
  return checkKeyArn('secretsKmsKeyArn', secretsKmsKeyArn);
}

/** Which files of the cluster are named that are not in the agent's container or function. */
export function checkFiles(block: EnvironmentBlock, place: string): Problem[] {
  const fix = 'Put its PEM into a secret of Secrets Manager and give that: EnvValue.fromAwsSecret.';
  return unmountedProblems(block, place, fix);
}

/** Lets somebody read exactly the secrets that blocks refer to. */
export function secretRights(
  blocks: readonly EnvironmentBlock[],
  { secretsKmsKeyArn }: SecretsProps,
  surroundings: Surroundings,
): PolicyStatement[] {
  const arns = awsSecretArns(blocks);
  if (arns.length === 0) return [];
  const read: PolicyStatement = {
    Sid: 'KongSecrets',
    Effect: 'Allow',
    Action: ['secretsmanager:GetSecretValue'],
    Resource: arns,
  };
  if (secretsKmsKeyArn === undefined) return [read];
  const { region, dnsSuffix } = surroundings;
  return [
    read,
    {
      Sid: 'KongSecretsKey',
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: [secretsKmsKeyArn],
      Condition: { StringEquals: { 'kms:ViaService': [`secretsmanager.${region}.${dnsSuffix}`] } },
    },
  ];
}
