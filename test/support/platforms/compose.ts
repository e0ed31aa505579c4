import { chmodSync, chownSync, cpSync, existsSync, lstatSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import type { Image, Images, Mount } from './images';
import { type Answer, Network, type Reachable } from './network';
import type { ContainerSpec, Machine, Sandbox } from './sandbox';
import { onlyKnown, Refused, type Workload } from './workload';

/*
 * `docker compose up`, by the Compose Specification and Docker's documentation:
 * - "Interpolation": `${NAME}`, `${NAME:?error}`, `${NAME?error}`, `${NAME:-default}`, `${NAME-default}`, `$$`, of the `.env` beside the file
 * - "depends_on": service_started, service_healthy, service_completed_successfully; where the last fails, `up` ends and starts no dependent
 * - "Start containers automatically": a container whose process ended is started again by the daemon, alone, in the same container;
 *   the delay begins with 100 ms and doubles
 * - "Volumes", populating: an empty named volume gets what the image has at its place, owner and mode too
 */

export interface ComposeMachine {
  readonly images: Images;
  /** Where relative paths are: the folder of the file. */
  readonly folder: string;
  readonly reachable: Reachable;
  /** How long a second of a health check is, in milliseconds. 1000 by default. */
  readonly secondMs?: number;
}

interface Service {
  readonly image: string;
  readonly entrypoint?: string | readonly string[];
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string | number | boolean | null>> | readonly string[];
  readonly user?: string;
  readonly group_add?: readonly (string | number)[];
  readonly working_dir?: string;
  readonly hostname?: string;
  readonly volumes?: readonly (string | LongVolume)[];
  readonly tmpfs?: string | readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly secrets?: readonly (string | { readonly source: string; readonly target?: string })[];
  readonly depends_on?:
    | readonly string[]
    | Readonly<
        Record<string, { readonly condition?: string; readonly required?: boolean; readonly restart?: boolean }>
      >;
  readonly restart?: string;
  readonly healthcheck?: HealthCheck;
}

interface LongVolume {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
}

interface HealthCheck {
  readonly test: string | readonly string[];
  readonly interval?: string;
  readonly timeout?: string;
  readonly retries?: number;
  readonly start_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, { readonly file?: string }>>;
}

const executed = [
  ...[
    'image',
    'entrypoint',
    'command',
    'environment',
    'user',
    'group_add',
    'working_dir',
    'hostname',
    'volumes',
    'tmpfs',
  ],
  ...['read_only', 'cap_drop', 'security_opt', 'secrets', 'depends_on', 'restart', 'healthcheck'],
];
const withoutEffect = [
  'ports',
  'expose',
  'networks',
  'logging',
  'labels',
  'container_name',
  'init',
  'pull_policy',
  'stop_grace_period',
  'deploy',
  'mem_limit',
];

/** Puts the values of `.env` into the text of a file. @throws Refused where one is demanded and not there */
export function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:\$|\{([A-Za-z_]\w*)(?:(:?[-?])([^}]*))?\}|([A-Za-z_]\w*))/g,
    (match, braced, operator, word, bare) => {
      if (match === '$$') return '$';
      const name = (braced ?? bare) as string;
      const value = env[name];
      const missing = value === undefined || (String(operator).startsWith(':') && value === '');
      if (!missing) return value;
      if (String(operator).endsWith('?')) throw new Refused(`required variable ${name} is missing a value: ${word}`);
      return String(operator).endsWith('-') ? String(word) : '';
    },
  );
}

/** `.env`: a line each, single quotes take their content as it stands. */
export function dotEnv(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', single, double, plain = ''] of text.matchAll(
    /^([A-Za-z_]\w*)=(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|(.*))$/gm,
  )) {
    found[name] =
      single ?? double?.replace(/\\(.)/g, (_match, letter: string) => (letter === 'n' ? '\n' : letter)) ?? plain.trim();
  }
  return found;
}

/** Reads a file as Compose does: YAML first, then each value is interpolated. */
export function readCompose(text: string, env: Readonly<Record<string, string>>): ComposeFile {
  const inner = (value: unknown): unknown => {
    if (typeof value === 'string') return interpolate(value, env);
    if (Array.isArray(value)) return value.map(inner);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inner(member)]));
  };
  return inner(parse(text)) as ComposeFile;
}

/** One project. */
export class ComposeProject implements Workload {
  readonly containers: readonly string[];
  private failed: string | undefined;
  private readonly running = new Map<string, Running>();
  private readonly volumes = new Map<string, string>();
  private abandoned = false;

  /** @param only of the file's services, and what they depend on, as `docker compose up <service>` */
  constructor(
    readonly machine: Machine,
    private readonly file: ComposeFile,
    readonly host: ComposeMachine,
    only: readonly string[],
  ) {
    onlyKnown('the file', file, ['services', 'volumes', 'secrets', 'networks', 'name']);
    const wanted = new Set<string>();
    const add = (name: string): void => {
      const service = file.services[name];
      if (service === undefined) throw new Refused(`no such service: ${name}`);
      onlyKnown(name, service, [...executed, ...withoutEffect]);
      for (const { on } of dependenciesOf(service)) if (!wanted.has(on)) add(on);
      wanted.add(name);
    };
    only.forEach(add);
    this.containers = [...wanted];
  }

