import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Token } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { atSynth, EnvValue, MachineImage, SystemdExporter, SystemdGateway, type EnvValues } from '../../../constructs';
import { agentBundle } from '../../../constructs/artefact';
import { nodes, refusalOf } from './nodes';

const bundleUrl = 'https://artefacts.acme.com/kong-resilience.cjs';

const gatewayScript = (environment: EnvValues = {}, machineImage?: MachineImage): string => {
  const { stack, importer } = nodes({ environment });
  return new SystemdGateway(stack, 'Machine', { importer }).userData({ bundleUrl, machineImage });
};

const exporterScript = (): string => {
  const { stack, exporter } = nodes();
  return new SystemdExporter(stack, 'Machine', { exporter }).userData({ bundleUrl });
};

interface Machine {
  readonly exitCode: number | null;
  readonly said: string;
  /** What systemctl and the other programs of the machine were called with. */
  readonly calls: readonly string[];
  read(path: string): string;
  modeOf(path: string): string;
}

/**
 * Runs a script as cloud-init does, as root, in folders of its own for those in which it writes. The programs that would
 * change this machine are stand-ins, and `curl` gives `served`.
 */
function boot(script: string, served: string): Machine {
  const root = mkdtempSync(join(tmpdir(), 'machine-'));
  const programs = join(root, 'programs');
  const log = join(root, 'calls');
  mkdirSync(programs);
  const places = ['/usr/local/bin', '/usr/local/lib', '/etc/systemd/system', '/etc/kong-resilience'];
  for (const place of places) mkdirSync(join(root, place), { recursive: true });
  writeFileSync(log, '');
  writeFileSync(join(root, 'served'), served);
  const stub = (name: string, body: string): void =>
    writeFileSync(join(programs, name), `#!/bin/sh\necho "${name} $*" >>${log}\n${body}\n`, { mode: 0o755 });
  stub('systemctl', 'exit 0');
  stub('useradd', 'exit 0');
  stub('dnf', 'exit 0');
  stub('curl', `while [ "$1" != --output ]; do shift; done; cp ${join(root, 'served')} "$2"`);
  copyFileSync(process.execPath, join(programs, 'node'));
  chmodSync(join(programs, 'node'), 0o755);
  writeFileSync(join(root, 'user-data'), script);
  const mounts = places.map((place) => `mkdir -p ${place} && mount --bind ${join(root, place)} ${place}`);
  const { status, stderr } = spawnSync(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-euc',
      [...mounts, `exec bash ${join(root, 'user-data')}`].join('\n'),
    ],
    { encoding: 'utf8', env: { PATH: `${programs}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: '/root' } },
  );
  return {
    exitCode: status,
    said: stderr,
    calls: readFileSync(log, 'utf8').trim().split('\n'),
    read: (path) => readFileSync(join(root, path), 'utf8'),
    modeOf: (path) => (statSync(join(root, path)).mode & 0o7777).toString(8),
  };
}

const bundle = (): string => readFileSync(agentBundle(), 'utf8');
const canBoot = process.platform === 'linux' && process.getuid?.() === 0;
if (!canBoot && process.env['CI']) throw new Error('user data is run as root on Linux: in CI this is no skip');

describe.skipIf(!canBoot)('user data, run by bash as root', { timeout: 60_000 }, () => {
  it('puts the program and the files of a gateway in their places, and starts it', () => {
    const machine = boot(gatewayScript(), bundle());
    expect(machine.said).toBe('');
    expect(machine.exitCode).toBe(0);
    expect(machine.read('/usr/local/lib/kong-resilience/kong-resilience.cjs')).toBe(bundle());
    expect(machine.modeOf('/usr/local/bin/kong-resilience')).toBe('755');
    expect(machine.modeOf('/etc/kong-resilience/importer.env')).toBe('600');
    expect(machine.modeOf('/etc/kong-resilience/gateway.env')).toBe('600');
    expect(machine.modeOf('/etc/systemd/system/kong-resilience-import.service')).toBe('644');
    const { stack, importer } = nodes();
    for (const { path, content } of new SystemdGateway(stack, 'Other', { importer }).files) {
      expect(machine.read(path)).toBe(atSynth(content));
    }
    expect(machine.calls).toEqual([
      expect.stringMatching(/^curl --fail .*--proto =https --output \S+ https:\/\/artefacts\.acme\.com/) as string,
      'systemctl daemon-reload',
      'systemctl enable --now kong-resilience-check.timer',
      'systemctl enable kong.service',
      'systemctl restart kong.service',
    ]);
  });

  it('gives an exporter a user of its own', () => {
    const machine = boot(exporterScript(), bundle());
    expect([machine.said, machine.exitCode]).toEqual(['', 0]);
    expect(machine.calls.slice(1)).toEqual([
      'systemctl daemon-reload',
      'useradd --system --no-create-home --shell /usr/sbin/nologin kong-resilience',
      'systemctl enable --now kong-resilience-exporter.service',
    ]);
  });

  it('leaves a program alone whose digest is another, and starts nothing', () => {
    const machine = boot(gatewayScript(), `${bundle()} `);
    expect(machine.exitCode).toBe(1);
    expect(machine.said).toMatch(
      /^kong-resilience: what https:\/\/artefacts\.acme\.com\/kong-resilience\.cjs gave is not the program of \S+: its SHA-256 differs\n$/,
    );
    expect(machine.calls).toHaveLength(1);
    expect(() => machine.read('/usr/local/lib/kong-resilience/kong-resilience.cjs')).toThrow('ENOENT');
  });

  it('installs Node where the image has none', () => {
    const { calls } = boot(gatewayScript({}, MachineImage.amazonLinux2023()), bundle());
    expect(calls[0]).toBe('dnf install -y nodejs22');
  });
});

describe('user data', () => {
  it('names the digest of the program that this package brings', () => {
    expect(gatewayScript()).toContain(createHash('sha256').update(bundle()).digest('hex'));
  });

  it('is within the 16 KB of EC2 with a usual environment', () => {
    expect(Buffer.byteLength(gatewayScript())).toBeLessThan(12_000);
  });

  it('holds no secret', () => {
    const environment = { KONG_ADMIN_TOKEN: EnvValue.fromSecretText('canary-5d11') };
    const { stack, importer } = nodes({ environment });
    const machine = new SystemdGateway(stack, 'Machine', { importer });
    expect(refusalOf(() => machine.userData({ bundleUrl })).split('\n')).toEqual([
      'app/Machine: 2 problems',
      ...Array<string>(2).fill(
        "  KR_TF_MACHINE_SECRET KONG_ADMIN_TOKEN is a secret's own text, and user data can be read by whoever may look at the machine, and by every process on it. Give a reference: EnvValue.fromAwsSecret, fromGoogleSecret, or the path of a file.",
      ),
    ]);
  });

  it('is refused when it is too long', () => {
    const environment = { KONG_NGINX_HTTP_INCLUDE: EnvValue.fromText('x'.repeat(9000)) };
    expect(refusalOf(() => gatewayScript(environment))).toMatch(
      /^app\/Machine: 1 problem\n {2}KR_TF_MACHINE_USER_DATA the user data has \d{5} bytes, and Amazon EC2 takes 16384\. Bring the files with the machine's image instead: they are in `files`\.$/,
    );
  });

  it.each([
    'http://artefacts.acme.com/x.cjs',
    'https://user:pass@acme.com/x.cjs',
    "https://acme.com/'x",
    's3://bucket/x',
  ])('does not fetch from %s', (url) => {
    const { stack, importer } = nodes();
    const machine = new SystemdGateway(stack, 'Machine', { importer });
    expect(refusalOf(() => machine.userData({ bundleUrl: url }))).toContain('KR_TF_MACHINE_BUNDLE_URL');
  });

  it('takes a URL that Terraform knows', () => {
    const { stack, importer } = nodes();
    const machine = new SystemdGateway(stack, 'Machine', { importer });
    const url = Token.asString({ resolve: () => 'https://acme.com/x.cjs' });
    expect(machine.userData({ bundleUrl: url })).toContain(`'${url}'`);
  });
});
