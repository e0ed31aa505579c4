import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A folder or file of the machine at a place in a container. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly?: boolean;
}

/** An image: a folder over the machine's /usr, and what its Dockerfile says of it. */
export interface Image {
  readonly folder: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workingDirectory: string;
  /** `STOPSIGNAL`. */
  readonly stopSignal: NodeJS.Signals;
  /** `VOLUME`. */
  readonly volumes: readonly string[];
  /** Paths that are not root's. */
  readonly owners: Readonly<Record<string, readonly [uid: number, gid: number]>>;
  readonly users: readonly {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
    readonly home: string;
  }[];
  readonly groups: readonly { readonly name: string; readonly gid: number; readonly members: readonly string[] }[];
  /** Files of the machine that are in it. */
  readonly binds: readonly Mount[];
  /** Programs of the machine that are not in it. */
  readonly hidden: readonly string[];
}

/** Images by what stands before the tag in a specification. */
export type Images = (image: string) => Image;

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

const root = { name: 'root', uid: 0, gid: 0, home: '/root' };
const rootGroup = { name: 'root', gid: 0, members: [] };
const nobody = { name: 'nobody', uid: 65_534, gid: 65_534, home: '/nonexistent' };
const nogroup = { name: 'nogroup', gid: 65_534, members: [] };

/** This process's Node, as an image has it. */
const node: Mount = { source: process.execPath, target: '/usr/local/bin/node', readOnly: true };

/** The agent's image, as the Dockerfile makes it; `npm run build` makes what is in it. */
export function agentImage(folder: string): Image {
  const place = join(folder, 'opt/kong-resilience');
  for (const name of ['bin/kong-resilience', 'dist/kong-resilience.cjs']) {
    if (!existsSync(join(repository, name))) throw new Error(`${name} is missing: run npm run build`);
    mkdirSync(dirname(join(place, name)), { recursive: true });
    cpSync(join(repository, name), join(place, name));
  }
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
  symlinkSync('/opt/kong-resilience/bin/kong-resilience', join(folder, 'usr/local/bin/kong-resilience'));
  const volumes = ['/var/lib/kong-resilience/handover', '/var/lib/kong-resilience/spool'];
  for (const volume of volumes) {
    mkdirSync(join(folder, volume), { recursive: true });
    chmodSync(join(folder, volume), 0o1777);
  }
  return {
    folder,
    entrypoint: ['kong-resilience'],
    command: ['run'],
    environment: { KONG_RESILIENCE_STATUS_LISTEN: '127.0.0.1:8101' },
    user: '1000:1000',
    workingDirectory: '/',
    stopSignal: 'SIGTERM',
    volumes,
    owners: Object.fromEntries(volumes.map((volume) => [volume, [1000, 1000] as const])),
    users: [root, nobody, { name: 'node', uid: 1000, gid: 1000, home: '/home/node' }],
    groups: [rootGroup, nogroup, { name: 'node', gid: 1000, members: [] }],
    binds: [node],
    hidden: ['/usr/bin/node'],
  };
}

/** The stock image of Node: its entry point becomes the command. */
export function nodeImage(folder: string): Image {
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
  const entrypoint = join(folder, 'usr/local/bin/docker-entrypoint.sh');
  writeFileSync(entrypoint, '#!/bin/sh\nset -e\nexec "$@"\n');
  chmodSync(entrypoint, 0o755);
  return {
    folder,
    entrypoint: ['docker-entrypoint.sh'],
    command: ['node'],
    environment: {},
    user: '0:0',
    workingDirectory: '/',
    stopSignal: 'SIGTERM',
    volumes: [],
    owners: {},
    users: [root, nobody, { name: 'node', uid: 1000, gid: 1000, home: '/home/node' }],
    groups: [rootGroup, nogroup, { name: 'node', gid: 1000, members: [] }],
    binds: [node],
    hidden: ['/usr/bin/node'],
  };
}

let simulated: Promise<string> | undefined;

/** The simulated gateway as one file; built once. */
function simulatedGateway(): Promise<string> {
  simulated ??= build({
    entryPoints: [join(here, 'kong/gateway.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external: ['bufferutil', 'utf-8-validate'],
    loader: { '.sh': 'text', '.lua': 'text' },
    logLevel: 'warning',
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? '');
  return simulated;
}

/**
 * A stand-in for Kong's image: a bash entry point, a `kong` and an `nginx` that behave as Kong's do at a start, and the simulated
 * data plane behind them. It has LuaJIT and no Node of its own that a script could find.
 *
 * @param uid of its user `kong`, who owns the prefix: the packages give no fixed one
 */
export async function gatewayImage(folder: string, version: string, uid = 1001): Promise<Image> {
  const place = join(folder, 'opt/simulated-gateway');
  const program = (from: string, to: string): void => {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(join(here, 'kong', from), join(folder, to));
    chmodSync(join(folder, to), 0o755);
  };
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'version'), `${version}\n`);
  writeFileSync(join(place, 'gateway.cjs'), await simulatedGateway());
  program('docker-entrypoint.sh', 'docker-entrypoint.sh');
  program('kong', 'usr/local/bin/kong');
  program('nginx', 'usr/local/openresty/nginx/sbin/nginx');
  mkdirSync(join(folder, 'usr/local/kong'), { recursive: true });
  return {
    folder,
    entrypoint: ['/docker-entrypoint.sh'],
    command: ['kong', 'docker-start'],
    environment: { KONG_VERSION: version },
    user: 'kong',
    workingDirectory: '/',
    stopSignal: 'SIGQUIT',
    volumes: [],
    owners: { 'usr/local/kong': [uid, 0] },
    users: [root, nobody, { name: 'kong', uid, gid: uid, home: '/home/kong' }],
    groups: [rootGroup, nogroup, { name: 'kong', gid: uid, members: [] }],
    binds: [{ ...node, target: '/opt/simulated-gateway/node' }],
    hidden: ['/usr/bin/node'],
  };
}

/**
 * A machine with Kong's package, Node and the agent's program: one file system, in which all that runs is root's where its unit
 * says no other.
 */
export async function virtualMachine(folder: string, version: string): Promise<Image> {
  const gateway = await gatewayImage(folder, version);
  const library = join(folder, 'usr/local/lib/kong-resilience');
  mkdirSync(library, { recursive: true });
  cpSync(join(repository, 'dist/kong-resilience.cjs'), join(library, 'kong-resilience.cjs'));
  const user = { name: 'kong-resilience', uid: 990, gid: 990, home: '/nonexistent' };
  return {
    ...gateway,
    user: '0:0',
    environment: {},
    users: [...gateway.users, user],
    groups: [...gateway.groups, { name: user.name, gid: user.gid, members: [] }],
    binds: [...gateway.binds, node],
  };
}
