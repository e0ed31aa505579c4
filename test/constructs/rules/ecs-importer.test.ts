import { EcsTaskDefinition, type EcsTaskDefinitionConfig } from '@cdktf/provider-aws/lib/ecs-task-definition';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { TerraformVariable, type TerraformStack } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EcsImporter, EcsTaskRole, ExistingRole, type EcsTaskParts, type IPrincipal } from '../../../constructs/aws';
import { image, nodesIn } from '../aws/deployment/support';
import { toldBy } from './harness';

type Change = (parts: EcsTaskParts, stack: TerraformStack) => Partial<EcsTaskDefinitionConfig>;

/** What a rule tells of a gateway's task that takes the parts of an importer, and then changes some. */
function toldOf(code: string, change: Change, principal?: (stack: TerraformStack) => IPrincipal): string[] {
  return toldBy(code, (stack) => {
    const { importer } = nodesIn(stack, principal === undefined ? {} : { principals: { importer: principal } });
    const mountPoints = [{ sourceVolume: 'certs', containerPath: '/certs' }];
    const parts = new EcsImporter(stack, 'Import', { importer, image }).taskDefinitionParts([
      { name: 'kong', image: 'kong:3.9.1', mountPoints },
    ]);
    const volume = [{ name: 'certs' }, ...parts.volume];
    new EcsTaskDefinition(stack, 'Task', { family: 'kong', ...parts, volume, ...change(parts, stack) });
  });
}

describe('KR_RULE_VOLUME_NOT_DECLARED', () => {
  const code = 'KR_RULE_VOLUME_NOT_DECLARED';
  const text = (volume: string, containers: string) =>
    `Stack/Task error: ${code} the volume "${volume}", which ${containers} mounts, is not declared in the task definition, and ECS refuses it. Name all: volume: [...yours, ...parts.volume], of what taskDefinitionParts gives.`;

  it('tells of the volume that was replaced by the other, whichever that is', () => {
    expect(toldOf(code, ({ volume }) => ({ volume }))).toEqual([text('certs', '"kong"')]);
    expect(toldOf(code, () => ({ volume: [{ name: 'certs' }] }))).toEqual([
      text('kong-resilience-handover', '"kong-resilience-import", "kong"'),
    ]);
  });

  it('not where all are declared, nor of a task without the agent', () => {
    expect(toldOf(code, () => ({}))).toEqual([]);
    const mountPoints = [{ sourceVolume: 'certs', containerPath: '/certs' }];
    const containerDefinitions = JSON.stringify([{ name: 'kong', image: 'kong:3.9.1', mountPoints }]);
    expect(toldOf(code, () => ({ containerDefinitions, volume: [] }))).toEqual([]);
  });

  it('says that it could not check a name that Terraform alone knows', () => {
    const told = toldOf(code, ({ volume }, stack) => ({
      volume: [{ name: new TerraformVariable(stack, 'volume', {}).stringValue }, ...volume],
    }));
    expect(told).toEqual([
      `Stack/Task info: ${code} could not be checked: whether the volume "certs", which "kong" mounts, is declared.`,
    ]);
  });
});

describe('KR_RULE_TASK_ROLE_REPLACED', () => {
  const code = 'KR_RULE_TASK_ROLE_REPLACED';
  const fix =
    'which may read the store, so that its import is refused. Take the taskRoleArn of taskDefinitionParts; for the role that the task has now, give the importer principal: ExistingRole.fromRoleArn(…).';
  const mine = 'arn:aws:iam::111111111111:role/mine';
  const existing = (stack: TerraformStack) => ExistingRole.fromRoleArn(stack, 'Existing', mine);

  it('tells of a task that has another role than the importer, or none', () => {
    expect(toldOf(code, () => ({ taskRoleArn: 'arn:aws:iam::111111111111:role/other' }), existing)).toEqual([
      `Stack/Task warn: ${code} it has the task role "other", and not the role "mine", ${fix}`,
    ]);
    expect(toldOf(code, () => ({ taskRoleArn: undefined }), existing)).toEqual([
      `Stack/Task warn: ${code} it has no task role, and not the role "mine", ${fix}`,
    ]);
  });

  it('of another role that the stack declares', () => {
    const told = toldOf(code, (_, stack) => ({
      taskRoleArn: new IamRole(stack, 'Other', { name: 'other', assumeRolePolicy: '{}' }).arn,
    }));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`Stack/Task warn: ${code} it has the task role "other", and not the role`);
  });

  it('not of the same, however it is named', () => {
    expect(toldOf(code, () => ({}))).toEqual([]);
    expect(toldOf(code, () => ({ taskRoleArn: mine }), existing)).toEqual([]);
    expect(
      toldOf(
        code,
        () => ({}),
        (stack) => new EcsTaskRole(stack, 'Role'),
      ),
    ).toEqual([]);
  });

  it('says that it could not check a role that Terraform alone knows', () => {
    const told = toldOf(
      code,
      (_, stack) => ({ taskRoleArn: new TerraformVariable(stack, 'role', {}).stringValue }),
      existing,
    );
    expect(told).toEqual([
      `Stack/Task info: ${code} could not be checked: whether its task role is the role "mine", which may read the store.`,
    ]);
  });
});
