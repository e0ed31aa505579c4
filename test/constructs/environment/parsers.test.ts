import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atSynth, EnvValue, type EnvironmentBlock } from '../../../constructs/environment';
import {
  ecsIsMissing,
  goParsersAreMissing,
  luaParsersAreMissing,
  parseCompose,
  parseDotEnv,
  parseHelm,
  parseKongConf,
  parseKubernetes,
  parseShell,
  parseSystemd,
  registerEcs,
  type Environment,
} from '../support/parsers';
import { block, refusal, texts, trickyTexts } from './blocks';

/** A value from pieces that platforms give a meaning to, and from any characters. */
const pieces = [
  ...[
    '$',
    '$$',
    '${',
    '$(',
    ')',
    '$(KONG_TEST_0)',
    '${AWS_TEST_0}',
    '%',
    '%{',
    '%%',
    '{',
    '}',
    '{{',
    '}}',
    '#',
    '\\#',
    '\\',
  ],
  ...[
    '"',
    "'",
    '`',
    '\n',
    '\r',
    '\t',
    ' ',
    '=',
    ':',
    '- ',
    ';',
    '!',
    '&',
    '*',
    '|',
    '~',
    'on',
    'null',
    '0',
    '1e5',
    '.',
  ],
  ...['{"a":"b\\n"}', 'é', '😀', '\u2028', '\u0085', '\u007f', '\u0001', '<', '_blank_', 'valueFrom', 'kB', 'a'],
];
const value = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !/\0|\p{Cs}/u.test(text)) },
);

/** Environments whose names stand in each other's values. */
const environments = (prefixes: readonly string[]): fc.Arbitrary<Environment> =>
  fc
    .array(value, { minLength: 1, maxLength: 12 })
    .map((values) =>
      Object.fromEntries(values.map((text, at) => [`${prefixes[at % prefixes.length]}_TEST_${at}`, text])),
    );

const tricky: Environment = Object.fromEntries(
  trickyTexts.flatMap((text, at) => [
    [`KONG_TEST_${at}`, text],
    [`AWS_TEST_${at}`, text],
  ]),
);

/** Both the tricky texts and random ones come back as they were. */
function comesBack(
  parse: (made: EnvironmentBlock) => Environment,
  {
    prefixes = ['KONG', 'AWS'],
    carries = (): boolean => true,
  }: { prefixes?: readonly string[]; carries?: (text: string) => boolean } = {},
): void {
  const check = (all: Environment): void => {
    const environment = Object.fromEntries(
      Object.entries(all).filter(([name, text]) => carries(text) && prefixes.some((prefix) => name.startsWith(prefix))),
    );
    expect(parse(block({ user: texts(environment) }))).toEqual(environment);
  };
  check(tricky);
  fc.assert(fc.property(environments(prefixes), check), { numRuns: 60 });
}

const limit = { timeout: 60_000 };

