import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentVariables, formatProblems, readEnvironment, Secret } from '../../src/contract';
import { plain, textsOf } from './blocks';

const secretNames = environmentVariables.filter(({ secret }) => secret).map(({ name }) => name);

/** Texts that cannot stand in a message by chance. */
const secrets = fc.stringMatching(/^[a-z]{4}[A-Z]{4}[0-9]{8}$/);

/** Ways in which a secret comes wrong. */
const wrappings: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => `/${secret}`,
  (secret) => `{vault://${secret}}`,
  (secret) => `<${secret}>`,
  (secret) => `https://user:${secret}@proxy:3128/${secret}`,
  (secret) => `http://user:${secret}`,
  (secret) => JSON.stringify({ type: secret, client_email: secret, private_key: secret, [secret]: secret }),
  (secret) => JSON.stringify({ type: 'service_account', client_email: secret, private_key: `-----BEGIN ${secret}` }),
  (secret) => `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
  (secret) => Buffer.from(`-----BEGIN PRIVATE KEY-----\n${secret}`).toString('base64'),
  (secret) => `${secret}\n${secret}`,
];

function report(block: Record<string, string | undefined>): string {
  const result = readEnvironment(block, { command: 'run' });
  return result.ok
    ? formatProblems(result.environment.warnings)
    : formatProblems([...result.problems, ...result.warnings]);
}

describe('a report', () => {
  it('never holds the value of a secret variable', () => {
    const property = fc.property(
      secrets,
      fc.constantFrom(...secretNames),
      fc.constantFrom(...wrappings),
      fc.boolean(),
      (secret, name, wrap, hybrid) => {
        const block = {
          ...plain,
          ...(hybrid ? { KONG_RESILIENCE_ADMIN_URL: undefined } : {}),
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcs://test-bucket',
          KONG_CLUSTER_USE_PROXY: 'on',
          [name]: wrap(secret),
        };
        const text = report(block);
        expect(text).not.toContain(secret);
        expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, 12));
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('never holds what a URL has before an @ or after a ?, whatever the variable', () => {
    const names = environmentVariables.filter(({ read }) => read).map(({ name }) => name);
    const urls: ((secret: string) => string)[] = [
      (secret) => `s3://key:${secret}@bucket/x`,
      (secret) => `gcp://${secret}/${secret}@bucket`,
      (secret) => `https://user:${secret}@host:1/x`,
      (secret) => `https://host/?token=${secret}`,
      (secret) => `user:${secret}@host:1`,
      (secret) => `s3://key:p@${secret}@bucket/x`,
    ];
    const property = fc.property(secrets, fc.constantFrom(...names), fc.constantFrom(...urls), (secret, name, url) => {
      expect(report({ ...plain, [name]: url(secret) })).not.toContain(secret);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('never holds the value of a variable whose name is not known', () => {
    const names = [
      'KONG_RESILIENCE_PASSWORD',
      'AWS_SECRET_ACCESS_KEYS',
      'KONG_CLUSTER_FALLBACK_TOKEN',
      'GCP_SERVICE_ACOUNT',
    ];
    const property = fc.property(secrets, fc.constantFrom(...names), (secret, name) => {
      const text = report({ ...plain, [name]: secret });
      expect(text).toContain(name);
      expect(text).not.toContain(secret);
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('is one line for each problem, whatever stands in the values', () => {
    const property = fc.property(
      fc.constantFrom(...environmentVariables.map(({ name }) => name)),
      fc.string({ unit: 'binary' }),
      (name, value) => {
        const result = readEnvironment({ ...plain, [name]: value }, { command: 'run', readFile: () => '' });
        if (!result.ok)
          expect(formatProblems(result.problems).split(/[\n\r\u2028\u2029]/)).toHaveLength(result.problems.length + 1);
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });

  it('has a headline that counts', () => {
    expect(formatProblems([{ code: 'A', variable: 'X', text: 'X is wrong.' }])).toBe(
      '1 problem in the environment:\n  A X is wrong.',
    );
    const two = readEnvironment({ ...plain, KONG_ROLE: 'x', KONG_LOG_LEVEL: 'y' }, { command: 'run' });
    expect(two.ok ? '' : formatProblems(two.problems)).toBe(
      [
        '2 problems in the environment:',
        '  KR_ENV_CHOICE KONG_ROLE is "x": allowed is data_plane, control_plane or traditional.',
        '  KR_ENV_CHOICE KONG_LOG_LEVEL is "y": allowed is debug, info, notice, warn, error, crit, alert or emerg.',
      ].join('\n'),
    );
  });

  it('cuts a long value and keeps a short one', () => {
    const value = (length: number): string => textsOf({ ...plain, KONG_ROLE: 'x'.repeat(length) }).problems[0] ?? '';
    expect(value(120)).toContain(`"${'x'.repeat(120)}"`);
    expect(value(121)).toContain(`"${'x'.repeat(120)}…"`);
  });
});

describe('Secret', () => {
  it('shows itself on no way to text, and gives its value when asked', () => {
    const secret = new Secret('hunter2');
    const texts = [
      String(secret),
      `${secret.toString()}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }),
    ];
    for (const text of texts) {
      expect(text).toContain('[secret]');
      expect(text).not.toContain('hunter2');
    }
    expect(Object.values(secret)).toEqual([]);
    expect(secret.reveal()).toBe('hunter2');
  });
});
