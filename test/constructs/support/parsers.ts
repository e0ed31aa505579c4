import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServer, isMissing } from '../../support/servers';

const { parsersProgram, parsersSource } = createRequire(__filename)('./parsers/program.mjs') as {
  parsersProgram: () => string;
  parsersSource: string;
};

/** Environment of a process: what a platform's parser makes of a form. */
export type Environment = Record<string, string>;

/** Whether to skip what needs Compose's, Helm's and Kubernetes' own code. @throws Error in CI */
export const goParsersAreMissing = (): boolean => isMissing(parsersProgram());

/** Whether to skip what needs systemd's library or the Lua libraries of Kong's loader. @throws Error in CI */
export function luaParsersAreMissing(): boolean {
  const libraries = spawnSync('luajit', ['-e', "require 'ffi' require 'pl.config' require 'rex_pcre2'"]);
  return isUnavailable(
    libraries.status === 0 && systemdLibrary() !== undefined,
    'LuaJIT, its libraries, or that of systemd',
    'apt-get install luajit lua-penlight lua-rex-pcre2 libsystemd-shared',
  );
}

/** Whether to skip what needs boto3 and moto. @throws Error in CI */
export function ecsIsMissing(): boolean {
  return isUnavailable(
    spawnSync('python3', ['-c', 'import boto3, moto']).status === 0,
    'boto3 and moto',
    'pip install moto',
  );
}

/** Whether to skip what needs moto's server. @throws Error in CI */
export function motoServerIsMissing(): boolean {
  return isUnavailable(
    spawnSync('python3', ['-c', 'import boto3, moto.server']).status === 0,
    "boto3 and moto's server",
    "pip install 'moto[server]'",
  );
}

/** Whether to skip what needs Kubernetes' schemas. @throws Error in CI */
export function kubernetesSchemasAreMissing(): boolean {
  return isUnavailable(
    spawnSync('python3', ['-c', 'import kubernetes_validate']).status === 0,
    'kubernetes-validate',
    'pip install kubernetes-validate',
  );
}

function isUnavailable(present: boolean, what: string, install: string): boolean {
  if (present) return false;
  const message = `not installed: ${what}; run ${install}`;
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') throw new Error(message);
  process.stderr.write(`${message}\n`);
  return true;
}

/** systemd's private library, which holds the parser of EnvironmentFile. */
function systemdLibrary(): string | undefined {
  return ['/usr/lib/x86_64-linux-gnu/systemd', '/usr/lib/aarch64-linux-gnu/systemd', '/usr/lib/systemd']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .find((path) => /\/libsystemd-shared-[^/]*\.so$/.test(path));
}

function run(program: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8', timeout: 20_000 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return stdout;
}

function go(parser: string, input: unknown): Environment {
  const program = findServer(parsersProgram());
  if (program === undefined) throw new Error('the parsers are not built: run npm run test:servers');
  return JSON.parse(run(program, [parser], JSON.stringify(input))) as Environment;
}

/** The environment of a service in a compose file, by compose-go. @param operator what the operator has set */
export const parseCompose = (file: string, operator: Environment = {}, service = 'node'): Environment =>
  go('compose', { file, environment: operator, service });

/** What Compose makes of a `.env`. @param operator what the operator has set, which a value there may name */
export const parseDotEnv = (file: string, operator: Environment = {}): Environment =>
  go('dotenv', { file, environment: operator });

/** What the kubelet makes of a container's `env`. @param secrets texts by "name/key" */
export const parseKubernetes = (env: string, secrets: Environment = {}): Environment =>
  go('kubernetes', { env, secrets });

const environmentTemplate = readFileSync(join(parsersSource, 'environment.yaml.tpl'), 'utf8');

/** What the kubelet makes of what Helm makes of values, by a template that does as Kong's. */
export const parseHelm = (values: string, secrets: Environment = {}, template = environmentTemplate): Environment =>
  go('helm', { template, values, secrets });

/** Variables and secrets of a container as ECS has them after it was registered, by AWS's model of the API and moto. */
export const registerEcs = (container: unknown): { environment: unknown; secrets: unknown } =>
  JSON.parse(run('python3', [join(parsersSource, 'ecs.py')], JSON.stringify(container))) as {
    environment: unknown;
    secrets: unknown;
  };

/** What the strict schemas of a version of Kubernetes say of each object: "" where it is right. */
export const validateKubernetes = (manifests: readonly unknown[], version: string): string[] =>
  JSON.parse(run('python3', [join(parsersSource, 'kubernetes.py'), version], JSON.stringify(manifests))) as string[];

/** What systemd makes of an EnvironmentFile. */
export const parseSystemd = (file: string): Environment =>
  lua('systemd.lua', file, [systemdLibrary() ?? 'libsystemd-shared.so']);

/** What a POSIX shell makes of a file that it sources, of the names that the file is about. */
export function parseShell(file: string, names: readonly string[]): Environment {
  const variables = inFile(file, (path) =>
    run('env', ['-i', 'sh', '-c', 'set -a; . "$1"; exec /usr/bin/env -0', 'sh', path]),
  );
  const all = variables.split('\0').map((variable) => {
    const [name = ''] = variable.split('=', 1);
    return [name, variable.slice(name.length + 1)] as const;
  });
  return Object.fromEntries(all.filter(([name]) => names.includes(name)));
}

/** Options of a kong.conf by name, as Kong's loader reads them. */
export const parseKongConf = (file: string): Environment => lua('kong-conf.lua', file, []);

function lua(script: string, content: string, args: readonly string[]): Environment {
  const output = inFile(content, (path) => run('luajit', [join(parsersSource, script), ...args, path]));
  const lines = output.split('\n').filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', hexadecimal = ''] = line.split(' ');
      return [name, Buffer.from(hexadecimal, 'hex').toString()];
    }),
  );
}

/** Uses a file that is removed afterwards. */
function inFile<T>(content: string, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'parsers-'));
  try {
    const file = join(folder, 'file');
    writeFileSync(file, content);
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
