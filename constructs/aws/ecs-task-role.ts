import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import type { Construct } from 'constructs';
import { AwsRole, type AwsRoleProps } from './aws-role';

export type EcsTaskRoleProps = AwsRoleProps;

/**
 * The task role of an ECS task, on Fargate or EC2: give its `arn` as `taskRoleArn`. Tasks of this account alone may take
 * it on. The execution role, which reads secrets when a task starts, is another one and yours.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class EcsTaskRole extends AwsRole {
  constructor(scope: Construct, id: string, props: EcsTaskRoleProps = {}) {
    super(scope, id, props, [], (self) => {
      const { partition } = new DataAwsPartition(self, 'Partition', { provider: props.provider });
      const { accountId } = new DataAwsCallerIdentity(self, 'Account', { provider: props.provider });
      return {
        Effect: 'Allow',
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Action: ['sts:AssumeRole'],
        Condition: {
          StringEquals: { 'aws:SourceAccount': [accountId] },
          ArnLike: { 'aws:SourceArn': [`arn:${partition}:ecs:*:${accountId}:*`] },
        },
      };
    });
  }
}
