import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/contract/edit-distance';
import { environmentVariables } from '../../src/contract';
import { plain, textsOf } from './blocks';

describe('names', () => {
  it('of other programs, and of options of Kong that are not ours, are left alone', () => {
    const foreign = [
      'PATH',
      'HOME',
      'HOSTNAME',
      'NODE_ENV',
      'NODE_OPTIONS',
      'NODE_EXTRA_CA_CERTS',
      'LOG_LEVEL',
      'ROLE',
      'PREFIX',
      'PLUGINS',
      'VERSION',
      'DATABASE',
      'LEASE_SECONDS',
      'AWS_EXECUTION_ENV',
      'AWS_LAMBDA_FUNCTION_NAME',
      'AWS_SECURITY_TOKEN',
      'AWS_ENDPOINT_URL_STS',
      'AWS_ENDPOINT_URL',
      'AWS_ACCOUNT_ID',
      'AWS_PROFILES',
      'AWS_MAX_ATTEMPTS',
      'GOOGLE_CLOUD_PROJECT',
      'GCP_PROJECT',
      'GCLOUD_PROJECT',
      'AZURE_CLIENT_CERTIFICATE_PATH',
      'KONG_PG_HOST',
      'KONG_PG_PASSWORD',
      'KONG_PASSWORD',
      'KONG_ADMIN_LISTEN',
      'KONG_ADMIN_GUI_URL',
      'KONG_PROXY_LISTEN',
      'KONG_STATUS_LISTEN',
      'KONG_CLUSTER_LISTEN',
      'KONG_CLUSTER_TELEMETRY_LISTEN',
      'KONG_CLUSTER_TELEMETRY_ENDPOINT',
      'KONG_CLUSTER_TELEMETRY_SERVER_NAME',
      'KONG_CLUSTER_OCSP',
      'KONG_CLUSTER_RPC',
      'KONG_CLUSTER_RPC_SYNC',
      'KONG_CLUSTER_ALLOWED_COMMON_NAMES',
      'KONG_CLUSTER_DATA_PLANE_PURGE_DELAY',
      'KONG_VAULTS',
      'KONG_VITALS',
      'KONG_LUA_SSL_VERIFY_DEPTH',
      'KONG_LUA_SSL_PROTOCOLS',
      'KONG_LUA_PACKAGE_PATH',
      'KONG_SSL_CERT',
      'KONG_SSL_CERT_KEY',
      'KONG_ADMIN_SSL_CERT',
      'KONG_CLIENT_SSL_CERT',
      'KONG_LICENSE_DATA',
      'KONG_NODE_ID',
      'KONG_PORT',
      'KONG_PORT_8000_TCP',
      'KONG_SERVICE_HOST',
      'KONG_SERVICE_PORT',
      'KONG_CLUSTER_SERVICE_HOST',
      'KONG_NGINX_DAEMON',
      'KONG_UNTRUSTED_LUA',
      'KONG_DNS_ORDER',
      'KONG_PROXY_ACCESS_LOG',
      'KONG_DECLARATIVE_CONFIG_STRING',
      'KONG_DATABASES_DIR',
      'KONG_HEADERS',
      'KONG_KONNECT_MODE',
      'KONG_ROUTER_FLAVOR',
      'KONG_PROXY_SERVER_SSL_VERIFY',
    ];
    const block = { ...plain, ...Object.fromEntries(foreign.map((name) => [name, 'on'])) };
    expect(textsOf({ ...block, KONG_NODE_ID: '3f2c8a52-6f0a-4c55-9b1e-5f1f2f2f7a10' })).toEqual({
      problems: [],
      warnings: [],
    });
  });

  it('that are known are never taken for a slip of one another', () => {
    const block = Object.fromEntries(environmentVariables.map(({ name }) => [name, 'x']));
    expect(textsOf(block).problems.filter((text) => text.startsWith('KR_ENV_UNKNOWN'))).toEqual([]);
  });

  it('with an empty value count as not set, known or not', () => {
    const block = {
      ...plain,
      KONG_RESILIENCE_NOPE: '',
      AWS_CONFIG_STORAGE_ENDPOING: ' ',
      KONG_ROLE: '',
      GCP_SERVICE_ACCOUNT: '\t',
    };
    expect(textsOf(block)).toEqual({ problems: [], warnings: [] });
  });

  it('that are not known are shown on one line, with nothing that a terminal obeys', () => {
    const name = 'KONG_RESILIENCE_\n\u001b[2J\u2028\u009b';
    expect(textsOf({ ...plain, [name]: 'x' }).problems).toEqual([
      'KR_ENV_UNKNOWN KONG_RESILIENCE_\\u000a\\u001b[2J\\u2028\\u009b is not known. docs/environment.md lists every KONG_RESILIENCE_ variable.',
    ]);
    expect(textsOf({ ...plain, KONG_ROLE: 'a\u2028\u009b\u202eb' }).problems).toEqual([
      'KR_ENV_CHOICE KONG_ROLE is "a\\u2028\\u009b\\u202eb": allowed is data_plane, control_plane or traditional.',
    ]);
  });

  it('that Kubernetes adds for a Service are left alone, and only those', () => {
    const links = (service: string): Record<string, string> => ({
      [`${service}_SERVICE_HOST`]: '10.0.0.1',
      [`${service}_SERVICE_PORT`]: '8005',
      [`${service}_SERVICE_PORT_KONG_CLUSTER_TLS`]: '8005',
      [`${service}_PORT`]: 'tcp://10.0.0.1:8005',
      [`${service}_PORT_8005_TCP`]: 'tcp://10.0.0.1:8005',
      [`${service}_PORT_8005_TCP_PROTO`]: 'tcp',
      [`${service}_PORT_8005_TCP_PORT`]: '8005',
      [`${service}_PORT_8005_TCP_ADDR`]: '10.0.0.1',
    });
    const block = { ...plain, ...links('KONG_CLUSTER'), ...links('KONG_RESILIENCE') };
    expect(textsOf(block)).toEqual({ problems: [], warnings: [] });
    expect(textsOf({ ...block, KONG_RESILIENCE_PORTS: '1', KONG_RESILIENCE_LEASE: '1' }).problems).toEqual([
      'KR_ENV_UNKNOWN KONG_RESILIENCE_LEASE is not known. Did you mean KONG_RESILIENCE_LEASE_SECONDS?',
      'KR_ENV_UNKNOWN KONG_RESILIENCE_PORTS is not known. docs/environment.md lists every KONG_RESILIENCE_ variable.',
    ]);
    for (const half of ['KONG_CLUSTER_SERVICE_HOST', 'KONG_CLUSTER_SERVICE_PORT']) {
      expect(textsOf({ ...plain, KONG_CLUSTER_PORT: 'tcp://10.0.0.1:8005', [half]: '10.0.0.1' }).problems).toEqual([
        'KR_ENV_UNKNOWN KONG_CLUSTER_PORT is not known. Did you mean KONG_CLUSTER_CERT?',
      ]);
    }
  });

  it('one or two letters off are told up to the limit and not beyond', () => {
    const unknown = (name: string): boolean =>
      textsOf({ ...plain, [name]: 'x' }).problems.some((text) => text.startsWith('KR_ENV_UNKNOWN'));
    // 9 letters: one may be wrong.
    expect(unknown('KONG_ROLLE')).toBe(true);
    expect(unknown('KONG_ROLLEN')).toBe(false);
    // 16 letters and more: two.
    expect(unknown('KONG_ADMIN_TOK')).toBe(true);
    expect(unknown('KONG_ADMIN_TO')).toBe(false);
    expect(unknown('KONG_CLUSTER_MTL')).toBe(true);
    expect(unknown('KONG_CLUSTER_MT')).toBe(true);
    expect(unknown('KONG_CLUSTER_M')).toBe(false);
    expect(unknown('KONG_LOG_LEVE')).toBe(true);
    expect(unknown('KONG_LOG_LEV')).toBe(false);
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['abcd', 'abdc', 1],
    ['ca', 'abc', 3],
    ['ENDPOING', 'ENDPOINT', 1],
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });

  it('is the same up to a limit, and infinite beyond', () => {
    const words = fc.stringMatching(/^[abc]{0,7}$/);
    fc.assert(
      fc.property(words, words, fc.nat(4), (a, b, limit) => {
        const distance = editDistance(a, b);
        expect(editDistance(a, b, limit)).toBe(distance > limit ? Number.POSITIVE_INFINITY : distance);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the nearest, and none beyond the limit', () => {
    expect(nearest('abcx', ['axxx', 'abcd'], () => 2)).toBe('abcd');
    expect(nearest('abcx', ['wxyz'], () => 2)).toBeUndefined();
  });
});
