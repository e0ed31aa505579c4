import { anyOf } from './reading/answer';
import { blocksOf, textOf } from './reading/attributes';
import { equals } from './reading/text';
import { defineRule, type Finding } from './rule';

/** ECS refuses such a task definition, and at apply alone. */
export const volumeNotDeclared = defineRule(
  'KR_RULE_VOLUME_NOT_DECLARED',
  'error',
  'A container beside the agent mounts a volume that its task definition does not declare.',
  (view, tell) =>
    view.groups
      .filter(({ platform, containers }) => platform === 'ecs' && containers.some(({ isAgent }) => isAgent))
      .flatMap(({ construct, element, containers }): Finding[] => {
        const volumes = blocksOf(element.attributes, 'volume');
        const declared = volumes.list.map((volume) => textOf(volume, 'name') ?? '');
        const mounts = containers.flatMap(({ name, attributes }) =>
          blocksOf(attributes, 'mountPoints').list.flatMap((mount) => {
            const volume = textOf(mount, 'sourceVolume');
            return volume === undefined ? [] : [{ name, volume }];
          }),
        );
        const names = [...new Set(mounts.map(({ volume }) => volume))];
        return names.flatMap((volume): Finding[] => {
          const answer = anyOf([volumes.complete ? 'no' : 'unknown', ...declared.map((one) => equals(one, volume))]);
          if (answer === 'yes') return [];
          const users = mounts.filter((mount) => mount.volume === volume).map(({ name }) => JSON.stringify(name));
          const subject = `the volume ${view.show(volume)}, which ${users.join(', ')} mounts,`;
          if (answer === 'unknown') return [tell.unknown(construct, `whether ${subject} is declared.`)];
          return [
            tell.found(
              construct,
              `${subject} is not declared in the task definition, and ECS refuses it. Name all: volume: [...yours, ...parts.volume], of what taskDefinitionParts gives.`,
            ),
          ];
        });
      }),
);
