import { TerraformOutput, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { EnvironmentBlock, EnvValue, VaultReferences } from '../../../constructs/environment';
import { block, node, refusal, texts } from './blocks';

describe('a block', () => {
  it('tells all that the contract finds wrong, at the construct, together', () => {
    const user = texts({
      KONG_RESILIENCE_LEASE_SECOND: '60',
      AWS_CONFIG_STORAGE_ENDPOING: 'http://minio:9000',
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'yes',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcp://bucket',
      KONG_RESILIENCE_GATEWAY_VERSION: 'latest',
      AWS_CONFIG_STORAGE_ENDPOINT: 'minio:9000',
    });
    expect(refusal(() => block({ user }))).toBe(
      [
        'stack/node: 6 problems',
        '  KR_ENV_UNKNOWN AWS_CONFIG_STORAGE_ENDPOING is not known. Did you mean AWS_CONFIG_STORAGE_ENDPOINT?',
        '  KR_ENV_URL AWS_CONFIG_STORAGE_ENDPOINT is "minio:9000": it has no scheme. Did you mean https://minio:9000 or, without TLS, http://minio:9000?',
        '  KR_ENV_BOOLEAN KONG_CLUSTER_FALLBACK_CONFIG_EXPORT is "yes": Kong takes on, true, off and false, in lower case, and reads all else as off. Did you mean "on"?',
        '  KR_ENV_STORAGE KONG_CLUSTER_FALLBACK_CONFIG_STORAGE is "gcp://bucket": the scheme "gcp" is not known. Allowed: s3://bucket/prefix, gcs://bucket/prefix (or gs://) or file:///folder. Did you mean gcs://bucket?',
        '  KR_ENV_VERSION KONG_RESILIENCE_GATEWAY_VERSION is "latest": "latest" is not a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2); this is an image tag that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
        '  KR_ENV_UNKNOWN KONG_RESILIENCE_LEASE_SECOND is not known. Did you mean KONG_RESILIENCE_LEASE_SECONDS?',
      ].join('\n'),
    );
  });

  it('takes values alone, in each layer, and names what is none', () => {
    const wrong = (values: Record<string, unknown>) => values as Record<string, EnvValue>;
    const layers = {
      derived: wrong({ KONG_CLUSTER_CERT_KEY: '/etc/kong/cluster.key' }),
      user: wrong({ KONG_ANONYMOUS_REPORTS: true }),
      override: wrong({ KONG_PLUGINS: undefined }),
    };
    const told = (name: string, type: string): string =>
      `  KR_TF_ENV_NO_VALUE ${name} is given a ${type}, and a value says whether it may be shown. Name the place of a secret (EnvValue.fromAwsSecret, fromGoogleSecret, fromKubernetesSecret), or write EnvValue.fromText('…') for what anyone may see.`;
    expect(refusal(() => block(layers))).toBe(
      [
        'stack/node: 3 problems',
        told('KONG_CLUSTER_CERT_KEY', 'string'),
        told('KONG_ANONYMOUS_REPORTS', 'boolean'),
        told('KONG_PLUGINS', 'undefined'),
      ].join('\n'),
    );
  });

  it.each([
    [true, "boolean. Did you mean EnvValue.fromText('on')?"],
    [false, "boolean. Did you mean EnvValue.fromText('off')?"],
    [1000, 'number.'],
    [undefined, 'undefined.'],
  ])('makes a value of a string alone, not of %j', (given, told) => {
    expect(() => EnvValue.fromText(given as unknown as string)).toThrow(
      new TypeError(`EnvValue.fromText takes a string, and was given a ${told}`),
    );
  });

  it('checks what wins, not what is overridden', () => {
    block({ derived: texts({ AWS_REGION: 'us east' }), override: texts({ AWS_REGION: 'us-east-2' }) });
  });

  it('warns of an option of the fallback that has no effect', () => {
    const construct = node();
    new EnvironmentBlock(construct, { user: texts({ KONG_CLUSTER_FALLBACK_NEW_OPTION: 'x' }) });
    expect(construct.node.metadata.map(({ data }): unknown => data)).toEqual([
      'KR_ENV_UNUSED KONG_CLUSTER_FALLBACK_NEW_OPTION is not known to this version of kong-resilience and has no effect.',
    ]);
  });

  it('leaves tokens to the agent, and variables of other programs alone', () => {
    const variable = new TerraformVariable(new TerraformStack(Testing.app(), 'stack'), 'region', {});
    block({
      user: texts({
        AWS_REGION: variable.stringValue,
        KONG_CLUSTER_CERT_KEY: variable.stringValue,
        KONG_PROXY_SERVER: variable.stringValue,
        KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: `gcp://${variable.stringValue}`,
        KONG_PG_HOST: 'not checked',
      }),
    });
  });

  it('takes a token for a secret only where nothing but a path, an address or a reference can be meant', () => {
    const token = new TerraformVariable(new TerraformStack(Testing.app(), 'stack'), 'token', {}).stringValue;
    const told = refusal(() => block({ user: texts({ AWS_SECRET_ACCESS_KEY: token, KONG_PG_PASSWORD: token }) }));
    expect(told.match(/KR_TF_ENV_PLAIN_SECRET \w+/g)).toEqual([
      'KR_TF_ENV_PLAIN_SECRET AWS_SECRET_ACCESS_KEY',
      'KR_TF_ENV_PLAIN_SECRET KONG_PG_PASSWORD',
    ]);
    block({ user: texts({ KONG_ADMIN_TOKEN: `{vault://aws/${token}/token}` }) });
  });

  it('finds a private key in base64, as Kong takes PEM', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n';
    const key = `${pem}-----BEGIN EC PRIVATE KEY-----\nB\n-----END EC PRIVATE KEY-----\n`;
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    expect(refusal(() => block({ user: texts({ KONG_CLUSTER_CERT: encoded(key) }) }))).toContain(
      'KR_TF_ENV_PLAIN_SECRET',
    );
    block({ user: texts({ KONG_CLUSTER_CERT: encoded(pem) }) });
  });

  it('knows the token of a number within a text', () => {
    const stack = new TerraformStack(Testing.app(), 'stack');
    const port = new TerraformVariable(stack, 'port', { type: 'number' }).numberValue;
    const user = texts({ KONG_RESILIENCE_STATUS_LISTEN: `0.0.0.0:${port}`, TEST_A: '-1.5e+298 -8.1e+200' });
    const made = new EnvironmentBlock(stack, { user });
    new TerraformOutput(stack, 'form', { value: made.toKubernetes() });
    const { output } = JSON.parse(Testing.synth(stack)) as { output: unknown };
    expect(output).toEqual({
      form: {
        value: [
          { name: 'KONG_RESILIENCE_STATUS_LISTEN', value: '0.0.0.0:${replace(var.port, "$", "$$")}' },
          { name: 'TEST_A', value: '-1.5e+298 -8.1e+200' },
        ],
      },
    });
  });

  it.each(['1ST', 'WITH-HYPHEN', 'WITH.DOT', 'WITH SPACE', '', 'A=B', 'ÄÖ', 'A\n'])('refuses the name %j', (name) => {
    expect(refusal(() => block({ user: texts({ [name]: 'x' }) }))).toBe(
      `stack/node: 1 problem\n  KR_TF_ENV_NAME ${JSON.stringify(name)} is no name of an environment variable: that has letters, digits and underscores, and no digit first. Rename it.`,
    );
  });

  it('takes every name that an environment can have', () => {
    block({ user: texts({ _: 'x', a: 'x', Z9_: 'x' }) });
  });

  it.each([['a\0b'], ['\ud800'], ['a\udc00']])('refuses the text %j, secret or not', (text) => {
    const told =
      'TEST_A holds a NUL character or half of a surrogate pair, which no environment can hold. Remove it; give binary data as base64.';
    for (const value of [EnvValue.fromText(text), EnvValue.fromSecretText(text)]) {
      expect(refusal(() => block({ user: { TEST_A: value } }))).toBe(`stack/node: 1 problem\n  KR_TF_ENV_TEXT ${told}`);
    }
  });

  it('refuses a variable of Kong beside the file that would set it', () => {
    const user = texts({ KONG_CLUSTER_CERT: '/a', KONG_CLUSTER_CERT_FILE: '/b', TEST_A: 'x', TEST_A_FILE: 'y' });
    expect(refusal(() => block({ user }))).toBe(
      "stack/node: 1 problem\n  KR_TF_ENV_FILE_TWICE KONG_CLUSTER_CERT and KONG_CLUSTER_CERT_FILE are both set, and Kong's images take only one. Leave one of them out.",
    );
  });
});

