import { anyOf } from './reading/answer';
import { defineRule, type Finding } from './rule';

/** Open source knows neither variable, and says nothing. */
export const fallbackWithoutAgent = defineRule(
  'KR_RULE_FALLBACK_WITHOUT_AGENT',
  'error',
  'The fallback is switched on in an open-source gateway, and no agent runs beside it.',
  (view, tell) =>
    view.groups.flatMap((group): Finding[] => {
      const { construct, containers, complete } = group;
      if (!complete) {
        return [tell.unknown(construct, 'its containers are known to Terraform alone; no rule about nodes sees them.')];
      }
      if (containers.some((container) => container.isAgent)) return [];
      return containers.flatMap((container): Finding[] => {
        const on = anyOf([container.exports, container.imports]);
        if (on === 'no' || container.edition === 'enterprise') return [];
        const subject = `the container "${container.name}"`;
        if (on === 'yes' && container.edition === 'open-source') {
          return [
            tell.found(
              construct,
              `${subject} has KONG_CLUSTER_FALLBACK_CONFIG_${container.exports === 'yes' ? 'EXPORT' : 'IMPORT'} on, and ${view.show(container.image)} is open source, which ignores it: nothing is ${container.exports === 'yes' ? 'exported' : 'imported'}. Run the agent beside it, or take kong/kong-gateway.`,
            ),
          ];
        }
        // Another process that may have them, or not.
        if (on === 'unknown' && !container.isGateway) return [];
        return [
          tell.unknown(
            construct,
            `whether ${subject} switches the fallback on in an open-source gateway: its image is ${view.show(container.image)}. If it is, run the agent beside it.`,
          ),
        ];
      });
    }),
);
