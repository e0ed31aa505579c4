import { readsBashEnv } from '../topology/entry-point';
import { textsOf } from './reading/attributes';
import { anyOf } from './reading/answer';
import type { Container, NodeGroup } from './reading/nodes';
import { isWhole } from './reading/text';
import { defineRule, type Finding } from './rule';

const fix =
  'Set BASH_ENV to /var/lib/kong-resilience/handover/start.sh, or let EcsImporter or CloudRunImporter make the containers.';

/** What is staged helps only a gateway whose start decides about it. */
export const handoverUnread = defineRule(
  'KR_RULE_HANDOVER_UNREAD',
  'warning',
  'The agent imports beside a gateway that does not read what it hands over.',
  (view, tell) =>
    view.groups.flatMap(({ construct, containers, platform }): Finding[] => {
      const imports = anyOf(containers.filter(({ isAgent }) => isAgent).map((container) => container.imports));
      if (imports === 'no') return [];
      return containers.flatMap((container): Finding[] => {
        if (!container.isGateway || container.isControlPlane) return [];
        // As a file that is fixed where an image has no shell.
        if (JSON.stringify(container.attributes).includes('KONG_DECLARATIVE_CONFIG')) return [];
        const { entryPoint, command } = startOf(container, platform);
        const words = [...entryPoint, ...command];
        if (words.some((word) => word.includes('start.sh'))) return [];
        const named = container.text('BASH_ENV')?.includes('start.sh') === true;
        const read = words.every(isWhole) ? readsBashEnv(entryPoint, command) : undefined;
        if (named && read === true) return [];
        const subject = `the container "${container.name}"`;
        if (imports === 'unknown' || (named ? read === undefined : container.mayHave('BASH_ENV'))) {
          return [tell.unknown(construct, `whether ${subject} starts by the start script of the hand-over.`)];
        }
        const what = named
          ? `${subject} has an entry point of its own, ${JSON.stringify(entryPoint)}, which is no bash that reads BASH_ENV, so that what the agent beside it stages is never used. Leave it out, or start it by bash.`
          : `${subject} has no BASH_ENV with the start script of the hand-over, so that what the agent beside it stages is never used. ${fix}`;
        return [tell.found(construct, what)];
      });
    }),
);

/** Each platform has its own words for what replaces an image's entry point, and what its command. */
function startOf({ attributes }: Container, platform: NodeGroup['platform']) {
  const [entryPoint, command] = platform === 'ecs' ? ['entryPoint', 'command'] : ['command', 'args'];
  return { entryPoint: textsOf(attributes, entryPoint ?? ''), command: textsOf(attributes, command ?? '') };
}