describe.skipIf(goParsersAreMissing())('what the platform’s own code makes of a form is the environment', limit, () => {
  const operator = { AWS_REGION: 'of-the-operator', KONG_ROLE: 'of-the-operator', AWS_TEST_0: 'of-the-operator' };

  it('Docker Compose, of the mapping', () => {
    comesBack((made) => {
      const environment = atSynth(made.toDockerCompose());
      return parseCompose(yaml({ services: { node: { image: 'kong:3.9.1', environment } } }), operator);
    });
  });

  it('Docker Compose, of the lines', () => {
    comesBack((made) => parseCompose(composeFile(atSynth(made.toDockerComposeYaml())), operator));
  });

  it('Docker Compose takes secrets from the operator as they are, and refuses to start without', () => {
    const secret = '$x ${y} "z" #';
    const made = block({ user: { KONG_ADMIN_TOKEN: EnvValue.fromSecretText(secret) } });
    const file = composeFile(atSynth(made.toDockerComposeYaml()));
    expect(file).not.toContain('$x');
    expect(parseCompose(file, { KONG_ADMIN_TOKEN: secret })).toEqual({ KONG_ADMIN_TOKEN: secret });
    for (const without of [{}, { KONG_ADMIN_TOKEN: '' }] as Environment[]) {
      expect(refusal(() => parseCompose(file, without))).toContain(
        'required variable KONG_ADMIN_TOKEN is missing a value: set this secret in the environment of docker compose or in .env',
      );
    }
  });

  it('Docker Compose, of the secrets in .env', () => {
    comesBack((made) => {
      const user = Object.fromEntries(
        Object.entries(made.values).map(([name, text]) => [name, EnvValue.fromSecretText(text.toString())]),
      );
      return parseDotEnv(atSynth(block({ user }).toDockerComposeEnvFile()), operator);
    });
  });

  it('Docker Compose, of two services with different secrets of one name, in one file with one .env', () => {
    const secretsOf = { exporter: '$x ${y} "z" #', importer: "it's\n\\another\\" };
    const nodes = Object.entries(secretsOf).map(([service, secret]) => ({
      service,
      made: block({
        user: { ...texts({ AWS_REGION: 'us-east-2' }), AWS_SECRET_ACCESS_KEY: EnvValue.fromSecretText(secret) },
      }),
      options: { secretPrefix: `${service.toUpperCase()}_` },
    }));
    const file = `services:\n${nodes
      .map(({ service, made, options }) => serviceOf(service, atSynth(made.toDockerComposeYaml(options))))
      .join('')}`;
    const env = parseDotEnv(nodes.map(({ made, options }) => atSynth(made.toDockerComposeEnvFile(options))).join(''));
    expect(env).toEqual({
      EXPORTER_AWS_SECRET_ACCESS_KEY: secretsOf.exporter,
      IMPORTER_AWS_SECRET_ACCESS_KEY: secretsOf.importer,
    });
    for (const [service, secret] of Object.entries(secretsOf)) {
      expect(parseCompose(file, env, service)).toEqual({ AWS_REGION: 'us-east-2', AWS_SECRET_ACCESS_KEY: secret });
    }
    expect(refusal(() => parseCompose(file, { AWS_SECRET_ACCESS_KEY: 'x' }, 'exporter'))).toContain(
      'required variable EXPORTER_AWS_SECRET_ACCESS_KEY is missing a value: set this secret in the environment of docker compose or in .env',
    );
  });

  it('Docker Compose, of a .env in which a secret of another platform is a comment', () => {
    const user = {
      AWS_SECRET_ACCESS_KEY: EnvValue.fromSecretText('hunter2'),
      GCP_SERVICE_ACCOUNT: EnvValue.fromGoogleSecret('key'),
      KONG_ADMIN_TOKEN: EnvValue.fromSecretText('z'),
    };
    const made = block({ user });
    const env = parseDotEnv(atSynth(made.toDockerComposeEnvFile()));
    expect(env).toEqual({ AWS_SECRET_ACCESS_KEY: 'hunter2', KONG_ADMIN_TOKEN: 'z' });
    expect(refusal(() => parseCompose(composeFile(atSynth(made.toDockerComposeYaml())), env))).toContain(
      'required variable GCP_SERVICE_ACCOUNT is missing a value',
    );
  });

  const secrets = { 'store/key': 'hunter2 $(KONG_TEST_0)' };
  const reference = { KONG_ADMIN_TOKEN: EnvValue.fromKubernetesSecret('store', 'key') };

  it('Kubernetes', () => {
    comesBack((made) => parseKubernetes(yaml(atSynth(made.toKubernetes()))));
    const made = block({ user: { ...reference, ...texts({ KONG_TEST: '$(KONG_ADMIN_TOKEN)' }) } });
    expect(parseKubernetes(yaml(made.toKubernetes()), secrets)).toEqual({
      KONG_ADMIN_TOKEN: secrets['store/key'],
      KONG_TEST: '$(KONG_ADMIN_TOKEN)',
    });
  });

  it('Helm, by a template that does as Kong’s, and then Kubernetes', () => {
    comesBack((made) => parseHelm(yaml(atSynth(made.toHelmValues()))), {
      carries: (text) => !text.includes('valueFrom'),
    });
    const made = block({
      user: { ...reference, AWS_SECRET_ACCESS_KEY: EnvValue.fromKubernetesSecret('store', 'key') },
    });
    expect(parseHelm(yaml(made.toHelmValues()), secrets)).toEqual({
      KONG_ADMIN_TOKEN: secrets['store/key'],
      AWS_SECRET_ACCESS_KEY: secrets['store/key'],
    });
  });
});

