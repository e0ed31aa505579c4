import type { EnvironmentBlock } from '../environment';
import type { Problem } from '../problems';
import { HANDOVER_DIR, SPOOL_DIR } from '../topology';
import { namedFiles } from '../topology/named-files';
import { notMounted } from '../topology/problems';
import { AGENT_DIR } from './agent-image';
import { subdomainProblems } from './names';
import { wrongMount } from './problems';

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

/** What is wrong with the mounts, and which file a variable names that is in none of them. */
export function secretMountProblems(mounts: SecretMounts = {}, block: EnvironmentBlock): Problem[] {
  const folders = Object.keys(mounts);
  const wrong = folders.filter((path) => !/^(\/[^/:\s]+)+$/.test(path) || taken.includes(path));
  return [
    ...wrong.map((path) => wrongMount(path)),
    ...Object.entries(mounts).flatMap(([path, secret]) =>
      subdomainProblems(`secretMounts[${JSON.stringify(path)}]`, secret),
    ),
    ...namedFiles(block)
      .filter(([, path]) => !folders.some((folder) => path.startsWith(`${folder}/`)))
      .map(([name, path]) => notMounted(name, path, 'the pod', mountFix(path))),
  ];
}

function mountFix(path: string): string {
  const folder = path.replace(/\/[^/]*$/, '') || '<folder>';
  const byChart = folder.startsWith('/etc/secrets/') ? mountedByChart : '';
  return `Give the secret itself (EnvValue.fromKubernetesSecret), or mount the secret that holds the file: secretMounts: { ${JSON.stringify(folder)}: '<name of the secret>' }.${byChart}`;
}

const mountedByChart =
  " Where secretVolumes of Kong's chart have it in the gateway, merge your values (helmValuesToYaml(yours)): that mount is left to the chart.";
