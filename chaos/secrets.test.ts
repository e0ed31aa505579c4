import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { captured, Cluster, exporterEnvironment, importerEnvironment } from '../test/cli/cluster';
import { folderBucket } from '../test/cli/stores';
import { makeClusterCertificate } from '../test/support/certificates';
import { namesIn, secretsOf, type Secret } from '../test/support/left-behind';
import { type Environment, launcher, Program, run, temporaryFolder } from '../test/support/program';
import { freePort } from '../test/support/servers';
import { canaryEnvironment, canaryTable, consumerSecrets, misspeltEnvironment } from './support/canaries';
import { writeFigure } from './support/figures';
import { outputFolder, recordFolder } from './support/settings';

const suite = 'secrets';

/** For what never answers: an import, and a check, try until then. */
const impatient: Environment = {
  KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '4',
  KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '2',
};

/** The program in each of its roles, with canaries in all that may be secret. */
async function world(): Promise<{ cluster: Cluster; base: Environment; handover: string }> {
  const cluster = await Cluster.start();
  cluster.publish({ table: canaryTable() });
  const handover = join(temporaryFolder(), 'handover');
  const base: Environment = {
    ...cluster.environment,
    ...canaryEnvironment,
    KONG_LOG_LEVEL: 'debug',
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: folderBucket(temporaryFolder()).url(),
  };
  return { cluster, base, handover };
}

