import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ConnectProxy } from '../support/connect-proxy';
import { type Environment, Program, run, temporaryFolder } from '../support/program';
import { freePort, isMissing, type Minio, minioRoot, startMinio } from '../support/servers';
import { captured, Cluster, exporterEnvironment, importerEnvironment } from './cluster';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

const limit = { timeout: 120_000 };
const proxyPassword = 'proxy-PASSWORD-marker';
const adminToken = 'admin-TOKEN-marker';

function serviceAccount(): { readonly json: string; readonly marker: string } {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const json = JSON.stringify({
    type: 'service_account',
    project_id: 'project',
    private_key_id: 'key-ID-marker',
    private_key: privateKey,
    client_email: 'exporter@project.iam.gserviceaccount.com',
    client_id: '1',
    token_uri: 'http://127.0.0.1:9/token',
  });
  return { json, marker: privateKey.split('\n')[3] ?? '' };
}

/** Everything that a file of a folder says, but for the files with these names. */
function said(folder: string, but: readonly string[]): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .filter((name) => !but.includes(name) && statSync(join(folder, name)).isFile())
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

describe.skipIf(isMissing('minio'))('no secret is told, whatever the log level', () => {
  let server: Minio | undefined;
  beforeAll(async () => {
    server = await startMinio();
  });
  afterAll(() => server?.stop());

  it('in an export, an import, their files, the status, and what fails', limit, async () => {
    if (server === undefined) throw new Error('MinIO does not run');
    const { endpoint } = server;
    const client = new S3Client({
      endpoint: endpoint.href,
      region: 'us-east-2',
      credentials: minioRoot,
      forcePathStyle: true,
    });
    await client.send(new CreateBucketCommand({ Bucket: 'secrets' }));
    client.destroy();
    const temporary = await server.credentials({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: ['arn:aws:s3:::secrets', 'arn:aws:s3:::secrets/*'] }],
    });
    const proxy = new ConnectProxy({ credentials: `user:${proxyPassword}` });
    await proxy.listen();
    onTestFinished(() => proxy.close());
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const account = serviceAccount();
    const key = cluster.pair.key.reveal();
    const listen = `127.0.0.1:${await freePort()}`;
    const environment: Environment = {
      ...cluster.environment,
      KONG_CLUSTER_CERT: cluster.pair.certificate,
      KONG_CLUSTER_CERT_KEY: key,
      KONG_CLUSTER_USE_PROXY: 'on',
      KONG_PROXY_SERVER: `http://user:${proxyPassword}@127.0.0.1:${proxy.port}`,
      KONG_ADMIN_TOKEN: adminToken,
      KONG_LOG_LEVEL: 'debug',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://secrets/prefix',
      AWS_REGION: 'us-east-2',
      AWS_CONFIG_STORAGE_ENDPOINT: endpoint.href,
      AWS_ACCESS_KEY_ID: temporary.accessKeyId,
      AWS_SECRET_ACCESS_KEY: temporary.secretAccessKey,
      AWS_SESSION_TOKEN: temporary.sessionToken,
      GCP_SERVICE_ACCOUNT: account.json,
      KONG_RESILIENCE_STATUS_LISTEN: listen,
    };
    const { table } = JSON.parse(`{"table":${captured('3.9.3').table.toString()}}`) as {
      table: { keyauth_credentials: { key: string }[]; certificates: { key: string }[] };
    };
    const markers: Record<string, string> = {
      'AWS secret': temporary.secretAccessKey,
      'AWS session token': temporary.sessionToken ?? '',
      'AWS access key id': temporary.accessKeyId,
      'cluster key': key.split('\n')[1] ?? '',
      'proxy password': proxyPassword,
      'proxy credentials': Buffer.from(`user:${proxyPassword}`).toString('base64'),
      'admin token': adminToken,
      'GCP key': account.marker,
      'API key of the configuration': table.keyauth_credentials[0]?.key ?? '',
      'private key of the configuration': table.certificates[0]?.key.split('\n')[2] ?? '',
    };
    for (const [name, marker] of Object.entries(markers)) expect(marker.length, name).toBeGreaterThan(8);
    const heard: Record<string, string> = {};

    const spool = temporaryFolder();
    const exporter = new Program(['run'], {
      ...environment,
      ...exporterEnvironment(),
      KONG_RESILIENCE_SPOOL_DIR: spool,
    });
    await exporter.waitFor('it is exported', () => exporter.log.some(({ message }) => message === 'exported'));
    expect(exporter.log.some(({ level }) => level === 'debug')).toBe(true);
    for (const path of ['/status', '/metrics', '/ready'])
      heard[path] = await (await fetch(`http://${listen}${path}`)).text();
    const ended = await exporter.stop();
    expect(ended.code).toBe(0);
    heard['export'] = ended.stdout + ended.stderr;

    const importing = async (name: string, change: Environment): Promise<object> => {
      const handover = join(temporaryFolder(), 'handover');
      const { code, stdout, stderr } = await run(['import', '--json'], {
        ...environment,
        ...importerEnvironment(handover),
        ...change,
      });
      expect(code).toBe(0);
      heard[name] = stdout + stderr + said(handover, ['config.json']);
      return JSON.parse(stdout) as object;
    };
    await cluster.down();
    expect(await importing('import', {})).toMatchObject({ outcome: 'staged', from: 'store' });
    const wrong = { AWS_SESSION_TOKEN: `${temporary.sessionToken}x`, KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '6' };
    markers['another session token'] = wrong.AWS_SESSION_TOKEN;
    expect(await importing('a denied import', wrong)).toMatchObject({ error: { code: 'KR_STORE_DENIED' } });
    const refusing = { KONG_PROXY_SERVER: `http://user:other-PASSWORD-marker@127.0.0.1:${proxy.port}` };
    markers['another proxy password'] = 'other-PASSWORD-marker';
    expect(await importing('a refused tunnel', refusing)).toMatchObject({ outcome: 'staged' });
    expect(heard['a refused tunnel']).toContain('answered 407 to CONNECT');
    const google = {
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://secrets/prefix',
      KONG_RESILIENCE_GCS_ENDPOINT: 'http://storage.invalid:9/',
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '6',
    };
    expect(await importing('an import from Google', google)).toMatchObject({ outcome: 'failed' });
    const status = await run(['status', '--json'], environment);
    heard['status --json'] = status.stdout + status.stderr;

    for (const [where, text] of Object.entries(heard)) {
      expect(text.length, where).toBeGreaterThan(0);
      for (const [name, marker] of Object.entries(markers)) {
        expect(text.includes(marker), `${name} in the output of ${where}`).toBe(false);
      }
    }
  });
});
