import { Fn, Lazy, TerraformOutput, TerraformStack, TerraformVariable, Testing, Token } from 'cdktf';
import { describe, expect, it, vi } from 'vitest';
import { EnvironmentBlock, EnvValue, type EnvValues } from '../../../constructs/environment';
import { parseVaultReference } from '../../../src/contract';
import { isMissing } from '../../support/servers';
import {
  goParsersAreMissing,
  luaParsersAreMissing,
  parseCompose,
  parseDotEnv,
  parseHelm,
  parseKongConf,
  parseKubernetes,
  parseSystemd,
  type Environment,
} from '../support/parsers';
import { withTerraform } from '../support/terraform';
import { refusal, texts, trickyTexts } from './blocks';

/** Each text three times: known, as a token, and as a token between texts that are known. */
function everyWay(stack: TerraformStack, all: readonly string[], names: readonly string[]): [EnvValues, Environment] {
  const values: Record<string, EnvValue> = {};
  const expected: Environment = {};
  all.forEach((text, at) => {
    const token = new TerraformVariable(stack, `text-${at}`, { type: 'string', default: text }).stringValue;
    for (const name of names) {
      // Terraform brings texts into Unicode's composed form, as these are.
      for (const [way, given, meant] of [
        ['KNOWN', text, text],
        ['TOKEN', token, text],
        ['BETWEEN', `a%"$${token}\\{#b$$`, `a%"$${text}\\{#b$$`],
      ] as const) {
        values[`${name}_${way}_${at}`] = EnvValue.fromText(given);
        expected[`${name}_${way}_${at}`] = meant;
      }
    }
  });
  return [values, expected];
}

async function outputs(
  define: (stack: TerraformStack) => Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const stack = new TerraformStack(Testing.app(), 'stack');
  for (const [name, value] of Object.entries(define(stack))) new TerraformOutput(stack, name, { value });
  return withTerraform(stack, async (terraform) => {
    await terraform.init();
    await terraform.apply();
    return (await terraform.show()).outputs;
  });
}

const compose = (lines: string): string =>
  `services:\n  node:\n    image: kong:3.9.1\n    environment:\n${lines.replace(/^/gm, '      ')}\n`;
/** JSON as Terraform shows it, without the characters that YAML wants escaped. */
const yaml = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
const list = (entries: unknown): Environment =>
  Object.fromEntries((entries as { name: string; value: string }[]).map(({ name, value }) => [name, value]));

const limit = { timeout: 120_000 };