describe('no secret shows', () => {
  it('in export, import, check, status and exec, nor on the pages of the status server', async () => {
    const { cluster, base, handover } = await world();
    const port = await freePort();
    const spool = temporaryFolder();
    const exporter = new Program(['run'], {
      ...base,
      ...exporterEnvironment({ KONG_RESILIENCE_SPOOL_DIR: spool }),
      KONG_RESILIENCE_STATUS_LISTEN: `127.0.0.1:${port}`,
    });
    await exporter.logged('an export', ({ event }) => event === 'exported');
    const secrets = [...secretsOf(base), ...consumerSecrets];
    for (const path of ['/status', '/metrics', '/health', '/ready', '/startup', '/unknown?token=x']) {
      const page = await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      expect(page).not.toBe('');
      expect(namesIn(Buffer.from(page), secrets), path).toEqual([]);
    }
    await exporter.stop();
    await cluster.down();
    const importing = { ...base, ...importerEnvironment(handover) };
    expect(JSON.parse((await run(['import', '--json'], importing)).stdout)).toMatchObject({ outcome: 'staged' });
    const result = readFileSync(join(handover, 'result.json'));
    expect(namesIn(result, secrets)).toEqual([]);
    for (const args of [['status'], ['status', '--json'], ['check'], ['check', '--json'], ['--help']])
      expect((await run(args, base)).code, args.join(' ')).toBe(0);
    await run(['exec', '--', 'true'], importing, { command: [launcher] });
  });

  it.each([
    ['names are misspelt', misspeltEnvironment],
    [
      'the store refuses connections',
      {
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket/x',
        AWS_REGION: 'us-east-2',
        AWS_CONFIG_STORAGE_ENDPOINT: 'http://127.0.0.1:9/',
      },
    ],
    [
      'the certificate is damaged',
      { KONG_CLUSTER_CERT: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
    ],
    ['the key stands where the certificate should', { KONG_CLUSTER_CERT: 'KEY' }],
    [
      'the service account is no JSON',
      {
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
        GCP_SERVICE_ACCOUNT: '{"type":"service_account","private_key":"CANARY-broken-json-0123456789',
      },
    ],
    [
      'the service account lacks its address',
      {
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
        GCP_SERVICE_ACCOUNT: '{"type":"service_account","private_key":"CANARY-service-account-0123456789"}',
      },
    ],
    [
      'the storage URL has credentials',
      { KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://key:CANARY-in-url-0123456789@bucket/x' },
    ],
    [
      'the proxy is wrong',
      { KONG_CLUSTER_USE_PROXY: 'on', KONG_PROXY_SERVER: 'http://user:CANARY-proxy-0123456789@127.0.0.1:9' },
    ],
    ['the Admin API is not there', { KONG_RESILIENCE_ADMIN_URL: 'http://127.0.0.1:9' }],
  ] as const)('when %s', async (_what, wrong: Environment) => {
    const { base, handover } = await world();
    const other = (await makeClusterCertificate()).key.reveal();
    const environment = {
      ...base,
      ...wrong,
      ...(wrong['KONG_CLUSTER_CERT'] === 'KEY' ? { KONG_CLUSTER_CERT: other, KONG_CLUSTER_CERT_KEY: other } : {}),
      KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: '2',
      KONG_RESILIENCE_SHUTDOWN_SECONDS: '1',
    };
    for (const [args, more] of [
      [['run'], importerEnvironment(handover, impatient)],
      [['import', '--strict'], importerEnvironment(handover, impatient)],
      [['export', '--once', '--timeout', '3'], exporterEnvironment()],
      [['status'], impatient],
      [['check'], impatient],
    ] as const) {
      const { stdout, stderr } = await run(args, { ...environment, ...more });
      expect(stdout + stderr, args.join(' ')).not.toBe('');
    }
  });

  it('of another key than that of the certificate', async () => {
    const { base } = await world();
    const other = (await makeClusterCertificate()).key.reveal();
    const { code, stderr } = await run(['run'], { ...base, ...exporterEnvironment(), KONG_CLUSTER_CERT_KEY: other });
    expect([code, stderr.includes('does not belong')]).toEqual([2, true]);
  });

  it('is a promise that the search would see broken, in whatever form', () => {
    const secrets: readonly Secret[] = secretsOf({ ...canaryEnvironment, ...misspeltEnvironment });
    expect(secrets.length).toBe(Object.keys({ ...canaryEnvironment, ...misspeltEnvironment }).length);
    for (const [name, value] of secrets) {
      const forms = [
        value,
        JSON.stringify({ value }),
        encodeURIComponent(value),
        Buffer.from(`x:${value}`).toString('base64'),
        Buffer.from(value).toString('hex'),
      ];
      for (const form of forms) expect(namesIn(Buffer.from(`a ${form} z`), [[name, value]]), form).toEqual([name]);
    }
  });
});

describe('of all the suites of this run', () => {
  /** What a real gateway's configuration holds, which many tests publish. */
  const ofFixture = (): readonly Secret[] => {
    const table = JSON.parse(captured('3.9.3').table.toString()) as {
      keyauth_credentials: { key: string }[];
      certificates: { key: string }[];
    };
    return [
      ...table.keyauth_credentials.map(({ key }): Secret => ['API key of the captured configuration', key]),
      ...table.certificates.map(({ key }): Secret => [
        'private key of the captured configuration',
        key.split('\n')[2] ?? '',
      ]),
    ];
  };

  it('no output of a program has a secret that it was given', () => {
    const outputs = readdirSync(outputFolder);
    let searched = 0;
    const told = outputs.flatMap((name) => {
      const given = JSON.parse(
        readFileSync(join(recordFolder, 'secrets', name.replace(/\.txt$/, '.json')), 'utf8'),
      ) as Secret[];
      searched += given.length;
      const names = namesIn(readFileSync(join(outputFolder, name)), [...given, ...ofFixture()]);
      return names.map((secret) => `${secret} in ${name}`);
    });
    expect(told).toEqual([]);
    expect(searched).toBeGreaterThan(outputs.length);
    writeFigure(recordFolder, {
      suite,
      what: 'outputs of programs searched',
      count: outputs.length,
      note: `${searched} secrets, each in five forms; none told`,
    });
  });

  it('no file has a secret but the stored object, the spool and the hand-over, which nobody else may read', () => {
    const path = join(recordFolder, 'left-behind.jsonl');
    expect(existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []).toEqual([]);
    const count = statSync(join(recordFolder, 'inspected.txt')).size;
    expect(count).toBeGreaterThan(0);
    writeFigure(recordFolder, { suite, what: 'files searched, as each test ends', count, note: 'no secret outside' });
  });
});
