import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Environment, Program, run, temporaryFolder } from '../support/program';
import {
  freePort,
  type Moto,
  motoIsMissing,
  motoKeys,
  motoRegion,
  payload,
  startMoto,
  startSecretManager,
} from '../support/servers';
import { captured, Cluster, exporterEnvironment, importerEnvironment, named } from './cluster';
import { folderBucket, minio } from './stores';

const limit = { timeout: 120_000 };

/** All that the files of a folder say, and those below it. */
function said(folder: string): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) => (statSync(path).isDirectory() ? said(path) : readFileSync(path, 'utf8')))
    .join('\n');
}

describe.skipIf(motoIsMissing())('the bundle with references to AWS', limit, () => {
  let moto: Moto;
  const store = minio();
  beforeAll(async () => {
    moto = await startMoto();
    if (!store.missing) await store.start();
  }, 90_000);
  afterAll(async () => {
    await moto.stop();
    await store.stop();
  });
  const identity = (): Environment => ({
    AWS_ACCESS_KEY_ID: motoKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: motoKeys.secretAccessKey,
    AWS_REGION: motoRegion,
    KONG_VAULT_AWS_ENDPOINT_URL: moto.endpoint.href,
  });
  const secretOf = async (cluster: Cluster, name: string): Promise<string> =>
    moto.secret(name, JSON.stringify({ cert: cluster.pair.certificate, key: cluster.pair.key.reveal() }));

  it('exports and imports as with the values, and puts no secret onto a disk or into its output', async () => {
    const cluster = await Cluster.start();
    cluster.publish(named('by-reference'));
    const arn = await secretOf(cluster, 'kong/both');
    const bucket = folderBucket(temporaryFolder());
    const home = temporaryFolder();
    const environment: Environment = {
      ...cluster.environment,
      ...identity(),
      HOME: home,
      KONG_CLUSTER_CERT: `{vault://aws/${arn}/cert}`,
      KONG_CLUSTER_CERT_KEY: `{vault://aws/${arn}/key}`,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: '{vault://env/where-it-is}',
      WHERE_IT_IS: bucket.url('kong'),
      KONG_LOG_LEVEL: 'debug',
    };
    const spool = temporaryFolder();
    const exported = await run(['export', '--once', '--json'], {
      ...environment,
      ...exporterEnvironment({ KONG_RESILIENCE_SPOOL_DIR: spool }),
    });
    expect(exported.code, exported.stderr).toBe(0);
    await cluster.down();
    const handover = join(temporaryFolder(), 'handover');
    const imported = await run(['import', '--strict', '--json'], { ...environment, ...importerEnvironment(handover) });
    expect(imported.code, imported.stderr).toBe(0);
    expect(JSON.parse(imported.stdout)).toMatchObject({ outcome: 'staged' });
    expect(imported.stderr).toContain('"references":3,"secrets":2');
    const told = [
      exported.stdout,
      exported.stderr,
      imported.stdout,
      imported.stderr,
      said(handover),
      said(spool),
      said(home),
    ];
    const canaries = [cluster.pair.key.reveal(), cluster.pair.certificate].map((pem) => pem.split('\n')[2] ?? '');
    for (const canary of [...canaries, motoKeys.secretAccessKey]) {
      expect(canary.length).toBeGreaterThan(10);
      expect(told.map((text) => text.includes(canary))).toEqual(told.map(() => false));
    }
  });

  it.skipIf(store.missing)(
    'reads a store with keys out of a secret, which is read with the attached identity',
    async () => {
      const bucket = await store.bucket();
      await bucket.write('3.9.3/config.json', captured('3.9.3').table);
      const keys = { id: bucket.environment['AWS_ACCESS_KEY_ID'], secret: bucket.environment['AWS_SECRET_ACCESS_KEY'] };
      await moto.secret('store', JSON.stringify(keys));
      const profile = temporaryFolder();
      const { code, stdout, stderr } = await run(['status', '--json'], {
        ...identity(),
        ...bucket.environment,
        AWS_DEFAULT_REGION: bucket.environment['AWS_REGION'],
        KONG_VAULT_AWS_REGION: motoRegion,
        AWS_ACCESS_KEY_ID: '{vault://aws/store/id}',
        AWS_SECRET_ACCESS_KEY: '{vault://aws/store/secret}',
        ...(await attached(profile)),
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
        KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
      });
      expect([code, stdout.includes('"version": "3.9.3"')], stderr).toEqual([0, true]);
      expect(stdout + stderr).not.toContain(keys.secret);
    },
  );

  it('ends an export with one report and the exit code of what failed', async () => {
    const cluster = await Cluster.start();
    await secretOf(cluster, 'kong/one-report');
    const { code, stdout, stderr } = await run(['export', '--once'], {
      ...cluster.environment,
      ...identity(),
      ...exporterEnvironment(),
      KONG_CLUSTER_CERT: '{vault://aws/kong/one-report/none}',
      KONG_CLUSTER_CERT_KEY: '{vault://aws/kong/none/key}',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: folderBucket(temporaryFolder()).url('kong'),
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      [
        'kong-resilience: KR_VAULT_ABSENT: 2 references cannot be resolved:',
        '  KR_VAULT_CONTENT KONG_CLUSTER_CERT is {vault://aws/kong/one-report/none}: its secret is a JSON object without "none". With a key, {vault://<vault>/<secret>/<key>}, the secret is a JSON object of texts; without one its whole text is taken. A name with slashes and without a key ends with a slash.',
        "  KR_VAULT_ABSENT KONG_CLUSTER_CERT_KEY is {vault://aws/kong/none/key}: AWS Secrets Manager in us-east-1 has no secret kong/none with the label AWSCURRENT (HTTP 404 ResourceNotFoundException: Secrets Manager can't find the specified secret). Check the name, the version, and the region or project in which it is looked for; a part behind the last slash is the key, not the name.",
        'Mend each of them; docs/environment.md says how references are read.',
        '',
      ].join('\n'),
    );
  });

  /** The endpoint of an attached identity, as ECS and EKS have it. */
  async function attached(folder: string): Promise<Environment> {
    const { createServer } = await import('node:http');
    const { writeFileSync } = await import('node:fs');
    const answer = JSON.stringify({
      AccessKeyId: motoKeys.accessKeyId,
      SecretAccessKey: motoKeys.secretAccessKey,
      Token: 'token',
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const token = join(folder, 'token');
    writeFileSync(token, 'token');
    const { port } = server.address() as { port: number };
    return {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token,
    };
  }
});

describe('the bundle with a reference that cannot be resolved', limit, () => {
  async function importing(more: Environment, args: readonly string[] = [], command = 'import') {
    const cluster = await Cluster.start();
    await cluster.down();
    const handover = join(temporaryFolder(), 'handover');
    const environment = {
      ...cluster.environment,
      ...importerEnvironment(handover, {
        KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '2',
        KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
      }),
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      KONG_VAULT_AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}`,
      KONG_CLUSTER_CERT_KEY: '{vault://aws/kong/key}',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: folderBucket(temporaryFolder()).url('kong'),
      ...more,
    };
    return { program: new Program([command, ...args], environment), handover };
  }

  it.each([
    ['import', ['--json'], 0],
    ['import', ['--strict', '--json'], 6],
    ['run', [], 0],
  ] as const)(
    '%s %s ends with its deadline, tells it, and leaves the scripts and the result',
    async (command, args, code) => {
      const { program, handover } = await importing({}, args, command);
      const ended = await program.exit;
      expect(ended.code, ended.stderr).toBe(code);
      const error = {
        code: 'KR_VAULT_UNREACHABLE',
        reason: expect.stringContaining('KONG_CLUSTER_CERT_KEY is {vault://aws/kong/key}: ') as unknown,
      };
      expect(program.log.filter(({ message }) => message.startsWith('THE IMPORT FAILED'))).toMatchObject([error]);
      const result = JSON.parse(readFileSync(join(handover, 'result.json'), 'utf8')) as object;
      expect(result).toMatchObject({ outcome: 'failed', version: '3.9.3', error });
      if (args.length > 0) expect(JSON.parse(ended.stdout)).toEqual(result);
      expect(existsSync(join(handover, 'start.sh'))).toBe(true);
    },
  );

  it('run that exports as well ends with the exit code of what failed', async () => {
    const { program } = await importing(exporterEnvironment(), [], 'run');
    expect((await program.exit).code).toBe(6);
  });

  it('a held import stays, and its startup probe says yes', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const { program } = await importing({ KONG_RESILIENCE_STATUS_LISTEN: listen }, ['--hold']);
    await program.waitFor('it answers', async () =>
      fetch(`http://${listen}/startup`).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    expect((await program.stop()).code).toBe(0);
  });

  it('is stopped by SIGTERM at once', async () => {
    const { program } = await importing({ KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '600' }, ['--strict', '--json']);
    await program.logged('a failed try', ({ code }) => code === 'KR_VAULT_UNREACHABLE');
    const { code, stdout } = await program.stop();
    expect([code, JSON.parse(stdout)]).toMatchObject([6, { error: { code: 'KR_VAULT_STOPPED' } }]);
  });

  it('asks for nothing while the environment has another problem', async () => {
    const { program } = await importing({ KONG_CLUSTER_MTLS: 'x', KONG_PLUGINS: '{vault://env/}' });
    const { code, stderr } = await program.exit;
    expect(code).toBe(2);
    expect(stderr).toContain('KR_ENV_INVALID: 2 problems in the environment:');
  });
});

describe('the bundle with a reference to Google', limit, () => {
  it('reads it with the attached identity', async () => {
    const manager = await startSecretManager();
    onTestFinished(() => manager.stop());
    const bucket = folderBucket(temporaryFolder());
    await bucket.write('kong/3.9.3/config.json', captured('3.9.3').table);
    manager.answers.set('projects/attached-project/secrets/storage/versions/latest', payload(bucket.url('kong')));
    const { code, stdout, stderr } = await run(['status', '--json'], {
      GCE_METADATA_HOST: manager.endpoint.host,
      KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT: manager.endpoint.href,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: '{vault://gcp/storage}',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
    });
    expect([code, stdout.includes('"version": "3.9.3"')], stderr).toEqual([0, true]);
  });
});

describe('the bundle without a reference', limit, () => {
  it('compiles nothing that reads secrets', async () => {
    const home = temporaryFolder();
    const bucket = folderBucket(temporaryFolder());
    await bucket.write('kong/3.9.3/config.json', captured('3.9.3').table);
    const environment = {
      HOME: home,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url('kong'),
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
      KONG_PG_PASSWORD: '{vault://aws/left/alone}',
    };
    expect((await run(['status'], environment)).code).toBe(0);
    const parts = readdirSync(join(home, '.cache', 'kong-resilience')).map((name) => name.replace(/^.*-status-/, ''));
    expect(parts).toEqual(['main']);
  });
});
