import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { unprivileged } from '../gateway/tools';
import { bundle, type Environment, Program, run, temporaryFolder } from '../support/program';
import { startSilentServer, startStub } from '../support/servers';
import { captured, Cluster, importerEnvironment, named } from './cluster';
import { type Bucket, fakeGcs, fileStore, minio, type StoreKind, versitygw } from './stores';

const key = '3.9.3/config.json';
/** A deadline, in seconds, within which a slow machine too comes to what is told at its end. */
const untilTold = '5';
const limit = { timeout: 90_000 };

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
  readonly stdout: string;
  /** What `import --json` printed. */
  readonly printed: unknown;
  /** result.json, where it could be written. */
  readonly recorded: unknown;
  readonly handed: Buffer | undefined;
}

interface Plan {
  readonly environment: Environment;
  readonly strict?: boolean;
  readonly handover?: string;
  readonly as?: readonly string[];
}

async function importing({
  environment,
  strict = false,
  handover = join(temporaryFolder(), 'handover'),
  as,
}: Plan): Promise<Outcome> {
  const { code, stdout, stderr } = await run(
    ['import', '--json', ...(strict ? ['--strict'] : [])],
    { ...importerEnvironment(handover), ...environment },
    as === undefined ? undefined : { command: [as[0] ?? '', ...as.slice(1), process.execPath, bundle] },
  );
  const read = (name: string): Buffer | undefined => {
    const path = join(handover, name);
    return existsSync(path) ? readFileSync(path) : undefined;
  };
  const recorded = read('result.json')?.toString('utf8');
  return {
    code,
    stdout,
    stderr,
    printed: JSON.parse(stdout),
    recorded: recorded === undefined ? undefined : JSON.parse(recorded),
    handed: read('config.json'),
  };
}

/** Where nothing listens: a control plane that is gone. */
async function goneCluster(): Promise<Cluster> {
  const cluster = await Cluster.start();
  await cluster.down();
  return cluster;
}

async function environmentFor(bucket: Bucket): Promise<Environment> {
  return {
    ...(await goneCluster()).environment,
    ...bucket.environment,
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
  };
}

/** The import fails with this exit code and error when it is strict, and otherwise ends with 0 and records the same. */
async function expectFailure(plan: Plan, code: number, error: object): Promise<void> {
  const handover = join(temporaryFolder(), 'handover');
  const strict = await importing({ handover, ...plan, strict: true });
  const lenient = await importing({ handover, ...plan });
  expect([strict.code, lenient.code], strict.stderr).toEqual([code, 0]);
  for (const { printed, recorded, handed, stderr } of [strict, lenient]) {
    expect(printed).toMatchObject({ outcome: 'failed', version: '3.9.3', error });
    expect(recorded).toEqual(printed);
    expect(handed).toBeUndefined();
    expect(stderr).toContain('THE IMPORT FAILED');
    const told = stderr.split('\n').filter((line) => line.includes('"event":"import_failed"'));
    expect(told.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'error', version: '3.9.3', ...error },
    ]);
  }
}

