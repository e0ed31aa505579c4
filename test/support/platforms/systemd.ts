import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Image } from './images';
import { type Answer, Network, type Reachable } from './network';
import { type Identity, type Inside, type Machine, type Sandbox, userOf } from './sandbox';
import { assignmentsOf } from './systemd-file';
import { readTimer } from './systemd-timer';
import { onlyKnown, Refused, type Workload } from './workload';

/*
 * Units on one machine, by systemd's manual pages:
 * - systemd.unit(5): drop-ins are read after the unit; an empty assignment empties a list; a start, an automatic one too, also starts what
 *   is wanted and not active, and waits for what it comes after; what is wanted may fail
 * - systemd.service(5): ExecStartPre one after the other, `-` ignores a failure, `+` is run by root; a start that takes longer than
 *   TimeoutStartSec (90 s) has failed; Restart= runs all of it again after RestartSec (100 ms); five starts in ten seconds are the last;
 *   Type=oneshot is started once its command has ended
 * - systemd.exec(5): EnvironmentFile is read before each command and is in the environment of all of them, ExecReload too; an
 *   optional one has a `-`; StateDirectory, RuntimeDirectory and CacheDirectory are made, and the user's; PrivateTmp, ProtectSystem
 * - systemd.unit(5), OnFailure=: started when the unit has failed, which one that is started again has not
 */

/** A unit's text, and the texts of its drop-ins in their order. */
export interface UnitFiles {
  readonly name: string;
  readonly unit: string;
  readonly dropIns?: readonly string[];
}

export interface SystemdHost {
  /** What is installed on the machine: one file system for all units. */
  readonly image: Image;
  /** Files beside it, by path. */
  readonly files: Readonly<
    Record<string, { readonly content: string; readonly mode?: number; readonly owner?: readonly [number, number] }>
  >;
  readonly reachable: Reachable;
}

const lists = [
  'ExecStartPre',
  'ExecStart',
  'ExecStartPost',
  'ExecReload',
  'ExecStop',
  'Environment',
  'EnvironmentFile',
];
const singles = [
  ...['Type', 'User', 'Group', 'SupplementaryGroups', 'WorkingDirectory', 'Restart', 'RestartSec', 'TimeoutStartSec'],
  ...[
    'TimeoutStopSec',
    'StateDirectory',
    'StateDirectoryMode',
    'RuntimeDirectory',
    'RuntimeDirectoryMode',
    'CacheDirectory',
  ],
  ...[
    'CacheDirectoryMode',
    'PrivateTmp',
    'ProtectSystem',
    'ReadWritePaths',
    'NoNewPrivileges',
    'KillSignal',
    'RuntimeDirectoryPreserve',
    'UMask',
    'CapabilityBoundingSet',
    'RemainAfterExit',
  ],
];
/** Order at boot, limits, and what takes from a process nothing that these need. */
const withoutEffect = [
  ...[
    'LimitNOFILE',
    'TimeoutSec',
    'ProtectHome',
    'ProtectHostname',
    'ProtectClock',
    'ProtectKernelTunables',
    'ProtectKernelModules',
  ],
  ...[
    'ProtectKernelLogs',
    'ProtectControlGroups',
    'ProtectProc',
    'PrivateDevices',
    'RestrictAddressFamilies',
    'RestrictNamespaces',
  ],
  ...['RestrictRealtime', 'RestrictSUIDSGID', 'LockPersonality', 'SystemCallArchitectures', 'SystemCallFilter'],
  ...[
    'RemoveIPC',
    'MemoryMax',
    'SyslogIdentifier',
    'StandardOutput',
    'StandardError',
    'AmbientCapabilities',
    'PrivateUsers',
  ],
];

type Settings = Readonly<Record<string, readonly string[]>>;