describe.skipIf(isMissing('terraform') || goParsersAreMissing() || luaParsersAreMissing())(
  'what goes through Terraform, known or token, is what the platform reads',
  limit,
  () => {
    it('as a property, by a function, and as JSON text', async () => {
      const warn = vi.spyOn(console, 'warn');
      const log = vi.spyOn(console, 'log');
      const error = vi.spyOn(console, 'error');
      let expected: Environment = {};
      const result = await outputs((stack) => {
        const [user, meant] = everyWay(stack, trickyTexts, ['KONG', 'AWS']);
        expected = meant;
        const block = new EnvironmentBlock(stack, { user });
        const forms = {
          compose: block.toDockerCompose(),
          ecs: block.toEcs().environment,
          kubernetes: block.toKubernetes(),
          helm: block.toHelmValues(),
          run: block.toCloudRun(),
        };
        return {
          ...forms,
          ...Object.fromEntries(Object.entries(forms).map(([name, form]) => [`${name}-fn`, Fn.jsonencode(form)])),
          ...Object.fromEntries(Object.entries(forms).map(([name, form]) => [`${name}-json`, JSON.stringify(form)])),
          'helm-yaml': Fn.yamlencode(forms.helm),
          'kubernetes-yaml': Fn.yamlencode(forms.kubernetes),
          lines: block.toDockerComposeYaml(),
          systemd: block.toSystemdEnvironmentFile(),
          'systemd-fn': Fn.base64encode(block.toSystemdEnvironmentFile()),
        };
      });
      for (const way of ['', '-fn', '-json']) {
        const form = (name: string): unknown =>
          way === '' ? result[name] : (JSON.parse(result[`${name}${way}`] as string) as unknown);
        const environment = form('compose');
        expect(parseCompose(yaml({ services: { node: { image: 'kong:3.9.1', environment } } }))).toEqual(expected);
        expect(list(form('ecs'))).toEqual(expected);
        expect(parseKubernetes(yaml(form('kubernetes')))).toEqual(expected);
        expect(parseHelm(yaml(form('helm')))).toEqual(expected);
        expect(list(form('run'))).toEqual(expected);
      }
      expect(parseHelm(result['helm-yaml'] as string)).toEqual(expected);
      expect(parseKubernetes(result['kubernetes-yaml'] as string)).toEqual(expected);
      expect(parseCompose(compose(result['lines'] as string))).toEqual(expected);
      expect(parseSystemd(result['systemd'] as string)).toEqual(expected);
      expect(result['systemd-fn']).toBe(Buffer.from(result['systemd'] as string).toString('base64'));
      for (const spy of [warn, log, error]) expect(spy.mock.calls).toEqual([]);
    });

    it('as references, of secrets whose places Terraform alone knows', async () => {
      const arn = 'arn:aws:secretsmanager:us-east-2:123456789012:secret:kong/a+b-AbCdEf';
      let expected: Environment = {};
      const result = await outputs((stack) => {
        const variable = (name: string, value: string): string =>
          new TerraformVariable(stack, name, { type: 'string', default: value }).stringValue;
        const google = variable('google', 'projects/other/secrets/token');
        const user = {
          KONG_CLUSTER_CERT: EnvValue.fromAwsSecret(variable('arn', arn), variable('key', 'a/b +%}"ä')),
          KONG_CLUSTER_CERT_KEY: EnvValue.fromAwsSecret(variable('again', arn)),
        };
        const ofGoogle = {
          KONG_ADMIN_TOKEN: EnvValue.fromGoogleSecret(google, variable('version-of-token', '7')),
          KONG_PROXY_SERVER: EnvValue.fromGoogleSecret(variable('id', 'proxy'), variable('latest', 'latest')),
          KONG_PG_PASSWORD: EnvValue.fromGoogleSecret(`projects/${variable('project', 'p')}/secrets/pg`),
        };
        const [tricky, meant] = everyWay(stack, trickyTexts.slice(0, 14), ['TEST']);
        expected = meant;
        const lambda = new EnvironmentBlock(stack, { user: { ...user, ...tricky } }).toLambda();
        return {
          lambda,
          'lambda-fn': Fn.jsonencode(lambda),
          'lambda-json': JSON.stringify(lambda),
          systemd: new EnvironmentBlock(stack, { user: { ...user, ...ofGoogle } }).toSystemdEnvironmentFile(),
        };
      });
      const parts = (text = ''): unknown => {
        const read = parseVaultReference(text);
        return read.ok ? { ...read.reference, text: '' } : read.why;
      };
      const systemd = parseSystemd(result['systemd'] as string);
      const lambda = result['lambda'] as Environment;
      expect(lambda).toMatchObject(expected);
      expect(JSON.parse(result['lambda-fn'] as string)).toEqual(lambda);
      expect(JSON.parse(result['lambda-json'] as string)).toEqual(lambda);
      for (const name of ['KONG_CLUSTER_CERT', 'KONG_CLUSTER_CERT_KEY']) expect(systemd[name]).toBe(lambda[name]);
      const common = { text: '', options: {} };
      expect(parts(lambda['KONG_CLUSTER_CERT'])).toEqual({ ...common, vault: 'aws', secret: arn, key: 'a/b +%}"ä' });
      expect(parts(lambda['KONG_CLUSTER_CERT_KEY'])).toEqual({ ...common, vault: 'aws', secret: arn });
      expect(systemd).toMatchObject({
        KONG_ADMIN_TOKEN: '{vault://gcp/token?project_id=other#7}',
        KONG_PROXY_SERVER: '{vault://gcp/proxy}',
        KONG_PG_PASSWORD: '{vault://gcp/pg?project_id=p}',
      });
    });

    it('as lines of kong.conf', async () => {
      let expected: Environment = {};
      const carried = ['a#b \\# c \\\\#d', '${x} $${x} %{y} "z"', '{"a":"b#\\n"}', 'é 😀 `'];
      const result = await outputs((stack) => {
        const [user, meant] = everyWay(stack, carried, ['KONG']);
        expected = meant;
        return { conf: new EnvironmentBlock(stack, { user }).toKongConf() };
      });
      const read = parseKongConf(result['conf'] as string);
      expect(
        Object.fromEntries(Object.entries(read).map(([name, text]) => [`KONG_${name.toUpperCase()}`, text])),
      ).toEqual(expected);
    });

    it('where a secret is the operator’s of Docker Compose', async () => {
      const result = await outputs((stack) => {
        const block = new EnvironmentBlock(stack, { user: { KONG_ADMIN_TOKEN: EnvValue.fromSecretText('hunter2') } });
        return { lines: block.toDockerComposeYaml() };
      });
      expect(parseCompose(compose(result['lines'] as string), { KONG_ADMIN_TOKEN: 'mine' })).toEqual({
        KONG_ADMIN_TOKEN: 'mine',
      });
    });

    it('as the .env of Docker Compose, and by a prefix that is a token', async () => {
      let expected: Environment = {};
      const result = await outputs((stack) => {
        // To Compose an empty secret is a missing one.
        const filled = trickyTexts.filter((text) => text !== '');
        const [values, meant] = everyWay(stack, filled, ['KONG']);
        expected = meant;
        const secrets = Object.entries(values).map(
          ([name, value]) => [name, EnvValue.fromSecretText(value.toString())] as const,
        );
        const block = new EnvironmentBlock(stack, { user: Object.fromEntries(secrets) });
        const secretPrefix = new TerraformVariable(stack, 'prefix', { type: 'string', default: 'NODE_' }).stringValue;
        const options = { secretPrefix };
        const environment = block.toDockerCompose(options);
        return {
          env: block.toDockerComposeEnvFile(),
          prefixed: block.toDockerComposeEnvFile(options),
          both: `${block.toDockerComposeEnvFile()}${block.toDockerComposeEnvFile(options)}`,
          file: Fn.yamlencode({ services: { node: { image: 'kong:3.9.1', environment } } }),
          lines: block.toDockerComposeYaml(options),
        };
      });
      const prefixed = parseDotEnv(result['prefixed'] as string);
      expect(parseDotEnv(result['env'] as string)).toEqual(expected);
      expect(Object.keys(prefixed)).toEqual(
        Object.keys(expected)
          .map((name) => `NODE_${name}`)
          .sort(),
      );
      expect(parseDotEnv(result['both'] as string)).toEqual({ ...expected, ...prefixed });
      for (const file of [result['file'] as string, compose(result['lines'] as string)]) {
        expect(parseCompose(file, prefixed)).toEqual(expected);
      }
    });
  },
);

