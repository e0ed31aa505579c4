import { TerraformStack, Testing } from 'cdktf';
import {
  atSynth,
  Ec2InstanceRole,
  EnvValue,
  KongResilience,
  type MachineFile,
  S3Store,
  SystemdExporter,
  SystemdGateway,
} from '../../../constructs/aws';
import { instanceMetadata } from '../../support/platforms/credentials';
import { virtualMachine } from '../../support/platforms/images';
import { SystemdMachine, type UnitFiles } from '../../support/platforms/systemd';
import { describeDeployment, type Environment, type Mutant, noControlPlane } from '../../deployments/scenarios';
import { minioWithRole } from '../../deployments/store-server';
import { gatewayVersion, type World } from '../../deployments/world';

/** What Kong's packages install, as far as a start depends on it; and an operator who wants it started again. */
const kongService: MachineFile = {
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

const units = '/etc/systemd/system/';
const dropIn = `${units}kong.service.d/kong-resilience.conf`;
const importUnit = 'kong-resilience-import.service';
const exporterUnit = 'kong-resilience-exporter.service';
const importerFile = '/etc/kong-resilience/importer.env';
const exporterFile = '/etc/kong-resilience/exporter.env';
const gatewayFile = '/etc/kong-resilience/gateway.env';
const storageUrl = 's3://kong-fallback/kong';

/** The files of two machines, with the texts that they have on them. */
interface Specification {
  readonly exporter: readonly MachineFile[];
  readonly gateway: readonly MachineFile[];
}

function render(): Specification {
  const stack = new TerraformStack(Testing.app(), 'kong');
  const kong = new KongResilience(stack, 'Kong', {
    store: S3Store.fromBucketName(stack, 'Store', 'kong-fallback', { region: 'us-east-1' }),
    controlPlane: 'cp.example.com:8005',
    clusterCert: EnvValue.fromText('/etc/kong/cluster/cluster.crt'),
    clusterCertKey: EnvValue.fromText('/etc/kong/cluster/cluster.key'),
  });
  const exporter = kong.addExporter('Exporter', {
    principal: new Ec2InstanceRole(stack, 'ExporterRole'),
    gatewayVersions: [gatewayVersion],
  });
  const importer = kong.addImporter('Gateway', {
    principal: new Ec2InstanceRole(stack, 'GatewayRole'),
    gatewayVersion,
  });
  return {
    exporter: atSynth(new SystemdExporter(stack, 'ExporterUnit', { exporter }).files),
    gateway: [kongService, ...atSynth(new SystemdGateway(stack, 'GatewayUnit', { importer }).files)],
  };
}

/** Units by their names, with their drop-ins. */
const unitsOf = (files: readonly MachineFile[]): UnitFiles[] =>
  files
    .filter(({ path }) => path.startsWith(units) && /^[^/]+\.service$/.test(path.slice(units.length)))
    .map(({ path, content }) => ({
      name: path.slice(units.length),
      unit: content,
      dropIns: files.filter((file) => file.path.startsWith(`${path}.d/`)).map((file) => file.content),
    }));

async function run(
  world: World,
  files: readonly MachineFile[],
  enabled: string,
  agentFile: string,
  added: Environment,
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
        '/etc/kong/cluster/cluster.crt': { content: cluster.pair.certificate },
        // The exporter is not root.
        '/etc/kong/cluster/cluster.key': { content: cluster.pair.key.reveal() },
      },
      reachable: {
        'cp.example.com:8005': world.controlPlanePort,
        's3.example.com:9000': world.storePort,
        '169.254.169.254:80': () => metadata,
      },
    },
  );
}

const change =
  (path: string, from: RegExp | string, to: string) =>
  ({ exporter, gateway }: Specification): Specification => {
    const changed = (files: readonly MachineFile[]): MachineFile[] =>
      files.map((file) => (file.path === path ? { ...file, content: file.content.replace(from, to) } : file));
    return { exporter: changed(exporter), gateway: changed(gateway) };
  };

