import type { Construct } from 'constructs';
import { AwsRole, type AwsRoleProps } from './aws-role';

export type EcsExecutionRoleProps = AwsRoleProps;

/**
 * An execution role of ECS: with it ECS pulls images, reads secrets and writes logs when a task starts; the task itself
 * never has it. It may do nothing until `EcsExporter` or `EcsImporter` adds exactly what they need. Several may share it.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class EcsExecutionRole extends AwsRole {
  constructor(scope: Construct, id: string, props: EcsExecutionRoleProps = {}) {
    const namePrefix = props.name === undefined ? (props.namePrefix ?? 'kong-execution-') : props.namePrefix;
    super(scope, id, { ...props, namePrefix }, [], () => ({
      Effect: 'Allow',
      Principal: { Service: 'ecs-tasks.amazonaws.com' },
      Action: ['sts:AssumeRole'],
    }));
  }
}
