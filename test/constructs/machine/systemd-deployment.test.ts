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
import { describeCheck } from '../../deployments/checks';
import {
  change,
  checkOnMachine,
  checkTimer,
  checkUnit,
  dropIn,
  exporterFile,
  exporterMachine,
  exporterUnit,
  gatewayFile,
  gatewayMachine,
  importerFile,
  importUnit,
  kongService,
  type Machines,
  units,
  withoutUs,
} from '../../deployments/machines';
import { describeDeployment, type Mutant, noControlPlane } from '../../deployments/scenarios';
import { minioWithRole } from '../../deployments/store-server';
import { gatewayVersion } from '../../deployments/world';

const storageUrl = 's3://kong-fallback/kong';

/** What an operator has that tells people. */
const pageService: MachineFile = {
  path: `${units}page-somebody.service`,
  mode: '0644',
  content: '[Service]\nType=oneshot\nExecStart=/bin/echo somebody is paged\n',
};

function render(): Machines {
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
  const machine = new SystemdGateway(stack, 'GatewayUnit', { importer, checkFailureUnit: 'page-somebody.service' });
  return {
    exporter: atSynth(new SystemdExporter(stack, 'ExporterUnit', { exporter }).files),
    gateway: [kongService, pageService, ...atSynth(machine.files)],
  };
}

const inOutage = {
  fails: 'serves after each single container was restarted in an outage',
  saying: /serves nothing/,
} as const;
const withControlPlane = 'starts with the control plane while the store is down';
const exports = 'exports what the control plane has, and starts with what it has';
const slowly = 'starts in an outage with a store that is slow';

const mutants: readonly Mutant<Machines>[] = [
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

describeDeployment<Machines>({
  name: 'systemd (SystemdExporter, SystemdGateway)',
  store: { program: 'minio', start: minioWithRole },
  render: () => Promise.resolve(render()),
  storageUrl: () => storageUrl,
  exporter: exporterMachine,
  gateway: gatewayMachine,
  without: withoutUs,
  names: { gateway: 'kong.service', importer: importUnit, exporter: exporterUnit },
  keepsCache: true,
  knowsKeys: true,
  mutants,
});

describeCheck<Machines>({
  name: 'the scheduled check under systemd (SystemdGateway)',
  store: { program: 'minio', start: minioWithRole },
  render: () => Promise.resolve(render()),
  storageUrl: () => storageUrl,
  run: (world, specification) => checkOnMachine(world, specification, { tells: 'page-somebody.service' }),
  mutants: [
    {
      name: 'without its environment',
      mutate: change(`${units}${checkUnit}`, /EnvironmentFile=.*\n/, ''),
      saying: /KONG_CLUSTER_FALLBACK_CONFIG_STORAGE/,
    },
    {
      name: 'that tells nobody',
      mutate: change(`${units}${checkUnit}`, /OnFailure=.*\n/, ''),
      stored: 'is missing',
      saying: /KR_STORE_ABSENT[\s\S]*"?alarmed"?: false/,
    },
    {
      name: 'that may not fail',
      mutate: change(`${units}${checkUnit}`, 'ExecStart=', 'ExecStart=-'),
      stored: 'is missing',
      saying: /"?alarmed"?: false/,
    },
    {
      name: 'whose timer starts the import',
      mutate: change(`${units}${checkTimer}`, '[Timer]\n', `[Timer]\nUnit=${importUnit}\n`),
      saying: /"?exitCode"?: NaN/,
    },
  ],
});
