import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makePair } from './certificates';
import type { Pair } from './certificates';
import { environmentOf, textsOf } from './blocks';
import type { Block } from './blocks';

/** The compose blocks of Kong's page on data plane resilience, word for word; `other-kong-envs` is defined before them. */
const page = {
  s3Exporter: `
kong-exporter:
    image: 'kong/kong-gateway:latest'
    ports:
      - '8000:8000'
      - '8443:8443'
    environment:
      <<: *other-kong-envs
      AWS_REGION: 'us-east-2'
      AWS_ACCESS_KEY_ID: <access_key_write>
      AWS_SECRET_ACCESS_KEY: <secret_access_key_write>
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: s3://test-bucket/test-prefix
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: "on"
`,
  s3Importer: `
kong-dp-importer:
    image: 'kong/kong-gateway:latest'
    ports:
      - '8000:8000'
      - '8443:8443'
    environment:
      <<: *other-kong-envs
      AWS_REGION: 'us-east-2'
      AWS_ACCESS_KEY_ID: <access_key_read>
      AWS_SECRET_ACCESS_KEY: <secret_access_key_read>
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: gcp://test-bucket/
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: "on"
`,
  gcsExporter: `
kong-dp-exporter:
    image: 'kong/kong-gateway:latest'
    ports:
      - '8000:8000'
      - '8443:8443'
    environment:
      <<: *other-kong-envs
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: gcs://test-bucket/
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: "on"
      GCP_SERVICE_ACCOUNT: <GCP_JSON_STRING_WRITE>
`,
  gcsImporter: `
  kong-dp-importer:
    image: 'kong/kong-gateway:latest'
    ports:
      - '8000:8000'
      - '8443:8443'
    environment:
      <<: *other-kong-envs
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: gcs://test-bucket/
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: "on"
      GCP_SERVICE_ACCOUNT: <GCP_JSON_STRING_READ>
`,
  minioExporter: `
  kong-exporter:
    image: 'kong/kong-gateway:latest'
    ports:
      - '8000:8000'
      - '8443:8443'
    environment:
      <<: *other-kong-envs
      AWS_REGION: 'us-east-2'
      AWS_ACCESS_KEY_ID: <access_key_write>
      AWS_SECRET_ACCESS_KEY: <secret_access_key_write>
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: s3://test-bucket/test-prefix
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: "on"
      AWS_CONFIG_STORAGE_ENDPOING: http://minio:9000/
`,
};

let pair: Pair;
beforeAll(async () => {
  pair = await makePair(new Date());
});

/** The environment of a block, as compose makes it. */
function blockOf(yaml: string, mended: Block = {}): Block {
  const others = [
    'KONG_ROLE: data_plane',
    'KONG_DATABASE: "off"',
    'KONG_CLUSTER_CONTROL_PLANE: kong-cp:8005',
    'KONG_CLUSTER_CERT: |',
    ...pair.certificate
      .trim()
      .split('\n')
      .map((line) => `  ${line}`),
    'KONG_CLUSTER_CERT_KEY: |',
    ...pair.key
      .trim()
      .split('\n')
      .map((line) => `  ${line}`),
  ];
  const document = `x: &other-kong-envs\n${others.map((line) => `  ${line}`).join('\n')}\nservices:\n${yaml
    .trim()
    .split('\n')
    .map((line, index) => (index === 0 ? `  ${line.trim()}` : `  ${line}`))
    .join('\n')}\n`;
  const services = (parse(document, { merge: true }) as { services: Record<string, { environment: Block }> }).services;
  const [service] = Object.values(services);
  return { ...service?.environment, ...mended };
}

const version = { KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1' };
const keys = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };
const noVersion =
  'KR_ENV_MISSING KONG_RESILIENCE_GATEWAY_VERSION is not set, nor is KONG_VERSION. Set it to the full version of the gateway, such as 3.9.1 or 3.10.0.2; "kong version" prints it.';
const placeholder = (name: string) =>
  `KR_ENV_PLACEHOLDER ${name}: this is the placeholder of an example. Put the real value in its place.`;

