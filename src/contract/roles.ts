import type { VariableValues } from './environment-variables';
import { looksOnly } from './node-environment';
import type { EnvironmentCommand, NodeEnvironment } from './node-environment';
import type { ProblemList } from './problems';
import type { RawValues } from './read-values';

const exportSwitch = 'KONG_CLUSTER_FALLBACK_CONFIG_EXPORT';
const importSwitch = 'KONG_CLUSTER_FALLBACK_CONFIG_IMPORT';

/** Finds what the node does, and what contradicts that. A command that names a role stands for its switch, unless that is off. */
export function checkRoles(
  command: EnvironmentCommand,
  values: VariableValues,
  raw: RawValues,
  problems: ProblemList,
): NodeEnvironment['role'] {
  const wrong = (name: string): boolean => problems.concerns(name);
  const exports = values[exportSwitch];
  const imports = values[importSwitch];
  const readable = !wrong(exportSwitch) && !wrong(importSwitch);
  if (readable && command === 'run' && !exports && !imports) {
    problems.add(
      'KR_ENV_ROLE',
      exportSwitch,
      `${exportSwitch} and ${importSwitch} are both off, so that there is nothing to do. Set one to "on": the first on the backup node, the second on a data plane.`,
    );
  }
  if (readable && command === 'export' && !exports && (imports || raw.has(exportSwitch))) {
    problems.add(
      'KR_ENV_ROLE',
      exportSwitch,
      contradiction(exportSwitch, 'export', imports ? importSwitch : undefined),
    );
  }
  if (readable && command === 'import' && !imports && (exports || raw.has(importSwitch))) {
    problems.add(
      'KR_ENV_ROLE',
      importSwitch,
      contradiction(importSwitch, 'import', exports ? exportSwitch : undefined),
    );
  }
  const role = {
    export: command === 'export' || (command !== 'import' && exports),
    import: command === 'import' || (command !== 'export' && imports),
  };
  checkGateway(role, command, imports, values, problems);
  return role;
}

/** The switch of the command is off; `other` is the one that is on instead. */
function contradiction(name: string, command: 'export' | 'import', other: string | undefined): string {
  if (other === undefined) return `${name} is off, but the command is "${command}". Set it to "on", or leave it out.`;
  return `${name} is not on, but ${other} is, and the command is "${command}". If this node is meant to ${command}, set ${name} to "on" in place of ${other}.`;
}

function checkGateway(
  role: NodeEnvironment['role'],
  command: EnvironmentCommand,
  importOn: boolean,
  values: VariableValues,
  problems: ProblemList,
): void {
  const { KONG_ROLE: gateway, KONG_DATABASE: database, KONG_RESILIENCE_ADMIN_URL: adminUrl } = values;
  if (gateway === 'control_plane' && (role.import || importOn)) {
    const what = importOn ? `${importSwitch} is on` : 'the command is "import"';
    problems.add(
      'KR_ENV_ROLE',
      importOn ? importSwitch : 'KONG_ROLE',
      `${what}, but KONG_ROLE is "control_plane": only a data plane imports. A control plane can export; set ${exportSwitch} to "on" for that.`,
    );
  }
  if (looksOnly(command)) return;
  if (gateway === 'traditional' && adminUrl === undefined && !problems.concerns('KONG_RESILIENCE_ADMIN_URL')) {
    problems.add(
      'KR_ENV_ROLE',
      'KONG_ROLE',
      'KONG_ROLE is "traditional": such a node has no control plane. Set it to "data_plane", or KONG_RESILIENCE_ADMIN_URL for a DB-less gateway.',
    );
  }
  if (gateway === 'data_plane' && adminUrl !== undefined) {
    problems.add(
      'KR_ENV_ROLE',
      'KONG_RESILIENCE_ADMIN_URL',
      'KONG_RESILIENCE_ADMIN_URL is set, but KONG_ROLE is "data_plane": a data plane opens no Admin API. Unset one of the two.',
    );
  }
  if (database !== undefined && database !== 'off' && (gateway === 'data_plane' || adminUrl !== undefined)) {
    problems.add(
      'KR_ENV_UNUSED',
      'KONG_DATABASE',
      `KONG_DATABASE is "${database}", and a gateway with a database takes no configuration from outside. Set it to "off" on the gateway.`,
    );
  }
}
