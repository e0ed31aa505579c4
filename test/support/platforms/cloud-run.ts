import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Image, Images, Mount } from './images';
import { type Answer, Network, type Reachable } from './network';
import type { Machine, Sandbox } from './sandbox';
import { onlyKnown, Refused, type Workload } from './workload';

/*
 * One instance of a Cloud Run service or worker pool, by Google's documentation:
 * - "Deploying multiple containers": a container with depends_on starts when the named ones are healthy, by their startup probes;
 *   nothing waits for a completion
 * - "Container runtime contract": the ingress container gets PORT and must listen on it within its startup probe (by default TCP, 240 s)
 * - "In-memory volume mounts": shared by the containers of the instance, new with it
 * - "Secrets": as a variable of a version, or as a file
 *
 * A container that exits, and a probe that has failed too often, end the instance, and another one is started: the documentation does
 * not say it of sidecars, and nothing better may be assumed. Containers run by the user of their image, with a writable root.
 */

export interface CloudRunContainer {
  readonly name?: string;
  readonly image: string;
  readonly command?: readonly string[] | null;
  readonly args?: readonly string[] | null;
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string | null;
    readonly value_source?: readonly { readonly secret_key_ref: readonly SecretKeyRef[] }[];
  }[];
  readonly ports?: readonly { readonly container_port: number }[] | { readonly container_port: number };
  readonly volume_mounts?: readonly { readonly name: string; readonly mount_path: string }[];
  readonly startup_probe?: readonly Probe[];
  readonly liveness_probe?: readonly Probe[];
  readonly depends_on?: readonly string[] | null;
  readonly working_dir?: string | null;
}

interface SecretKeyRef {
  readonly secret: string;
  readonly version?: string | null;
}

interface Probe {
  readonly http_get?: readonly { readonly path?: string | null; readonly port?: number | null }[];
  readonly tcp_socket?: readonly { readonly port?: number | null }[];
  readonly initial_delay_seconds?: number | null;
  readonly period_seconds?: number | null;
  readonly timeout_seconds?: number | null;
  readonly failure_threshold?: number | null;
}

interface Volume {
  readonly name: string;
  readonly empty_dir?: readonly { readonly medium?: string | null }[];
  readonly secret?: readonly {
    readonly secret: string;
    readonly default_mode?: number | null;
    readonly items?: readonly {
      readonly path: string;
      readonly version?: string | null;
      readonly mode?: number | null;
    }[];
  }[];
}

/** The `template` of a google_cloud_run_v2_service or _worker_pool, as Terraform has it in its state. */
export interface CloudRunTemplate {
  readonly containers: readonly CloudRunContainer[];
  readonly volumes?: readonly Volume[];
}

export interface CloudRunProject {
  readonly images: Images;
  /** The newest version of each secret, by its name or full id. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly reachable: Reachable;
  /** How long a second of a probe is, in milliseconds. 1000 by default. */
  readonly secondMs?: number;
}

const executed = [
  ...[
    'name',
    'image',
    'command',
    'args',
    'env',
    'ports',
    'volume_mounts',
    'startup_probe',
    'liveness_probe',
    'depends_on',
  ],
  'working_dir',
];
const withoutEffect = ['resources', 'base_image_uri', 'build_info', 'source_code'];

/** A service or worker pool with one instance. */
export class CloudRunService implements Workload {
  readonly containers: readonly string[];
  private instance: Instance | undefined;
  private instances = 0;
  private abandoned = false;
  private replacing: Promise<void> = Promise.resolve();

  /** @throws Refused as the API does */
  constructor(
    private readonly machine: Machine,
    private readonly template: CloudRunTemplate,
    private readonly project: CloudRunProject,
  ) {
    machine.atEnd(() => this.replacing.catch(() => undefined));
    const { containers, volumes = [] } = template;
    this.containers = containers.map(nameOf);
    for (const container of containers) {
      const name = nameOf(container);
      onlyKnown(name, container, [...executed, ...withoutEffect]);
      for (const on of container.depends_on ?? []) {
        const dependency = containers.find((candidate) => nameOf(candidate) === on);
        if (dependency === undefined) throw new Refused(`${name} depends on ${on}, which is none`);
        if ((dependency.startup_probe ?? []).length === 0)
          throw new Refused(`${name} depends on ${on}, which has no startup probe`);
      }
      for (const { name: volume } of container.volume_mounts ?? []) {
        if (!volumes.some((candidate) => candidate.name === volume)) throw new Refused(`${name}: no volume ${volume}`);
      }
    }
    for (const volume of volumes) onlyKnown(`volume ${volume.name}`, volume, ['name', 'empty_dir', 'secret']);
  }

