import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Image, Images, Mount } from './images';
import { type Answer, Network, type Reachable } from './network';
import type { Machine, Sandbox } from './sandbox';
import { onlyKnown, Refused, type Workload } from './workload';

/*
 * A pod, as the kubelet runs it, by Kubernetes' documentation:
 * - "Init Containers": one after the other, each to its success; a failed one is retried while the pod's restartPolicy is Always;
 *   the restart of an app container does not run them again
 * - "Pod Lifecycle", restartPolicy: with Never a container that ends is not started again, and an init container that fails fails the pod
 * - "Sidecar Containers": an init container with restartPolicy Always is waited for only until it has started (its startup probe)
 * - "Pod Lifecycle", container restarts: alone, with a new writable layer and the pod's volumes, at once and then after 10, 20, 40 … s
 * - "Configure Liveness, Readiness and Startup Probes"
 * - "Define Dependent Environment Variables": `$(NAME)` of what was defined before, `$$` for `$`
 * - "Configure a Security Context", "Volumes" (emptyDir: root's and 0777; with fsGroup the group's, with setgid)
 */

export interface KubernetesVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyReference;
    readonly configMapKeyRef?: KeyReference;
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

interface KeyReference {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface Probe {
  readonly exec?: { readonly command: readonly string[] };
  readonly httpGet?: { readonly path?: string; readonly port: number | string };
  readonly tcpSocket?: { readonly port: number | string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly fsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[] };
}

export interface KubernetesContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly KubernetesVariable[];
  readonly workingDir?: string;
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
    readonly subPath?: string;
  }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly securityContext?: SecurityContext;
  readonly restartPolicy?: string;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly configMap?: { readonly name: string } & Files;
  readonly secret?: { readonly secretName: string } & Files;
}

interface Files {
  readonly optional?: boolean;
  readonly defaultMode?: number;
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
}

export interface PodSpec {
  readonly initContainers?: readonly KubernetesContainer[];
  readonly containers: readonly KubernetesContainer[];
  readonly volumes?: readonly Volume[];
  readonly securityContext?: SecurityContext;
  readonly serviceAccountName?: string;
  readonly restartPolicy?: string;
}

export interface KubernetesCluster {
  readonly images: Images;
  /** Data of the namespace's ConfigMaps and Secrets, by name. */
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What a webhook adds to each container's environment, by the pod's service account. */
  readonly identity: (serviceAccount: string) => Readonly<Record<string, string>>;
  readonly reachable: Reachable;
  /** How long a second of back-off and probes is, in milliseconds. 1000 by default. */
  readonly secondMs?: number;
}

const executed = {
  pod: ['initContainers', 'containers', 'volumes', 'securityContext', 'serviceAccountName', 'restartPolicy'],
  container: [
    ...['name', 'image', 'command', 'args', 'env', 'workingDir', 'volumeMounts', 'ports', 'securityContext'],
    ...['restartPolicy', 'startupProbe', 'livenessProbe', 'readinessProbe'],
  ],
  security: [
    ...['runAsUser', 'runAsGroup', 'runAsNonRoot', 'fsGroup', 'supplementalGroups', 'readOnlyRootFilesystem'],
    ...['allowPrivilegeEscalation', 'capabilities'],
  ],
};
/** What changes nothing of how processes run here: scheduling, pulling, limits, the names of what is forwarded. */
const withoutEffect = {
  pod: [
    ...['automountServiceAccountToken', 'topologySpreadConstraints', 'affinity', 'nodeSelector', 'tolerations'],
    ...['terminationGracePeriodSeconds', 'enableServiceLinks', 'priorityClassName', 'imagePullSecrets'],
  ],
  container: ['imagePullPolicy', 'resources', 'terminationMessagePath', 'terminationMessagePolicy'],
  security: ['seccompProfile', 'fsGroupChangePolicy'],
};

function check(spec: PodSpec): void {
  onlyKnown('the pod', spec, [...executed.pod, ...withoutEffect.pod]);
  const { restartPolicy = 'Always' } = spec;
  if (!['Always', 'Never'].includes(restartPolicy)) throw new Refused(`restartPolicy ${restartPolicy}: not executed`);
  const security = [...executed.security, ...withoutEffect.security];
  onlyKnown('the security context of the pod', spec.securityContext ?? {}, security);
  const names = new Set((spec.volumes ?? []).map(({ name }) => name));
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  if (new Set(all.map(({ name }) => name)).size !== all.length) throw new Refused('names of containers must be unique');
  for (const container of all) {
    onlyKnown(container.name, container, [...executed.container, ...withoutEffect.container]);
    onlyKnown(`the security context of ${container.name}`, container.securityContext ?? {}, security);
    for (const { name } of container.volumeMounts ?? []) {
      if (!names.has(name)) throw new Refused(`${container.name}: volumeMounts: not found: ${name}`);
    }
  }
  for (const volume of spec.volumes ?? [])
    onlyKnown(`volume ${volume.name}`, volume, ['name', 'emptyDir', 'configMap', 'secret']);
}

