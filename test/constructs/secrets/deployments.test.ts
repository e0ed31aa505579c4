import { TerraformStack, TerraformVariable, Testing, Tokenization, DefaultTokenResolver, StringConcat } from 'cdktf';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { EnvValue } from '../../../constructs';
import { DeclarationError } from '../../../constructs/problems';
import { environmentVariables } from '../../../src/contract';
import { terraformIsMissing } from '../support/terraform';
import { plainSecrets } from './canaries';
import { deployments, type Deployment, type Kind, type Rendered } from './deployments';
import { kept, output, placesOf, seen } from './stacks';

const canaryOf = (name: string): string => `canary-${name.toLowerCase().replaceAll('_', '-')}-7f3a91`;

const newStack = (): TerraformStack => new TerraformStack(Testing.app(), 'app');

/** What a deployment renders, or with what it is refused. */
function attempt(stack: TerraformStack, { declare }: Deployment, name: string, value: EnvValue): Rendered | string {
  try {
    return declare(stack, { [name]: value }) ?? {};
  } catch (error) {
    if (error instanceof DeclarationError) return error.message;
    throw error;
  }
}

/** What is rendered, as it stands in the stack. */
function synthesized(stack: TerraformStack, form: unknown): string {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return JSON.stringify(Tokenization.resolve(form, { scope: stack, resolver, preparing: false }));
}

/** The interfaces of the constructs: what may be given to them, by name. */
function interfaces(): ReadonlyMap<string, readonly { readonly name: string; readonly type: string }[]> {
  const folder = join(__dirname, '..', '..', '..', 'constructs');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const found = files.flatMap((name) => {
    const source = ts.createSourceFile(name, readFileSync(join(folder, name), 'utf8'), ts.ScriptTarget.ES2022, true);
    return source.statements.filter(ts.isInterfaceDeclaration);
  });
  return new Map(
    found.map(({ name, members }) => [
      name.text,
      members
        .filter(ts.isPropertySignature)
        .map((member) => ({ name: member.name.getText(), type: member.type?.getText() ?? '' })),
    ]),
  );
}

describe('what has a canary', () => {
  it('is every secret variable of the contract', () => {
    const secret = environmentVariables.filter((variable) => variable.secret).map(({ name }) => name);
    // It names a key, as a user name does.
    const shown = ['AWS_ACCESS_KEY_ID'];
    expect(secret.filter((name) => !(name in plainSecrets))).toEqual(shown);
  });

  it('is every construct that takes an exporter or an importer', () => {
    const takes = [...interfaces()]
      .filter(([, members]) => members.some(({ type }) => /^(I?ExporterNode|ImporterNode)$/.test(type)))
      .map(([name]) => name)
      .filter((name) => name.endsWith('Props'))
      .map((name) => name.replace(/Props$/, ''));
    // The last is a part of both exporters on Cloud Run.
    const declared = [...deployments.map(({ name }) => name), 'ExporterAlarms'];
    expect(takes.length).toBeGreaterThan(8);
    expect(takes.filter((name) => !declared.includes(name))).toEqual([]);
  });
});

describe.each(deployments)('$name', (deployment) => {
  const { kind, takesText = false, refuses = [] } = deployment;

  it.each(Object.entries(plainSecrets))('refuses %s as plain text, without showing it', (name, secret) => {
    const canary = canaryOf(name);
    const refusal = attempt(newStack(), deployment, name, EnvValue.fromText(secret(canary)));
    expect(refusal).toContain(`KR_TF_ENV_PLAIN_SECRET ${name} is a secret`);
    expect(refusal).not.toContain(canary);
  });

  it.each(Object.entries(plainSecrets))("shows nothing of %s as a secret's own text", (name, secret) => {
    const canary = canaryOf(name);
    const stack = newStack();
    const rendered = attempt(stack, deployment, name, EnvValue.fromSecretText(secret(canary)));
    if (typeof rendered === 'string') {
      expect(rendered).not.toContain(canary);
      return;
    }
    expect([name, takesText]).toEqual([name, true]);
    const textsOf = (files: Readonly<Record<string, unknown>> = {}) =>
      Object.fromEntries(Object.entries(files).map(([file, form]) => [file, synthesized(stack, form)]));
    expect(placesOf(canary, textsOf(rendered.open))).toEqual([]);
    // Here it is expected: these are the files that are for the secret.
    expect(placesOf(canary, textsOf(rendered.secret))).not.toEqual([]);
  });

  it('refuses by name what its platform cannot take a reference to', () => {
    const refused = Object.keys(plainSecrets).filter((name) => {
      const stack = newStack();
      const value = kept(stack, kind, [name])(name);
      return typeof attempt(stack, deployment, name, value) === 'string';
    });
    expect(refused.sort()).toEqual([...refuses].sort());
  });

  it('refuses as plain text what Terraform alone knows, where nothing of it may be shown', () => {
    const never = Object.keys(plainSecrets).filter(
      (name) => !/^KONG_(CLUSTER_CERT|CLUSTER_CERT_KEY|PROXY_SERVER)$/.test(name),
    );
    for (const name of never) {
      const stack = newStack();
      const token = new TerraformVariable(stack, 'token', { type: 'string' }).stringValue;
      expect(attempt(stack, deployment, name, EnvValue.fromText(token))).toContain(
        `KR_TF_ENV_PLAIN_SECRET ${name} is a secret`,
      );
    }
  });
});

/** The one attribute of each kind that may hold what is secret: that of the service that keeps it. */
const keepers: Readonly<Record<Kind, readonly string[]>> = {
  aws: ['aws_secretsmanager_secret_version.secret_string'],
  google: ['google_secret_manager_secret_version.secret_data'],
  kubernetes: [],
  text: [],
};

describe.skipIf(terraformIsMissing()).each(Object.keys(keepers) as Kind[])(
  'Terraform, given every deployment with secrets of %s',
  (kind) => {
    it('shows none of them, in no plan, state, log or file, and lets nobody in', { timeout: 180_000 }, async () => {
      const stack = newStack();
      const names = Object.keys(plainSecrets);
      const valueOf = kept(stack, kind, names);
      const members = deployments.filter((deployment) => deployment.kind === kind);
      for (const { name, declare, refuses = [] } of members) {
        const values = names.filter((one) => !refuses.includes(one)).map((one) => [one, valueOf(one)] as const);
        output(stack, name, declare(stack, Object.fromEntries(values)) ?? {});
      }
      const secrets = Object.fromEntries(names.map((name) => [name, plainSecrets[name]?.(canaryOf(name)) ?? '']));
      const { open, hidden, hiddenIn, exposed } = await seen(stack, secrets);
      expect(exposed).toEqual([]);
      expect(hiddenIn).toEqual(keepers[kind]);
      for (const name of names) expect([name, placesOf(canaryOf(name), open)]).toEqual([name, []]);
      // All went through Terraform, but what is in the cluster already.
      if (kind !== 'kubernetes') {
        const all = hidden.join('\n');
        expect(names.filter((name) => !all.includes(canaryOf(name)))).toEqual([]);
      }
    });
  },
);