describe('in the stack', () => {
  function synthesized(values: EnvValues): unknown {
    const stack = new TerraformStack(Testing.app(), 'stack');
    const block = new EnvironmentBlock(stack, { user: values });
    new TerraformOutput(stack, 'form', { value: block.toKubernetes() });
    const { output } = JSON.parse(Testing.synth(stack)) as { output: { form: { value: unknown } } };
    return output.form.value;
  }

  it('a harmless text is itself, and a token that nothing escapes is the reference', () => {
    const stack = new TerraformStack(Testing.app(), 'stack');
    const token = new TerraformVariable(stack, 'region', {}).stringValue;
    const block = new EnvironmentBlock(stack, {
      user: texts({ AWS_REGION: token, KONG_ROLE: 'data_plane', TEST_A: '$' }),
    });
    expect(block.toCloudRun()).toEqual([
      { name: 'AWS_REGION', value: token },
      { name: 'KONG_ROLE', value: 'data_plane' },
      { name: 'TEST_A', value: '$' },
    ]);
  });

  it('what Terraform would take for a template is escaped', () => {
    expect(synthesized(texts({ TEST_A: '%{x} {y}' }))).toEqual([{ name: 'TEST_A', value: '%%{x} {y}' }]);
  });

  it('a token is escaped by Terraform, for its platform', () => {
    const stack = new TerraformStack(Testing.app(), 'stack');
    const variable = new TerraformVariable(stack, 'region', {});
    const block = new EnvironmentBlock(stack, { user: texts({ TEST_A: `<${variable.stringValue}>` }) });
    new TerraformOutput(stack, 'kubernetes', { value: block.toKubernetes() });
    new TerraformOutput(stack, 'systemd', { value: block.toSystemdEnvironmentFile() });
    const { output } = JSON.parse(Testing.synth(stack)) as { output: Record<string, { value: unknown }> };
    expect(output).toEqual({
      kubernetes: { value: [{ name: 'TEST_A', value: '<${replace(var.region, "$", "$$")}>' }] },
      systemd: {
        value:
          'TEST_A="<${replace(replace(replace(replace(var.region, "\\\\", "\\\\\\\\"), "\\"", "\\\\\\""), "$", "\\\\$"), "`", "\\\\`")}>"\n',
      },
    });
  });

  it('a token that turns out to be a text is one, and one within a text too', () => {
    const lazy = Lazy.stringValue({ produce: () => 'a$"b' });
    const stack = new TerraformStack(Testing.app(), 'stack');
    const variable = new TerraformVariable(stack, 'b', {});
    const mixed = Lazy.stringValue({ produce: () => `a-${variable.stringValue}` });
    expect(synthesized(texts({ TEST_A: lazy }))).toEqual([
      { name: 'TEST_A', value: '${replace("a$\\"b", "$", "$$")}' },
    ]);
    expect(synthesized(texts({ TEST_A: mixed }))).toEqual([
      { name: 'TEST_A', value: '${replace("a-${var.b}", "$", "$$")}' },
    ]);
  });

  it('a token that is no text is refused', () => {
    expect(refusal(() => synthesized(texts({ TEST_A: Token.asString({ a: 1 }) })))).toContain(
      'the value of an environment variable is a token that resolves to no text',
    );
  });
});