describe.skipIf(ecsIsMissing())('what AWS’s model of ECS makes of a form is the environment', limit, () => {
  it('ECS', () => {
    const values = Object.fromEntries(trickyTexts.map((text, at) => [`KONG_TEST_${at}`, text]));
    const arn = 'arn:aws:secretsmanager:us-east-2:123456789012:secret:store-AbCdEf';
    const user = { ...texts(values), KONG_ADMIN_TOKEN: EnvValue.fromAwsSecret(arn, 'token', 'v-1') };
    const container = { name: 'kong', image: 'kong:3.9.1', memory: 512, ...atSynth(block({ user }).toEcs()) };
    const { environment, secrets } = registerEcs(container);
    const list = environment as { name: string; value: string }[];
    expect(Object.fromEntries(list.map(({ name, value: text }) => [name, text]))).toEqual(values);
    expect(secrets).toEqual([{ name: 'KONG_ADMIN_TOKEN', valueFrom: `${arn}:token::v-1` }]);
    expect(refusal(() => registerEcs({ ...container, environment: [{ name: 'A', value: true }] }))).toContain(
      'Invalid type for parameter containerDefinitions[0].environment[0].value',
    );
  });
});

describe('what a shell makes of a file for systemd that it sources is the environment', limit, () => {
  it('sh', () => {
    comesBack((made) => parseShell(atSynth(made.toSystemdEnvironmentFile()), made.names), {
      carries: (text) => !/\p{Noncharacter_Code_Point}/u.test(text),
    });
  });
});

describe.skipIf(luaParsersAreMissing())(
  'what the platform’s own code makes of a file is the environment',
  limit,
  () => {
    it('systemd', () => {
      comesBack((made) => parseSystemd(atSynth(made.toSystemdEnvironmentFile())), {
        carries: (text) => !/\p{Noncharacter_Code_Point}/u.test(text),
      });
      expect(refusal(() => parseSystemd('A="\ufdd0"'))).toContain('systemd refuses the file');
      expect(parseSystemd('A="\ufffd\ue000"')).toEqual({ A: '\ufffd\ue000' });
    });

    it('kong.conf, where it is not refused', () => {
      const carries = (text: string): boolean =>
        refusal(() => block({ user: texts({ KONG_TEST: text }) }).toKongConf()) === 'nothing was refused';
      const options = (environment: Environment): Environment =>
        Object.fromEntries(Object.entries(environment).map(([name, text]) => [`KONG_${name.toUpperCase()}`, text]));
      comesBack((made) => options(parseKongConf(atSynth(made.toKongConf()))), { prefixes: ['KONG'], carries });
      expect(trickyTexts.filter(carries)).toHaveLength(21);
    });

    it('kong.conf, for every number that is taken', () => {
      const number = fc.oneof(
        fc.integer().map(String),
        fc.double({ noNaN: true }).map(String),
        fc.stringMatching(/^[+-]?(0x)?[0-9a-fe.]{1,6}( kB)?$/),
        fc.constantFrom(
          '0',
          '60',
          '-1',
          '0.5',
          '99999999999999',
          '0.0001',
          '16777216',
          '3.9.1',
          '1.5e',
          '-',
          '.5',
          '-0',
        ),
      );
      fc.assert(
        fc.property(fc.array(number, { minLength: 1, maxLength: 30 }), (numbers) => {
          const taken = numbers.filter(
            (text) => refusal(() => block({ user: texts({ KONG_TEST: text }) }).toKongConf()) === 'nothing was refused',
          );
          const user = texts(Object.fromEntries(taken.map((text, at) => [`KONG_TEST_${at}`, text])));
          expect(parseKongConf(atSynth(block({ user }).toKongConf()))).toEqual(
            Object.fromEntries(taken.map((text, at) => [`test_${at}`, text])),
          );
        }),
        { numRuns: 60 },
      );
      const usual = ['0', '60', '-1', '0.5', '99999999999999', '0.0001', '16777216', '3.9.1'];
      for (const text of usual) block({ user: texts({ KONG_TEST: text }) }).toKongConf();
    });
  },
);

function composeFile(lines: string): string {
  return `services:\n${serviceOf('node', lines)}`;
}

function serviceOf(name: string, lines: string): string {
  return `  ${name}:\n    image: kong:3.9.1\n    environment:\n${lines.replace(/^/gm, '      ')}\n`;
}

/** A document as JSON, which is YAML, without the characters that YAML wants escaped. */
function yaml(document: unknown): string {
  return JSON.stringify(document).replace(
    /[\u007f-\uffff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
