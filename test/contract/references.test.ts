import { beforeAll, describe, expect, it } from 'vitest';
import { environmentVariables, readEnvironment, type UnresolvedEnvironment } from '../../src/contract';
import { environmentOf, plain, textsOf, type Block } from './blocks';
import { makePair, type Pair } from './certificates';

let pair: Pair;
let hybrid: Block;
beforeAll(async () => {
  pair = await makePair(new Date());
  hybrid = {
    ...plain,
    KONG_RESILIENCE_ADMIN_URL: undefined,
    KONG_CLUSTER_CERT: pair.certificate,
    KONG_CLUSTER_CERT_KEY: pair.key,
  };
});

/** What is to be resolved before an environment can be read. */
function unresolvedOf(block: Block, command: 'run' | 'status' = 'run'): UnresolvedEnvironment | undefined {
  const result = readEnvironment(block, { command, readFile: () => '{vault://env/of-file}' });
  if (result.ok) return undefined;
  expect(result.problems).toEqual([]);
  return result.unresolved;
}

const variablesIn = (block: Block, command?: 'run' | 'status'): string[] =>
  (unresolvedOf(block, command)?.references ?? []).map(({ variable, reference }) => `${variable} ${reference.text}`);

describe('an environment with references', () => {
  it('is the same, once their secrets are there, as with the values themselves', () => {
    const given: Block = {
      ...hybrid,
      KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
      KONG_CLUSTER_USE_PROXY: 'on',
      KONG_PROXY_SERVER: 'http://user:hunter2@proxy:3128',
      KONG_CLUSTER_DP_LABELS: 'a:b',
      KONG_RESILIENCE_LEASE_SECONDS: '30',
      KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '100',
    };
    const plainly = environmentOf({ ...given, KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '200' });
    const names = Object.keys(given).filter(
      (name) => !['KONG_RESILIENCE_GATEWAY_VERSION', 'KONG_RESILIENCE_ADMIN_URL'].includes(name),
    );
    const referring = { ...given, KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '200' } as Record<string, string>;
    const secrets = new Map<string, string>();
    for (const name of names) {
      referring[name] = `{vault://env/${name}}`;
      secrets.set(referring[name], ` ${given[name] ?? ''} `);
    }
    expect(variablesIn(referring)).toHaveLength(names.length);
    expect(environmentOf(referring, 'run', { secrets })).toEqual(plainly);
  });

  it('names each variable with its reference; one in a list, and one in a file of Kong’s images, too', () => {
    const block = {
      ...hybrid,
      KONG_CLUSTER_CERT: undefined,
      KONG_CLUSTER_CERT_FILE: '/run/cert',
      KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system, {vault://aws/ca/root} ,{vault://aws/ca/other}',
    };
    expect(variablesIn(block)).toEqual([
      'KONG_LUA_SSL_TRUSTED_CERTIFICATE {vault://aws/ca/root}',
      'KONG_LUA_SSL_TRUSTED_CERTIFICATE {vault://aws/ca/other}',
      'KONG_CLUSTER_CERT {vault://env/of-file}',
    ]);
    const secrets = new Map([
      ['{vault://aws/ca/root}', pair.certificate],
      ['{vault://aws/ca/other}', pair.certificate],
      ['{vault://env/of-file}', pair.certificate],
    ]);
    const { cluster } = environmentOf(block, 'run', { secrets, readFile: () => '{vault://env/of-file}' });
    expect([cluster.trusted.length, cluster.trustSystem]).toEqual([2, true]);
  });

  it('leaves alone what it does nothing with: certificates without a connection, a token, a proxy, the gateway’s own', () => {
    const foreign: Block = {
      KONG_ADMIN_TOKEN: '{vault://hcv/token}',
      KONG_PROXY_SERVER: '{vault://hcv/proxy}',
      KONG_PG_PASSWORD: '{vault://hcv/password}',
      KONG_DECLARATIVE_CONFIG: '{vault://hcv/file}',
      PASSWORD: '{vault://nonsense',
    };
    expect(textsOf({ ...hybrid, ...foreign })).toEqual({ problems: [], warnings: [] });
    expect(unresolvedOf({ ...hybrid, ...foreign })).toBeUndefined();
    const certificates = { KONG_CLUSTER_CERT: '{vault://aws/c}', KONG_CLUSTER_CERT_KEY: '{vault://aws/k}' };
    expect(variablesIn({ ...plain, ...certificates })).toEqual([]);
    expect(variablesIn({ ...hybrid, ...certificates }, 'status')).toEqual([]);
    expect(variablesIn({ ...hybrid, ...certificates })).toHaveLength(2);
    const token = { KONG_ADMIN_TOKEN: '{vault://aws/t}' };
    expect(variablesIn({ ...plain, ...token })).toHaveLength(1);
    expect(variablesIn({ ...plain, ...token }, 'status')).toEqual([]);
    const proxy = { KONG_PROXY_SERVER: '{vault://aws/p}', KONG_CLUSTER_USE_PROXY: 'on' };
    expect(variablesIn({ ...hybrid, ...proxy })).toHaveLength(1);
    expect(variablesIn({ ...hybrid, ...proxy, KONG_CLUSTER_USE_PROXY: 'off' })).toEqual([]);
  });

  it('tells what else is wrong before any secret is read, and nothing that only their absence seems to show', () => {
    const block = {
      ...hybrid,
      KONG_ROLE: 'traditional',
      KONG_RESILIENCE_ADMIN_URL: '{vault://env/url}',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: '{vault://env/storage}',
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: '{vault://env/on}',
      AWS_SECRET_ACCESS_KEY: '{vault://env/secret}',
      AWS_ACCESS_KEY_ID: '{vault://env/id}',
      KONG_RESILIENCE_CONTROL_PLANE_TIMEOUT_SECONDS: '{vault://env/seconds}',
    };
    expect(variablesIn(block)).toHaveLength(6);
    const wrong = readEnvironment({ ...block, KONG_CLUSTER_MTLS: 'x' }, { command: 'run' });
    expect(wrong.ok ? undefined : wrong.unresolved).toBeUndefined();
    expect(textsOf({ ...block, KONG_CLUSTER_MTLS: 'x' }).problems).toEqual([
      'KR_ENV_CHOICE KONG_CLUSTER_MTLS is "x": allowed is shared, pki or pki_check_cn.',
    ]);
  });

  it('says how its secrets are read, and what is known without them', () => {
    const account = JSON.stringify({
      type: 'service_account',
      client_email: 'a@b',
      private_key: pair.key,
      project_id: 'of-key',
    });
    const block: Block = {
      ...hybrid,
      KONG_CLUSTER_CERT: '{vault://aws/c}',
      KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: '20',
      KONG_RESILIENCE_HANDOVER_DIR: '/h',
      KONG_RESILIENCE_HANDOVER_GROUP: '7',
      KONG_LOG_LEVEL: 'debug',
      GCP_SERVICE_ACCOUNT: account,
      KONG_VAULT_ENV_PREFIX: 'P_',
    };
    expect(unresolvedOf(block)).toMatchObject({
      role: { export: true, import: false },
      versions: [{ text: '3.9.1' }],
      handoverDir: '/h',
      handoverGroup: 7,
      importDeadlineMs: 20_000,
      log: { level: 'debug', format: 'auto' },
      vaults: { env: { prefix: 'P_' }, aws: { region: 'us-east-2' }, gcp: { project: 'of-key' } },
    });
    const more = {
      KONG_VAULT_AWS_REGION: 'eu-west-1',
      KONG_VAULT_AWS_ENDPOINT_URL: 'https://vpce.example.com',
      KONG_VAULT_GCP_PROJECT_ID: 'mine',
      KONG_RESILIENCE_SECRET_MANAGER_ENDPOINT: 'https://psc.example.com',
    };
    expect(unresolvedOf({ ...block, ...more })?.vaults).toMatchObject({
      aws: { region: 'eu-west-1', endpoint: new URL('https://vpce.example.com') },
      gcp: { project: 'mine', endpoint: new URL('https://psc.example.com') },
    });
  });

  it('hands keys of AWS on that the SDK could not read for itself, and none otherwise', () => {
    const keys = {
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: '{vault://env/secret}',
      AWS_SESSION_TOKEN: 'token',
    };
    const secrets = new Map([['{vault://env/secret}', 'hunter2']]);
    const { aws } = environmentOf({ ...plain, ...keys }, 'run', { secrets });
    const expected = { accessKeyId: 'AKIA', secretAccessKey: 'hunter2', sessionToken: 'token' };
    expect(aws.credentials?.reveal()).toEqual(expected);
    expect(environmentOf({ ...plain, ...keys, AWS_SECRET_ACCESS_KEY: 'x' }).aws.credentials).toBeUndefined();
  });
});

describe('what a secret gave', () => {
  it('is in no message, whatever is wrong with it, in whatever variable', () => {
    const canaries = [
      'hunter2 <&>',
      '<hunter2>',
      '"hunter2"',
      'http://hunter2.example.com/hunter2',
      'hunter2',
      '{"hunter2":1}',
    ];
    for (const { name, read } of environmentVariables) {
      if (!read) continue;
      for (const canary of canaries) {
        const block = {
          ...hybrid,
          KONG_CLUSTER_USE_PROXY: 'on',
          KONG_PROXY_SERVER: 'http://p:1',
          [name]: '{vault://env/x}',
        };
        const secrets = new Map([['{vault://env/x}', canary]]);
        const { problems, warnings } = textsOf(block, 'run', { secrets });
        expect([...problems, ...warnings].join('\n').replaceAll('{vault://env/x}', '')).not.toContain('hunter2');
      }
    }
  });

  it('is told of by what would be right', () => {
    const secrets = new Map([['{vault://env/x}', 'hunter2']]);
    const told = (name: string): readonly string[] =>
      textsOf({ ...plain, [name]: '{vault://env/x}' }, 'run', { secrets }).problems;
    expect(told('KONG_CLUSTER_DP_LABELS')).toEqual([
      'KR_ENV_LIST KONG_CLUSTER_DP_LABELS, by what its reference holds: allowed is key:value,key:value.',
    ]);
    expect(told('KONG_RESILIENCE_LEASE_SECONDS')).toEqual([
      'KR_ENV_NUMBER KONG_RESILIENCE_LEASE_SECONDS, by what its reference holds: allowed is 2 to 3600.',
    ]);
  });
});
