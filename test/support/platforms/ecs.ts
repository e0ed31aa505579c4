import { randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials } from '../servers';
import { credentialsEndpoint } from './credentials';
import type { Image, Images, Mount } from './images';
import { type Answer, Network, type Reachable } from './network';
import type { Machine, Sandbox } from './sandbox';
import { onlyKnown, Refused, type Workload } from './workload';

/*
 * Amazon ECS on Fargate, by its documentation:
 * - "Task definition parameters" (containers, dependsOn, essential, healthCheck, restartPolicy, stopTimeout, volumes)
 * - "Passing sensitive data to a container" (`<secret ARN>:json-key:version-stage:version-id`, resolved once at a task's start)
 * - "Restart individual containers with container restart policies"
 * - "Amazon ECS task IAM role" (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, asked at 169.254.170.2)
 * - "Bind mounts" (Fargate: root's and 0755, unless the image makes the folder and declares it as VOLUME)
 */

export interface ContainerDefinition {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly entryPoint?: readonly string[];
  readonly essential?: boolean;
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  readonly secrets?: readonly { readonly name: string; readonly valueFrom: string }[];
  readonly mountPoints?: readonly {
    readonly sourceVolume: string;
    readonly containerPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly dependsOn?: readonly { readonly containerName: string; readonly condition: string }[];
  readonly healthCheck?: HealthCheck;
  readonly restartPolicy?: {
    readonly enabled: boolean;
    readonly ignoredExitCodes?: readonly number[];
    readonly restartAttemptPeriod?: number;
  };
  readonly readonlyRootFilesystem?: boolean;
  readonly linuxParameters?: { readonly capabilities?: { readonly drop?: readonly string[] } };
  readonly startTimeout?: number;
  readonly stopTimeout?: number;
}

interface HealthCheck {
  readonly command: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly retries?: number;
  readonly startPeriod?: number;
}

export interface TaskDefinition {
  readonly containerDefinitions: readonly ContainerDefinition[];
  readonly volumes: readonly string[];
  /** Whether it has a task role, whose credentials its containers can ask for. */
  readonly hasTaskRole: boolean;
}

export interface EcsAccount {
  readonly images: Images;
  /** What is in Secrets Manager, by ARN. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What the task role gives, at each request. */
  readonly credentials: () => Credentials;
  readonly reachable: Reachable;
  /** How long a second of a health check is, in milliseconds. 1000 by default. */
  readonly secondMs?: number;
}

const executed = [
  ...['name', 'image', 'command', 'entryPoint', 'essential', 'user', 'workingDirectory', 'environment', 'secrets'],
  ...['mountPoints', 'dependsOn', 'healthCheck', 'restartPolicy', 'readonlyRootFilesystem', 'linuxParameters'],
  ...['startTimeout', 'stopTimeout'],
];
/** What changes nothing of how processes run. Ports: in awsvpc mode a task has an address of its own. */
const withoutEffect = ['logConfiguration', 'portMappings', 'cpu', 'memory', 'memoryReservation', 'systemControls'];

/** Checks what RegisterTaskDefinition checks. @throws Refused */
export function checkTaskDefinition({ containerDefinitions, volumes }: TaskDefinition): void {
  const byName = new Map(containerDefinitions.map((definition) => [definition.name, definition]));
  if (byName.size !== containerDefinitions.length) throw new Refused('container names must be unique');
  if (!containerDefinitions.some(isEssential)) throw new Refused('a task must have at least one essential container');
  for (const definition of containerDefinitions) {
    const { name, dependsOn = [], environment = [], secrets = [], mountPoints = [], restartPolicy } = definition;
    onlyKnown(name, definition, [...executed, ...withoutEffect]);
    onlyKnown(`${name}.linuxParameters`, definition.linuxParameters ?? {}, ['capabilities', 'initProcessEnabled']);
    onlyKnown(`${name}.linuxParameters.capabilities`, definition.linuxParameters?.capabilities ?? {}, ['drop']);
    const names = [...environment, ...secrets].map((variable) => variable.name);
    if (new Set(names).size !== names.length) throw new Refused(`${name}: a variable is set twice`);
    for (const { sourceVolume } of mountPoints) {
      if (!volumes.includes(sourceVolume)) throw new Refused(`${name}: unknown volume ${sourceVolume}`);
    }
    for (const { containerName, condition } of dependsOn) {
      const dependency = byName.get(containerName);
      if (dependency === undefined) throw new Refused(`${name} depends on ${containerName}, which is none`);
      if (!['START', 'COMPLETE', 'SUCCESS', 'HEALTHY'].includes(condition)) throw new Refused(`${name}: ${condition}`);
      // "This condition can't be set on an essential container."
      if ((condition === 'COMPLETE' || condition === 'SUCCESS') && isEssential(dependency)) {
        throw new Refused(`${name} depends on ${condition} of ${containerName}, which is essential`);
      }
      if (condition === 'HEALTHY' && dependency.healthCheck === undefined) {
        throw new Refused(`${name} depends on the health of ${containerName}, which has no health check`);
      }
      if (reaches(byName, containerName, name)) throw new Refused(`${name} depends on itself`);
    }
    const period = restartPolicy?.restartAttemptPeriod ?? 300;
    if (period < 60 || period > 1800) throw new Refused(`${name}: restartAttemptPeriod is 60 to 1800`);
  }
}

const isEssential = ({ essential = true }: ContainerDefinition): boolean => essential;

function reaches(byName: ReadonlyMap<string, ContainerDefinition>, from: string, to: string): boolean {
  const next = byName.get(from)?.dependsOn ?? [];
  return next.some(({ containerName }) => containerName === to || reaches(byName, containerName, to));
}

/** A service with one task: a task that stops is replaced, with new volumes. */
export class EcsService implements Workload {
  readonly containers: readonly string[];
  private task: Task | undefined;
  private tasks = 0;
  private replacing: Promise<void> = Promise.resolve();
  private stopping = false;

