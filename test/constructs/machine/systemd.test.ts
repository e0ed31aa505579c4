import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  atSynth,
  EnvValue,
  SystemdExporter,
  SystemdGateway,
  type MachineFile,
  type SystemdGatewayProps,
} from '../../../constructs';
import { isMissing } from '../../support/servers';
import { nodes, refusalOf, type NodeOptions } from './nodes';

const gateway = (props: Partial<SystemdGatewayProps> = {}, options: NodeOptions = {}): SystemdGateway => {
  const { stack, importer } = nodes(options);
  return new SystemdGateway(stack, 'Machine', { importer, ...props });
};

const exporter = (): SystemdExporter => {
  const { stack, exporter: node } = nodes();
  return new SystemdExporter(stack, 'Machine', { exporter: node });
};

const contentOf = (files: readonly MachineFile[], path: string): string =>
  atSynth(files.find((file) => file.path === path)?.content ?? `no ${path}`);

/** Kong's own unit, in the form that its package has. */
const kongUnit = `[Unit]
Description=Kong
After=syslog.target network.target remote-fs.target nss-lookup.target

[Service]
User=root
Type=forking
ExecStartPre=/usr/local/bin/kong prepare -p /usr/local/kong
ExecStart=/usr/local/openresty/nginx/sbin/nginx -p /usr/local/kong -c nginx.conf
ExecReload=/usr/local/bin/kong prepare -p /usr/local/kong
ExecReload=/usr/local/openresty/nginx/sbin/nginx -p /usr/local/kong -c nginx.conf -s reload
ExecStop=/bin/kill -s QUIT $MAINPID
PrivateTmp=true

[Install]
WantedBy=multi-user.target
`;

/** What systemd says of units, their programs put into a folder of its own. */
function verify(files: readonly MachineFile[], names: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'units-'));
  const put = (path: string, content: string, mode: number): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode });
  };
  for (const { path, content, mode } of files) put(path, atSynth(content), parseInt(mode, 8));
  put('/etc/systemd/system/kong.service', kongUnit, 0o644);
  const programs = ['/usr/local/bin/kong', '/usr/local/openresty/nginx/sbin/nginx', '/bin/sh', '/bin/kill'];
  for (const program of programs) put(program, '#!/bin/sh\n', 0o755);
  for (const target of ['network-online', 'multi-user', 'timers', 'sysinit', 'basic', 'shutdown', 'network']) {
    put(`/usr/lib/systemd/system/${target}.target`, '[Unit]\n', 0o644);
  }
  const { stdout, stderr, status } = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', '--generators=no', '--recursive-errors=no', `--root=${root}`, ...names],
    { encoding: 'utf8' },
  );
  return status === 0 ? `${stdout}${stderr}` : `${status}: ${stdout}${stderr}`;
}

describe('an exporter under systemd', () => {
  it('runs as a user that may write its spool alone, for as long as it takes', () => {
    const unit = contentOf(exporter().files, '/etc/systemd/system/kong-resilience-exporter.service');
    for (const line of [
      'User=kong-resilience',
      'EnvironmentFile=/etc/kong-resilience/exporter.env',
      'ExecStart=/usr/local/bin/kong-resilience run',
      'Restart=always',
      'StartLimitIntervalSec=0',
      'TimeoutStopSec=30',
      'StateDirectory=kong-resilience/spool',
      'StateDirectoryMode=0700',
      'CapabilityBoundingSet=',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
    ]) {
      expect(unit.split('\n')).toContain(line);
    }
  });

  it('has its environment in a file of root alone', () => {
    const [launcher, environment] = exporter().files;
    expect(launcher).toEqual({
      path: '/usr/local/bin/kong-resilience',
      mode: '0755',
      content: '#!/bin/sh\nexec node /usr/local/lib/kong-resilience/kong-resilience.cjs "$@"\n',
    });
    expect(environment).toMatchObject({ path: '/etc/kong-resilience/exporter.env', mode: '0600' });
    expect(atSynth(environment?.content)).toContain('KONG_CLUSTER_FALLBACK_CONFIG_EXPORT="on"\n');
  });
});

