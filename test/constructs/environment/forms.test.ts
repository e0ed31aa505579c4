import { describe, expect, it } from 'vitest';
import { atSynth, EnvValue, VaultReferences, type EnvironmentBlock } from '../../../constructs/environment';
import { parseVaultReference } from '../../../src/contract';
import { block, refusal, texts } from './blocks';

const plain = texts({
  KONG_CLUSTER_CERT: '/etc/kong/cluster.crt',
  KONG_ROLE: 'data_plane',
  KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
});
const others = texts({ AWS_REGION: 'us-east-2', KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1' });
const arn = 'arn:aws:secretsmanager:us-east-2:123456789012:secret:store-AbCdEf';

const secrets = {
  aws: EnvValue.fromAwsSecret(arn),
  google: EnvValue.fromGoogleSecret('store-key'),
  kubernetes: EnvValue.fromKubernetesSecret('store', 'secret-key'),
  text: EnvValue.fromSecretText('hunter2'),
};

const withSecrets = (values: Record<string, EnvValue>): EnvironmentBlock =>
  block({ user: { ...plain, ...others, ...values } });

describe('each form', () => {
  it('of Docker Compose is a mapping of texts; a secret is the operator’s', () => {
    const made = withSecrets({
      AWS_SECRET_ACCESS_KEY: secrets.text,
      KONG_ADMIN_TOKEN: secrets.aws,
      AWS_SESSION_TOKEN: secrets.google,
      GCP_SERVICE_ACCOUNT: secrets.kubernetes,
    });
    expect(atSynth(made.toDockerCompose())).toMatchInlineSnapshot(`
      {
        "AWS_REGION": "us-east-2",
        "AWS_SECRET_ACCESS_KEY": "\${AWS_SECRET_ACCESS_KEY:?set this secret in the environment of docker compose or in .env}",
        "AWS_SESSION_TOKEN": "\${AWS_SESSION_TOKEN:?set this secret in the environment of docker compose or in .env}",
        "GCP_SERVICE_ACCOUNT": "\${GCP_SERVICE_ACCOUNT:?set this secret in the environment of docker compose or in .env}",
        "KONG_ADMIN_TOKEN": "\${KONG_ADMIN_TOKEN:?set this secret in the environment of docker compose or in .env}",
        "KONG_CLUSTER_CERT": "/etc/kong/cluster.crt",
        "KONG_CLUSTER_FALLBACK_CONFIG_IMPORT": "on",
        "KONG_RESILIENCE_GATEWAY_VERSION": "3.9.1",
        "KONG_ROLE": "data_plane",
      }
    `);
    expect(atSynth(made.toDockerComposeYaml())).toMatchInlineSnapshot(`
      "AWS_REGION: "us-east-2"
      AWS_SECRET_ACCESS_KEY: "\${AWS_SECRET_ACCESS_KEY:?set this secret in the environment of docker compose or in .env}"
      AWS_SESSION_TOKEN: "\${AWS_SESSION_TOKEN:?set this secret in the environment of docker compose or in .env}"
      GCP_SERVICE_ACCOUNT: "\${GCP_SERVICE_ACCOUNT:?set this secret in the environment of docker compose or in .env}"
      KONG_ADMIN_TOKEN: "\${KONG_ADMIN_TOKEN:?set this secret in the environment of docker compose or in .env}"
      KONG_CLUSTER_CERT: "/etc/kong/cluster.crt"
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: "on"
      KONG_RESILIENCE_GATEWAY_VERSION: "3.9.1"
      KONG_ROLE: "data_plane"
      "
    `);
    expect(atSynth(block({ user: texts({ on: 'on', Null: 'x' }) }).toDockerComposeYaml())).toBe(
      '"Null": "x"\n"on": "on"\n',
    );
  });

  it('of Docker Compose asks for secrets by a prefix; the names in the service stay', () => {
    const made = withSecrets({ AWS_SECRET_ACCESS_KEY: secrets.text, GCP_SERVICE_ACCOUNT: secrets.google });
    const options = { secretPrefix: 'EXPORTER_' };
    const asked = (name: string): string =>
      `\${EXPORTER_${name}:?set this secret in the environment of docker compose or in .env}`;
    expect(atSynth(made.toDockerCompose(options))).toEqual({
      ...atSynth(made.toDockerCompose()),
      AWS_SECRET_ACCESS_KEY: asked('AWS_SECRET_ACCESS_KEY'),
      GCP_SERVICE_ACCOUNT: asked('GCP_SERVICE_ACCOUNT'),
    });
    expect(atSynth(made.toDockerComposeYaml(options))).toBe(
      atSynth(made.toDockerComposeYaml()).replaceAll('${', () => '${EXPORTER_'),
    );
  });

  it('of Docker Compose has a .env with the secrets that are known here, and a comment for each other', () => {
    const made = withSecrets({
      AWS_SECRET_ACCESS_KEY: EnvValue.fromSecretText('hun"ter$2\\ #`\nend'),
      KONG_ADMIN_TOKEN: secrets.aws,
      AWS_SESSION_TOKEN: secrets.google,
      GCP_SERVICE_ACCOUNT: secrets.kubernetes,
    });
    expect(atSynth(made.toDockerComposeEnvFile())).toMatchInlineSnapshot(`
      "AWS_SECRET_ACCESS_KEY="hun\\"ter\\$2\\\\ #\`
      end"
      # AWS_SESSION_TOKEN is missing: AWS_SESSION_TOKEN is a secret of Google Secret Manager. Set it by hand.
      # GCP_SERVICE_ACCOUNT is missing: GCP_SERVICE_ACCOUNT is a secret of Kubernetes. Set it by hand.
      # KONG_ADMIN_TOKEN is missing: KONG_ADMIN_TOKEN is a secret of AWS Secrets Manager. Set it by hand.
      "
    `);
    expect(atSynth(made.toDockerComposeEnvFile({ secretPrefix: '_x1' }))).toMatchInlineSnapshot(`
      "_x1AWS_SECRET_ACCESS_KEY="hun\\"ter\\$2\\\\ #\`
      end"
      # _x1AWS_SESSION_TOKEN is missing: AWS_SESSION_TOKEN is a secret of Google Secret Manager. Set it by hand.
      # _x1GCP_SERVICE_ACCOUNT is missing: GCP_SERVICE_ACCOUNT is a secret of Kubernetes. Set it by hand.
      # _x1KONG_ADMIN_TOKEN is missing: KONG_ADMIN_TOKEN is a secret of AWS Secrets Manager. Set it by hand.
      "
    `);
    expect(withSecrets({}).toDockerComposeEnvFile()).toBe('');
  });

  it('of ECS has environment and secrets, by ARN, member and version', () => {
    const made = withSecrets({
      AWS_SECRET_ACCESS_KEY: secrets.aws,
      KONG_ADMIN_TOKEN: EnvValue.fromAwsSecret(arn, 'token'),
      AWS_SESSION_TOKEN: EnvValue.fromAwsSecret(arn, undefined, 'v-1'),
      GCP_SERVICE_ACCOUNT: EnvValue.fromAwsSecret(arn, 'key', 'v-1'),
    });
    expect(made.toEcs()).toMatchInlineSnapshot(`
      {
        "environment": [
          {
            "name": "AWS_REGION",
            "value": "us-east-2",
          },
          {
            "name": "KONG_CLUSTER_CERT",
            "value": "/etc/kong/cluster.crt",
          },
          {
            "name": "KONG_CLUSTER_FALLBACK_CONFIG_IMPORT",
            "value": "on",
          },
          {
            "name": "KONG_RESILIENCE_GATEWAY_VERSION",
            "value": "3.9.1",
          },
          {
            "name": "KONG_ROLE",
            "value": "data_plane",
          },
        ],
        "secrets": [
          {
            "name": "AWS_SECRET_ACCESS_KEY",
            "valueFrom": "arn:aws:secretsmanager:us-east-2:123456789012:secret:store-AbCdEf",
          },
          {
            "name": "AWS_SESSION_TOKEN",
            "valueFrom": "arn:aws:secretsmanager:us-east-2:123456789012:secret:store-AbCdEf:::v-1",
          },
          {
            "name": "GCP_SERVICE_ACCOUNT",
            "valueFrom": "arn:aws:secretsmanager:us-east-2:123456789012:secret:store-AbCdEf:key::v-1",
          },
          {
            "name": "KONG_ADMIN_TOKEN",
            "valueFrom": "arn:aws:secretsmanager:us-east-2:123456789012:secret:store-AbCdEf:token::",
          },
        ],
      }
    `);
  });

  it('of Kubernetes is a list with values and references', () => {
    expect(withSecrets({ AWS_SECRET_ACCESS_KEY: secrets.kubernetes }).toKubernetes()).toMatchInlineSnapshot(`
      [
        {
          "name": "AWS_REGION",
          "value": "us-east-2",
        },
        {
          "name": "AWS_SECRET_ACCESS_KEY",
          "valueFrom": {
            "secretKeyRef": {
              "key": "secret-key",
              "name": "store",
            },
          },
        },
        {
          "name": "KONG_CLUSTER_CERT",
          "value": "/etc/kong/cluster.crt",
        },
        {
          "name": "KONG_CLUSTER_FALLBACK_CONFIG_IMPORT",
          "value": "on",
        },
        {
          "name": "KONG_RESILIENCE_GATEWAY_VERSION",
          "value": "3.9.1",
        },
        {
          "name": "KONG_ROLE",
          "value": "data_plane",
        },
      ]
    `);
  });

  it('of Helm has Kong’s names in lower case, and the others apart', () => {
    const made = withSecrets({ AWS_SECRET_ACCESS_KEY: secrets.kubernetes, KONG_ADMIN_TOKEN: secrets.kubernetes });
    expect(made.toHelmValues()).toMatchInlineSnapshot(`
      {
        "customEnv": {
          "AWS_REGION": "us-east-2",
          "AWS_SECRET_ACCESS_KEY": {
            "valueFrom": {
              "secretKeyRef": {
                "key": "secret-key",
                "name": "store",
              },
            },
          },
        },
        "env": {
          "admin_token": {
            "valueFrom": {
              "secretKeyRef": {
                "key": "secret-key",
                "name": "store",
              },
            },
          },
          "cluster_cert": "/etc/kong/cluster.crt",
          "cluster_fallback_config_import": "on",
          "resilience_gateway_version": "3.9.1",
          "role": "data_plane",
        },
      }
    `);
  });

  it('of Cloud Run is a list with values and sources', () => {
    const made = withSecrets({
      GCP_SERVICE_ACCOUNT: secrets.google,
      KONG_ADMIN_TOKEN: EnvValue.fromGoogleSecret('projects/other/secrets/token', '7'),
    });
    expect(made.toCloudRun()).toMatchInlineSnapshot(`
      [
        {
          "name": "AWS_REGION",
          "value": "us-east-2",
        },
        {
          "name": "GCP_SERVICE_ACCOUNT",
          "valueSource": {
            "secretKeyRef": {
              "secret": "store-key",
              "version": "latest",
            },
          },
        },
        {
          "name": "KONG_ADMIN_TOKEN",
          "valueSource": {
            "secretKeyRef": {
              "secret": "projects/other/secrets/token",
              "version": "7",
            },
          },
        },
        {
          "name": "KONG_CLUSTER_CERT",
          "value": "/etc/kong/cluster.crt",
        },
        {
          "name": "KONG_CLUSTER_FALLBACK_CONFIG_IMPORT",
          "value": "on",
        },
        {
          "name": "KONG_RESILIENCE_GATEWAY_VERSION",
          "value": "3.9.1",
        },
        {
          "name": "KONG_ROLE",
          "value": "data_plane",
        },
      ]
    `);
  });

  it('of systemd is lines with quotes', () => {
    expect(atSynth(withSecrets({ AWS_SECRET_ACCESS_KEY: secrets.text }).toSystemdEnvironmentFile()))
      .toMatchInlineSnapshot(`
      "AWS_REGION="us-east-2"
      AWS_SECRET_ACCESS_KEY="hunter2"
      KONG_CLUSTER_CERT="/etc/kong/cluster.crt"
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT="on"
      KONG_RESILIENCE_GATEWAY_VERSION="3.9.1"
      KONG_ROLE="data_plane"
      "
    `);
  });

  it('of kong.conf is options', () => {
    expect(atSynth(block({ user: { ...plain, KONG_ADMIN_TOKEN: secrets.text } }).toKongConf())).toMatchInlineSnapshot(`
      "admin_token = hunter2
      cluster_cert = /etc/kong/cluster.crt
      cluster_fallback_config_import = on
      role = data_plane
      "
    `);
  });

  it('is empty for an empty block', () => {
    const empty = block({});
    expect(empty.toDockerCompose()).toEqual({});
    expect(empty.toDockerComposeYaml()).toBe('');
    expect(empty.toDockerComposeEnvFile()).toBe('');
    expect(empty.toEcs()).toEqual({ environment: [], secrets: [] });
    expect(empty.toKubernetes()).toEqual([]);
    expect(empty.toHelmValues()).toEqual({ env: {}, customEnv: {} });
    expect(empty.toCloudRun()).toEqual([]);
    expect(empty.toSystemdEnvironmentFile()).toBe('');
    expect(empty.toKongConf()).toBe('');
    expect(empty.toLambda()).toEqual({});
  });
});

describe('a secret as a reference', () => {
  const slashed = 'arn:aws:secretsmanager:us-east-2:123456789012:secret:kong/cluster+1-AbCdEf';
  const places: [EnvValue, string, object][] = [
    [secrets.aws, `{vault://aws/${arn}/}`, { vault: 'aws', secret: arn }],
    [EnvValue.fromAwsSecret(arn, 'token'), `{vault://aws/${arn}/token}`, { vault: 'aws', secret: arn, key: 'token' }],
    [
      EnvValue.fromAwsSecret(slashed, 'a/b +%}"ä'),
      `{vault://aws/${slashed.replace('+', '%252B')}/a%252Fb%2520%252B%2525%257D%2522%25C3%25A4}`,
      { vault: 'aws', secret: slashed, key: 'a/b +%}"ä' },
    ],
    [secrets.google, '{vault://gcp/store-key}', { vault: 'gcp', secret: 'store-key' }],
    [
      EnvValue.fromGoogleSecret('projects/other/secrets/token', '7'),
      '{vault://gcp/token?project_id=other#7}',
      { vault: 'gcp', secret: 'token', version: 7, options: { project_id: 'other' } },
    ],
  ];

  it.each(places)('%# is what the agent reads', (value, text, parts) => {
    const made = block({ user: { KONG_ADMIN_TOKEN: value } });
    expect(atSynth(made.toSystemdEnvironmentFile())).toBe(`KONG_ADMIN_TOKEN="${text}"\n`);
    if (text.startsWith('{vault://aws')) expect(atSynth(made.toLambda())).toEqual({ KONG_ADMIN_TOKEN: text });
    const result = parseVaultReference(text);
    expect(result).toEqual({ ok: true, reference: { text, options: {}, ...parts } });
  });

  it('says nothing of a version by its id or by an alias', () => {
    const by = (value: EnvValue): string =>
      refusal(() => block({ user: { KONG_ADMIN_TOKEN: value } }).toSystemdEnvironmentFile());
    const told = (part: string, given: string, allowed: string): string =>
      `stack/node: 1 problem\n  KR_TF_ENV_REFERENCE KONG_ADMIN_TOKEN is a secret whose ${part} is "${given}": it must be ${allowed}.`;
    expect(by(EnvValue.fromAwsSecret(arn, 'k', 'v-1'))).toBe(
      told('versionId', 'v-1', 'left out, as a reference of Kong’s vaults names no version by its id'),
    );
    expect(by(EnvValue.fromGoogleSecret('s', 'stable'))).toBe(
      told('version', 'stable', '"latest" or a number, as a reference of Kong’s vaults names no alias'),
    );
    expect(by(EnvValue.fromAwsSecret('store'))).toContain('KONG_ADMIN_TOKEN is a secret whose arn is "store"');
    expect(by(EnvValue.fromAwsSecret(arn, ''))).toContain('KONG_ADMIN_TOKEN is a secret whose jsonKey is ""');
    expect(by(EnvValue.fromGoogleSecret('a/b'))).toContain('KONG_ADMIN_TOKEN is a secret whose secret is "a/b"');
  });

  const unresolved = (name: string, why: string): string =>
    `stack/node: 1 problem\n  KR_TF_ENV_VAULT ${name} is a {vault://…} reference, or would become one, and ${why}. Give its value in another way: a file, EnvValue.fromSecretText, or a secret that the platform itself puts in.`;
  const agent = VaultReferences.byAgent();
  const openSource = VaultReferences.byOpenSourceGateway();
  const enterprise = VaultReferences.byEnterpriseGateway();
  const env = 'it reads env alone';
  const own = 'the gateway resolves references in its own options, KONG_…, alone';
  it.each<[string, VaultReferences, string, EnvValue, string | undefined]>([
    ['the agent', agent, 'KONG_CLUSTER_CERT', secrets.aws, undefined],
    ['the agent', agent, 'AWS_SECRET_ACCESS_KEY', secrets.aws, undefined],
    ['the agent', agent, 'KONG_PG_PASSWORD', secrets.aws, undefined],
    ['the agent', agent, 'KONG_PREFIX', secrets.aws, undefined],
    ['the agent', agent, 'KONG_RESILIENCE_GATEWAY_VERSION', secrets.aws, 'it is read where no reference is resolved'],
    [
      'the agent',
      agent,
      'AWS_CONTAINER_AUTHORIZATION_TOKEN',
      secrets.aws,
      'the agent leaves it to a library, which resolves none',
    ],
    ['the agent', agent, 'HTTPS_PROXY', secrets.google, 'the agent leaves it to a library, which resolves none'],
    [
      'an open-source gateway',
      openSource,
      'KONG_PG_PASSWORD',
      secrets.aws,
      `an open-source gateway has no vault aws: ${env}`,
    ],
    [
      'an open-source gateway',
      openSource,
      'KONG_PG_PASSWORD',
      secrets.google,
      `an open-source gateway has no vault gcp: ${env}`,
    ],
    ['an Enterprise gateway', enterprise, 'KONG_PG_PASSWORD', secrets.aws, undefined],
    ['an Enterprise gateway', enterprise, 'AWS_SECRET_ACCESS_KEY', secrets.aws, own],
  ])('for %s %#: %s', (_, references, name, value, why) => {
    const made = block({ user: { [name]: value }, references });
    expect(refusal(() => made.toSystemdEnvironmentFile())).toBe(
      why === undefined ? 'nothing was refused' : unresolved(name, why),
    );
  });
});

describe('the form of Lambda', () => {
  it('has what the function does not set itself', () => {
    const made = withSecrets({
      AWS_DEFAULT_REGION: EnvValue.fromText('us-east-2'),
      KONG_ADMIN_TOKEN: EnvValue.fromAwsSecret(arn, 'token'),
    });
    expect(atSynth(made.toLambda())).toEqual({
      KONG_ADMIN_TOKEN: `{vault://aws/${arn}/token}`,
      KONG_CLUSTER_CERT: '/etc/kong/cluster.crt',
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
      KONG_ROLE: 'data_plane',
    });
  });

  it('refuses the names that Lambda keeps for itself', () => {
    const user = texts({ AWS_ACCESS_KEY_ID: 'AKIA', AWS_LAMBDA_RUNTIME_API: 'x', _X: 'x', X: 'x', XY: 'x' });
    expect(refusal(() => block({ user }).toLambda())).toBe(
      'stack/node: 1 problem\n  KR_TF_ENV_NAME_NOT_CARRIED Lambda cannot carry AWS_ACCESS_KEY_ID, AWS_LAMBDA_RUNTIME_API, X, _X. Lambda sets the first kind itself and takes names that start with a letter: let the role of the function be the identity, and leave these out.',
    );
  });

  it('has at most 4096 bytes of what is known, names included', () => {
    const of = (bytes: number): string =>
      refusal(() => block({ user: texts({ TEST_A: 'ä'.repeat(40), TEST_B: 'x'.repeat(bytes - 92) }) }).toLambda());
    expect(of(4096)).toBe('nothing was refused');
    expect(of(4097)).toBe(
      'stack/node: 1 problem\n  KR_TF_ENV_TOO_LARGE Lambda takes 4096 bytes of variables in all, names and values, and what is known here has 4097; the largest are TEST_B, TEST_A. Put the large ones (certificates) into a secret and give its place.',
    );
    expect(refusal(() => block({ user: texts({ TEST_A: '"'.repeat(4091) }) }).toLambda())).toContain('has 4097;');
  });
});

describe('a secret that the platform cannot read', () => {
  const kinds = {
    aws: 'a secret of AWS Secrets Manager',
    google: 'a secret of Google Secret Manager',
    kubernetes: 'a secret of Kubernetes',
    text: "a secret's own text",
  };
  const file = 'Give its text with EnvValue.fromSecretText, and the file mode 0600.';
  const pod = 'Put it into a secret of the pod’s namespace and give EnvValue.fromKubernetesSecret.';
  const google = 'Put it into Google Secret Manager and give EnvValue.fromGoogleSecret.';
  const renderers: [string, string, (made: EnvironmentBlock) => unknown, (keyof typeof kinds)[]][] = [
    ['ECS', 'Put it into AWS Secrets Manager and give EnvValue.fromAwsSecret.', (made) => made.toEcs(), ['aws']],
    ['Kubernetes', pod, (made) => made.toKubernetes(), ['kubernetes']],
    ["Kong's chart", pod, (made) => made.toHelmValues(), ['kubernetes']],
    ['Cloud Run', google, (made) => made.toCloudRun(), ['google']],
    ['Lambda', 'Put it into AWS Secrets Manager and give EnvValue.fromAwsSecret.', (made) => made.toLambda(), ['aws']],
    ['systemd', file, (made) => made.toSystemdEnvironmentFile(), ['text', 'aws', 'google']],
    ['kong.conf', file, (made) => made.toKongConf(), ['text']],
  ];

  it.each(renderers)('is refused by %s, every one at once', (platform, fix, render, taken) => {
    for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
      const made = block({ user: { KONG_ADMIN_TOKEN: secrets[kind], KONG_PG_PASSWORD: secrets[kind] } });
      const lines = ['KONG_ADMIN_TOKEN', 'KONG_PG_PASSWORD'].map(
        (name) => `  KR_TF_ENV_SECRET_KIND ${name} is ${kinds[kind]}, which ${platform} cannot take. ${fix}`,
      );
      const told = taken.includes(kind) ? 'nothing was refused' : ['stack/node: 2 problems', ...lines].join('\n');
      expect(refusal(() => render(made))).toBe(told);
    }
  });

  const place = (part: string, given: string, allowed: string): string =>
    `  KR_TF_ENV_REFERENCE KONG_ADMIN_TOKEN is a secret whose ${part} is ${JSON.stringify(given)}: it must be ${allowed}.`;
  const arnForm =
    'the whole ARN of a secret with the six characters that AWS put behind its name, arn:…:secretsmanager:<region>:<account>:secret:<name>-<six characters>';
  const nameForm = 'the name of a secret: at most 253 lower-case letters, digits, "-" and "."';
  const keyForm = 'a key of a secret: letters, digits, "-", "_" and "."';
  const idForm = 'the id of a secret, or projects/<project>/secrets/<id>';

  it.each<[EnvValue, (made: EnvironmentBlock) => unknown, string[]]>([
    [EnvValue.fromAwsSecret('store'), (made) => made.toEcs(), [place('arn', 'store', arnForm)]],
    [EnvValue.fromAwsSecret(`${arn}:key::`), (made) => made.toEcs(), [place('arn', `${arn}:key::`, arnForm)]],
    [
      EnvValue.fromAwsSecret(arn, 'a:b', 'c:d'),
      (made) => made.toEcs(),
      [place('jsonKey', 'a:b', 'a text without ":"'), place('versionId', 'c:d', 'a text without ":"')],
    ],
    [
      EnvValue.fromKubernetesSecret('Store', 'a/b'),
      (made) => made.toKubernetes(),
      [place('name', 'Store', nameForm), place('key', 'a/b', keyForm)],
    ],
    [
      EnvValue.fromKubernetesSecret('a'.repeat(254), ''),
      (made) => made.toHelmValues(),
      [place('name', 'a'.repeat(254), nameForm), place('key', '', keyForm)],
    ],
    [
      EnvValue.fromGoogleSecret('secrets/store', '0'),
      (made) => made.toCloudRun(),
      [place('secret', 'secrets/store', idForm), place('version', '0', '"latest", a number or an alias')],
    ],
  ])('is refused by its place: %#', (value, render, told) => {
    const made = block({ user: { KONG_ADMIN_TOKEN: value } });
    const count = told.length === 1 ? '1 problem' : `${told.length} problems`;
    expect(refusal(() => render(made))).toBe([`stack/node: ${count}`, ...told].join('\n'));
  });
});

describe('a prefix of secrets', () => {
  const forms: [string, (made: EnvironmentBlock, secretPrefix: string) => unknown][] = [
    ['toDockerCompose', (made, secretPrefix) => made.toDockerCompose({ secretPrefix })],
    ['toDockerComposeYaml', (made, secretPrefix) => made.toDockerComposeYaml({ secretPrefix })],
    ['toDockerComposeEnvFile', (made, secretPrefix) => made.toDockerComposeEnvFile({ secretPrefix })],
  ];

  it.each(forms)('with which no name of a variable starts is refused by %s', (_, render) => {
    for (const given of ['1_', 'a-b', 'A B', '${', 'é', 'A\n']) {
      expect(refusal(() => render(block({}), given))).toBe(
        `stack/node: 1 problem\n  KR_TF_ENV_SECRET_PREFIX secretPrefix is ${JSON.stringify(given)}: it must have letters, digits and underscores alone, and no digit first. Give one such as "EXPORTER_".`,
      );
    }
    for (const given of ['', '_', 'a', 'EXPORTER_', 'Ab9_']) {
      expect(refusal(() => render(block({}), given))).toBe('nothing was refused');
    }
  });
});

describe('what a platform cannot carry', () => {
  it('names with lower-case letters in Kong’s chart', () => {
    const made = block({ user: texts({ http_proxy: 'x', KONG_x: 'x', KONG_: 'x', HTTP_PROXY: 'x' }) });
    expect(refusal(() => made.toHelmValues())).toBe(
      "stack/node: 1 problem\n  KR_TF_ENV_NAME_NOT_CARRIED Kong's chart cannot carry KONG_, KONG_x, http_proxy. It makes every name upper-case. Set them in an init container or sidecar of your own.",
    );
  });

  it('a text with valueFrom in Kong’s chart', () => {
    expect(refusal(() => block({ user: texts({ TEST_A: 'a valueFrom b' }) }).toHelmValues())).toBe(
      'stack/node: 1 problem\n  KR_TF_ENV_VALUE_NOT_CARRIED TEST_A: Kong\'s chart cannot carry its value, which contains "valueFrom" and would be taken for a manifest. Put it into a secret of Kubernetes and give EnvValue.fromKubernetesSecret.',
    );
  });

  it('a long text on Cloud Run', () => {
    expect(block({ user: texts({ TEST_A: 'x'.repeat(32_768) }) }).toCloudRun()).toHaveLength(1);
    expect(refusal(() => block({ user: texts({ TEST_A: 'x'.repeat(32_769) }) }).toCloudRun())).toBe(
      'stack/node: 1 problem\n  KR_TF_ENV_VALUE_NOT_CARRIED TEST_A: Cloud Run cannot carry its value, which is longer than 32768 characters. Put it into Google Secret Manager and give EnvValue.fromGoogleSecret.',
    );
  });

  it.each(['\ufffe', 'a\ufdd0', '\u{10ffff}'])(
    'the noncharacter %j in a file of systemd, which would refuse it all',
    (text) => {
      expect(refusal(() => block({ user: texts({ TEST_A: text }) }).toSystemdEnvironmentFile())).toBe(
        'stack/node: 1 problem\n  KR_TF_ENV_VALUE_NOT_CARRIED TEST_A: systemd cannot carry its value, which holds a Unicode noncharacter, for which it refuses the whole file. Remove it; give binary data as base64.',
      );
    },
  );

  it('names that are no options in kong.conf: all of them, and where they belong', () => {
    const user = texts({
      KONG_ROLE: 'data_plane',
      KONG_RESILIENCE_LEASE_SECONDS: '60',
      KONG_CLUSTER_CERT_FILE: '/a',
      KONG_lower: 'x',
      AWS_REGION: 'us-east-2',
      GOOGLE_CLOUD_PROJECT: 'x',
    });
    expect(refusal(() => block({ user }).toKongConf())).toBe(
      'stack/node: 1 problem\n  KR_TF_ENV_NAME_NOT_CARRIED kong.conf cannot carry AWS_REGION, GOOGLE_CLOUD_PROJECT, KONG_CLUSTER_CERT_FILE, KONG_RESILIENCE_LEASE_SECONDS, KONG_lower. It holds options of the gateway alone: put these into the environment of the process (the EnvironmentFile of its unit, for one).',
    );
  });

  const lines = 'which has more than one line (of a certificate or key it takes base64, or a path)';
  const space = 'which has white space at an end';
  const number = 'which it would read as a number and write in another way';
  it.each([
    ['a\nb', lines],
    ['a\rb', lines],
    [' a', space],
    ['a\t', space],
    ['a\\', 'which ends with a backslash and would go on in the next line'],
    ['a_blank_b', 'which contains "_blank_", a delimiter of its loader'],
    ['007', number],
    ['0x1F', number],
    ['1e5', number],
    ['1.50', number],
    ['+5', number],
    ['100000000000000', number],
    ['0.00001', number],
    ['10 kB', number],
    ['-inf', number],
  ])('%j in kong.conf', (text, why) => {
    expect(refusal(() => block({ user: texts({ KONG_TEST: text }) }).toKongConf())).toBe(
      `stack/node: 1 problem\n  KR_TF_ENV_VALUE_NOT_CARRIED KONG_TEST: kong.conf cannot carry its value, ${why}. Put it into the environment of the gateway as KONG_TEST.`,
    );
  });
});