  /** @throws Refused as RegisterTaskDefinition does */
  constructor(
    private readonly machine: Machine,
    private readonly definition: TaskDefinition,
    private readonly account: EcsAccount,
  ) {
    checkTaskDefinition(definition);
    machine.atEnd(() => this.replacing.catch(() => undefined));
    this.containers = definition.containerDefinitions.map(({ name }) => name);
  }

  /** ECS tries again and again; what stopped four times in a row will not do otherwise. */
  get stopped(): string | undefined {
    return this.tasks > 3 ? this.task?.stoppedReason : undefined;
  }

  sandbox(container: string): Sandbox | undefined {
    return this.task?.container(container)?.sandbox;
  }

  async start(): Promise<void> {
    this.tasks = 0;
    await this.run();
  }

  async crash(container: string, ranSeconds = 3600): Promise<void> {
    this.tasks = 0;
    const crashed = this.task?.container(container);
    if (crashed?.sandbox?.runs !== true) return;
    crashed.ranSeconds = ranSeconds;
    const handled = crashed.handled();
    await crashed.sandbox.kill();
    await handled;
    await this.replacing;
  }

  async ask(_container: string, port: number, path: string): Promise<Answer | undefined> {
    return this.task?.network.ask(port, path);
  }

  /** What the health check of a container says now: the exit code of its command. */
  async check(container: string): Promise<number> {
    return this.task?.container(container)?.check() ?? 1;
  }

  abandon(): void {
    this.stopping = true;
  }

  private replace(): void {
    this.replacing = this.run();
    // Whoever waits for it is told; else it has failed since its machine ends.
    this.replacing.catch(() => undefined);
  }

  private async run(): Promise<void> {
    this.tasks += 1;
    this.task = await Task.start(this.machine, this.definition, this.account, () => {
      if (!this.stopping && this.tasks <= 3) this.replace();
    });
    await this.task.settled();
  }
}

class Task {
  stoppedReason: string | undefined;
  private all: readonly Container[] = [];
  private stops: Promise<void> | undefined;

  private constructor(
    readonly machine: Machine,
    readonly network: Network,
    readonly account: EcsAccount,
    private readonly onStopped: () => void,
  ) {}

  static async start(
    machine: Machine,
    definition: TaskDefinition,
    account: EcsAccount,
    onStopped: () => void,
  ): Promise<Task> {
    const endpoint = await credentialsEndpoint(machine, account.credentials);
    const network = await Network.open(machine.newFolder('network'), {
      ...account.reachable,
      ...(definition.hasTaskRole ? { '169.254.170.2:80': () => endpoint } : {}),
    });
    machine.atEnd(() => network.close());
    const task = new Task(machine, network, account, onStopped);
    const volumes = new Map(definition.volumes.map((name) => [name, task.volume(name, definition)]));
    task.all = definition.containerDefinitions.map(
      (container) => new Container(task, container, volumes, definition.hasTaskRole),
    );
    for (const container of task.all) container.begin();
    return task;
  }

  container(name: string): Container | undefined {
    return this.all.find(({ definition }) => definition.name === name);
  }

  /** Resolves when each container has started, or never will. */
  async settled(): Promise<void> {
    await Promise.all(this.all.map((container) => container.decided));
    await this.stops;
  }