describe('a gateway under systemd', () => {
  const { files } = gateway();

  it('starts after an import that holds nothing back', () => {
    const dropIn = contentOf(files, '/etc/systemd/system/kong.service.d/kong-resilience.conf');
    expect(dropIn).toBe(`[Unit]
Wants=kong-resilience-import.service
After=kong-resilience-import.service

[Service]
EnvironmentFile=/etc/kong-resilience/gateway.env
ExecStartPre=
ExecStartPre=/bin/sh -c '[ ! -r /var/lib/kong-resilience/handover/start.sh ] || . /var/lib/kong-resilience/handover/start.sh; exec /usr/local/bin/kong prepare -p /usr/local/kong'
`);
  });

  it('keeps the agent and the store out of the environment of the gateway, and the declarative file out of its reload', () => {
    const environment = contentOf(files, '/etc/kong-resilience/gateway.env');
    expect(environment).not.toMatch(/RESILIENCE|FALLBACK|AWS_|DECLARATIVE/);
    expect(contentOf(files, '/etc/kong-resilience/importer.env')).toContain(
      'KONG_CLUSTER_FALLBACK_CONFIG_IMPORT="on"\n',
    );
    for (const { path, mode } of files) {
      if (path.endsWith('.env')) expect(mode).toBe('0600');
    }
  });

  it('imports as root without its capabilities', () => {
    const unit = contentOf(files, '/etc/systemd/system/kong-resilience-import.service').split('\n');
    expect(unit).toContain('Type=oneshot');
    expect(unit).toContain('CapabilityBoundingSet=');
    expect(unit).toContain('StateDirectory=kong-resilience/handover');
    expect(unit).toContain('ExecStart=/usr/local/bin/kong-resilience import');
    expect(unit.filter((line) => line.startsWith('User='))).toEqual([]);
    expect(unit.filter((line) => line.startsWith('RemainAfterExit'))).toEqual([]);
  });

  it('is checked every 15 minutes, and tells whom it is told to', () => {
    expect(contentOf(files, '/etc/systemd/system/kong-resilience-check.timer')).toContain('OnCalendar=*:0/15\n');
    const other = gateway({ checkSchedule: 'hourly', checkFailureUnit: 'page-somebody.service' });
    expect(contentOf(other.files, '/etc/systemd/system/kong-resilience-check.timer')).toContain('OnCalendar=hourly\n');
    expect(contentOf(other.files, '/etc/systemd/system/kong-resilience-check.service')).toContain(
      'OnFailure=page-somebody.service\n',
    );
    expect(contentOf(other.files, '/etc/systemd/system/kong-resilience-import.service')).not.toContain('OnFailure');
  });

  it("knows Enterprise's unit, and takes another", () => {
    expect(gateway({}, { gatewayVersion: '3.10.0.2' }).gatewayUnit).toBe('kong-enterprise-edition.service');
    const own = gateway({ gatewayUnit: 'edge.service', prepareCommand: '/opt/kong/bin/kong prepare -p /srv/kong' });
    expect(contentOf(own.files, '/etc/systemd/system/edge.service.d/kong-resilience.conf')).toContain(
      "start.sh; exec /opt/kong/bin/kong prepare -p /srv/kong'\n",
    );
  });

  it('refuses what is no unit or no command, together', () => {
    const refusal = refusalOf(() => gateway({ gatewayUnit: 'kong', prepareCommand: "kong prepare -p '/srv'" }));
    expect(refusal.split('\n')).toEqual([
      'app/Machine: 2 problems',
      '  KR_TF_MACHINE_UNIT "kong" is no name of a unit: it must end with .service or .target, such as kong.service.',
      `  KR_TF_MACHINE_COMMAND prepareCommand is "kong prepare -p '/srv'": it must begin with the path of a program and hold no quotes, backslashes, "$" or "%". Copy the ExecStartPre of the unit that is installed.`,
    ]);
  });
});

describe.skipIf(isMissing('systemd-analyze'))('systemd itself', () => {
  it('finds nothing wrong with the units, and Kong’s own with the drop-in', () => {
    const units = ['kong-resilience-import.service', 'kong-resilience-check.service', 'kong-resilience-check.timer'];
    expect(verify(gateway().files, [...units, 'kong.service'])).toBe('');
    expect(verify(exporter().files, ['kong-resilience-exporter.service'])).toBe('');
  });

  it('would find a line that it does not know', () => {
    const files = exporter().files.map(({ content, ...file }) => ({
      ...file,
      content: atSynth(content).replace('Restart=', 'Restrat='),
    }));
    expect(verify(files, ['kong-resilience-exporter.service'])).toContain("Unknown key 'Restrat' in section [Service]");
  });
});

describe('what a machine of systemd may hold', () => {
  it('is no secret of Kubernetes', () => {
    const environment = { KONG_CLUSTER_CA_CERT: EnvValue.fromKubernetesSecret('ca', 'pem') };
    expect(refusalOf(() => gateway({}, { environment }))).toContain('KONG_CLUSTER_CA_CERT');
  });
});