describe('a secret', () => {
  const told = (name: string, harmless = ''): string =>
    `  KR_TF_ENV_PLAIN_SECRET ${name} is a secret, and as plain text it would be shown in the synthesized stack, the plan and the state. Give the place of it (EnvValue.fromAwsSecret, fromGoogleSecret, fromKubernetesSecret) or, for a file that is secret itself, EnvValue.fromSecretText.${harmless}`;

  it('is refused as plain text, and never shown', () => {
    const user = texts({
      AWS_SECRET_ACCESS_KEY: 'hunter2',
      KONG_ADMIN_TOKEN: 'hunter2',
      KONG_CLUSTER_CERT_KEY: 'hunter2',
      KONG_PROXY_SERVER: 'http://user:hunter2@proxy:3128',
    });
    expect(refusal(() => block({ user }))).toBe(
      [
        'stack/node: 4 problems',
        told('AWS_SECRET_ACCESS_KEY'),
        told('KONG_ADMIN_TOKEN'),
        told('KONG_CLUSTER_CERT_KEY', ' An absolute path of the key is no secret.'),
        told('KONG_PROXY_SERVER', ' A proxy without user and password is no secret.'),
      ].join('\n'),
    );
  });

  it('is known by its content, and by the end of an option of the gateway', () => {
    const user = texts({
      KONG_SSL_CERT_KEY: '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----',
      KONG_PG_PASSWORD: 'hunter2',
      KONG_VAULT_HCV_TOKEN: 'hunter2',
      KONG_LICENSE_DATA: 'hunter2',
      KONG_PORTAL_SESSION_SECRET: 'hunter2',
    });
    const names = ['LICENSE_DATA', 'PG_PASSWORD', 'PORTAL_SESSION_SECRET', 'SSL_CERT_KEY', 'VAULT_HCV_TOKEN'];
    expect(refusal(() => block({ user }))).toBe(
      ['stack/node: 5 problems', ...names.map((name) => told(`KONG_${name}`))].join('\n'),
    );
    block({ user: texts({ KONG_SSL_CERT_KEY: '/etc/kong/ssl.key', KONG_PG_PASSWORD: '', MY_TOKEN_URL: 'https://x' }) });
  });

  it('is told with what else is wrong with it', () => {
    expect(refusal(() => block({ user: texts({ GCP_SERVICE_ACCOUNT: '/key.json' }) }))).toBe(
      [
        'stack/node: 2 problems',
        told('GCP_SERVICE_ACCOUNT'),
        '  KR_ENV_GOOGLE_KEY GCP_SERVICE_ACCOUNT: it looks like a path, and Kong takes the JSON text itself. Put the content of the file here, or the path into GOOGLE_APPLICATION_CREDENTIALS.',
      ].join('\n'),
    );
  });

  it('may be shown where it is none: a path, a proxy without password, the name of a key, an empty text', () => {
    block({
      user: texts({
        KONG_CLUSTER_CERT_KEY: '/etc/kong/cluster.key',
        KONG_PROXY_SERVER: 'http://proxy:3128',
        AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
        KONG_ADMIN_TOKEN: '',
      }),
    });
  });

  it('is checked as its own text too, when the contract knows it for a secret, and else never quoted', () => {
    const user = {
      KONG_PROXY_SERVER: EnvValue.fromSecretText('proxy:3128'),
      AWS_REGION: EnvValue.fromSecretText('not a region'),
    };
    expect(refusal(() => block({ user }))).toBe(
      'stack/node: 1 problem\n  KR_ENV_URL KONG_PROXY_SERVER: it must be http://host:port or https://host:port, with user:password@ before the host if needed; special characters in user and password are percent-encoded.',
    );
  });
});