type Restarts = 'always' | 'on failure' | 'never';

/** A pod whose containers are always restarted, or never. */
export class Pod implements Workload {
  readonly containers: readonly string[];
  stopped: string | undefined;
  private network: Network | undefined;
  private readonly volumes = new Map<string, string>();
  private readonly running = new Map<string, Running>();
  private abandoned = false;

  /** @throws Refused as the API server does */
  constructor(
    readonly machine: Machine,
    readonly spec: PodSpec,
    readonly cluster: KubernetesCluster,
    readonly name = 'pod-1',
  ) {
    check(spec);
    const sidecars = (spec.initContainers ?? []).filter(isSidecar);
    this.containers = [...sidecars, ...spec.containers].map((container) => container.name);
  }

  get ends(): boolean {
    return this.abandoned;
  }

  sandbox(container: string): Sandbox | undefined {
    return this.running.get(container)?.sandbox;
  }

  async start(): Promise<void> {
    this.network = await Network.open(this.machine.newFolder('network'), this.cluster.reachable);
    const { network } = this;
    this.machine.atEnd(() => network.close());
    for (const volume of this.spec.volumes ?? []) this.volumes.set(volume.name, this.make(volume));
    const never = this.spec.restartPolicy === 'Never';
    try {
      for (const container of this.spec.initContainers ?? []) {
        const running = this.begin(container, isSidecar(container) ? 'always' : never ? 'never' : 'on failure');
        await (isSidecar(container) ? running.startedUp : running.succeeded);
        if (this.abandoned) return;
      }
      await Promise.all(
        this.spec.containers.map((container) => this.begin(container, never ? 'never' : 'always').launched),
      );
    } catch (error) {
      this.stopped = (error as Error).message;
    }
  }

  async crash(container: string): Promise<void> {
    await this.running.get(container)?.crash();
  }

  async ask(_container: string, port: number, path: string): Promise<Answer | undefined> {
    return this.network?.ask(port, path);
  }

  abandon(): void {
    this.abandoned = true;
  }

  private begin(container: KubernetesContainer, restarts: Restarts): Running {
    const running = new Running(this, container, () => this.sandboxOf(container), restarts);
    this.running.set(container.name, running);
    running.begin();
    return running;
  }

  /** A new container each time: its writable layer is gone, the pod's volumes are not. */
  private sandboxOf(container: KubernetesContainer): Sandbox {
    const { securityContext: own = {}, volumeMounts = [], command, args, workingDir } = container;
    const image = this.cluster.images(container.image);
    const pod = this.spec.securityContext ?? {};
    const user = this.userOf(container, image);
    const environment = this.environmentOf(container);
    const expanded = (words: readonly string[]): string[] => words.map((word) => expand(word, environment));
    const mounts = volumeMounts.map(({ name, mountPath, readOnly = false, subPath }): Mount => {
      const volume = this.spec.volumes?.find((candidate) => candidate.name === name);
      const source = join(this.volumes.get(name) ?? '', subPath ?? '');
      return { source, target: mountPath, readOnly: readOnly || volume?.emptyDir === undefined };
    });
    if (this.network === undefined) throw new Error('the pod has no network');
    return this.machine.create({
      name: container.name,
      hostname: this.name,
      image,
      network: this.network,
      environment,
      user,
      groups: [...(pod.supplementalGroups ?? []), ...(pod.fsGroup === undefined ? [] : [pod.fsGroup])],
      mounts: [...mounts, ...this.imageVolumes(image, mounts)],
      readOnlyRoot: own.readOnlyRootFilesystem ?? false,
      noNewPrivileges: own.allowPrivilegeEscalation === false,
      dropCapabilities: own.capabilities?.drop ?? [],
      ...(command === undefined ? {} : { entrypoint: expanded(command) }),
      ...(args === undefined ? {} : { command: expanded(args) }),
      ...(workingDir === undefined ? {} : { workingDirectory: workingDir }),
    });
  }

