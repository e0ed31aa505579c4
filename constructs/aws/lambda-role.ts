import type { Construct } from 'constructs';
import { AwsRole, type AwsRoleProps } from './aws-role';

export type LambdaRoleProps = AwsRoleProps;

/**
 * The role of a Lambda function, for `LambdaExporter`. What the function itself needs (its log, its secrets, a network)
 * is added by the construct that declares it.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class LambdaRole extends AwsRole {
  constructor(scope: Construct, id: string, props: LambdaRoleProps = {}) {
    super(scope, id, props, [], () => ({
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: ['sts:AssumeRole'],
    }));
  }
}
