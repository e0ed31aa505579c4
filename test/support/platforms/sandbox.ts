import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Image, Mount } from './images';
import type { Network } from './network';

/** What a container is made of: the parts that each platform's specification has, under whatever name. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: Image;
  /** Instead of the image's, which is then without its command too. */
  readonly entrypoint?: readonly string[];
  /** Instead of the image's. */
  readonly command?: readonly string[];
  /** Over the image's; nothing else reaches the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** `user[:group]` by name or number. Default: the image's. */
  readonly user?: string;
  /** Supplementary groups beside those that the image's /etc/group gives. */
  readonly groups?: readonly number[];
  readonly workingDirectory?: string;
  readonly mounts?: readonly Mount[];
  /** Places, each with the options of its mount after a colon where it has some. */
  readonly tmpfs?: readonly string[];
  readonly readOnlyRoot?: boolean;
  readonly noNewPrivileges?: boolean;
  /** Capabilities that are taken away, or `ALL`. */
  readonly dropCapabilities?: readonly string[];
  readonly network: Network;
  readonly hostname?: string;
}

/** What happened to a container, in the order in which it happened. */
export interface ContainerEvent {
  readonly container: string;
  readonly what: 'started' | 'ended';
  /** Of a process that ended; 128 and the signal's number where one ended it. */
  readonly exitCode?: number;
  /** Monotonic, in milliseconds. */
  readonly at: number;
}

/** What Docker and containerd leave to a container's root (Docker's documentation, "Runtime privilege and Linux capabilities"). */
const capabilities =
  'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap';

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

/** All containers of one machine, which end with it. */
export class Machine {
  readonly events: ContainerEvent[] = [];
  private readonly sandboxes = new Set<Sandbox>();
  private readonly beforeEnds: (() => void)[] = [];
  private readonly ends: (() => unknown)[] = [];
  private counter = 0;
  private hasEnded = false;

  /** @param folder an empty one; any user must be able to enter it */
  constructor(private readonly folder: string) {}

  /** A new folder of this machine. */
  newFolder(name: string, owner: readonly [uid: number, gid: number] = [0, 0], mode = 0o755): string {
    const path = join(this.folder, `${++this.counter}-${name}`);
    mkdirSync(path, { recursive: true });
    chownSync(path, ...owner);
    chmodSync(path, mode);
    return path;
  }

  newFile(name: string, content: string, mode = 0o644): string {
    const path = join(this.newFolder(name), name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  create(spec: ContainerSpec): Sandbox {
    if (this.hasEnded) throw new Error(`${spec.name}: the machine has ended`);
    const sandbox = new Sandbox(spec, this, this.newFolder(spec.name));
    this.sandboxes.add(sandbox);
    return sandbox;
  }

  /** What is done when the machine ends, before its containers are ended. */
  beforeEnd(what: () => void): void {
    this.beforeEnds.push(what);
  }

  /** What is done when the machine ends, after its containers have ended. */
  atEnd(what: () => unknown): void {
    if (this.hasEnded) void what();
    else this.ends.push(what);
  }

  async end(): Promise<void> {
    this.hasEnded = true;
    for (const what of this.beforeEnds) what();
    await Promise.all([...this.sandboxes].map((sandbox) => sandbox.kill()));
    for (const what of this.ends) await what();
  }

  /** All that the containers wrote, for a message about what went wrong. */
  get log(): string {
    return [...this.sandboxes].map(({ spec, log }) => log.replace(/^/gm, `${spec.name}| `)).join('\n');
  }
}

/**
 * One container: a root folder made of the image, with the machine's /usr as its base, in a mount and a PID namespace of its own
 * and the network that it is given. Its writable layer stays as long as the container does, over each start of its process.
 *
 * Needs root and Linux; see `sandboxIsMissing`.
 */
export class Sandbox {
  private readonly root: string;
  private readonly local: string;
  private process: ChildProcess | undefined;
  private initPid: number | undefined;
  private ended: Promise<number> = Promise.resolve(0);
  log = '';

  constructor(
    readonly spec: ContainerSpec,
    private readonly machine: Machine,
    folder: string,
  ) {
    this.root = join(folder, 'root');
    this.local = join(folder, 'local');
    mkdirSync(this.local);
    this.makeLayer();
  }

  get runs(): boolean {
    return this.initPid !== undefined;
  }

  /** The exit code of the process that was started last. */
  get exit(): Promise<number> {
    return this.ended;
  }

  /** Resolves when the process runs; `exit` is its end. */
  async start(): Promise<void> {
    if (this.runs) throw new Error(`${this.spec.name} runs already`);
    const { network } = this.spec;
    const [program = '', ...enter] = network.enter;
    const child = spawn(
      program,
      [...enter, 'unshare', '--mount', '--pid', '--uts', '--fork', '--kill-child=SIGKILL', 'bash', '-c', this.script()],
      { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.process = child;
    let setUp = false;
    const log = (text: string): void => {
      this.log += text;
      if (setUp || !this.log.includes(ready)) return;
      setUp = true;
      this.log = this.log.replace(ready, '');
    };
    child.stdout.setEncoding('utf8').on('data', log);
    child.stderr.setEncoding('utf8').on('data', log);
    const atExit = (): void => this.signal('SIGKILL');
    process.once('exit', atExit);
    let over = false;
    let told = false;
    const tell = (): void => {
      if (told) return;
      told = true;
      this.machine.events.push({ container: this.spec.name, what: 'started', at: performance.now() });
    };
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        over = true;
        // One that ended at once has started, too.
        if (setUp) tell();
        process.removeListener('exit', atExit);
        const exitCode = this.killed(code) ? 137 : (code ?? 128 + (signalNumbers[signal ?? ''] ?? 0));
        this.initPid = undefined;
        this.machine.events.push({ container: this.spec.name, what: 'ended', exitCode, at: performance.now() });
        resolve(exitCode);
      });
    });
    while (!over && this.initPid === undefined) {
      [this.initPid] = childrenOf(child.pid);
      if (this.initPid === undefined) await delay(2);
    }
    // Until then the process is still the one that sets the sandbox up, and its root the machine's.
    while (!over && !(setUp && this.isInside())) await delay(2);
    if (!setUp) throw new Error(`${this.spec.name}: no sandbox:\n${this.log}`);
    tell();
  }