  /** containerd makes a volume of its own for each VOLUME of an image, whatever the root is. */
  private imageVolumes(image: Image, mounts: readonly Mount[]): Mount[] {
    return image.volumes
      .filter((path) => !mounts.some(({ target }) => target === path))
      .map((path) => ({ source: this.machine.newFolder('volume', image.owners[path]), target: path }));
  }

  /** "runAsGroup: unset, the runtime's default": the primary group of the image's /etc/passwd, else 0. */
  private userOf({ name, securityContext: own = {} }: KubernetesContainer, image: Image): string {
    const pod = this.spec.securityContext ?? {};
    const uid = own.runAsUser ?? pod.runAsUser;
    const gid = own.runAsGroup ?? pod.runAsGroup;
    if ((own.runAsNonRoot ?? pod.runAsNonRoot) === true) {
      // "container has runAsNonRoot and image has non-numeric user": only a number is known not to be root.
      const numeric = uid ?? Number(image.user.split(':')[0]);
      if (!(numeric > 0))
        throw new Refused(`CreateContainerConfigError: ${name}: container has runAsNonRoot and runs as ${image.user}`);
    }
    const user = uid === undefined ? image.user.split(':')[0] : String(uid);
    const imageGroup = uid === undefined ? image.user.split(':')[1] : undefined;
    const group = gid === undefined ? imageGroup : String(gid);
    return group === undefined ? `${user}` : `${user}:${group}`;
  }

  private environmentOf({ env = [], name }: KubernetesContainer): Record<string, string> {
    const made: Record<string, string> = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
    for (const variable of env) {
      const value =
        variable.valueFrom === undefined ? expand(variable.value ?? '', made) : this.valueOf(name, variable);
      if (value !== undefined) made[variable.name] = value;
    }
    return { ...this.cluster.identity(this.spec.serviceAccountName ?? 'default'), ...made };
  }

  private valueOf(container: string, { name, valueFrom = {} }: KubernetesVariable): string | undefined {
    const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
    if (fieldRef !== undefined) {
      const fields: Readonly<Record<string, string>> = {
        'metadata.name': this.name,
        'metadata.namespace': 'kong',
        'metadata.uid': '6f1f0a0e-0000-4000-8000-000000000001',
        'status.podIP': '127.0.0.1',
      };
      const value = fields[fieldRef.fieldPath];
      if (value === undefined) throw new Refused(`${container}: ${name}: not executed: ${fieldRef.fieldPath}`);
      return value;
    }
    const [reference, kind, objects] =
      secretKeyRef === undefined
        ? ([configMapKeyRef, 'configmap', this.cluster.configMaps] as const)
        : ([secretKeyRef, 'secret', this.cluster.secrets] as const);
    if (reference === undefined)
      throw new Refused(`${container}: ${name}: not executed: ${Object.keys(valueFrom).join()}`);
    const value = objects[reference.name]?.[reference.key];
    if (value === undefined && reference.optional !== true) {
      throw new Refused(`CreateContainerConfigError: ${kind} "${reference.name}" has no ${reference.key}`);
    }
    return value;
  }

  private make(volume: Volume): string {
    const group = this.spec.securityContext?.fsGroup;
    if (volume.emptyDir !== undefined) {
      return this.machine.newFolder(volume.name, [0, group ?? 0], group === undefined ? 0o777 : 0o2777);
    }
    const { configMap, secret } = volume;
    const files = configMap ?? secret;
    const data =
      configMap === undefined
        ? this.cluster.secrets[secret?.secretName ?? '']
        : this.cluster.configMaps[configMap.name];
    if (data === undefined && files?.optional === true) return this.machine.newFolder(volume.name);
    if (data === undefined || files === undefined) throw new Refused(`FailedMount: volume ${volume.name}: not found`);
    const folder = this.machine.newFolder(volume.name, [0, group ?? 0]);
    const items = files.items ?? Object.keys(data).map((key) => ({ key, path: key }));
    for (const item of items) {
      const content = data[item.key];
      if (content === undefined)
        throw new Refused(`FailedMount: volume ${volume.name} references non-existent key ${item.key}`);
      const path = join(folder, item.path);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, content);
      const mode = ('mode' in item ? item.mode : undefined) ?? files.defaultMode ?? 0o644;
      // With fsGroup its group may read them, whatever the mode says.
      chownSync(path, 0, group ?? 0);
      chmodSync(path, group === undefined ? mode : mode | 0o440);
    }
    return folder;
  }
}

const isSidecar = ({ restartPolicy }: KubernetesContainer): boolean => restartPolicy === 'Always';

