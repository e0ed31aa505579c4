import type { EnvironmentBlock } from '../environment';
import { isKnown, type Problem } from '../problems';
import { HANDOVER_DIR, SPOOL_DIR } from '../topology';
import { AGENT_DIR } from './agent-image';
import { subdomainProblems } from './names';
import { notMounted, wrongMount } from './problems';

/** Names of secrets by the folder in which a pod finds their keys as files. */
export type SecretMounts = Readonly<Record<string, string>>;

export interface MountedSecrets {
  readonly volumes: readonly object[];
  readonly volumeMounts: readonly object[];
}

export function mountSecrets(mounts: SecretMounts = {}): MountedSecrets {
  const entries = Object.entries(mounts).sort(([a], [b]) => (a < b ? -1 : 1));
  const name = (index: number): string => `kong-resilience-secret-${index}`;
  return {
    volumes: entries.map(([, secretName], index) => ({ name: name(index), secret: { secretName } })),
    volumeMounts: entries.map(([mountPath], index) => ({ name: name(index), mountPath, readOnly: true })),
  };
}

const taken = ['/', '/tmp', HANDOVER_DIR, SPOOL_DIR, AGENT_DIR];

/** Variables of the agent that name files. */
const naming = [
  'KONG_CLUSTER_CERT',
  'KONG_CLUSTER_CERT_KEY',
  'KONG_CLUSTER_CA_CERT',
  'KONG_LUA_SSL_TRUSTED_CERTIFICATE',
  'GOOGLE_APPLICATION_CREDENTIALS',
];

/** What is wrong with the mounts, and which file a variable names that is in none of them. */
export function secretMountProblems(mounts: SecretMounts = {}, block: EnvironmentBlock): Problem[] {
  const folders = Object.keys(mounts);
  const wrong = folders.filter((path) => !/^(\/[^/:\s]+)+$/.test(path) || taken.includes(path));
  const files = naming.flatMap((name) => {
    const value = block.get(name);
    if (value === undefined || value.isSecret || !isKnown(value.toString())) return [];
    const paths = value
      .toString()
      .split(',')
      .map((path) => path.trim())
      .filter((path) => path.startsWith('/'));
    return paths.map((path) => [name, path] as const);
  });
  return [
    ...wrong.map((path) => wrongMount(path)),
    ...Object.entries(mounts).flatMap(([path, secret]) =>
      subdomainProblems(`secretMounts[${JSON.stringify(path)}]`, secret),
    ),
    ...files
      .filter(([, path]) => !folders.some((folder) => path.startsWith(`${folder}/`)))
      .map(([name, path]) => notMounted(name, path, path.replace(/\/[^/]*$/, '') || '<folder>')),
  ];
}
