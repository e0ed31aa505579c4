import { environmentVariables } from '../../src/contract';

/** Folder in which the agent leaves the configuration for a gateway, in the containers of both: the default of KONG_RESILIENCE_HANDOVER_DIR. */
export const HANDOVER_DIR = defaultOf('KONG_RESILIENCE_HANDOVER_DIR');

/** Folder that an exporter keeps for itself: the default of KONG_RESILIENCE_SPOOL_DIR. */
export const SPOOL_DIR = defaultOf('KONG_RESILIENCE_SPOOL_DIR');

/**
 * The start script of the hand-over, as a gateway's `BASH_ENV` names it: Kong's entry points are bash scripts, which read
 * that file at each start (docs/handover.md).
 */
export const START_SCRIPT = `${HANDOVER_DIR}/start.sh`;

/** User and group by number of the agent's image, and of the gateway in Kong's Helm chart. */
export const AGENT_UID = 1000;

function defaultOf(name: string): string {
  const value = environmentVariables.find((variable) => variable.name === name)?.default;
  if (value === undefined) throw new Error(`${name} has no default`);
  return value;
}