describe('import while the control plane lives', () => {
  it('arms nothing, takes away what was armed, and ends with 0', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, captured('3.9.3').table);
    const handover = join(temporaryFolder(), 'handover');
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const environment = { ...cluster.environment, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url() };
    await cluster.down();
    expect((await importing({ environment, handover })).handed).toBeDefined();
    await cluster.up();
    cluster.publish(captured('3.9.3'));
    const { code, printed, recorded, handed } = await importing({ environment, handover, strict: true });
    expect([code, handed]).toEqual([0, undefined]);
    expect(printed).toMatchObject({
      outcome: 'not-needed',
      from: 'control-plane',
      configHash: captured('3.9.3').configHash,
    });
    expect(recorded).toEqual(printed);
  });

  it('stages that very message with KONG_RESILIENCE_IMPORT=always, without asking the store', limit, async () => {
    const store = await startStub((_, response) => response.writeHead(500).end());
    onTestFinished(() => store.stop());
    const cluster = await Cluster.start();
    cluster.publish(captured('3.9.3'));
    const { code, printed, handed } = await importing({
      environment: {
        ...cluster.environment,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket',
        AWS_REGION: 'us-east-2',
        AWS_CONFIG_STORAGE_ENDPOINT: store.endpoint.href,
        KONG_RESILIENCE_IMPORT: 'always',
      },
    });
    expect(code).toBe(0);
    expect(printed).toMatchObject({ outcome: 'staged', from: 'control-plane' });
    expect(handed?.equals(captured('3.9.3').table)).toBe(true);
    expect(store.requests).toEqual([]);
  });

  it('takes what is stored when the control plane is connected and silent', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, captured('3.9.3').table);
    const cluster = await Cluster.start();
    const { code, printed, handed } = await importing({
      environment: {
        ...cluster.environment,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
        KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
      },
    });
    expect([code, handed?.equals(captured('3.9.3').table)]).toEqual([0, true]);
    expect(printed).toMatchObject({ outcome: 'staged', from: 'store', digestVerified: false });
  });

  it('takes what a late control plane sends while the store is still being tried', limit, async () => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.stop());
    const cluster = await Cluster.start();
    const handover = join(temporaryFolder(), 'handover');
    const importer = new Program(['import', '--json', '--strict'], {
      ...importerEnvironment(handover),
      ...cluster.environment,
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket',
      AWS_REGION: 'us-east-2',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_CONFIG_STORAGE_ENDPOINT: silent.endpoint.href,
      KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '60',
    });
    await importer.logged('that the store is asked', ({ message }) => message.includes('asking the store'));
    cluster.publish(named('late'));
    const { code, stdout } = await importer.exit;
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { outcome: 'not-needed', from: 'control-plane' }]);
    expect(existsSync(join(handover, 'config.json'))).toBe(false);
  });

  it(
    'keeps trying a control plane that is gone while the store is down, and takes it when it is back',
    limit,
    async () => {
      const gone = await startStub(() => undefined);
      await gone.stop();
      const cluster = await goneCluster();
      const importer = new Program(['import', '--json', '--require'], {
        ...importerEnvironment(join(temporaryFolder(), 'handover')),
        ...cluster.environment,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket',
        AWS_REGION: 'us-east-2',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_CONFIG_STORAGE_ENDPOINT: gone.endpoint.href,
        KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '60',
      });
      await importer.logged('that the store is down', ({ code }) => code === 'KR_STORE_UNREACHABLE');
      await cluster.up();
      cluster.publish(named('late'));
      const { code, stdout, stderr } = await importer.exit;
      expect([code, JSON.parse(stdout)]).toMatchObject([0, { outcome: 'not-needed', from: 'control-plane' }]);
      expect(stderr.split('\n').find((line) => line.includes('"event":"imported"'))).toMatch(/"outcome":"not-needed"/);
    },
  );
});

const kinds: readonly StoreKind[] = [fileStore(), minio(), versitygw(), fakeGcs()];

describe.each(kinds.map((kind) => [kind.name, kind] as const))('a failed import from %s', (name, kind) => {
  beforeAll(() => (kind.missing ? undefined : kind.start()));
  afterAll(() => kind.stop());

  it.skipIf(kind.missing)('3: nothing was exported yet; 4: there is no such bucket', limit, async () => {
    const bucket = await kind.bucket();
    const environment = await environmentFor(bucket);
    const at = (storage: string): Environment => ({ ...environment, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: storage });
    const empty = name === 'file' ? bucket.url() : bucket.url('team/kong');
    await expectFailure({ environment: at(empty) }, 3, { code: 'KR_IMPORT_ABSENT' });
    const elsewhere = name === 'file' ? `${bucket.url()}/nowhere` : empty.replace(bucket.name, 'no-such-bucket');
    await expectFailure({ environment: at(elsewhere) }, 4, { code: 'KR_STORE_NO_BUCKET' });

    const nothing = await run(['status', '--json'], at(empty));
    expect([nothing.code, JSON.parse(nothing.stdout)]).toMatchObject([
      3,
      { store: empty, versions: [{ configuration: null, lease: null, error: null }] },
    ]);
    const nowhere = await run(['status', '--json'], at(elsewhere));
    expect([nowhere.code, JSON.parse(nowhere.stdout)]).toMatchObject([
      4,
      { store: elsewhere, versions: [{ error: { code: 'KR_STORE_NO_BUCKET' } }] },
    ]);
  });

  it.skipIf(kind.missing)(
    '5: corrupt, that is truncated, a page of HTML, empty of entities, or nothing',
    limit,
    async () => {
      const bucket = await kind.bucket();
      const environment = await environmentFor(bucket);
      const { table } = captured('3.9.3');
      await bucket.write(key, table.subarray(0, table.length - 100));
      await expectFailure({ environment }, 5, { code: 'KR_CONFIG_NOT_JSON' });
      await bucket.write(key, '<!doctype html><title>Sign in</title>');
      await expectFailure({ environment }, 5, { code: 'KR_CONFIG_NOT_JSON' });
      await bucket.write(key, '{"_format_version":"3.0","workspaces":[{"id":"x"}]}');
      await expectFailure({ environment }, 5, { code: 'KR_CONFIG_EMPTY' });
      await bucket.write(key, '');
      await expectFailure({ environment }, 5, { code: 'KR_CONFIG_NOT_JSON' });
    },
  );

  it.skipIf(kind.missing)(
    '0: the nearest older version is taken, and that is said; not when that is turned off',
    limit,
    async () => {
      const bucket = await kind.bucket();
      const environment = await environmentFor(bucket);
      for (const version of ['3.8.9', '3.9.1', '3.9.2', '3.9.4', '3.10.0', '3.9.2.1', '2.8.5']) {
        await bucket.write(`${version}/config.json`, named(version).table);
      }
      const { code, printed, handed, stderr } = await importing({ environment, strict: true });
      expect([code, handed?.equals(named('3.9.2').table)]).toEqual([0, true]);
      expect(printed).toMatchObject({
        outcome: 'staged',
        version: '3.9.3',
        olderVersion: '3.9.2',
        key: '3.9.2/config.json',
      });
      expect(stderr).toContain('nothing is stored for 3.9.3; uses the nearest older version, 3.9.2');
      await expectFailure({ environment: { ...environment, KONG_RESILIENCE_IMPORT_OLDER_VERSION: 'off' } }, 3, {
        code: 'KR_IMPORT_ABSENT',
      });
    },
  );
});