describe('a reference of Kong’s vaults', () => {
  const told = (name: string, why: string): string =>
    `  KR_TF_ENV_VAULT ${name} is a {vault://…} reference, or would become one, and ${why}. Give its value in another way: a file, EnvValue.fromSecretText, or a secret that the platform itself puts in.`;
  const key = (reference: string) => texts({ KONG_CLUSTER_CERT_KEY: reference });

  it('is no secret, and the agent resolves it: what it does not is told by the contract', () => {
    for (const vault of ['env', 'aws', 'gcp']) block({ user: key(`{vault://${vault}/cluster-key}`) });
    block({ user: { KONG_CLUSTER_CERT_KEY: EnvValue.fromSecretText('{vault://aws/cluster/key}') } });
    expect(refusal(() => block({ user: key('{vault://hcv/cluster/key}') }))).toBe(
      "stack/node: 1 problem\n  KR_ENV_VAULT_UNSUPPORTED KONG_CLUSTER_CERT_KEY: its reference is to Kong's vault hcv: env, aws and gcp are read here, by these names. Give the value itself, or keep it in one of these.",
    );
    expect(refusal(() => block({ user: key('x {vault://env/a}') }))).toContain('KR_TF_ENV_PLAIN_SECRET');
  });

  it('in an option of the gateway is left alone by the agent; one that a library reads is refused', () => {
    block({ user: texts({ KONG_PG_PASSWORD: '{vault://hcv/pg}', OTHER: '{vault://x' }) });
    const user = texts({ AWS_ROLE_ARN: '{vault://env/role}' });
    expect(refusal(() => block({ user }))).toBe(
      `stack/node: 1 problem\n${told('AWS_ROLE_ARN', 'the agent leaves it to a library, which resolves none')}`,
    );
  });

  it('is resolved by an open-source gateway to env and to vaults of the user’s own', () => {
    const references = VaultReferences.byOpenSourceGateway();
    for (const vault of ['env', 'my-vault']) block({ user: key(`{vault://${vault}/k}`), references });
    for (const vault of ['aws', 'azure', 'conjur', 'gcp', 'hcv', 'konnect']) {
      const why = `an open-source gateway has no vault ${vault}: it reads env alone`;
      expect(refusal(() => block({ user: key(`{vault://${vault}/k}`), references }))).toBe(
        `stack/node: 1 problem\n${told('KONG_CLUSTER_CERT_KEY', why)}`,
      );
    }
  });

  it('is resolved by an Enterprise gateway to every vault, in its own options, where it is written as one', () => {
    const references = VaultReferences.byEnterpriseGateway();
    for (const vault of ['env', 'aws', 'hcv', 'my-vault']) block({ user: key(`{vault://${vault}/k}`), references });
    block({ user: texts({ KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system,{vault://hcv/ca}' }), references });
    expect(refusal(() => block({ user: texts({ GCP_SERVICE_ACCOUNT: '{vault://env/k}' }), references }))).toBe(
      `stack/node: 1 problem\n${told('GCP_SERVICE_ACCOUNT', 'the gateway resolves references in its own options, KONG_…, alone')}`,
    );
    expect(refusal(() => block({ user: key('{vault://env/}'), references }))).toBe(
      `stack/node: 1 problem\n${told('KONG_CLUSTER_CERT_KEY', 'its reference names no secret. Write {vault://env/<secret>/<key>}.')}`,
    );
  });
});
