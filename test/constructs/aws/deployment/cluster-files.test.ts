import { Fn, Token } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EcsExporter, EcsImporter, EnvValue, LambdaExporter, ScheduledCheck } from '../../../../constructs/aws';
import { image, place, refusalOf, topic, type NodeOptions, type Nodes } from './support';

const alarmActions = [topic];
const container = "the agent's container, where nothing is mounted";

const deployments: [string, string, (nodes: Nodes) => void][] = [
  ['EcsExporter', container, ({ stack, exporter }) => void new EcsExporter(stack, 'D', { exporter, ...place })],
  ['EcsImporter', container, ({ stack, importer }) => void new EcsImporter(stack, 'D', { importer, image })],
  [
    'LambdaExporter',
    'the function, which holds the agent alone',
    ({ stack, function: exporter }) => void new LambdaExporter(stack, 'D', { exporter, alarmActions }),
  ],
];

const files: NodeOptions['cluster'] = {
  clusterCert: EnvValue.fromText('/etc/kong/cluster.crt'),
  clusterCertKey: EnvValue.fromText('/etc/kong/cluster.key'),
  clusterCaCert: EnvValue.fromText('/etc/kong/ca.crt'),
};

describe.each(deployments)('a certificate of the cluster as a path to %s', (_, where, declare) => {
  it('is refused, since no such file is there', () => {
    const told = (name: string, path: string) =>
      `  KR_TF_FILE_NOT_MOUNTED ${name} names ${path}, which is not in ${where}. Put its PEM into a secret of Secrets Manager and give that: EnvValue.fromAwsSecret.`;
    expect(refusalOf(declare, { cluster: files })).toBe(
      [
        'Stack/D: 3 problems',
        told('KONG_CLUSTER_CERT', '/etc/kong/cluster.crt'),
        told('KONG_CLUSTER_CERT_KEY', '/etc/kong/cluster.key'),
        told('KONG_CLUSTER_CA_CERT', '/etc/kong/ca.crt'),
      ].join('\n'),
    );
  });

  it('is none where it is PEM, a value that Terraform alone knows, or a file that an image may have', () => {
    const cluster = {
      clusterCert: EnvValue.fromText('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'),
      clusterCaCert: EnvValue.fromText(Token.asString(Fn.join('', ['/etc/kong/', 'ca.crt']))),
      trustedCertificates: ['/etc/ssl/certs/ca-certificates.crt'],
    };
    expect(refusalOf(declare, { cluster })).toBe('not refused');
  });

  it('is not read by one that asks the Admin API', () => {
    const environment = { KONG_RESILIENCE_ADMIN_URL: 'https://admin.acme.com:8444' };
    expect(refusalOf(declare, { cluster: files, environment })).toBe('not refused');
  });
});

describe('a certificate of the cluster as a path to ScheduledCheck', () => {
  it('is taken, since a check connects to no control plane', () => {
    const declare = ({ stack, importer }: Nodes) => void new ScheduledCheck(stack, 'D', { importer, alarmActions });
    expect(refusalOf(declare, { cluster: files })).toBe('not refused');
  });
});