describe.each([minio(), versitygw()].map((kind) => [kind.name, kind] as const))(
  'denied and tampered on %s',
  (_, kind) => {
    beforeAll(() => (kind.missing ? undefined : kind.start()));
    afterAll(() => kind.stop());

    it.skipIf(kind.missing)('4: wrong credentials, until the deadline', limit, async () => {
      const bucket = await kind.bucket();
      await bucket.write(key, captured('3.9.3').table);
      const environment: Environment = {
        ...(await environmentFor(bucket)),
        AWS_SECRET_ACCESS_KEY: 'not-its-secret',
        KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
        KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: untilTold,
      };
      await expectFailure({ environment }, 4, { code: 'KR_STORE_DENIED' });
      const status = await run(['status'], environment);
      expect(status.code).toBe(4);
      expect(status.stdout).toContain('KR_STORE_DENIED');
      expect(status.stdout + status.stderr).not.toContain('not-its-secret');
    });

    it.skipIf(kind.missing)('5: another content than the digest beside it says', limit, async () => {
      const bucket = await kind.bucket();
      const cluster = await Cluster.start();
      cluster.publish(captured('3.9.3'));
      const environment = {
        ...cluster.environment,
        ...bucket.environment,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      };
      const exported = await run(['export', '--once'], {
        ...environment,
        KONG_RESILIENCE_SPOOL_DIR: temporaryFolder(),
      });
      expect(exported.code).toBe(0);
      await cluster.down();
      const stored = await bucket.read(key);
      const tampered = stored?.bytes.toString('utf8').replace('"port":9901', '"port":9902') ?? '';
      await bucket.write(key, tampered, stored?.metadata);
      await expectFailure({ environment }, 5, { code: 'KR_IMPORT_DIGEST_MISMATCH' });
    });
  },
);

