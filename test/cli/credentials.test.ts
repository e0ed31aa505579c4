import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Environment, Program, run, temporaryFolder } from '../support/program';
import { minioRoot } from '../support/servers';
import { captured, Cluster, exporterEnvironment, importerEnvironment } from './cluster';
import { minio } from './stores';

const limit = { timeout: 60_000 };
const { accessKeyId, secretAccessKey } = minioRoot;

/** An HTTP server that gives the same answer to everyone. */
async function answering(type: string, body: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': type }).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function file(text: string): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, text);
  return path;
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

describe("the SDK's whole chain of credentials works in the bundle, without keys in the environment", () => {
  const kind = minio();
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  const sources: readonly (readonly [string, () => Promise<Environment> | Environment])[] = [
    [
      'a profile of the shared files',
      () => ({
        AWS_PROFILE: 'kong',
        AWS_CONFIG_FILE: file('[profile kong]\nregion = us-east-2\n'),
        AWS_SHARED_CREDENTIALS_FILE: file(
          `[kong]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
        ),
      }),
    ],
    [
      'a process that a profile names',
      () => {
        const json = JSON.stringify({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey });
        return {
          AWS_PROFILE: 'kong',
          AWS_CONFIG_FILE: file(`[profile kong]\ncredential_process = cat ${file(json)}\n`),
        };
      },
    ],
    [
      'the endpoint of EKS Pod Identity or ECS',
      async () => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: await answering(
          'application/json',
          JSON.stringify({
            AccessKeyId: accessKeyId,
            SecretAccessKey: secretAccessKey,
            Token: '',
            Expiration: inAnHour(),
          }),
        ),
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file('token'),
      }),
    ],
  ];
  it.skipIf(kind.missing).each(sources)('%s', limit, async (_, source) => {
    const bucket = await kind.bucket();
    await bucket.write('3.9.3/config.json', captured('3.9.3').table);
    const cluster = await Cluster.start();
    await cluster.down();
    const { code, stdout, stderr } = await run(['import', '--strict', '--json'], {
      ...cluster.environment,
      ...importerEnvironment(join(temporaryFolder(), 'handover')),
      ...bucket.environment,
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      ...(await source()),
    });
    expect([code, JSON.parse(stdout)], stderr).toMatchObject([0, { outcome: 'staged' }]);
  });

  it.skipIf(kind.missing)('a workload identity (IRSA), through STS', limit, async () => {
    const sts = await answering(
      'text/xml',
      `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken></SessionToken><Expiration>${inAnHour()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    );
    const bucket = await kind.bucket();
    await bucket.write('3.9.3/config.json', captured('3.9.3').table);
    const cluster = await Cluster.start();
    await cluster.down();
    const { code, stdout, stderr } = await run(['import', '--strict', '--json'], {
      ...cluster.environment,
      ...importerEnvironment(join(temporaryFolder(), 'handover')),
      ...bucket.environment,
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/importer',
      AWS_WEB_IDENTITY_TOKEN_FILE: file('a.b.c'),
      AWS_ENDPOINT_URL_STS: sts,
    });
    expect([code, JSON.parse(stdout)], stderr).toMatchObject([0, { outcome: 'staged' }]);
  });
});

describe('without any credentials each command says so, where they were looked for, and what to do', () => {
  const stores: readonly (readonly [string, Environment, string])[] = [
    [
      's3://bucket',
      { AWS_REGION: 'us-east-2', AWS_PROFILE: 'kong' },
      's3://bucket: no credentials were found. Looked for in: AWS_ACCESS_KEY_ID (not set), the profile "kong" in ~/.aws/credentials and ~/.aws/config, AWS_WEB_IDENTITY_TOKEN_FILE (not set), AWS_CONTAINER_CREDENTIALS_… (not set), the role of the machine (off by AWS_EC2_METADATA_DISABLED).',
    ],
    [
      'gcs://bucket',
      { METADATA_SERVER_DETECTION: 'none', GCE_METADATA_HOST: '127.0.0.1:9' },
      'gcs://bucket: no credentials were found. Looked for in: GCP_SERVICE_ACCOUNT (not set), GOOGLE_APPLICATION_CREDENTIALS (not set), ~/.config/gcloud/application_default_credentials.json, the metadata server of Google Cloud.',
    ],
  ];
  const code = 'KR_STORE_NO_CREDENTIALS';

  it.each(stores)('%s', limit, async (storage, more, reason) => {
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const environment = { ...cluster.environment, ...more, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: storage };
    const exporter = new Program(['run'], { ...environment, ...exporterEnvironment() });
    expect(await exporter.logged('the failure', (line) => line['event'] === 'export_failed')).toMatchObject({
      code,
      reason,
    });
    await exporter.stop();
    await cluster.down();

    const impatient = {
      ...environment,
      ...importerEnvironment(join(temporaryFolder(), 'handover')),
      KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '8',
    };
    const imported = await run(['import', '--strict', '--json'], impatient);
    expect([imported.code, JSON.parse(imported.stdout)], imported.stderr).toMatchObject([
      4,
      { error: { code, reason: expect.stringMatching(/\. Tried \d+ times over \d+ s\.$/) } },
    ]);
    for (const command of ['status', 'check']) {
      const { code: ended, stdout } = await run([command], impatient);
      expect([ended, stdout]).toEqual([4, expect.stringContaining(`  ${code}: ${reason} `)]);
    }
  });

  it.each([
    ['is missing', '/nonexistent/key.json', /^gcs:\/\/bucket: no credentials were found: .*\/nonexistent\/key\.json/],
    [
      'is not JSON, of which nothing is quoted',
      'SECRET-KEY',
      /^gcs:\/\/bucket: no credentials were found: what was found is not JSON\. /,
    ],
  ])('a file of GOOGLE_APPLICATION_CREDENTIALS that %s', limit, async (_, name, reason) => {
    const path = name.startsWith('/') ? name : file(name);
    const {
      code: ended,
      stdout,
      stderr,
    } = await run(['status', '--json'], {
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://bucket',
      GOOGLE_APPLICATION_CREDENTIALS: path,
    });
    expect([ended, JSON.parse(stdout)]).toMatchObject([
      4,
      { versions: [{ error: { code, reason: expect.stringMatching(reason) } }] },
    ]);
    expect(stdout + stderr).not.toContain('SECRET');
  });

  it('a token of a workload identity that is missing is no matter of the network', limit, async () => {
    const { code: ended, stdout } = await run(['status'], {
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket',
      AWS_REGION: 'us-east-2',
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/importer',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent/token',
    });
    expect(ended).toBe(4);
    expect(stdout).toContain(`${code}: s3://bucket: no credentials were found: ENOENT`);
    expect(stdout).toContain('AWS_WEB_IDENTITY_TOKEN_FILE (set)');
  });
});
