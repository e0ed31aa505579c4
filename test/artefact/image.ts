import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Environment, Program } from '../support/program';
import { type Dockerfile, ignoredBy, readDockerfile } from './dockerfile';

/** Folders of this machine that stand for the base image's. /usr/local is the image's own: RUN changes it. */
const system = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64', '/usr/libexec', '/bin', '/sbin', '/lib', '/lib64'];

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/**
 * What the Dockerfile makes, without a container engine: its instructions done on a folder of its own, in which this
 * machine's programs stand for the base image's, and its processes run in a mount namespace with that folder as a
 * read-only root, without capabilities. Needs root and Linux.
 */
export class Image {
  readonly dockerfile: Dockerfile;
  readonly root: string;

  /** @param context the folder that `docker build` is given: the installed package */
  constructor(
    context: string,
    private readonly work: string,
  ) {
    this.dockerfile = readDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));
    this.root = join(work, 'root');
    this.layOutBase();
    for (const { sources, target } of this.dockerfile.copies) {
      for (const source of sources) this.copy(context, source, target);
    }
    for (const run of this.dockerfile.runs) {
      const { status, stderr } = this.namespace([], false, ['/bin/sh', '-c', run]);
      if (status !== 0) throw new Error(`RUN ${run} ended with ${status}: ${stderr}`);
    }
  }

  /** Mode, owner and group of a path in the image. */
  stat(path: string): string {
    return statOf(join(this.root, path));
  }

  exists(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  /** Volumes as an engine makes them: with the content, owner and mode of the image's folder. */
  volumes(name: string): readonly Mount[] {
    return this.dockerfile.volumes.map((target, index) => {
      const source = join(this.work, `${name}-${index}`);
      const { status } = spawnSync('cp', ['-a', join(this.root, target), source]);
      if (status !== 0) throw new Error(`cp of ${target} ended with ${status}`);
      return { source, target, writable: true };
    });
  }

  /**
   * Starts a container's process; nothing but the writable mounts can be written.
   *
   * @param user `uid:gid` as `--user` takes it; the image's own by default
   * @param argv what is run; entry point and command by default
   * @param network this machine's by default; one of its own, with a loopback alone; or that of another process
   */
  start(options: {
    readonly mounts: readonly Mount[];
    readonly environment?: Environment;
    readonly user?: string;
    readonly argv?: readonly string[];
    readonly network?: 'own' | Program;
  }): Program {
    const { entrypoint, command, environment, user } = this.dockerfile;
    const { argv = [...entrypoint, ...command] } = options;
    const [uid = '', gid = ''] = (options.user ?? user).split(':');
    const variables = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/', ...environment, ...options.environment };
    const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const drop = ['--reuid', uid, '--regid', gid, '--clear-groups', '--bounding-set', '-all', '--no-new-privs'];
    const inside = ['/usr/bin/setpriv', ...drop, '--', '/usr/bin/env', '-i', ...set, ...argv];
    const isolated = this.command(options.mounts, true, inside, options.network === 'own');
    const joined = options.network instanceof Program ? ['nsenter', `--net=/proc/${options.network.pid}/ns/net`] : [];
    const [file = '', ...args] = [...joined, ...isolated];
    return new Program(args, {}, { command: [file] });
  }

  private layOutBase(): void {
    for (const path of [...system, '/etc', '/proc', '/dev', '/tmp', '/store', '/opt', '/usr/local/bin', '/var/lib']) {
      if (existsSync(path) && lstatSync(path).isSymbolicLink()) {
        mkdirSync(dirname(join(this.root, path)), { recursive: true });
        symlinkSync(readlinkSync(path), join(this.root, path));
      } else {
        mkdirSync(join(this.root, path), { recursive: true });
      }
    }
    writeFileSync(join(this.root, 'usr/local/bin/node'), '');
    // What the official image of Node brings along.
    for (const name of ['npm', 'npx', 'corepack', 'yarn', 'yarnpkg']) {
      writeFileSync(join(this.root, 'usr/local/bin', name), '');
    }
    for (const folder of ['usr/local/lib/node_modules/npm/bin', 'opt/yarn-v1.22.22/bin']) {
      mkdirSync(join(this.root, folder), { recursive: true });
    }
  }

  /** As COPY does: what is in a folder, or a file; modes as they are, owner root. */
  private copy(context: string, source: string, target: string): void {
    const ignore = readFileSync(join(context, '.dockerignore'), 'utf8');
    if (ignoredBy(ignore, source)) throw new Error(`COPY ${source}: it is not in the context`);
    const from = join(context, source);
    if (lstatSync(from).isFile()) {
      mkdirSync(join(this.root, target), { recursive: true });
      copyFileSync(from, join(this.root, target, source));
      return;
    }
    const filter = (path: string): boolean => !ignoredBy(ignore, relative(context, path));
    cpSync(from, join(this.root, target), { recursive: true, filter });
  }

  private namespace(mounts: readonly Mount[], readOnly: boolean, inside: readonly string[]) {
    const [file = '', ...args] = this.command(mounts, readOnly, inside);
    return spawnSync(file, args, { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  }

  /** Runs something with the image's folder as its root. */
  private command(
    mounts: readonly Mount[],
    readOnly: boolean,
    inside: readonly string[],
    ownNetwork = false,
  ): readonly string[] {
    const bind = (source: string, target: string, writable: boolean): string =>
      `mount --bind ${quoted(source)} ${quoted(target)}${writable ? '' : ` && mount -o remount,bind,ro ${quoted(target)}`}`;
    const within = (path: string): string => join(this.root, path);
    const present = system.filter((path) => existsSync(path) && !lstatSync(path).isSymbolicLink());
    const script = [
      ...(ownNetwork ? ['ip link set lo up'] : []),
      bind(this.root, this.root, !readOnly),
      ...present.map((path) => bind(path, within(path), false)),
      bind(process.execPath, within('/usr/local/bin/node'), false),
      ...['/proc', '/dev'].map((path) => `mount --rbind ${path} ${quoted(within(path))}`),
      ...mounts.map(({ source, target, writable }) => bind(source, within(target), writable)),
      `exec chroot ${quoted(this.root)} ${inside.map(quoted).join(' ')}`,
    ].join(' && ');
    const net = ownNetwork ? ['--net'] : [];
    return ['unshare', ...net, '--mount', '--propagation', 'private', '/bin/sh', '-c', script];
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Mode, owner and group of a file of this machine. */
export function statOf(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid}:${gid}`;
}