  get stopped(): string | undefined {
    return this.instances > 3 ? this.instance?.ended : undefined;
  }

  sandbox(container: string): Sandbox | undefined {
    return this.instance?.sandboxes.get(container);
  }

  async start(): Promise<void> {
    this.instances = 0;
    await this.run();
  }

  async crash(container: string): Promise<void> {
    this.instances = 0;
    const sandbox = this.sandbox(container);
    if (sandbox?.runs !== true) return;
    await sandbox.kill();
    await this.instance?.over;
    await this.replacing;
  }

  async ask(_container: string, port: number, path: string): Promise<Answer | undefined> {
    return this.instance?.network.ask(port, path);
  }

  abandon(): void {
    this.abandoned = true;
  }

  private replace(): void {
    this.replacing = this.run();
    // Whoever waits for it is told; else it has failed since its machine ends.
    this.replacing.catch(() => undefined);
  }

  private async run(): Promise<void> {
    this.instances += 1;
    const instance = await Instance.create(this.machine, this.template, this.project);
    this.instance = instance;
    void instance.over.then(() => {
      if (!this.abandoned && this.instances <= 3) this.replace();
    });
    await instance.start();
  }
}

const nameOf = ({ name, image }: CloudRunContainer): string => name ?? image;

/** One instance: its containers, which end together. */
export class Instance {
  readonly sandboxes = new Map<string, Sandbox>();
  readonly over: Promise<void>;
  ended: string | undefined;
  private finish: () => void = () => undefined;
  private onStarted: () => void = () => undefined;
  private startedCount = 0;
  private readonly volumes = new Map<string, string>();

  private constructor(
    private readonly machine: Machine,
    private readonly template: CloudRunTemplate,
    private readonly project: CloudRunProject,
    readonly network: Network,
  ) {
    this.over = new Promise((resolve) => (this.finish = resolve));
    for (const volume of template.volumes ?? []) this.volumes.set(volume.name, this.make(volume));
  }

  static async create(machine: Machine, template: CloudRunTemplate, project: CloudRunProject): Promise<Instance> {
    const network = await Network.open(machine.newFolder('network'), project.reachable);
    machine.atEnd(() => network.close());
    return new Instance(machine, template, project, network);
  }

  /** Resolves when all containers have been started, which is before they are healthy, or the instance has ended. */
  async start(): Promise<void> {
    const healthy = new Map<string, Promise<void>>();
    const begin = (container: CloudRunContainer): Promise<void> => {
      const name = nameOf(container);
      const known = healthy.get(name);
      if (known !== undefined) return known;
      const before = this.template.containers.filter((other) => container.depends_on?.includes(nameOf(other)) === true);
      const made = Promise.all(before.map(begin)).then(() => this.launch(container));
      healthy.set(name, made);
      return made;
    };
    const { containers } = this.template;
    const started = new Promise<void>((resolve) => (this.onStarted = resolve));
    void Promise.all(containers.map(begin)).catch((error: Error) => this.end(error.message));
    await Promise.race([started, this.over]);
  }

  private async launch(container: CloudRunContainer): Promise<void> {
    if (this.ended !== undefined) return;
    const name = nameOf(container);
    const sandbox = this.machine.create(this.specOf(container));
    this.sandboxes.set(name, sandbox);
    await sandbox.start();
    this.startedCount += 1;
    if (this.startedCount === this.template.containers.length) this.onStarted();
    void sandbox.exit.then((exitCode) => this.end(`container ${name} exited with ${exitCode}`));
    const [startup] = container.startup_probe ?? [];
    const port = portOf(container);
    if (startup !== undefined) await this.until(name, startup, port, true);
    else if (port !== undefined)
      await this.until(name, { tcp_socket: [{ port }], period_seconds: 240, failure_threshold: 1 }, port, true);
    const [liveness] = container.liveness_probe ?? [];
    if (liveness !== undefined) void this.until(name, liveness, port, false);
  }

