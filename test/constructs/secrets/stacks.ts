import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret';
import { SecretsmanagerSecretVersion } from '@cdktf/provider-aws/lib/secretsmanager-secret-version';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { SecretManagerSecret } from '@cdktf/provider-google/lib/secret-manager-secret';
import { SecretManagerSecretVersion } from '@cdktf/provider-google/lib/secret-manager-secret-version';
import { Fn, TerraformOutput, type TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvValue } from '../../../constructs';
import { exposureOf } from '../support/exposure';
import { hidden, hiddenInPlan, openInPlan } from '../support/open-values';
import { type AppliedResource as Resource, withTerraform } from '../support/terraform';
import type { Kind, Rendered } from './deployments';

/** A secret that Terraform is given as a variable, and keeps to itself. */
export const secretVariable = (stack: TerraformStack, name: string): string =>
  new TerraformVariable(stack, `secret_${name}`, { type: 'string', sensitive: true }).stringValue;

/** The secrets of a stack, kept where its platform keeps them, as values of an environment. */
export function kept(stack: TerraformStack, kind: Kind, names: readonly string[]): (name: string) => EnvValue {
  const given = new Map(names.map((name) => [name, secretVariable(stack, name)]));
  const textOf = (name: string): string => given.get(name) ?? '';
  if (kind === 'aws') {
    new AwsProvider(stack, 'Aws', { region: 'us-east-1' });
    const { arn, id } = new SecretsmanagerSecret(stack, 'Kept', { name: 'kong' });
    const secretString = Fn.jsonencode(Object.fromEntries(given));
    new SecretsmanagerSecretVersion(stack, 'KeptVersion', { secretId: id, secretString });
    return (name) => EnvValue.fromAwsSecret(arn, name);
  }
  if (kind === 'google') {
    new GoogleProvider(stack, 'Google', { project: 'acme' });
    const secrets = new Map(
      names.map((name) => {
        const secret = new SecretManagerSecret(stack, `Kept-${name}`, { secretId: name, replication: { auto: {} } });
        new SecretManagerSecretVersion(stack, `KeptVersion-${name}`, { secret: secret.id, secretData: textOf(name) });
        return [name, secret.id] as const;
      }),
    );
    return (name) => EnvValue.fromGoogleSecret(secrets.get(name) ?? '');
  }
  if (kind === 'kubernetes') return (name) => EnvValue.fromKubernetesSecret('kong', name);
  return (name) => EnvValue.fromSecretText(textOf(name));
}

/** Gives what is rendered to Terraform: what is open as outputs that it shows, what is secret as outputs that it hides. */
export function output(stack: TerraformStack, name: string, { open = {}, secret = {} }: Rendered): void {
  for (const [file, value] of Object.entries(open)) new TerraformOutput(stack, `${name}-${file}`, { value });
  for (const [file, value] of Object.entries(secret)) {
    new TerraformOutput(stack, `${name}-${file}`, { value, sensitive: true });
  }
}

/** What became of a stack: everything that somebody may see, and the texts that Terraform hides. */
export interface Seen {
  readonly open: Readonly<Record<string, string>>;
  readonly hidden: readonly string[];
  /** Attributes of resources, as `type.attribute`, that hold such a text: whoever may look at the resource there sees it. */
  readonly hiddenIn: readonly string[];
  /** What is reachable, or allowed wider than there is a reason for. */
  readonly exposed: readonly string[];
}

/** Synthesizes a stack, plans and applies it, and plans again, with a value for each secret variable. */
export async function seen(stack: TerraformStack, secrets: Readonly<Record<string, string>>): Promise<Seen> {
  const outdir = Testing.fullSynth(stack);
  try {
    const folder = join(outdir, 'stacks', stack.node.id);
    const values = Object.entries(secrets).map(([name, secret]) => [`secret_${name}`, secret]);
    writeFileSync(join(folder, 'terraform.tfvars.json'), JSON.stringify(Object.fromEntries(values)));
    const annotations = stack.node.findAll().flatMap(({ node }) => node.metadata.map(({ data }) => String(data)));
    return await withTerraform(folder, async (terraform) => {
      await terraform.init();
      const planned = await terraform.review();
      const log = await terraform.apply();
      const applied = await terraform.review();
      const { resources } = await terraform.show();
      await terraform.destroy();
      return {
        open: {
          'cdk.tf.json': readFileSync(join(folder, 'cdk.tf.json'), 'utf8'),
          'what is told of constructs': annotations.join('\n'),
          'the plan as it is printed': planned.printed + applied.printed,
          'the log of the apply': log,
          'the plan': JSON.stringify(openInPlan(planned.document)),
          'the state': JSON.stringify(openInPlan(applied.document)),
        },
        hidden: [...new Set([...hiddenInPlan(planned.document), ...hiddenInPlan(applied.document)])],
        hiddenIn: attributesThatHide(applied.document),
        exposed: exposureOf(resources),
      };
    });
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

type AppliedResource = Resource & { readonly sensitive_values?: Readonly<Record<string, unknown>> };

interface Applied {
  /** Of a stack without resources there is none. */
  readonly prior_state?: {
    readonly values?: { readonly root_module: { readonly resources?: readonly AppliedResource[] } };
  };
}

function attributesThatHide(document: unknown): string[] {
  const { resources = [] } = (document as Applied).prior_state?.values?.root_module ?? {};
  const names = resources.flatMap(({ type, values, sensitive_values: mask }) =>
    Object.entries(values)
      .filter(([name, value]) => hidden(value, mask?.[name]).length > 0)
      .map(([name]) => `${type}.${name}`),
  );
  return [...new Set(names)].sort();
}

/** Where a secret is found, as it is, as JSON escapes it, or in base64. */
export function placesOf(secret: string, open: Readonly<Record<string, string>>): string[] {
  const forms = [secret, JSON.stringify(secret).slice(1, -1)];
  const found = Object.entries(open).filter(([, text]) => {
    const decoded = [...text.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].map(([run]) =>
      Buffer.from(run, 'base64').toString(),
    );
    return [text, ...decoded].some((one) => forms.some((form) => one.includes(form)));
  });
  return found.map(([place]) => place);
}