describe("the compose blocks of Kong's page", () => {
  it('S3 exporter: tells the placeholders and the missing version, and is right when they are mended', () => {
    expect(textsOf(blockOf(page.s3Exporter))).toEqual({
      problems: [placeholder('AWS_ACCESS_KEY_ID'), placeholder('AWS_SECRET_ACCESS_KEY'), noVersion],
      warnings: [],
    });
    const environment = environmentOf(blockOf(page.s3Exporter, { ...version, ...keys }));
    expect(environment).toMatchObject({
      role: { export: true, import: false },
      storage: { scheme: 's3', bucket: 'test-bucket', prefix: 'test-prefix' },
      aws: { region: 'us-east-2', putSettings: {} },
      cluster: { controlPlane: { host: 'kong-cp', port: 8005 }, mtls: 'shared', trusted: [], trustSystem: true },
      warnings: [],
    });
  });

  it('S3 importer: tells that gcp:// is not known and gcs:// may be meant', () => {
    expect(textsOf(blockOf(page.s3Importer, { ...version, ...keys }))).toEqual({
      problems: [
        'KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcp://test-bucket/": the scheme "gcp" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean gcs://test-bucket/?',
      ],
      warnings: [],
    });
    const mended = { ...version, ...keys, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/test-prefix' };
    expect(environmentOf(blockOf(page.s3Importer, mended)).role).toEqual({ export: false, import: true });
  });

  it('GCS exporter: with the command export it tells that EXPORT is meant', () => {
    expect(textsOf(blockOf(page.gcsExporter, version), 'export')).toEqual({
      problems: [
        placeholder('GCP_SERVICE_ACCOUNT'),
        'KR_ENV_ROLE KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is not on, but KONG_CLUSTER_FALLBACK_CONFIG_IMPORT is, and the command is "export". If this node is meant to export, set KONG_CLUSTER_FALLBACK_CONFIG_EXPORT to "on" in place of KONG_CLUSTER_FALLBACK_CONFIG_IMPORT.',
      ],
      warnings: [],
    });
    const mended = {
      ...version,
      GCP_SERVICE_ACCOUNT: account(),
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: undefined,
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
    };
    expect(environmentOf(blockOf(page.gcsExporter, mended), 'export').storage).toEqual({
      scheme: 'gcs',
      bucket: 'test-bucket',
      prefix: '',
    });
  });

  it('GCS importer: takes the JSON text of a key in place of the placeholder', () => {
    expect(textsOf(blockOf(page.gcsImporter, version)).problems).toEqual([placeholder('GCP_SERVICE_ACCOUNT')]);
    const environment = environmentOf(blockOf(page.gcsImporter, { ...version, GCP_SERVICE_ACCOUNT: account() }));
    expect(environment.google.serviceAccount?.reveal()).toEqual({
      client_email: 'exporter@project.iam.gserviceaccount.com',
      private_key: pair.key,
      project_id: 'project',
    });
  });

  it('MinIO exporter: tells the misspelt endpoint, and warns of plain http when it is mended', () => {
    expect(textsOf(blockOf(page.minioExporter, { ...version, ...keys })).problems).toEqual([
      'KR_ENV_UNKNOWN AWS_CONFIG_STORAGE_ENDPOING is not known. Did you mean AWS_CONFIG_STORAGE_ENDPOINT?',
    ]);
    const mended = {
      ...version,
      ...keys,
      AWS_CONFIG_STORAGE_ENDPOING: undefined,
      AWS_CONFIG_STORAGE_ENDPOINT: 'http://minio:9000/',
    };
    const environment = environmentOf(blockOf(page.minioExporter, mended));
    expect(environment.aws.endpoint?.href).toBe('http://minio:9000/');
    expect(environment.warnings.map(({ code }) => code)).toEqual(['KR_ENV_PLAIN_HTTP']);
  });

  it('takes on without quotes, which compose makes into true', () => {
    const block = blockOf(page.s3Exporter, { ...version, ...keys, KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'true' });
    expect(environmentOf(block).role.export).toBe(true);
  });
});

function account(): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: 'project',
    client_email: 'exporter@project.iam.gserviceaccount.com',
    private_key: pair.key,
  });
}