  private async end(why: string): Promise<void> {
    if (this.ended !== undefined) return;
    this.ended = why;
    // "Cloud Run sends SIGTERM, and 10 seconds later SIGKILL."
    await Promise.all(
      [...this.sandboxes.values()].filter(({ runs }) => runs).map((sandbox) => sandbox.stop('SIGTERM', 10_000)),
    );
    this.finish();
  }

  /** TCP probes are tried again and again within their period; HTTP ones once in it. */
  private async until(name: string, probe: Probe, ingress: number | undefined, once: boolean): Promise<void> {
    const secondMs = this.project.secondMs ?? 1000;
    const period = (probe.period_seconds ?? 10) * secondMs;
    await delay((probe.initial_delay_seconds ?? 0) * secondMs, undefined, { ref: false });
    for (let failures = 0; this.ended === undefined;) {
      const end = performance.now() + period;
      let well = await this.isWell(probe, ingress);
      while (!well && probe.http_get === undefined && this.ended === undefined && performance.now() < end) {
        await delay(50, undefined, { ref: false });
        well = await this.isWell(probe, ingress);
      }
      if (well && once) return;
      failures = well ? 0 : failures + 1;
      if (failures >= (probe.failure_threshold ?? 3)) {
        await this.end(`the probe of ${name} failed ${failures} times`);
        return;
      }
      await delay(Math.max(0, end - performance.now()), undefined, { ref: false });
    }
  }

  private async isWell(
    { http_get: http, tcp_socket: tcp, timeout_seconds: limit }: Probe,
    ingress: number | undefined,
  ): Promise<boolean> {
    const port = http?.[0]?.port ?? tcp?.[0]?.port ?? ingress ?? 8080;
    const answer = await this.network.ask(port, http?.[0]?.path ?? '/', (limit ?? 1) * 1000);
    return (
      answer !== undefined && (http === undefined || http.length === 0 || (answer.status >= 200 && answer.status < 400))
    );
  }

  private specOf(container: CloudRunContainer): Parameters<Machine['create']>[0] {
    const image: Image = this.project.images(container.image);
    const mounts: Mount[] = (container.volume_mounts ?? []).map(({ name, mount_path: target }) => ({
      source: this.volumes.get(name) ?? '',
      target,
    }));
    const port = portOf(container);
    return {
      name: nameOf(container),
      image,
      network: this.network,
      environment: { ...(port === undefined ? {} : { PORT: String(port) }), ...this.environmentOf(container) },
      mounts,
      ...(container.command === undefined || container.command === null || container.command.length === 0
        ? {}
        : { entrypoint: container.command }),
      ...(container.args === undefined || container.args === null || container.args.length === 0
        ? {}
        : { command: container.args }),
      ...(container.working_dir === undefined || container.working_dir === null
        ? {}
        : { workingDirectory: container.working_dir }),
    };
  }

  private environmentOf({ env = [] }: CloudRunContainer): Record<string, string> {
    return Object.fromEntries(
      env.map(({ name, value, value_source: source = [] }) => {
        const reference = source[0]?.secret_key_ref[0];
        return [name, reference === undefined ? (value ?? '') : this.secretOf(reference.secret, reference.version)];
      }),
    );
  }

  private secretOf(secret: string, version: string | null | undefined): string {
    if (!['latest', '1', undefined, null].includes(version)) throw new Refused(`${secret} has no version ${version}`);
    const found = this.project.secrets[secret] ?? this.project.secrets[secret.replace(/^.*\//, '')];
    if (found === undefined) throw new Refused(`Secret ${secret} was not found`);
    return found;
  }

  private make({ name, empty_dir: empty = [], secret = [] }: Volume): string {
    const [files] = secret;
    if (files === undefined) {
      if (empty.length === 0) throw new Refused(`volume ${name} is of no kind`);
      return this.machine.newFolder(name, [0, 0], 0o1777);
    }
    const folder = this.machine.newFolder(name);
    for (const { path, version, mode } of files.items ?? [{ path: files.secret.replace(/^.*\//, '') }]) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, this.secretOf(files.secret, version));
      chmodSync(file, mode ?? files.default_mode ?? 0o444);
    }
    return folder;
  }
}

function portOf({ ports }: CloudRunContainer): number | undefined {
  return Array.isArray(ports)
    ? (ports as { container_port: number }[])[0]?.container_port
    : (ports as { container_port: number } | undefined)?.container_port;
}
