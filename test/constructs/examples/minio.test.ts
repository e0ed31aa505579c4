import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { goParsersAreMissing, parseCompose, parseDotEnv } from '../support/parsers';
import { valuesOf } from '../support/terraform';
import { canary, describeExample, type Life } from './example';

interface Service {
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
}

const composeFileOf = ({ state }: Life): string => String(state.outputs['compose']);
const dotEnvOf = ({ state }: Life): string => String(state.outputs['env']);

const servicesOf = (life: Life): Readonly<Record<string, Service>> =>
  (parse(composeFileOf(life)) as { services: Record<string, Service> }).services;

function keysOf({ state }: Life, account: string): Record<string, unknown> {
  const { access_key: id, secret_key: secret } = valuesOf(state, 'minio_iam_service_account', account);
  return { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret };
}

describeExample(
  {
    example: {
      folder: 'minio',
      stack: 'kong-minio',
      variables: { minio_password: canary },
      protection: ['const protect = true;', 'const protect = false;'],
    },
    paths: [
      'kong-minio/ExporterAccount/Resource',
      'kong-minio/GatewayAccount/Resource',
      'kong-minio/Store/Lifecycle',
      'kong-minio/Store/Resource',
      'kong-minio/Store/Versioning',
      'kong-minio/User/Policy',
      'kong-minio/User/PolicyAttachment',
      'kong-minio/User/Resource',
    ],
    guarded: ['minio_s3_bucket.Store_1D2A845B'],
    told: [],
    misspelling: [
      'description',
      'descripton',
      'terraform validate: resource.minio_iam_service_account.ExporterAccount_456443DB: Extraneous JSON object property: ' +
        'No argument or block type is named "descripton". Did you mean "description"?',
    ],
  },
  (life) => {
    it('lets the account of the gateways read and list, and nothing else', () => {
      const policyOf = (account: string) => valuesOf(life().state, 'minio_iam_service_account', account)['policy'];
      expect(JSON.parse(String(policyOf('GatewayAccount')))).toEqual({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::test-bucket/test-prefix/*'] },
          {
            Effect: 'Allow',
            Action: ['s3:ListBucket'],
            Resource: ['arn:aws:s3:::test-bucket'],
            Condition: { StringLike: { 's3:prefix': ['test-prefix/*'] } },
          },
        ],
      });
      expect(policyOf('ExporterAccount')).toContain('s3:PutObject');
    });

    it('writes one compose file, whose switches are texts and which has no key', () => {
      const file = composeFileOf(life());
      expect(Object.keys(servicesOf(life()))).toEqual(['kong-dp', 'kong-dp-importer', 'kong-exporter']);
      expect(file).toContain('"KONG_CLUSTER_FALLBACK_CONFIG_EXPORT": "on"');
      expect(file).toContain('"KONG_CLUSTER_FALLBACK_CONFIG_IMPORT": "on"');
      for (const account of ['ExporterAccount', 'GatewayAccount']) {
        expect(file).not.toContain(keysOf(life(), account)['AWS_SECRET_ACCESS_KEY']);
      }
    });

    it('hides the .env, in which each secret key has the name of its node', () => {
      expect(life().synthesized.output['env']?.sensitive).toBe(true);
      const lines = dotEnvOf(life())
        .split('\n')
        .map((line) => line.replace(/=".*"$/, ''));
      expect(lines).toEqual(['EXPORTER_AWS_SECRET_ACCESS_KEY', 'GATEWAY_AWS_SECRET_ACCESS_KEY', '']);
    });

    it.skipIf(goParsersAreMissing())(
      'gives the services of the seed what their nodes need, as Compose reads both files',
      () => {
        const operator = parseDotEnv(dotEnvOf(life()));
        const environmentOf = (service: string) => parseCompose(composeFileOf(life()), operator, service);
        const cluster = {
          KONG_CLUSTER_CERT: '/etc/kong/cluster/cluster.crt',
          KONG_CLUSTER_CERT_KEY: '/etc/kong/cluster/cluster.key',
          KONG_CLUSTER_CONTROL_PLANE: 'kong-cp:8005',
          KONG_DATABASE: 'off',
          KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system',
          KONG_ROLE: 'data_plane',
        };
        const agent = {
          ...cluster,
          AWS_CONFIG_STORAGE_ENDPOINT: 'http://minio:9000/',
          AWS_DEFAULT_REGION: 'us-east-2',
          AWS_REGION: 'us-east-2',
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/test-prefix',
          KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
        };
        expect(environmentOf('kong-exporter')).toEqual({
          ...agent,
          ...keysOf(life(), 'ExporterAccount'),
          KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
          KONG_RESILIENCE_STATUS_LISTEN: '0.0.0.0:8101',
        });
        expect(environmentOf('kong-dp-importer')).toEqual({
          ...agent,
          ...keysOf(life(), 'GatewayAccount'),
          KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
          KONG_RESILIENCE_HANDOVER_GROUP: '10001',
        });
        expect(environmentOf('kong-dp')).toEqual({
          ...cluster,
          BASH_ENV: '/var/lib/kong-resilience/handover/start.sh',
          KONG_STATUS_LISTEN: '0.0.0.0:8100',
        });
      },
    );

    it('starts the gateway from what was handed over, in one folder and by a group that may read it', () => {
      const { 'kong-dp': kong, 'kong-dp-importer': importer } = servicesOf(life());
      expect(kong).toMatchObject({
        image: 'kong:3.9.1',
        group_add: ['10001'],
        depends_on: { 'kong-dp-importer': { condition: 'service_completed_successfully' } },
      });
      expect(kong).not.toHaveProperty('entrypoint');
      expect(kong).not.toHaveProperty('command');
      expect(importer).toMatchObject({ user: '1000:1000', group_add: ['10001'], read_only: true });
      const handover = '/var/lib/kong-resilience/handover';
      expect(importer?.volumes).toEqual([`handover:${handover}`, './cluster:/etc/kong/cluster:ro']);
      expect(kong?.volumes).toEqual([`handover:${handover}:ro`, './cluster:/etc/kong/cluster:ro']);
    });
  },
);
