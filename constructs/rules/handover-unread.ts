import { anyOf } from './reading/answer';
import { defineRule, type Finding } from './rule';

/** What is staged helps only a gateway whose start decides about it. */
export const handoverUnread = defineRule(
  'KR_RULE_HANDOVER_UNREAD',
  'warning',
  'The agent imports beside a gateway that does not read what it hands over.',
  (view, tell) =>
    view.groups.flatMap(({ construct, containers }): Finding[] => {
      const imports = anyOf(containers.filter(({ isAgent }) => isAgent).map((container) => container.imports));
      if (imports === 'no') return [];
      return containers.flatMap((container): Finding[] => {
        if (!container.isGateway || container.isControlPlane) return [];
        // In BASH_ENV, in an entry point or command, or as a file that is fixed where an image has no shell.
        if (/start\.sh|KONG_DECLARATIVE_CONFIG/.test(JSON.stringify(container.attributes))) return [];
        const subject = `the container "${container.name}"`;
        if (imports === 'unknown' || container.mayHave('BASH_ENV')) {
          return [tell.unknown(construct, `whether ${subject} starts by the start script of the hand-over.`)];
        }
        return [
          tell.found(
            construct,
            `${subject} has no BASH_ENV with the start script of the hand-over, so that what the agent beside it stages is never used. Set BASH_ENV to /var/lib/kong-resilience/handover/start.sh, or let EcsImporter or CloudRunImporter make the containers.`,
          ),
        ];
      });
    }),
);