const inOutage = {
  fails: 'serves after each single container was restarted in an outage',
  saying: /serves nothing/,
} as const;
const withControlPlane = 'starts with the control plane while the store is down';
const exports = 'exports what the control plane has, and starts with what it has';
const slowly = 'starts in an outage with a store that is slow';

const mutants: readonly Mutant<Specification>[] = [
  { name: 'that does not want the import', mutate: change(dropIn, /Wants=.*\n/, ''), ...inOutage },
  {
    name: 'that does not wait for it',
    mutate: change(dropIn, /After=.*\n/, ''),
    fails: slowly,
    saying: /serves nothing/,
  },
  {
    name: 'whose import does not count as a start until it has ended',
    mutate: change(`${units}${importUnit}`, 'Type=oneshot', 'Type=exec'),
    fails: slowly,
    saying: /serves nothing/,
  },
  { name: 'without the decision', mutate: change(dropIn, /\[ ! -r .*; exec/, 'exec'), ...inOutage },
  {
    name: 'that prepares once more, without the decision',
    mutate: change(dropIn, /$/, 'ExecStartPre=/usr/local/bin/kong prepare -p /usr/local/kong\n'),
    ...inOutage,
  },
  {
    name: 'whose import has no folder',
    mutate: change(`${units}${importUnit}`, /StateDirectory=.*\n/, ''),
    ...inOutage,
  },
  {
    name: 'whose import looks elsewhere',
    mutate: change(importerFile, `${storageUrl}"`, `${storageUrl}/elsewhere"`),
    ...inOutage,
    saying: /serves nothing[\s\S]*KR_IMPORT_ABSENT/,
  },
  {
    name: 'without the environment of the gateway',
    mutate: change(dropIn, /EnvironmentFile=.*\n/, ''),
    fails: withControlPlane,
    saying: /never the gateway answers: start request repeated too quickly[\s\S]*could not connect to the database/,
  },
  {
    name: 'whose gateway has no control plane',
    mutate: change(gatewayFile, /KONG_CLUSTER_CONTROL_PLANE=.*\n/, ''),
    fails: withControlPlane,
    saying: /never serves configuration 1: it writes/,
    writes: noControlPlane,
  },
  {
    name: 'whose gateway depends on the import',
    mutate: (specification) =>
      change(
        `${units}${importUnit}`,
        ' import\n',
        ' import --require\n',
      )(change(dropIn, 'Wants=', 'Requires=')(specification)),
    fails: 'starts as without us where control plane and store are down',
    saying: /never the gateway answers: Dependency failed: kong-resilience-import.service/,
  },
  {
    name: 'whose exporter may not write its spool',
    mutate: change(`${units}${exporterUnit}`, /StateDirectory=.*\n/, ''),
    fails: exports,
    saying: /never stored configuration 1: it writes/,
    writes: /Read-only|EROFS|EACCES|ENOENT/,
  },
  {
    name: 'whose exporter writes elsewhere',
    mutate: change(exporterFile, `${storageUrl}"`, `${storageUrl}/elsewhere"`),
    fails: exports,
    saying: /never stored configuration 1: it writes/,
    writes: /"event":"confirmed"/,
  },
];

describeDeployment<Specification>({
  name: 'systemd (SystemdExporter, SystemdGateway)',
  store: { program: 'minio', start: minioWithRole },
  render: () => Promise.resolve(render()),
  storageUrl: () => storageUrl,
  exporter: (world, { exporter }, added) =>
    run(world, exporter, exporterUnit, exporterFile, { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT_DELAY: '0', ...added }),
  gateway: (world, { gateway }, added) => run(world, gateway, 'kong.service', importerFile, added),
  without: change(dropIn, /[\s\S]*/, '[Service]\nEnvironmentFile=/etc/kong-resilience/gateway.env\n'),
  names: { gateway: 'kong.service', importer: importUnit, exporter: exporterUnit },
  keepsCache: true,
  knowsKeys: true,
  mutants,
});
