import type { IConstruct } from 'constructs';
import { anyOf } from './reading/answer';
import { nameInArn } from './reading/computed';
import { parseJson } from './reading/json';
import { equals } from './reading/text';
import { defineRule, type Finding } from './rule';

/** What `EcsImporter` shows of itself. */
interface Importer extends IConstruct {
  readonly containerDefinition: object;
  readonly taskRoleArn: string;
}

/** The rights to the store belong to a role that the task does not have. */
export const taskRoleReplaced = defineRule(
  'KR_RULE_TASK_ROLE_REPLACED',
  'warning',
  'A task of ECS with the container of an EcsImporter has another task role than its importer.',
  (view, tell) => {
    const importers = view.app.constructs.filter(isImporter).map((importer) => ({
      container: JSON.stringify(parseJson(view.app.textAt(importer, JSON.stringify(importer.containerDefinition)))),
      role: nameInArn(view.app.textAt(importer, importer.taskRoleArn)),
    }));
    return view.groups
      .filter(({ platform }) => platform === 'ecs')
      .flatMap(({ construct, containers, identity }): Finding[] => {
        const all = new Set(containers.map(({ attributes }) => JSON.stringify(attributes)));
        const roles = importers.filter(({ container }) => all.has(container)).map(({ role }) => role);
        const [wanted] = roles;
        if (wanted === undefined) return [];
        const given = identity === undefined ? undefined : nameInArn(identity);
        const answer = given === undefined ? 'no' : anyOf(roles.map((role) => equals(role, given)));
        if (answer === 'yes') return [];
        const subject = `the role ${view.show(wanted)}, which may read the store,`;
        if (answer === 'unknown') return [tell.unknown(construct, `whether its task role is ${subject.slice(0, -1)}.`)];
        const has = given === undefined ? 'has no task role' : `has the task role ${view.show(given)}`;
        return [
          tell.found(
            construct,
            `it ${has}, and not ${subject} so that its import is refused. Take the taskRoleArn of taskDefinitionParts; for the role that the task has now, give the importer principal: ExistingRole.fromRoleArn(…).`,
          ),
        ];
      });
  },
);

function isImporter(construct: IConstruct): construct is Importer {
  const { containerDefinition, taskRoleArn } = construct as Partial<Importer>;
  return typeof containerDefinition === 'object' && typeof taskRoleArn === 'string';
}
