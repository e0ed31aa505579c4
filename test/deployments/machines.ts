import type { MachineFile } from '../../constructs';
import { instanceMetadata } from '../support/platforms/credentials';
import { virtualMachine } from '../support/platforms/images';
import { SystemdMachine, type UnitFiles } from '../support/platforms/systemd';
import type { CheckRun } from './checks';
import type { Environment } from './scenarios';
import { gatewayVersion, type World } from './world';

/** What Kong's packages install, as far as a start depends on it; and an operator who wants it started again. */
export const kongService: MachineFile = {
  path: '/etc/systemd/system/kong.service',
  mode: '0644',
  content: `[Unit]
Description=Kong
After=network.target

[Service]
User=root
Environment=KONG_NGINX_DAEMON=off
PrivateTmp=true
Restart=on-failure
ExecStartPre=/usr/local/bin/kong prepare -p /usr/local/kong
ExecStart=/usr/local/openresty/nginx/sbin/nginx -p /usr/local/kong -c nginx.conf
ExecReload=/usr/local/bin/kong prepare -p /usr/local/kong
ExecReload=/usr/local/openresty/nginx/sbin/nginx -p /usr/local/kong -c nginx.conf -s reload
`,
};

export const units = '/etc/systemd/system/';
export const dropIn = `${units}kong.service.d/kong-resilience.conf`;
export const importUnit = 'kong-resilience-import.service';
export const exporterUnit = 'kong-resilience-exporter.service';
export const importerFile = '/etc/kong-resilience/importer.env';
export const checkUnit = 'kong-resilience-check.service';
export const checkTimer = 'kong-resilience-check.timer';
export const exporterFile = '/etc/kong-resilience/exporter.env';
export const gatewayFile = '/etc/kong-resilience/gateway.env';

/** The files of two machines, with the texts that they have on them. */
export interface Machines {
  readonly exporter: readonly MachineFile[];
  readonly gateway: readonly MachineFile[];
}

/** Units by their names, with their drop-ins. */
const unitsOf = (files: readonly MachineFile[]): UnitFiles[] =>
  files
    .filter(({ path }) => path.startsWith(units) && /^[^/]+\.(?:service|timer)$/.test(path.slice(units.length)))
    .map(({ path, content }) => ({
      name: path.slice(units.length),
      unit: content,
      dropIns: files.filter((file) => file.path.startsWith(`${path}.d/`)).map((file) => file.content),
    }));

/** Where the environments have certificate and key, without `.crt` and `.key`. */
const cluster = '/etc/kong/cluster/cluster';

/** The exporter's machine; it exports without a delay. `added` is what its environment has besides. */
export const exporterMachine = (
  world: World,
  { exporter }: Machines,
  added: Environment,
  certificate = cluster,
): Promise<SystemdMachine> =>
  run(
    world,
    exporter,
    exporterUnit,
    exporterFile,
    { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0', ...added },
    certificate,
  );

/** A gateway's machine; `added` is what the import's environment has besides. */
export const gatewayMachine = (
  world: World,
  { gateway }: Machines,
  added: Environment,
  certificate = cluster,
): Promise<SystemdMachine> => run(world, gateway, 'kong.service', importerFile, added, certificate);

/**
 * Lets the check be due once on a gateway's machine, where nothing else is started.
 *
 * @param tells the unit that tells people of a failure; without one it is seen that the check's own has failed
 */
export async function checkOnMachine(
  world: World,
  { gateway }: Machines,
  { tells, certificate = cluster }: { readonly tells?: string; readonly certificate?: string },
): Promise<CheckRun> {
  const machine = await run(world, gateway, checkTimer, importerFile, {}, certificate);
  await machine.start();
  await machine.elapse(checkTimer);
  const { events } = world.machine;
  const ended = events.filter(({ container, what }) => container === checkUnit && what === 'ended').at(-1);
  return {
    exitCode: ended?.exitCode ?? Number.NaN,
    log: machine.sandbox()?.log ?? '',
    alarmed:
      tells === undefined
        ? machine.unit(checkUnit)?.failed !== undefined
        : events.some(({ container, what }) => container === tells && what === 'started'),
  };
}

async function run(
  world: World,
  files: readonly MachineFile[],
  enabled: string,
  agentFile: string,
  added: Environment,
  certificate: string,
): Promise<SystemdMachine> {
  const { machine, cluster } = world;
  const metadata = await instanceMetadata(machine, world.credentials);
  // Amazon S3 is a server on this machine.
  const more = Object.entries({ AWS_CONFIG_STORAGE_ENDPOINT: 'http://s3.example.com:9000/', ...added })
    .map(([name, value]) => `${name}="${value}"\n`)
    .join('');
  const all = unitsOf(files);
  return new SystemdMachine(
    machine,
    [...all.filter(({ name }) => name !== enabled), ...all.filter(({ name }) => name === enabled)],
    {
      image: await virtualMachine(machine.newFolder('vm-image'), gatewayVersion),
      files: {
        ...Object.fromEntries(
          files
            .filter(({ path }) => !path.startsWith(units))
            .map(({ path, mode, content }) => [
              path,
              { content: path === agentFile ? `${content}${more}` : content, mode: Number.parseInt(mode, 8) },
            ]),
        ),
        [`${certificate}.crt`]: { content: cluster.pair.certificate },
        // The exporter is not root.
        [`${certificate}.key`]: { content: cluster.pair.key.reveal() },
      },
      reachable: {
        'cp.example.com:8005': world.controlPlanePort,
        's3.example.com:9000': world.storePort,
        '169.254.169.254:80': () => metadata,
      },
    },
  );
}

/** The same, with one text in one file changed. */
export const change =
  (path: string, from: RegExp | string, to: string) =>
  ({ exporter, gateway }: Machines): Machines => {
    const changed = (files: readonly MachineFile[]): MachineFile[] =>
      files.map((file) => (file.path === path ? { ...file, content: file.content.replace(from, to) } : file));
    return { exporter: changed(exporter), gateway: changed(gateway) };
  };

/** The gateways as they are without us: the packages' unit, and its environment. */
export const withoutUs = change(dropIn, /[\s\S]*/, '[Service]\nEnvironmentFile=/etc/kong-resilience/gateway.env\n');
