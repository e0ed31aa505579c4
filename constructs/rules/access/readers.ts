import type { IConstruct } from 'constructs';
import { TerraformElement } from 'cdktf';
import type { IPrincipal } from '../../topology';
import type { Answer } from '../reading/answer';
import { nameInArn } from '../reading/computed';
import { groupExports, groupImports, type NodeGroup } from '../reading/nodes';

/** Somebody who must not write. */
export interface Reader {
  /** Name of a role or user, or a member of Google's. */
  readonly name: string;
  readonly kind: 'role' | 'user' | 'member';
  /** Why it must not, as the end of a sentence: `of "Stack/Task", which imports`. */
  readonly why: string;
  /** Whether it is one of those at all. */
  readonly certain: Answer;
  /** The construct of this library whose own grants are known to be right. */
  readonly owner: IConstruct | undefined;
}

/** The identities of nodes that only import, or that proxy. */
export function readersOfGroups(groups: readonly NodeGroup[]): readonly Reader[] {
  return groups.flatMap((group): Reader[] => {
    const { identity, containers, construct, platform } = group;
    if (identity === undefined) return [];
    const proxies = containers.some((container) => container.proxies);
    const certain = proxies ? 'yes' : groupExports(group) === 'no' ? groupImports(group) : 'no';
    if (certain === 'no') return [];
    const ecs = platform === 'ecs';
    return [
      {
        name: ecs ? nameInArn(identity) : `serviceAccount:${identity}`,
        kind: ecs ? 'role' : 'member',
        why: `of "${construct.node.path}", which ${proxies ? 'proxies' : 'imports'},`,
        certain,
        owner: undefined,
      },
    ];
  });
}

/** The principal of this library that a construct is part of, if it is. */
export function principalAbove({ node }: IConstruct): IConstruct | undefined {
  const { scope } = node;
  if (scope === undefined || TerraformElement.isTerraformElement(scope)) return undefined;
  const { credentials } = scope as Partial<IPrincipal>;
  return typeof credentials === 'object' ? scope : undefined;
}