  /** Dependents stop before what they depend on. */
  stop(reason: string): Promise<void> {
    this.stoppedReason ??= reason;
    this.stops ??= (async () => {
      for (const container of [...this.all].sort((a, b) => Number(b.dependsOn(a)) - Number(a.dependsOn(b)))) {
        await container.stop();
      }
      this.onStopped();
    })();
    return this.stops;
  }

  /** "The volume has the owner and mode of the image's folder where it declares VOLUME on that path; else root's and 0755." */
  private volume(name: string, { containerDefinitions }: TaskDefinition): string {
    for (const { image: reference, mountPoints = [] } of containerDefinitions) {
      const image = this.account.images(reference);
      const path = mountPoints.find(({ sourceVolume }) => sourceVolume === name)?.containerPath;
      if (path === undefined || !image.volumes.includes(path)) continue;
      return this.machine.newFolder(
        name,
        image.owners[path] ?? [0, 0],
        lstatSync(join(image.folder, path)).mode & 0o7777,
      );
    }
    return this.machine.newFolder(name);
  }
}

class Container {
  sandbox: Sandbox | undefined;
  /** How long it is taken to have run when it ends next. */
  ranSeconds: number | undefined;
  /** Resolves when it has started, or never will. */
  readonly decided: Promise<void>;
  private decide: () => void = () => undefined;
  private state: 'pending' | 'running' | 'ended' = 'pending';
  private exitCode: number | undefined;
  private healthy = false;
  private handling: Promise<void> = Promise.resolve();

  constructor(
    private readonly task: Task,
    readonly definition: ContainerDefinition,
    private readonly volumes: ReadonlyMap<string, string>,
    private readonly hasTaskRole: boolean,
  ) {
    this.decided = new Promise((resolve) => (this.decide = resolve));
  }

  dependsOn(other: Container): boolean {
    return (this.definition.dependsOn ?? []).some(({ containerName }) => containerName === other.definition.name);
  }

  begin(): void {
    void this.run().finally(() => this.decide());
  }

  /** What the exit of the process led to. */
  handled(): Promise<void> {
    return this.handling;
  }

  async stop(): Promise<void> {
    if (this.sandbox?.runs !== true) return;
    await this.sandbox.stop(this.sandbox.spec.image.stopSignal, (this.definition.stopTimeout ?? 30) * 1000);
  }

  async check(): Promise<number> {
    const { healthCheck } = this.definition;
    if (this.sandbox === undefined || healthCheck === undefined) return 1;
    const [kind, ...words] = healthCheck.command;
    const command = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : words;
    return this.sandbox.exec(command, (healthCheck.timeout ?? 5) * 1000);
  }

  private async run(): Promise<void> {
    const { name, dependsOn = [] } = this.definition;
    try {
      await Promise.all(dependsOn.map(({ containerName, condition }) => this.wait(containerName, condition)));
      if (this.task.stoppedReason !== undefined) return;
      this.sandbox = this.task.machine.create(this.specOf());
      await this.launch();
    } catch (error) {
      await this.task.stop(`${name}: ${(error as Error).message}`);
    }
  }

  private async launch(): Promise<void> {
    const { sandbox } = this;
    if (sandbox === undefined) return;
    await sandbox.start();
    this.state = 'running';
    const startedAt = performance.now();
    this.handling = sandbox.exit.then((exitCode) => this.ended(exitCode, (performance.now() - startedAt) / 1000));
    if (this.definition.healthCheck !== undefined) void this.watch(this.definition.healthCheck);
  }

  /**
   * "If a container exits that has a restart policy, it is restarted in place, unless its exit code is ignored or it ran for less than
   * restartAttemptPeriod." Its dependencies are not run again. "If an essential container stops for any reason, all others are stopped."
   */
  private async ended(exitCode: number, seconds: number): Promise<void> {
    const { name, restartPolicy } = this.definition;
    const ran = this.ranSeconds ?? seconds;
    this.ranSeconds = undefined;
    this.exitCode = exitCode;
    this.healthy = false;
    if (this.task.stoppedReason !== undefined) {
      this.state = 'ended';
      return;
    }
    const restarts =
      restartPolicy?.enabled === true &&
      !(restartPolicy.ignoredExitCodes ?? []).includes(exitCode) &&
      ran >= (restartPolicy.restartAttemptPeriod ?? 300);
    if (restarts) {
      await this.launch();
      return;
    }
    this.state = 'ended';
    if (isEssential(this.definition)) await this.task.stop(`essential container ${name} in task exited (${exitCode})`);
  }

