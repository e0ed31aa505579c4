import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type ClusterSettings, parseGatewayVersion, Secret } from '../../../../src/contract';
import { DataPlane } from '../../../../src/demo/data-plane';
import { causeOf } from '../../../../src/errors';
import { silentLog } from '../../../../src/runtime';
import { checkTable } from '../../../../src/snapshot';
import { makeCache } from '../../../gateway/lmdb-file';

/*
 * The simulated data plane as a program, in the place of Kong's nginx:
 *
 *   parse <file>     what `kong config parse` says of a file
 *   serve <prefix>   serves with the settings of the last `kong prepare`, on Kong's ports; SIGHUP loads them again
 *
 * Beside the data plane's own cache it keeps the hash in a cache of Kong's format, which is all that the start script reads.
 */

const version = parseGatewayVersion(readFileSync('/opt/simulated-gateway/version', 'utf8').trim());
if (version === undefined) throw new Error('the image has no version');
const tag = version.parts.slice(0, 2).join('.');

type Settings = Readonly<Record<string, string>>;

function settingsOf(prefix: string): Settings {
  const entries = readFileSync(join(prefix, '.kong_env'), 'utf8')
    .split('\0')
    .filter((entry) => entry !== '');
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** A path, PEM, or base64 of PEM, as Kong takes them. */
function pem(value: string): string {
  if (value.includes('-----BEGIN')) return value;
  return value.startsWith('/') ? readFileSync(value, 'utf8') : Buffer.from(value, 'base64').toString('utf8');
}

/** As Kong's data plane, with the shared certificate of its cluster; others have no control plane. */
function clusterOf(settings: Settings): ClusterSettings | undefined {
  if (settings['KONG_ROLE'] !== 'data_plane') return undefined;
  const [host = '', port = ''] = (settings['KONG_CLUSTER_CONTROL_PLANE'] ?? '127.0.0.1:8005').split(':');
  return {
    controlPlane: { host, port: Number(port) },
    mtls: 'shared',
    certificate: pem(settings['KONG_CLUSTER_CERT'] ?? ''),
    key: new Secret(pem(settings['KONG_CLUSTER_CERT_KEY'] ?? '')),
    trusted: [],
    trustSystem: true,
    maxPayloadBytes: 16_777_216,
    labels: {},
  };
}

/** Where a listener of Kong's is, by its variable: the first address of the list. @param before what is done before an answer goes out */
function listen(value: string, target: string, before: () => void): Promise<Server> | undefined {
  const [, host = '', port = ''] = /^([\d.]+):(\d+)/.exec(value) ?? [];
  if (port === '') return undefined;
  const server = createServer((client) => {
    const inner = connect(Number(new URL(target).port), '127.0.0.1');
    for (const [one, other] of [
      [client, inner],
      [inner, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    client.pipe(inner);
    inner.on('data', (chunk: Buffer) => {
      before();
      client.write(chunk);
    });
    inner.on('end', () => client.end());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(port), host, () => resolve(server));
  });
}

/** Keeps Kong's form of the cache in step: an LMDB environment with the hash, or an empty one. */
function rememberHash(prefix: string, hash: string): void {
  mkdirSync(join(prefix, 'dbless.lmdb'), { recursive: true });
  const path = join(prefix, 'dbless.lmdb', 'data.mdb');
  writeFileSync(`${path}.new`, makeCache(/^0+$/.test(hash) ? { tag } : { tag, hash }));
  renameSync(`${path}.new`, path);
}

/** The hash in the data plane's own cache: it is written before anybody may rely on it. */
function cachedHash(prefix: string): string | undefined {
  try {
    const [head = ''] = readFileSync(join(prefix, 'cache.json'), 'utf8').split('\n', 1);
    return (JSON.parse(head) as { hash: string }).hash;
  } catch {
    return undefined;
  }
}

class Gateway {
  private node: DataPlane | undefined;
  private servers: (Server | undefined)[] = [];

  constructor(private readonly prefix: string) {}

  async start(): Promise<void> {
    const settings = settingsOf(this.prefix);
    const cluster = clusterOf(settings);
    const file = settings['KONG_DECLARATIVE_CONFIG'];
    const node = await DataPlane.start({
      prefix: this.prefix,
      version: version as NonNullable<typeof version>,
      log: {
        ...silentLog,
        debug: (fields, message) => process.stderr.write(`${message}: ${JSON.stringify(fields)}\n`),
      },
      // Kong waits for 5 to 10 s.
      reconnectMs: [100, 200],
      ...(file === undefined || file === '' ? {} : { declarativeConfig: file }),
      ...(cluster === undefined ? {} : { cluster }),
    });
    this.node = node;
    this.keepHash();
    // What anybody has seen is in the cache.
    const keep = (): void => this.keepHash();
    this.servers = await Promise.all([
      listen(settings['KONG_PROXY_LISTEN'] ?? '0.0.0.0:8000', node.proxyUrl, keep),
      listen(settings['KONG_STATUS_LISTEN'] ?? '127.0.0.1:8007', node.statusUrl, keep),
    ]);
    writeFileSync(join(this.prefix, 'pids', 'nginx.pid'), `${process.pid}\n`);
    process.stdout.write(`serving ${node.configurationHash}${file === undefined ? '' : ` from ${file}`}\n`);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) server?.close();
    await this.node?.stop();
    this.keepHash();
  }

  private last: string | undefined;
  keepHash(): void {
    const hash = cachedHash(this.prefix) ?? '0';
    if (hash === this.last) return;
    rememberHash(this.prefix, hash);
    this.last = hash;
  }
}

async function serve(prefix: string): Promise<void> {
  const gateway = new Gateway(prefix);
  await gateway.start();
  setInterval(() => gateway.keepHash(), 20);
  const end = (): void => void gateway.stop().then(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGINT'] as const) process.once(signal, end);
  let reloading = Promise.resolve();
  process.on('SIGHUP', () => {
    reloading = reloading.then(async () => {
      await gateway.stop();
      await gateway.start();
    });
  });
}

function parse(path: string): void {
  try {
    checkTable(readFileSync(path));
  } catch (error) {
    process.stderr.write(`Error: Failed parsing:\n${causeOf(error)}\n`);
    process.exit(1);
  }
  process.stdout.write('parse successful\n');
}

const [command, argument = ''] = process.argv.slice(2);
if (command === 'parse') parse(argument);
else
  serve(argument).catch((error: unknown) => {
    process.stderr.write(`nginx: [error] ${causeOf(error)}\n`);
    process.exit(1);
  });