  /** What `up` failed with, or that the service that all of it is for has ended for good. */
  get stopped(): string | undefined {
    const last = this.containers.at(-1) ?? '';
    const exitCode = this.running.get(last)?.endedWith;
    return (
      this.failed ?? (exitCode === undefined ? undefined : `${last} ended with ${exitCode}, and is not started again`)
    );
  }

  get ends(): boolean {
    return this.abandoned;
  }

  sandbox(container: string): Sandbox | undefined {
    return this.running.get(container)?.sandbox;
  }

  async start(): Promise<void> {
    try {
      for (const name of this.containers) {
        const running = await Running.create(this, name, this.serviceOf(name));
        this.running.set(name, running);
      }
      // In the order of their dependencies, which the set has.
      for (const name of this.containers) await this.up(name);
    } catch (error) {
      this.failed = (error as Error).message;
    }
  }

  async crash(container: string): Promise<void> {
    await this.running.get(container)?.crash();
  }

  async ask(container: string, port: number, path: string): Promise<Answer | undefined> {
    return this.running.get(container)?.network.ask(port, path);
  }

  abandon(): void {
    this.abandoned = true;
  }

  private serviceOf(name: string): Service {
    const service = this.file.services[name];
    if (service === undefined) throw new Refused(`no such service: ${name}`);
    return service;
  }

  private async up(name: string): Promise<void> {
    for (const { on, condition, required } of dependenciesOf(this.serviceOf(name))) {
      const dependency = this.running.get(on);
      if (dependency === undefined) throw new Refused(`${name} depends on ${on}`);
      if (condition === 'service_completed_successfully') {
        const exitCode = await dependency.completed;
        if (exitCode !== 0 && required)
          throw new Error(`service "${on}" didn't complete successfully: exit ${exitCode}`);
      } else if (condition === 'service_healthy') {
        if (!(await dependency.isHealthy()) && required)
          throw new Error(`dependency failed to start: container ${on} is unhealthy`);
      } else if (condition !== 'service_started') {
        throw new Refused(`${name}: depends_on ${on}: ${condition}`);
      }
    }
    await this.running.get(name)?.launch();
  }

  specOf(name: string, service: Service, network: Network): ContainerSpec {
    const image = this.host.images(service.image);
    const mounts = [
      ...(service.volumes ?? []).map((volume) => this.mountOf(volume, image)),
      ...this.secretsOf(service),
    ];
    const anonymous = image.volumes
      .filter((path) => !mounts.some(({ target }) => target === path))
      .map((path) => ({ source: this.populated('volume', image, path), target: path }));
    for (const option of service.security_opt ?? []) {
      if (!/^no-new-privileges([:=]true)?$/.test(option)) throw new Refused(`${name}: not executed: ${option}`);
    }
    return {
      name,
      image,
      network,
      environment: environmentOf(service),
      mounts: [...mounts, ...anonymous],
      tmpfs: wordsOf(service.tmpfs ?? []).map((entry) => entry.split(':')[0] ?? ''),
      readOnlyRoot: service.read_only ?? false,
      groups: (service.group_add ?? []).map(Number),
      dropCapabilities: service.cap_drop ?? [],
      noNewPrivileges: (service.security_opt ?? []).length > 0,
      ...(service.entrypoint === undefined ? {} : { entrypoint: wordsOf(service.entrypoint) }),
      ...(service.command === undefined ? {} : { command: wordsOf(service.command) }),
      ...(service.user === undefined ? {} : { user: service.user }),
      ...(service.working_dir === undefined ? {} : { workingDirectory: service.working_dir }),
      ...(service.hostname === undefined ? {} : { hostname: service.hostname }),
    };
  }

  private mountOf(volume: string | LongVolume, image: Image): Mount {
    const [source = '', target = '', mode = ''] =
      typeof volume === 'string'
        ? volume.split(':')
        : [volume.source, volume.target, volume.read_only === true ? 'ro' : ''];
    const readOnly = mode.split(',').includes('ro');
    if (isAbsolute(source) || source.startsWith('.')) {
      const path = isAbsolute(source) ? source : join(this.host.folder, source);
      if (!existsSync(path)) throw new Refused(`bind source path does not exist: ${path}`);
      return { source: path, target, readOnly };
    }
    if (this.file.volumes === undefined || !(source in this.file.volumes))
      throw new Refused(`undefined volume ${source}`);
    const made = this.volumes.get(source) ?? this.populated(source, image, target);
    this.volumes.set(source, made);
    return { source: made, target, readOnly };
  }

  private secretsOf(service: Service): Mount[] {
    return (service.secrets ?? []).map((secret) => {
      const { source, target = source } = typeof secret === 'string' ? { source: secret } : secret;
      const { file } = this.file.secrets?.[source] ?? {};
      if (file === undefined) throw new Refused(`secret ${source} has no file`);
      const path = isAbsolute(file) ? file : join(this.host.folder, file);
      return { source: path, target: isAbsolute(target) ? target : `/run/secrets/${target}`, readOnly: true };
    });
  }