describe('a failed import', () => {
  it.runIf(unprivileged.length > 0)('4: a folder that this user may not read', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, captured('3.9.3').table);
    const cluster = await goneCluster();
    const environment: Environment = {
      ...cluster.environment,
      // The certificate files are root's own.
      KONG_CLUSTER_CERT: cluster.pair.certificate,
      KONG_CLUSTER_CERT_KEY: cluster.pair.key.reveal(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
      KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: untilTold,
    };
    const open = temporaryFolder();
    chmodSync(open, 0o777);
    await expectFailure({ environment, as: unprivileged, handover: join(open, 'handover') }, 4, {
      code: 'KR_STORE_DENIED',
    });
  });

  it('6: nothing listens at the store', limit, async () => {
    const gone = await startStub(() => undefined);
    await gone.stop();
    const environment: Environment = {
      ...(await goneCluster()).environment,
      AWS_REGION: 'us-east-2',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_CONFIG_STORAGE_ENDPOINT: gone.endpoint.href,
      KONG_RESILIENCE_GCS_ENDPOINT: gone.endpoint.href,
      KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: untilTold,
    };
    for (const storage of ['s3://bucket/prefix', 'gcs://bucket/prefix']) {
      await expectFailure({ environment: { ...environment, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: storage } }, 6, {
        code: 'KR_STORE_UNREACHABLE',
      });
    }
  });

  it.each(['s3', 'gcs'])(
    '6: a %s store that accepts and stays silent costs no more than the deadline',
    limit,
    async (scheme) => {
      const silent = await startSilentServer();
      onTestFinished(() => silent.stop());
      const environment: Environment = {
        ...(await goneCluster()).environment,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `${scheme}://bucket/prefix`,
        AWS_REGION: 'us-east-2',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_CONFIG_STORAGE_ENDPOINT: silent.endpoint.href,
        KONG_RESILIENCE_GCS_ENDPOINT: silent.endpoint.href,
        KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '1',
        KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '2',
      };
      await expectFailure({ environment }, 6, { code: 'KR_IMPORT_TIMED_OUT' });
    },
  );

  it.runIf(unprivileged.length > 0)('7: a hand-over folder that this user may not write', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, captured('3.9.3').table);
    chmodSync(bucket.name, 0o755);
    const cluster = await goneCluster();
    const environment: Environment = {
      ...cluster.environment,
      KONG_CLUSTER_CERT: cluster.pair.certificate,
      KONG_CLUSTER_CERT_KEY: cluster.pair.key.reveal(),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
    };
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const made = join(folder, 'made');
    mkdirSync(made, { mode: 0o755 });
    for (const handover of [join(folder, 'missing'), made]) {
      const plan = { environment, handover, as: unprivileged };
      const strict = await importing({ ...plan, strict: true });
      const lenient = await importing(plan);
      expect([strict.code, lenient.code], strict.stderr).toEqual([7, 0]);
      for (const { printed, recorded, handed } of [strict, lenient]) {
        expect(printed).toMatchObject({ outcome: 'failed', error: { code: 'KR_HANDOVER_DENIED' } });
        expect([recorded, handed]).toEqual([undefined, undefined]);
      }
    }
  });

  it('ends with its code with --require as well, which is another name of --strict', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, 'no JSON');
    const environment = {
      ...(await environmentFor(bucket)),
      ...importerEnvironment(join(temporaryFolder(), 'handover')),
    };
    const { code, stdout } = await run(['import', '--require', '--json'], environment);
    expect([code, JSON.parse(stdout)]).toMatchObject([5, { outcome: 'failed', error: { code: 'KR_CONFIG_NOT_JSON' } }]);
  });

  it('says in its one line that 0 is meant, and which option gives the code of the failure', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, 'no JSON');
    const environment = {
      ...(await environmentFor(bucket)),
      ...importerEnvironment(join(temporaryFolder(), 'handover')),
    };
    const lenient = await run(['import'], environment);
    expect([lenient.code, lenient.stdout]).toEqual([
      0,
      'Failed: KR_CONFIG_NOT_JSON; see the log. Exit code 0, so that the gateway is not held back; with `import --strict` it is 5.\n',
    ]);
    const strict = await run(['import', '--strict'], environment);
    expect([strict.code, strict.stdout]).toEqual([5, 'Failed: KR_CONFIG_NOT_JSON; see the log.\n']);
  });

  it('keeps what an earlier import staged', limit, async () => {
    const bucket = await fileStore().bucket();
    await bucket.write(key, captured('3.9.3').table);
    const environment = await environmentFor(bucket);
    const handover = join(temporaryFolder(), 'handover');
    expect((await importing({ environment, handover })).code).toBe(0);
    await bucket.write(key, 'no JSON');
    const { code, printed, handed } = await importing({ environment, handover, strict: true });
    expect([code, handed?.equals(captured('3.9.3').table)]).toEqual([5, true]);
    expect(printed).toMatchObject({ outcome: 'failed', error: { code: 'KR_CONFIG_NOT_JSON' } });
  });

  it('ends soon when it is told to, with what was staged before untouched', limit, async () => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.stop());
    const handover = join(temporaryFolder(), 'handover');
    const importer = new Program(['import', '--json'], {
      ...(await goneCluster()).environment,
      ...importerEnvironment(handover),
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://bucket/prefix',
      AWS_REGION: 'us-east-2',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_CONFIG_STORAGE_ENDPOINT: silent.endpoint.href,
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '3600',
      KONG_RESILIENCE_STORE_TIMEOUT_SECONDS: '3600',
    });
    await importer.logged('that the store is asked', ({ message }) => message.includes('asking the store'));
    const { code, stdout } = await importer.stop();
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { outcome: 'failed', error: { code: 'KR_IMPORT_STOPPED' } }]);
  });
});
