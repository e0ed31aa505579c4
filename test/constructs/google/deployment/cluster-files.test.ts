import { describe, expect, it } from 'vitest';
import {
  CloudRunCheck,
  CloudRunExporter,
  CloudRunImporter,
  CloudRunServiceExporter,
  EnvValue,
} from '../../../../constructs/google';
import { image, place, refusalOf, type Nodes } from './support';

const deployments: [string, (nodes: Nodes) => void][] = [
  ['CloudRunExporter', ({ stack, exporter }) => void new CloudRunExporter(stack, 'D', { ...place, exporter })],
  [
    'CloudRunServiceExporter',
    ({ stack, exporter }) => void new CloudRunServiceExporter(stack, 'D', { ...place, exporter }),
  ],
  ['CloudRunImporter', ({ stack, importer }) => void new CloudRunImporter(stack, 'D', { image, importer })],
];

const cluster = { clusterCert: EnvValue.fromText('/etc/kong/cluster.crt') };

it.each(deployments)('a certificate of the cluster as a path is refused by %s, which mounts none', (_, declare) => {
  expect(refusalOf(declare, { cluster })).toBe(
    "app/D: 1 problem\n  KR_TF_FILE_NOT_MOUNTED KONG_CLUSTER_CERT names /etc/kong/cluster.crt, which is not in the agent's container, where nothing is mounted. Put its PEM into a secret of Secret Manager and give that: EnvValue.fromGoogleSecret.",
  );
});

describe('a certificate of the cluster as a path', () => {
  it('is taken by a check, which connects to no control plane', () => {
    const declare = ({ stack, importer }: Nodes) => void new CloudRunCheck(stack, 'D', { ...place, importer });
    expect(refusalOf(declare, { cluster })).toBe('not refused');
  });
});
