import { describe, expect, it } from 'vitest';
import { checkVariable, environmentVariables, readEnvironment } from '../../src/contract';
import { plain } from './blocks';

const texts = (name: string, value: string): string[] =>
  checkVariable(name, value).map(({ code, text }) => `${code} ${text}`);

describe('one variable by itself', () => {
  it.each([
    [
      'KONG_RESILIENCE_LEASE_SECOND',
      '60',
      'KR_ENV_UNKNOWN KONG_RESILIENCE_LEASE_SECOND is not known. Did you mean KONG_RESILIENCE_LEASE_SECONDS?',
    ],
    [
      'KONG_RESILIENCE_COLOUR',
      'red',
      'KR_ENV_UNKNOWN KONG_RESILIENCE_COLOUR is not known. docs/environment.md lists every KONG_RESILIENCE_ variable.',
    ],
    [
      'AWS_CONFIG_STORAGE_ENDPOING',
      'http://minio:9000',
      'KR_ENV_UNKNOWN AWS_CONFIG_STORAGE_ENDPOING is not known. Did you mean AWS_CONFIG_STORAGE_ENDPOINT?',
    ],
    [
      'KONG_CLUSTER_FALLBACK_NEW_OPTION',
      'x',
      'KR_ENV_UNUSED KONG_CLUSTER_FALLBACK_NEW_OPTION is not known to this version of kong-resilience and has no effect.',
    ],
    [
      'KONG_CLUSTER_FALLBACK_CONFIG_EXPORT',
      'yes',
      'KR_ENV_BOOLEAN KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is "yes": Kong takes on, true, off and false, in lower case, and reads all else as off. Did you mean "on"?',
    ],
    [
      'KONG_CLUSTER_CERT_KEY',
      '"quoted"',
      'KR_ENV_QUOTES KONG_CLUSTER_CERT_KEY: it stands in quotes, which would be a part of the value. Remove the quotes.',
    ],
  ])('%s=%s is told', (name, value, told) => {
    expect(texts(name, value)).toEqual([told]);
  });

  it('is no problem when it is right, empty, a file of Kong’s images, read by others, or of another program', () => {
    for (const [name, value] of [
      ['KONG_CLUSTER_FALLBACK_CONFIG_EXPORT', ' on '],
      ['KONG_CLUSTER_FALLBACK_CONFIG_EXPORT', ''],
      ['KONG_CLUSTER_CERT_KEY', '/no/such/file'],
      ['KONG_CLUSTER_CERT_KEY_FILE', '/no/such/file'],
      ['AWS_EC2_METADATA_DISABLED', '"yes"'],
      ['PATH', '"/bin"'],
    ] as const) {
      expect(texts(name, value)).toEqual([]);
    }
  });

  it('is told as the whole environment tells it', () => {
    for (const { name } of environmentVariables) {
      if (name === 'KONG_VERSION' || name.includes('CERT')) continue;
      const result = readEnvironment({ ...plain, [name]: '<placeholder>' }, { command: 'export' });
      const whole = result.ok ? [] : result.problems.filter(({ variable }) => variable === name);
      expect(checkVariable(name, '<placeholder>')).toEqual(whole);
    }
  });
});