  /** A new volume, with what the image has at its place. */
  private populated(name: string, image: Image, target: string): string {
    const folder = this.machine.newFolder(name);
    const place = join(image.folder, target);
    if (!existsSync(place)) return folder;
    cpSync(place, folder, { recursive: true });
    chownSync(folder, ...(image.owners[target] ?? [0, 0]));
    chmodSync(folder, lstatSync(place).mode & 0o7777);
    return folder;
  }
}

/** One container over all of its restarts. */
class Running {
  /** The exit code of the process that ended last, and is not started again. */
  readonly completed: Promise<number>;
  endedWith: number | undefined;
  private complete: (exitCode: number) => void = () => undefined;
  private restarted: Promise<void> = Promise.resolve();
  private restarts = 0;

  private constructor(
    private readonly project: ComposeProject,
    private readonly service: Service,
    readonly network: Network,
    readonly sandbox: Sandbox,
  ) {
    this.completed = new Promise((resolve) => (this.complete = resolve));
  }

  static async create(project: ComposeProject, name: string, service: Service): Promise<Running> {
    const network = await Network.open(project.machine.newFolder('network'), project.host.reachable);
    project.machine.atEnd(() => network.close());
    return new Running(project, service, network, project.machine.create(project.specOf(name, service, network)));
  }

  async launch(): Promise<void> {
    await this.sandbox.start();
    void this.sandbox.exit.then((exitCode) => (this.restarted = this.ended(exitCode)));
  }

  async crash(): Promise<void> {
    if (!this.sandbox.runs) return;
    await this.sandbox.kill();
    await this.restarted;
  }

  private async ended(exitCode: number): Promise<void> {
    const [policy = 'no', most] = (this.service.restart ?? 'no').split(':');
    if (!['no', 'always', 'unless-stopped', 'on-failure'].includes(policy)) throw new Refused(`restart: ${policy}`);
    const again =
      policy === 'always' ||
      policy === 'unless-stopped' ||
      (policy === 'on-failure' && exitCode !== 0 && (most === undefined || this.restarts < Number(most)));
    if (!again || this.project.ends) {
      this.endedWith = exitCode;
      this.complete(exitCode);
      return;
    }
    await delay(100 * 2 ** Math.min(this.restarts++, 9), undefined, { ref: false });
    if (!this.project.ends) await this.launch();
  }

  async isHealthy(): Promise<boolean> {
    const { healthcheck } = this.service;
    if (healthcheck === undefined) throw new Refused('depends on the health of a service that has no health check');
    const secondMs = this.project.host.secondMs ?? 1000;
    const { interval = '30s', timeout = '30s', retries = 3, start_period: period = '0s' } = healthcheck;
    const graceEnds = performance.now() + seconds(period) * secondMs;
    for (let failures = 0; failures < retries && this.sandbox.runs;) {
      await delay(seconds(interval) * secondMs, undefined, { ref: false });
      if ((await this.sandbox.exec(testOf(healthcheck), seconds(timeout) * 1000)) === 0) return true;
      if (performance.now() > graceEnds) failures += 1;
    }
    return false;
  }
}

function dependenciesOf({ depends_on: list = [] }: Service): { on: string; condition: string; required: boolean }[] {
  if (Array.isArray(list))
    return (list as string[]).map((on) => ({ on, condition: 'service_started', required: true }));
  return Object.entries(list as Readonly<Record<string, { condition?: string; required?: boolean }>>).map(
    ([on, { condition = 'service_started', required = true }]) => ({ on, condition, required }),
  );
}

function environmentOf({ environment = {} }: Service): Record<string, string> {
  const entries = Array.isArray(environment)
    ? (environment as string[]).map((entry): [string, string] => [
        entry.replace(/=.*$/s, ''),
        entry.replace(/^[^=]*=?/, ''),
      ])
    : Object.entries(environment as Readonly<Record<string, string | number | boolean | null>>);
  // A name without a value is taken from the shell, which has none of them here.
  return Object.fromEntries(
    entries.filter(([, value]) => value !== null).map(([name, value]) => [name, String(value)]),
  );
}

/** A command is a list, or a text that is split at white space. */
function wordsOf(words: string | readonly string[]): readonly string[] {
  if (typeof words !== 'string') return words;
  if (/["'\\]/.test(words)) throw new Refused(`not executed: the quotes of ${words}`);
  return words.split(/\s+/).filter((word) => word !== '');
}

export function testOf({ test }: Pick<HealthCheck, 'test'>): readonly string[] {
  if (typeof test === 'string') return ['/bin/sh', '-c', test];
  return test[0] === 'CMD-SHELL' ? ['/bin/sh', '-c', ...test.slice(1)] : test.slice(1);
}

function seconds(duration: string): number {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  return [...duration.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0),
    0,
  );
}