  /** "startTimeout: how long to wait before giving up on resolving dependencies for a container": of the container that is waited for; 3 minutes on Fargate. */
  private async wait(containerName: string, condition: string): Promise<void> {
    const dependency = this.task.container(containerName);
    if (dependency === undefined) throw new Error(`no container ${containerName}`);
    const end = performance.now() + (dependency.definition.startTimeout ?? 180) * 1000;
    while (!dependency.meets(condition)) {
      if (this.task.stoppedReason !== undefined) return;
      if (dependency.state === 'ended')
        throw new Error(`dependency ${containerName} never was ${condition}: it ended with ${dependency.exitCode}`);
      if (performance.now() > end) throw new Error(`timed out waiting for ${containerName}`);
      await delay(5);
    }
  }

  private meets(condition: string): boolean {
    switch (condition) {
      case 'START':
        return this.state !== 'pending';
      case 'COMPLETE':
        return this.state === 'ended';
      case 'SUCCESS':
        return this.state === 'ended' && this.exitCode === 0;
      default:
        return this.healthy;
    }
  }

  /** "startPeriod: a grace period in which failures do not count; retries: how many failures in a row make it unhealthy." An unhealthy essential container ends its task. */
  private async watch({ interval = 30, retries = 3, startPeriod = 0 }: HealthCheck): Promise<void> {
    const secondMs = this.task.account.secondMs ?? 1000;
    const { sandbox } = this;
    const graceEnds = performance.now() + startPeriod * secondMs;
    let failures = 0;
    for (;;) {
      await delay(interval * secondMs, undefined, { ref: false });
      if (sandbox?.runs !== true || sandbox !== this.sandbox) return;
      const code = await this.check();
      if (code === 0) {
        this.healthy = true;
        failures = 0;
      } else if (this.healthy || performance.now() > graceEnds) {
        failures += 1;
      }
      if (failures < retries) continue;
      this.healthy = false;
      if (!isEssential(this.definition)) continue;
      await this.task.stop(`${this.definition.name} failed container health checks`);
      return;
    }
  }

  private specOf(): Parameters<Machine['create']>[0] {
    const { definition, volumes } = this;
    const image: Image = this.task.account.images(definition.image);
    const mounts: Mount[] = (definition.mountPoints ?? []).map(({ sourceVolume, containerPath, readOnly = false }) => ({
      source: volumes.get(sourceVolume) ?? '',
      target: containerPath,
      readOnly,
    }));
    // What VOLUME declares is writable also under a read-only root.
    const anonymous = image.volumes
      .filter((path) => !mounts.some(({ target }) => target === path))
      .map((path) => ({ source: this.task.machine.newFolder('volume', image.owners[path]), target: path }));
    return {
      name: definition.name,
      image,
      network: this.task.network,
      environment: this.environment(),
      mounts: [...mounts, ...anonymous],
      readOnlyRoot: definition.readonlyRootFilesystem ?? false,
      dropCapabilities: definition.linuxParameters?.capabilities?.drop ?? [],
      ...(definition.entryPoint === undefined ? {} : { entrypoint: definition.entryPoint }),
      ...(definition.command === undefined ? {} : { command: definition.command }),
      ...(definition.user === undefined ? {} : { user: definition.user }),
      ...(definition.workingDirectory === undefined ? {} : { workingDirectory: definition.workingDirectory }),
    };
  }

  private environment(): Record<string, string> {
    const { environment = [], secrets = [] } = this.definition;
    return {
      ...(this.hasTaskRole ? { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: `/v2/credentials/${randomUUID()}` } : {}),
      ...Object.fromEntries(environment.map(({ name, value }) => [name, value])),
      ...Object.fromEntries(
        secrets.map(({ name, valueFrom }) => [name, secretOf(this.task.account.secrets, valueFrom)]),
      ),
    };
  }
}

/** `<secret ARN>[:json-key:version-stage:version-id]`. */
export function secretOf(secrets: Readonly<Record<string, string>>, reference: string): string {
  const parts = reference.split(':');
  const arn = parts.slice(0, 7).join(':');
  const [key = '', stage = '', id = ''] = parts.slice(7);
  const secret = secrets[arn];
  if (secret === undefined) throw new Error(`ResourceInitializationError: no secret ${arn}`);
  if ((stage !== '' && stage !== 'AWSCURRENT') || id !== '')
    throw new Error(`ResourceInitializationError: no such version of ${arn}`);
  if (key === '') return secret;
  const value = (JSON.parse(secret) as Record<string, unknown>)[key];
  if (typeof value !== 'string')
    throw new Error(`ResourceInitializationError: retrieved secret did not contain json key ${key}`);
  return value;
}
