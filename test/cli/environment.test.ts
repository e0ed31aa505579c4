import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import { bundle, type Environment, launcher, run, temporaryFolder } from '../support/program';

const secret = 'SECRET-MARKER';

/** A block without a mistake, as far as the environment tells. */
const block: Environment = {
  KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://test-bucket/test-prefix',
  KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
  KONG_RESILIENCE_ADMIN_URL: 'http://127.0.0.1:8001',
  KONG_RESILIENCE_GATEWAY_VERSION: '3.9.3',
  AWS_REGION: 'us-east-2',
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: secret,
};

describe('a wrong environment ends with 2 and one report on stderr, without a secret', () => {
  const dataPlane: Environment = { ...block, KONG_ROLE: 'data_plane', KONG_RESILIENCE_ADMIN_URL: undefined };
  const cases: readonly (readonly [string, readonly string[], Environment, readonly string[]])[] = [
    [
      "the seed page's exporter, mistakes and all",
      ['run'],
      {
        ...dataPlane,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcp://test-bucket/',
        AWS_CONFIG_STORAGE_ENDPOING: `http://minio:9000/${secret}`,
        KONG_RESILIENCE_GATEWAY_VERSION: 'latest',
      },
      [
        'KONG_CLUSTER_FALLBACK_CONFIG_STORAGE',
        'AWS_CONFIG_STORAGE_ENDPOING',
        'KONG_RESILIENCE_GATEWAY_VERSION',
        'KONG_CLUSTER_CERT',
      ],
    ],
    ['no environment at all', ['run'], {}, ['KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', 'KONG_RESILIENCE_GATEWAY_VERSION']],
    ['a role that contradicts the command', ['import'], block, ['KONG_CLUSTER_FALLBACK_CONFIG_IMPORT']],
    [
      'import on a control plane',
      ['import'],
      { ...block, KONG_ROLE: 'control_plane', KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on' },
      ['KONG_CLUSTER_FALLBACK_CONFIG_IMPORT'],
    ],
    ['half of the credentials', ['status'], { ...block, AWS_ACCESS_KEY_ID: undefined }, ['AWS_ACCESS_KEY_ID']],
    [
      'a key of a service account that is cut',
      ['export', '--once'],
      {
        ...block,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
        GCP_SERVICE_ACCOUNT: `{"private_key":"${secret}`,
      },
      ['GCP_SERVICE_ACCOUNT'],
    ],
    [
      'a private key that is none',
      ['run'],
      {
        ...dataPlane,
        KONG_CLUSTER_CERT: '/nonexistent/cluster.crt',
        KONG_CLUSTER_CERT_KEY: `-----BEGIN PRIVATE KEY-----\\n${secret}`,
      },
      ['KONG_CLUSTER_CERT', 'KONG_CLUSTER_CERT_KEY'],
    ],
    [
      'a proxy that is no URL, and an unknown variable of ours',
      ['run'],
      {
        ...dataPlane,
        KONG_CLUSTER_USE_PROXY: 'on',
        KONG_PROXY_SERVER: `user:${secret}@proxy`,
        KONG_RESILIENCE_TOKEN: secret,
      },
      ['KONG_PROXY_SERVER', 'KONG_RESILIENCE_TOKEN'],
    ],
  ];
  it.each(cases)('%s', async (_, args, environment, variables) => {
    const { code, stdout, stderr } = await run(args, environment);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.match(/KR_ENV_INVALID/g)).toHaveLength(1);
    expect(stderr).toMatch(/^kong-resilience: KR_ENV_INVALID: /);
    expect(stderr).toMatch(/\nMend each of them; docs\/environment\.md lists what is allowed\.\n$/);
    for (const variable of variables) expect(stderr).toContain(variable);
    expect(stderr).not.toContain(secret);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('wrong arguments end with 2', () => {
  it.each([
    [
      'an unknown command',
      ['imprt'],
      /^error: unknown command 'imprt'\n\(Did you mean import\?\)\nCommands are run, export, import, exec, status, check, health, ready, demo; `kong-resilience --help` tells what each does\.\n$/,
    ],
    [
      'an unknown option',
      ['import', '--force'],
      /^error: unknown option '--force'\nOptions are --strict, --require, --hold, --json; `kong-resilience import --help` tells more\.\n$/,
    ],
    ['an argument too many', ['status', '3.9.3'], /^error: too many arguments/],
    ['a time limit of nothing', ['export', '--once', '--timeout', '0'], /must be a number of seconds above 0/],
    [
      'a time limit without an end',
      ['export', '--timeout', '5'],
      /^error: option '--timeout <seconds>' needs '--once'/,
    ],
    ['no command', [], /^Usage: kong-resilience /],
  ])('%s', async (_, args, says) => {
    const { code, stdout, stderr } = await run(args, block);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(says);
  });
});

describe('bin/kong-resilience', () => {
  const linked = (): readonly [string] => {
    const folder = temporaryFolder();
    symlinkSync(launcher, join(folder, 'first'));
    symlinkSync('first', join(folder, 'kong-resilience'));
    return [join(folder, 'kong-resilience')];
  };

  it('finds the program through links', async () => {
    const shown = await run(['--version'], {}, { command: linked() });
    expect(shown).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
  });

  it('shows help on stdout, with every command', async () => {
    const { code, stdout, stderr } = await run(['--help'], {}, { command: linked() });
    expect([code, stderr]).toEqual([0, '']);
    for (const name of ['run', 'export', 'import', 'exec', 'status', 'check', 'health', 'ready', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
    }
  });

  it('says in its help where the documents are that its messages name', async () => {
    const { stdout } = await run(['--help'], {}, { command: linked() });
    expect(stdout.replace(/\s+/g, ' ')).toContain('docs/ is a folder of the npm package cdktf-kong-resilience');
  });

  it('passes the exit code of the program on', async () => {
    expect((await run(['imprt'], {}, { command: linked() })).code).toBe(2);
  });

  it('becomes the command, whose exit code and output are its own, and needs no node for that', async () => {
    const environment = {
      PATH: '/usr/bin:/bin',
      KONG_RESILIENCE_HANDOVER_DIR: join(temporaryFolder(), 'handover'),
      KONG_PREFIX: temporaryFolder(),
    };
    const script = 'echo "config: ${KONG_DECLARATIVE_CONFIG-none}, $1"; exit 7';
    const args = ['exec', '--', 'sh', '-c', script, 'sh', 'two words'];
    const { code, stdout } = await run(args, environment, { command: linked() });
    expect([code, stdout]).toEqual([7, 'config: none, two words\n']);
  });

  it('says what is missing: the command of exec, or node', async () => {
    const without = await run(['exec', '--'], {}, { command: linked() });
    expect([without.code, without.stdout]).toEqual([2, '']);
    expect(without.stderr).toBe(
      'kong-resilience: a command is missing. Usage: kong-resilience exec -- <command> [argument]...\n',
    );
    const tools = temporaryFolder();
    for (const name of ['sh', 'dirname', 'readlink']) symlinkSync(`/bin/${name}`, join(tools, name));
    const bare = await run(['--version'], { PATH: tools }, { command: ['/bin/sh', launcher] });
    expect([bare.code, bare.stdout]).toEqual([127, '']);
    expect(bare.stderr).toMatch(/^kong-resilience: there is no node on PATH\./);
  });

  it('cannot exec from the bundle alone, and says what can', async () => {
    const { code, stdout, stderr } = await run(['exec', '--', 'true'], {});
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^kong-resilience: KR_EXEC_WITHOUT_LAUNCHER: /);
  });

  it('runs from a folder with a space in its name', async () => {
    const folder = join(temporaryFolder(), 'a b.cjs');
    writeFileSync(folder, `require(${JSON.stringify(bundle)})`);
    expect((await run(['--version'], {}, { command: [process.execPath, folder] })).stdout).toBe(`${version}\n`);
  });
});
