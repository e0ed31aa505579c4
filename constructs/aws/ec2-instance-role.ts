import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { IamInstanceProfile } from '@cdktf/provider-aws/lib/iam-instance-profile';
import type { Construct } from 'constructs';
import { AwsRole, type AwsRoleProps } from './aws-role';

export type Ec2InstanceRoleProps = AwsRoleProps;

/**
 * The role of EC2 instances, with its instance profile. A container on the instance needs a hop limit of 2 in the
 * instance's metadata options.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class Ec2InstanceRole extends AwsRole {
  /** Give it as `iamInstanceProfile` of an instance or a launch template. */
  readonly instanceProfileName: string;
  readonly instanceProfileArn: string;

  constructor(scope: Construct, id: string, props: Ec2InstanceRoleProps = {}) {
    super(scope, id, props, [], (self) => {
      const { dnsSuffix } = new DataAwsPartition(self, 'Partition', { provider: props.provider });
      return { Effect: 'Allow', Principal: { Service: `ec2.${dnsSuffix}` }, Action: ['sts:AssumeRole'] };
    });
    const profile = new IamInstanceProfile(this, 'InstanceProfile', {
      provider: props.provider,
      name: props.name,
      namePrefix: props.name === undefined ? (props.namePrefix ?? 'kong-') : undefined,
      path: props.path,
      role: this.roleName,
      tags: props.tags,
    });
    this.instanceProfileName = profile.name;
    this.instanceProfileArn = profile.arn;
  }
}
