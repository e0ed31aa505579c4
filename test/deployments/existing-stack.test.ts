import { valuesOf } from '../constructs/support/terraform';
import { describeCheck, environmentMutants } from './checks';
import {
  change,
  checkOnMachine,
  checkTimer,
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
} from './machines';
import { applied } from './rendered';
import { describeDeployment, noControlPlane } from './scenarios';
import { minioWithRole } from './store-server';

/** Where the example has certificate and key. */
const certificate = '/etc/kong/cluster';

interface Specification extends Machines {
  readonly storageUrl: string;
}

async function render(): Promise<Specification> {
  const state = await applied({
    folder: 'existing-stack',
    stack: 'platform',
    variables: { region: 'us-east-1', control_plane: 'cp.example.com:8005', exporter_role_name: 'kong-exporter' },
  });
  const { exporter_files: exporter, gateway_files: gateway } = state.outputs as Record<string, Machines['exporter']>;
  const bucket = String(valuesOf(state, 'aws_s3_bucket')['bucket']);
  return { exporter: exporter ?? [], gateway: [kongService, ...(gateway ?? [])], storageUrl: `s3://${bucket}/kong` };
}

const changed =
  (...what: Parameters<typeof change>) =>
  (specification: Specification): Specification => ({ ...specification, ...change(...what)(specification) });

/** The line of a variable in a file of an environment. */
const dropped = (variable: string): RegExp => new RegExp(`^${variable}=.*\\n`, 'm');

// The units themselves are tried with every scenario in test/constructs/machine; here it is what the example makes of them.
describeDeployment<Specification>({
  name: 'systemd (examples/existing-stack)',
  store: { program: 'minio', start: minioWithRole },
  render,
  storageUrl: ({ storageUrl }) => storageUrl,
  exporter: (world, specification, added) => exporterMachine(world, specification, added, certificate),
  gateway: (world, specification, added) => gatewayMachine(world, specification, added, certificate),
  without: (specification) => ({ ...specification, ...withoutUs(specification) }),
  names: { gateway: 'kong.service', importer: importUnit, exporter: exporterUnit },
  keepsCache: true,
  knowsKeys: true,
  scenarios: [
    'exports what the control plane has, and starts with what it has',
    'serves after each single container was restarted in an outage',
    'starts with the control plane while the store is down',
  ],
  mutants: [
    {
      name: 'without the decision',
      mutate: changed(dropIn, /\[ ! -r .*; exec/, 'exec'),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
    },
    {
      name: 'whose import has no store',
      mutate: changed(importerFile, dropped('KONG_CLUSTER_FALLBACK_CONFIG_STORAGE'), ''),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing[\s\S]*KONG_CLUSTER_FALLBACK_CONFIG_STORAGE/,
    },
    {
      name: 'whose gateway has no control plane',
      mutate: changed(gatewayFile, dropped('KONG_CLUSTER_CONTROL_PLANE'), ''),
      fails: 'starts with the control plane while the store is down',
      saying: /never serves configuration 1: it writes/,
      writes: noControlPlane,
    },
    {
      name: 'whose exporter writes elsewhere',
      mutate: changed(exporterFile, /\/kong"/, '/elsewhere"'),
      fails: 'exports what the control plane has, and starts with what it has',
      saying: /never stored configuration 1: it writes/,
      writes: /"event":"confirmed"/,
    },
  ],
});

describeCheck<Specification>({
  name: 'the scheduled check under systemd (examples/existing-stack)',
  store: { program: 'minio', start: minioWithRole },
  render,
  storageUrl: ({ storageUrl }) => storageUrl,
  run: (world, specification) => checkOnMachine(world, specification, { certificate }),
  mutants: [
    ...environmentMutants(
      (variable) => changed(importerFile, dropped(variable), ''),
      (variable, value) => changed(importerFile, new RegExp(`^${variable}=.*$`, 'm'), `${variable}="${value}"`),
    ),
    {
      name: 'whose timer is not started at boot',
      mutate: changed(`${units}${checkTimer}`, /WantedBy=.*\n/, ''),
      saying: /kong-resilience-check\.timer is not started at boot/,
    },
  ],
});