/** The settings of a unit and its drop-ins: those of `[Service]`, and its dependencies of `[Unit]`. @throws Refused where one is not executed */
export function readUnit({ unit, dropIns = [] }: UnitFiles): Settings {
  const settings: Record<string, string[]> = {};
  const dependencies = ['Wants', 'Requires', 'After', 'OnFailure'];
  const limits = ['StartLimitIntervalSec'];
  for (const { section, name, value } of [unit, ...dropIns].flatMap(assignmentsOf)) {
    if (section === 'Unit' && dependencies.includes(name)) (settings[name] ??= []).push(...value.split(/\s+/));
    if (section === 'Unit' && limits.includes(name)) settings[name] = [value];
    if (section !== 'Service') continue;
    if (value === '') settings[name] = [];
    else if (lists.includes(name)) (settings[name] ??= []).push(value);
    else settings[name] = [value];
  }
  onlyKnown('the unit', settings, [...dependencies, ...limits, ...lists, ...singles, ...withoutEffect]);
  return settings;
}

/** `EnvironmentFile`, as systemd.exec(5) has it: quotes and backslashes as in a shell, nothing expanded. */
export function environmentFile(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const entry = /^[ \t]*([A-Za-z_]\w*)=((?:'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S]|[^'"\\\n])*)$/gm;
  for (const [, name = '', raw = ''] of text.matchAll(entry)) {
    const value = raw
      .trim()
      .replace(
        /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g,
        (_match, single?: string, double?: string, escaped?: string) =>
          single ??
          double?.replace(/\\([$`"\\\n])/g, (_escape, letter: string) => (letter === '\n' ? '' : letter)) ??
          (escaped === '\n' ? '' : (escaped ?? '')),
      );
    found[name] = value;
  }
  return found;
}

/** The machine, with what is installed and its units. */
export class SystemdMachine implements Workload {
  readonly containers: readonly string[];
  private box: Sandbox | undefined;
  private network: Network | undefined;
  private readonly units = new Map<string, Unit>();
  /** What each timer starts. */
  private readonly timers = new Map<string, string>();

  /** @param files of all units; the last one is enabled, which is what all of it is for, and starts what it wants */
  constructor(
    readonly machine: Machine,
    private readonly files: readonly UnitFiles[],
    readonly host: SystemdHost,
  ) {
    this.containers = files.map(({ name }) => name);
  }

  /** What is wanted alone may fail. */
  get stopped(): string | undefined {
    return this.units.get(this.containers.at(-1) ?? '')?.failed;
  }

  sandbox(): Sandbox | undefined {
    return this.box;
  }

  async start(): Promise<void> {
    this.network = await Network.open(this.machine.newFolder('network'), this.host.reachable);
    const { network } = this;
    this.machine.atEnd(() => network.close());
    const mounts = Object.entries(this.host.files).map(([target, { content, mode = 0o644, owner = [0, 0] }]) => {
      const source = this.machine.newFile(target.replace(/^.*\//, ''), content, mode);
      chownSync(source, owner[0], owner[1]);
      return { source, target };
    });
    this.box = this.machine.create({
      name: 'vm',
      image: this.host.image,
      network,
      environment: {},
      entrypoint: ['sleep', 'infinity'],
      user: '0:0',
      mounts,
    });
    await this.box.start();
    for (const file of this.files) {
      if (file.name.endsWith('.timer')) this.timers.set(file.name, readTimer(file.name, file.unit));
      else this.units.set(file.name, new Unit(this, this.box, file));
    }
    for (const [timer, name] of this.timers) {
      if (!this.units.has(name)) throw new Refused(`${timer}: Refusing to start, unit ${name} to trigger not loaded`);
    }
    await this.units.get(this.containers.at(-1) ?? '')?.activate();
  }

  unit(name: string): Unit | undefined {
    return this.units.get(name);
  }

  /** Lets a timer elapse once. Resolves when what it starts has been started, which is after the end of a oneshot. */
  async elapse(timer: string): Promise<void> {
    await this.units.get(this.timers.get(timer) ?? '')?.activate();
  }

  async crash(name: string): Promise<void> {
    await this.units.get(name)?.crash();
  }

  /** `systemctl reload`. @returns whether every command succeeded */
  async reload(name: string): Promise<boolean> {
    return (await this.units.get(name)?.reload()) ?? false;
  }

  async ask(_unit: string, port: number, path: string): Promise<Answer | undefined> {
    return this.network?.ask(port, path);
  }

  abandon(): void {
    for (const unit of this.units.values()) unit.abandoned = true;
  }
}

class Unit {
  failed: string | undefined;
  abandoned = false;
  private readonly settings: Settings;
  private main: Inside | undefined;
  private handling: Promise<void> = Promise.resolve();
  private readonly starts: number[] = [];

  constructor(
    private readonly host: SystemdMachine,
    private readonly box: Sandbox,
    private readonly file: UnitFiles,
  ) {
    this.settings = readUnit(file);
    const type = this.one('Type') ?? 'simple';
    if (!['simple', 'exec', 'oneshot'].includes(type)) throw new Refused(`Type=${type}: not executed`);
    if (this.list('ExecStart').length !== 1) throw new Refused(`${file.name} has not one ExecStart`);
  }

  /** Starts it where it is not active. */
  async activate(): Promise<void> {
    if (this.main === undefined) await this.start();
  }

  async start(): Promise<void> {
    for (const name of [...this.list('Wants'), ...this.list('Requires')]) {
      const other = this.host.unit(name);
      const started = other?.activate();
      if (!this.list('After').includes(name)) continue;
      await started;
      if (this.list('Requires').includes(name) && other?.failed !== undefined) {
        await this.fail(`Dependency failed: ${name}`);
        return;
      }
    }
    if (this.abandoned) return;
    this.failed = undefined;
    const now = performance.now();
    this.starts.push(now);
    // StartLimitBurst=5; an interval of 0 is no limit
    const intervalMs = timeSpan(this.one('StartLimitIntervalSec') ?? '10s');
    if (this.starts.filter((at) => at > now - intervalMs).length > 5) {
      await this.fail('start request repeated too quickly');
      return;
    }
    this.makeFolders();
    const limitMs = timeSpan(this.one('TimeoutStartSec') ?? '90s');
    const end = now + limitMs;
    const { events } = this.host.machine;
    for (const before of this.list('ExecStartPre')) {
      const exitCode = await this.run(before, Math.max(1, end - performance.now()));
      if (this.abandoned) return;
      if (exitCode !== 0 && !prefixOf(before).includes('-')) {
        await this.ended(exitCode, `ExecStartPre=${before} ended with ${exitCode}`);
        return;
      }
    }
    const [command = ''] = this.list('ExecStart');
    const main = this.launch(command);
    this.main = main;
    events.push({ container: this.file.name, what: 'started', at: performance.now() });
    this.handling = main.exit.then((exitCode) => {
      events.push({ container: this.file.name, what: 'ended', exitCode, at: performance.now() });
      this.main = undefined;
      return this.ended(prefixOf(command).includes('-') ? 0 : exitCode, `the main process ended with ${exitCode}`);
    });
    if (this.one('Type') !== 'oneshot') return;
    const timer = setTimeout(() => main.signal('SIGKILL'), Math.max(1, end - performance.now()));
    await this.handling;
    clearTimeout(timer);
  }

  async crash(): Promise<void> {
    const { handling } = this;
    this.main?.signal('SIGKILL');
    await handling;
  }

  async reload(): Promise<boolean> {
    for (const command of this.list('ExecReload')) {
      if ((await this.run(command, 90_000)) !== 0 && !prefixOf(command).includes('-')) return false;
    }
    return true;
  }

  private async ended(exitCode: number, why: string): Promise<void> {
    const policy = this.one('Restart') ?? 'no';
    const clean = exitCode === 0 || exitCode === 143;
    const again = policy === 'always' || (policy === 'on-failure' && !clean) || (policy === 'on-success' && clean);
    if (!['no', 'always', 'on-failure', 'on-success'].includes(policy))
      throw new Refused(`Restart=${policy}: not executed`);
    if (this.abandoned) return;
    if (!again) {
      if (this.one('Type') !== 'oneshot' || exitCode !== 0) await this.fail(why);
      return;
    }
    await delay(timeSpan(this.one('RestartSec') ?? '100ms'), undefined, { ref: false });
    if (!this.abandoned) await this.start();
  }

  private async fail(why: string): Promise<void> {
    this.failed = why;
    for (const name of this.list('OnFailure')) await this.host.unit(name)?.activate();
  }

  private async run(command: string, limitMs: number): Promise<number> {
    const { events } = this.host.machine;
    // By the name of its program and its arguments, without a path.
    const container = command.slice(prefixOf(command).length).replace(/^\S*\//, '');
    const process = this.launch(command);
    events.push({ container, what: 'started', at: performance.now() });
    const timer = setTimeout(() => process.signal('SIGKILL'), limitMs);
    const exitCode = await process.exit;
    clearTimeout(timer);
    events.push({ container, what: 'ended', exitCode, at: performance.now() });
    return exitCode;
  }

  private launch(command: string): Inside {
    const prefix = prefixOf(command);
    const environment = this.environment();
    const words = split(command.slice(prefix.length))
      .map((word) => expandWord(word, environment))
      .flat();
    const asRoot = prefix.includes('+');
    const identity: Identity = {
      environment,
      user: asRoot ? '0:0' : this.user(),
      groups: asRoot ? [] : this.groups(),
      noNewPrivileges: this.isOn('NoNewPrivileges'),
      workingDirectory: this.one('WorkingDirectory') ?? '/',
      dropCapabilities: this.settings['CapabilityBoundingSet']?.length === 0 ? ['ALL'] : [],
    };
    return this.box.spawn(words, identity, this.mounts());
  }

  private user(): string {
    const user = this.one('User') ?? 'root';
    const group = this.one('Group');
    return group === undefined ? user : `${user}:${group}`;
  }

  /** By name or number; those of /etc/group come with the user. */
  private groups(): number[] {
    const { groups } = this.host.host.image;
    const user = userOf(this.host.host.image, this.one('User') ?? 'root');
    const named = (this.one('SupplementaryGroups') ?? '').split(/\s+/).filter((name) => name !== '');
    return [...user.groups, ...named.map((name) => groups.find((group) => group.name === name)?.gid ?? Number(name))];
  }

  private environment(): Record<string, string> {
    const made: Record<string, string> = {};
    for (const line of this.list('Environment'))
      for (const word of split(line)) made[word.replace(/=.*$/s, '')] = word.replace(/^[^=]*=/, '');
    for (const entry of this.list('EnvironmentFile')) {
      const path = entry.replace(/^-/, '');
      const content = this.fileOf(path);
      if (content === undefined) {
        if (entry.startsWith('-')) continue;
        throw new Error(`Failed to load environment files: ${path}`);
      }
      Object.assign(made, environmentFile(content));
    }
    for (const [kind, root] of [
      ['State', '/var/lib'],
      ['Runtime', '/run'],
      ['Cache', '/var/cache'],
    ] as const) {
      const names = this.folders(kind);
      if (names.length > 0) made[`${kind.toUpperCase()}_DIRECTORY`] = names.map((name) => `${root}/${name}`).join(':');
    }
    return made;
  }

  private fileOf(path: string): string | undefined {
    const given = this.host.host.files[path];
    if (given !== undefined) return given.content;
    const inside = this.box.path(path);
    return existsSync(inside) ? readFileSync(inside, 'utf8') : undefined;
  }

  private folders(kind: 'State' | 'Runtime' | 'Cache'): string[] {
    return (this.one(`${kind}Directory`) ?? '').split(/\s+/).filter((name) => name !== '');
  }

  private makeFolders(): void {
    const { uid, gid } = userOf(this.host.host.image, this.user());
    for (const [kind, root] of [
      ['State', 'var/lib'],
      ['Runtime', 'run'],
      ['Cache', 'var/cache'],
    ] as const) {
      for (const name of this.folders(kind)) {
        const path = this.box.path(join(root, name));
        mkdirSync(path, { recursive: true });
        chownSync(path, uid, gid);
        chmodSync(path, Number.parseInt(this.one(`${kind}DirectoryMode`) ?? '0755', 8));
      }
    }
    if (this.isOn('PrivateTmp')) {
      const path = this.box.path(this.privateTmp);
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o1777);
    }
  }

  private get privateTmp(): string {
    return `/run/private-tmp/${this.file.name}`;
  }

  /** "strict: the entire file system is read-only, but for /dev, /proc and /sys", and what is named writable; "full: /usr, /boot and /etc". */
  private mounts(): string[] {
    const protect = this.one('ProtectSystem') ?? 'no';
    const writable = [
      ...this.folders('State').map((name) => `/var/lib/${name}`),
      ...this.folders('Runtime').map((name) => `/run/${name}`),
      ...this.folders('Cache').map((name) => `/var/cache/${name}`),
      ...(this.one('ReadWritePaths') ?? '').split(/\s+/).filter((path) => path !== ''),
    ];
    if (!['no', 'false', 'yes', 'true', 'full', 'strict'].includes(protect))
      throw new Refused(`ProtectSystem=${protect}`);
    return [
      `umask ${this.one('UMask') ?? '0022'}`,
      ...(protect === 'strict'
        ? writable.map((path) => `mount --bind ${path.replace(/^-/, '')} ${path.replace(/^-/, '')}`)
        : []),
      ...(this.isOn('PrivateTmp') ? [`mount --bind ${this.privateTmp} /tmp`] : []),
      ...(protect === 'strict' ? ['mount -o remount,bind,ro /', 'mount -o remount,bind,ro /usr/local'] : []),
      ...(protect === 'full' ? ['mount --bind /etc /etc', 'mount -o remount,bind,ro /etc'] : []),
    ];
  }

  private isOn(name: string): boolean {
    return ['yes', 'true', 'on', '1'].includes(this.one(name) ?? 'no');
  }

  private one(name: string): string | undefined {
    return this.settings[name]?.at(-1);
  }

  private list(name: string): readonly string[] {
    return this.settings[name] ?? [];
  }
}

function prefixOf(command: string): string {
  const [prefix = ''] = /^[-+]*/.exec(command) ?? [];
  if (/^[@!:]/.test(command.slice(prefix.length))) throw new Refused(`not executed: ${command}`);
  return prefix;
}

/** Words of a command line, with quotes. */
function split(line: string): string[] {
  return [...line.matchAll(/(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S))+/g)].map(([word]) =>
    word.replace(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
      (_match, double?: string, single?: string) => single ?? double?.replace(/\\(.)/g, '$1') ?? '',
    ),
  );
}

/** `${NAME}` within a word, `$NAME` as words of its own, `$$`; `$MAINPID` is not executed. */
function expandWord(word: string, environment: Readonly<Record<string, string>>): string[] {
  const [, alone] = /^\$([A-Za-z_]\w*)$/.exec(word) ?? [];
  if (alone !== undefined) return (environment[alone] ?? '').split(/\s+/).filter((part) => part !== '');
  return [
    word.replace(/\$\$|\$\{([A-Za-z_]\w*)\}/g, (match, name?: string) =>
      name === undefined ? '$' : (environment[name] ?? ''),
    ),
  ];
}

/** In milliseconds; a plain number is of seconds. */
function timeSpan(text: string): number {
  if (text === 'infinity') return 2 ** 31 - 1;
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, sec: 1000, min: 60_000, m: 60_000, h: 3_600_000 };
  return [...text.matchAll(/([\d.]+)\s*(ms|sec|s|min|m|h)?/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? 's'] ?? 1000),
    0,
  );
}