  /** Whether the first process has gone into its root. */
  private isInside(): boolean {
    try {
      return readlinkSync(`/proc/${this.initPid}/root`) !== '/';
    } catch {
      return false;
    }
  }

  /** To the first process, which is all that a runtime signals. */
  signal(name: NodeJS.Signals): void {
    if (this.initPid !== undefined) killNow(this.initPid, name);
  }

  /** Ends it by force. */
  async kill(): Promise<number> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** Asks it to end and, after a while, ends it by force. */
  async stop(signal: NodeJS.Signals, limitMs: number): Promise<number> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), limitMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs another command in the running container, with its user and environment, as a health check is run. @returns its exit code; 124 after the limit */
  async exec(command: readonly string[], limitMs: number): Promise<number> {
    const inside = this.spawn(command);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      inside.signal('SIGKILL');
    }, limitMs);
    const code = await inside.exit;
    clearTimeout(timer);
    return late ? 124 : code;
  }

  /** Starts another process in the running container. @param as other than the container's own, and what is mounted before, by commands */
  spawn(command: readonly string[], as: Partial<Identity> = {}, mounts: readonly string[] = []): Inside {
    if (this.initPid === undefined) return { exit: Promise.resolve(1), signal: () => undefined };
    const target = String(this.initPid);
    const become = this.become(command, as);
    const prepared =
      mounts.length === 0
        ? become
        : ['unshare', '--mount', 'bash', '-c', `set -e\n${mounts.join('\n')}\nexec "$@"`, 'bash', ...become];
    const child = spawn(
      'nsenter',
      [...['--target', target, '--mount', '--pid', '--net', '--uts', '--root', '--wd'], ...prepared],
      { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const log = (text: string): void => void (this.log += text);
    child.stdout.setEncoding('utf8').on('data', log);
    child.stderr.setEncoding('utf8').on('data', log);
    const exit = new Promise<number>((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? 128 + (signalNumbers[signal ?? ''] ?? 0))),
    );
    let over = false;
    void exit.then(() => (over = true));
    const signal = (name: NodeJS.Signals): void => {
      // nsenter has a child in the PID namespace, which is the command.
      const [pid] = childrenOf(child.pid);
      if (over) return;
      if (pid === undefined) setTimeout(() => signal(name), 2);
      else killNow(pid, name);
    };
    return { exit, signal };
  }

  /** A place of the container, as the machine sees it: the writable layer, not what is mounted over it. */
  path(inside: string): string {
    return join(this.root, inside);
  }

  /** `unshare` ends itself by the signal that ended its child, which it cannot do for SIGKILL: it complains, and ends with 1. */
  private killed(code: number | null): boolean {
    const before = this.log;
    this.log = this.log.replace(/^unshare: .*failed.*\n/m, '');
    return code === 1 && this.log !== before;
  }

  private makeLayer(): void {
    const { image, network, hostname = this.spec.name, tmpfs = [] } = this.spec;
    cpSync(image.folder, this.root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    restoreOwners(image, this.root);
    for (const name of ['dev', 'proc', 'usr', 'usr/local', 'etc', 'run', 'var', 'root', 'home']) {
      mkdirSync(join(this.root, name), { recursive: true });
    }
    mkdirSync(join(this.root, 'tmp'), { recursive: true });
    chmodSync(join(this.root, 'tmp'), 0o1777);
    const file = (name: string, content: string): void => writeFileSync(join(this.root, 'etc', name), content);
    file('hosts', `${network.hosts}127.0.0.1 ${hostname}\n`);
    file('hostname', `${hostname}\n`);
    file('nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n');
    file(
      'passwd',
      image.users.map(({ name, uid, gid, home }) => `${name}:x:${uid}:${gid}::${home}:/bin/sh\n`).join(''),
    );
    file('group', image.groups.map(({ name, gid, members }) => `${name}:x:${gid}:${members.join(',')}\n`).join(''));
    for (const { target, source } of [...(this.spec.mounts ?? []), ...image.binds]) this.makeTarget(target, source);
    for (const one of tmpfs) this.makeTarget(tmpfsOf(one).target, '/');
  }

  /** Where something is to be mounted there must be something of its kind. */
  private makeTarget(target: string, source: string): void {
    const path = join(this.root, target);
    if (existsSync(path)) return;
    if (statSync(source).isDirectory()) {
      mkdirSync(path, { recursive: true });
      return;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  }

  /** What is run as root in the new namespaces, and becomes the container's first process. */
  private script(): string {
    const { image, mounts = [], tmpfs = [], readOnlyRoot = false, hostname = this.spec.name } = this.spec;
    const inside = (path: string): string => quote(join(this.root, path));
    const root = quote(this.root);
    const bind = ({ source, target, readOnly = false }: Mount): string[] => {
      const place = inside(target);
      const made = statSync(source).isDirectory()
        ? `mkdir -p ${place}`
        : `mkdir -p ${quote(dirname(join(this.root, target)))}; [ -e ${place} ] || : >${place}`;
      return [
        made,
        `mount --bind ${quote(source)} ${place}`,
        ...(readOnly ? [`mount -o remount,bind,ro ${place}`] : []),
      ];
    };
    const base = ['bin', 'sbin', 'lib', 'lib32', 'lib64'].flatMap((name) => {
      if (!existsSync(`/${name}`)) return [];
      if (lstatSync(`/${name}`).isSymbolicLink()) return [`ln -sfn ${quote(readlinkSync(`/${name}`))} ${inside(name)}`];
      return bind({ source: `/${name}`, target: name, readOnly: true });
    });
    const shared = ['ld.so.cache', 'alternatives', 'ssl'].filter((name) => existsSync(`/etc/${name}`));
    const deepestLast = [...mounts].sort((a, b) => a.target.length - b.target.length);
    return [
      'set -e',
      'trap \'echo "sandbox: $BASH_COMMAND" >&2\' ERR',
      `hostname ${quote(hostname.slice(0, 63))}`,
      `mount --bind ${root} ${root}`,
      // The image's own /usr/local over the machine's /usr.
      `mount --bind ${inside('usr/local')} ${quote(this.local)}`,
      `mount --rbind /usr ${inside('usr')}`,
      `mount -o remount,bind,ro ${inside('usr')}`,
      `mount --bind ${quote(this.local)} ${inside('usr/local')}`,
      `umount ${quote(this.local)}`,
      ...base,
      ...shared.flatMap((name) => bind({ source: `/etc/${name}`, target: `etc/${name}`, readOnly: true })),
      `mount --rbind /dev ${inside('dev')}`,
      `mount -t proc proc ${inside('proc')}`,
      ...image.binds.flatMap(bind),
      ...image.hidden.filter((path) => existsSync(path)).map((path) => `mount --bind /dev/null ${inside(path)}`),
      ...tmpfs
        .map(tmpfsOf)
        .map(({ target, options }) => `mount -t tmpfs -o mode=1777${options} tmpfs ${inside(target)}`),
      ...deepestLast.flatMap(bind),
      ...(readOnlyRoot ? [`mount -o remount,bind,ro ${inside('usr/local')}`, `mount -o remount,bind,ro ${root}`] : []),
      `printf %s ${quote(ready)}`,
      `exec chroot ${root} ${this.become(this.command()).map(quote).join(' ')}`,
    ].join('\n');
  }

  /** As Docker: a given entry point takes the image's command away with its entry point. */
  private command(): readonly string[] {
    const { image, entrypoint, command } = this.spec;
    const given = entrypoint === undefined ? image.command : [];
    return [...(entrypoint ?? image.entrypoint), ...(command ?? given)];
  }

  /** A command by the container's user, with exactly its environment. */
  private become(command: readonly string[], as: Partial<Identity> = {}): string[] {
    const { image } = this.spec;
    const own = {
      groups: [],
      dropCapabilities: [],
      noNewPrivileges: false,
      user: image.user,
      workingDirectory: image.workingDirectory,
    };
    const {
      environment,
      groups,
      dropCapabilities,
      noNewPrivileges,
      user: name,
      workingDirectory,
    } = { ...own, ...this.spec, ...as };
    const user = userOf(image, name);
    const supplementary = [...new Set([...user.groups, ...groups])];
    const dropped = new Set(dropCapabilities.map((one) => one.toLowerCase().replace(/^cap_/, '')));
    const kept = dropped.has('all') ? [] : capabilities.split(' ').filter((one) => !dropped.has(one));
    const all = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: user.home,
      HOSTNAME: this.spec.hostname ?? this.spec.name,
      ...image.environment,
      ...environment,
    };
    return [
      ...['/usr/bin/setpriv', '--reuid', String(user.uid), '--regid', String(user.gid)],
      ...(supplementary.length === 0 ? ['--clear-groups'] : ['--groups', supplementary.join(',')]),
      ...['--inh-caps=-all', `--bounding-set=-all${kept.map((one) => `,+${one}`).join('')}`],
      ...(noNewPrivileges ? ['--no-new-privs'] : []),
      ...['/usr/bin/env', '-i', '-C', workingDirectory],
      ...Object.entries(all).map(([variable, value]) => `${variable}=${value}`),
      ...command,
    ];
  }
}

/** As what another process in a container runs. */
export interface Identity {
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly groups: readonly number[];
  readonly noNewPrivileges: boolean;
  readonly dropCapabilities: readonly string[];
  readonly workingDirectory: string;
}

/** Another process in a container. */
export interface Inside {
  readonly exit: Promise<number>;
  readonly signal: (name: NodeJS.Signals) => void;
}

function killNow(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}

function childrenOf(pid: number | undefined): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
}