/** One container of a pod over all of its restarts. */
class Running {
  sandbox: Sandbox | undefined;
  readonly launched: Promise<void>;
  readonly startedUp: Promise<void>;
  readonly succeeded: Promise<void>;
  private restarted: Promise<void> = Promise.resolve();
  private readonly done: Record<'launched' | 'startedUp' | 'succeeded', () => void>;
  private fail: (error: Error) => void = () => undefined;
  private restarts = 0;

  constructor(
    private readonly pod: Pod,
    private readonly container: KubernetesContainer,
    private readonly create: () => Sandbox,
    private readonly policy: Restarts,
  ) {
    const done: Partial<Record<'launched' | 'startedUp' | 'succeeded', () => void>> = {};
    const promise = (name: 'launched' | 'startedUp' | 'succeeded'): Promise<void> =>
      new Promise((resolve, reject) => {
        done[name] = resolve;
        const before = this.fail;
        this.fail = (error) => {
          before(error);
          reject(error);
        };
      });
    this.launched = promise('launched');
    this.startedUp = promise('startedUp');
    this.succeeded = promise('succeeded');
    for (const one of [this.launched, this.startedUp, this.succeeded]) one.catch(() => undefined);
    this.done = done as Record<'launched' | 'startedUp' | 'succeeded', () => void>;
  }

  begin(): void {
    void this.launch().catch((error: Error) => this.fail(error));
  }

  async crash(): Promise<void> {
    if (this.sandbox?.runs !== true) return;
    await this.sandbox.kill();
    await this.restarted;
  }

  private async launch(): Promise<void> {
    const sandbox = this.create();
    this.sandbox = sandbox;
    await sandbox.start();
    this.done.launched();
    let over = false;
    void this.probe(sandbox, () => over);
    void sandbox.exit.then((exitCode) => {
      over = true;
      this.restarted = this.ended(exitCode).catch((error: Error) => this.fail(error));
    });
  }

  private async ended(exitCode: number): Promise<void> {
    if (this.pod.ends) return;
    if (this.policy !== 'always' && exitCode === 0) {
      this.done.succeeded();
      return;
    }
    if (this.policy === 'never') throw new Error(`${this.container.name} ended with ${exitCode}`);
    const backOff = this.restarts === 0 ? 0 : Math.min(300, 10 * 2 ** (this.restarts - 1));
    this.restarts += 1;
    await delay(backOff * (this.pod.cluster.secondMs ?? 1000), undefined, { ref: false });
    if (!this.pod.ends) await this.launch();
  }

  /** "The other probes wait for the startup probe"; a startup or liveness probe that has failed too often ends the container. */
  private async probe(sandbox: Sandbox, over: () => boolean): Promise<void> {
    const { startupProbe, livenessProbe } = this.container;
    if (startupProbe !== undefined && !(await this.until(startupProbe, sandbox, over, true))) return;
    this.done.startedUp();
    if (livenessProbe !== undefined) await this.until(livenessProbe, sandbox, over, false);
  }

  /** @returns whether it was well; false where it has been ended, or ended */
  private async until(probe: Probe, sandbox: Sandbox, over: () => boolean, onceIsEnough: boolean): Promise<boolean> {
    const secondMs = this.pod.cluster.secondMs ?? 1000;
    const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = probe;
    await delay(initialDelaySeconds * secondMs, undefined, { ref: false });
    for (let failures = 0; !over() && !this.pod.ends;) {
      if (await this.isWell(probe, sandbox)) {
        if (onceIsEnough) return true;
        failures = 0;
      } else if (++failures >= failureThreshold) {
        await sandbox.stop('SIGTERM', 30_000);
        return false;
      }
      await delay(periodSeconds * secondMs, undefined, { ref: false });
    }
    return false;
  }

  private async isWell({ exec, httpGet, tcpSocket, timeoutSeconds = 1 }: Probe, sandbox: Sandbox): Promise<boolean> {
    if (exec !== undefined) return (await sandbox.exec(exec.command, timeoutSeconds * 1000)) === 0;
    const wanted = httpGet?.port ?? tcpSocket?.port ?? 0;
    const named = this.container.ports?.find(({ name }) => name === wanted)?.containerPort;
    const port = typeof wanted === 'number' ? wanted : (named ?? Number(wanted));
    const answer = await this.pod.ask('', port, httpGet?.path ?? '/');
    if (httpGet === undefined) return answer !== undefined;
    return answer !== undefined && answer.status >= 200 && answer.status < 400;
  }
}

/** `$(NAME)` of what is defined; what is not stays; `$$(NAME)` is `$(NAME)`. */
export function expand(text: string, defined: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (defined[name] ?? match),
  );
}
