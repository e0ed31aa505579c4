import { valuesOf } from '../constructs/support/terraform';
import {
  change,
  dropIn,
  exporterFile,
  exporterMachine,
  exporterUnit,
  gatewayMachine,
  importUnit,
  kongService,
  type Machines,
  withoutUs,
} from './machines';
import { applied } from './rendered';
import { describeDeployment } from './scenarios';
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
  ],
  mutants: [
    {
      name: 'without the decision',
      mutate: changed(dropIn, /\[ ! -r .*; exec/, 'exec'),
      fails: 'serves after each single container was restarted in an outage',
      saying: /serves nothing/,
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