/**
 * Whether to skip what runs containers: only where they cannot be had, which is without root or without Linux's namespaces, and never in CI.
 *
 * @throws Error in CI, where a skip would hide that nothing was tested
 */
export function sandboxIsMissing(): boolean {
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    const missing = ['unshare', 'nsenter', 'setpriv', 'ip', 'luajit'].filter(
      (program) => !['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) => existsSync(join(folder, program))),
    );
    if (missing.length === 0) return false;
    return skipped(`${missing.join(', ')} missing: apt-get install util-linux iproute2 luajit`);
  }
  return skipped('what is rendered is run in namespaces of Linux, by root: neither is here');
}

function skipped(message: string): boolean {
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') throw new Error(message);
  process.stderr.write(`NOT RUN: ${message}\n`);
  return true;
}

function tmpfsOf(text: string): { readonly target: string; readonly options: string } {
  const [target = '', ...options] = text.split(':');
  return { target, options: options.map((option) => `,${option}`).join('') };
}

const ready = 'the-sandbox-is-set-up\n';

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Copying does not keep owners. */
function restoreOwners(image: Image, root: string): void {
  for (const [path, [uid, gid]] of Object.entries(image.owners)) chownSync(join(root, path), uid, gid);
}

/**
 * Who a process runs as. Docker ("USER"): a user without a group has its primary group of /etc/passwd, and without an entry there the
 * group 0; supplementary groups are those of /etc/group, and none where a group is given.
 */
export function userOf(
  image: Image,
  user: string,
): { readonly uid: number; readonly gid: number; readonly home: string; readonly groups: readonly number[] } {
  const [name = '', group] = user.split(':');
  const entry = image.users.find((candidate) => candidate.name === name || String(candidate.uid) === name);
  if (entry === undefined && !/^\d+$/.test(name))
    throw new Error(`unable to find user ${name}: no matching entries in passwd file`);
  const named = image.groups.find((candidate) => candidate.name === group);
  if (group !== undefined && named === undefined && !/^\d+$/.test(group)) {
    throw new Error(`unable to find group ${group}: no matching entries in group file`);
  }
  const groups = image.groups.filter(({ members }) => entry !== undefined && members.includes(entry.name));
  return {
    uid: entry?.uid ?? Number(name),
    gid: group === undefined ? (entry?.gid ?? 0) : (named?.gid ?? Number(group)),
    home: entry?.home ?? '/',
    groups: group === undefined ? groups.map(({ gid }) => gid) : [],
  };
}
