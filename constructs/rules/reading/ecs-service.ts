import { anyOf, type Answer } from './answer';
import type { Element } from './element';
import { textOf } from './attributes';
import type { NodeGroup } from './nodes';
import { equals } from './text';
import type { View } from './view';

/** Tasks of an ECS service, by the service's definition. */
export function tasksOf(view: View, { attributes }: Element): readonly (readonly [NodeGroup, Answer])[] {
  const definition = textOf(attributes, 'task_definition') ?? '';
  return view.groups
    .filter(({ platform }) => platform === 'ecs')
    .map((group) => {
      const family = textOf(group.element.attributes, 'family') ?? '';
      const named = definition.replace(/^arn:[^/]*\//, '').replace(/:\d+$/, '');
      return [group, anyOf([equals(definition, view.nameOf(group.element)), equals(named, family)])] as const;
    });
}
