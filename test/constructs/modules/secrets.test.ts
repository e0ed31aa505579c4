import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moduleDefinitions } from '../../../scripts/modules/generate';
import { ModuleStack } from '../../../scripts/modules/module-stack';
import { plainSecrets } from '../secrets/canaries';
import { exposureOf } from '../support/exposure';
import { hiddenInPlan, holds, openInPlan } from '../support/open-values';
import { TerraformError, terraformIsMissing, withTerraform } from '../support/terraform';
import { replaced, treeWith } from './trees';

/** The one that the key pair of a secret variable, or whatever else is secret, is told by. */
const canary = 'canary-7f3a91';

/** What may be given by mistake in the place of where a secret is. */
const key = plainSecrets['KONG_CLUSTER_CERT_KEY']?.(canary) ?? '';

/** Variables of modules that name the place of a secret, and never hold one. */
const places = [
  'cluster_ca_cert',
  'cluster_ca_json_key',
  'cluster_ca_secret',
  'cluster_cert',
  'cluster_cert_key',
  'cluster_certificate_secret',
  'cluster_certificate_secret_arn',
  'cluster_key_secret',
  'exporter_kubernetes_secret',
  'importer_kubernetes_secret',
  'secrets_kms_key_arn',
];

const variablesOf = (path: string): string[] => {
  const stack = new ModuleStack();
  moduleDefinitions.find((definition) => definition.path === path)?.declare(stack);
  return [...stack.variables.keys()];
};

/** Calls of the module of an example, each with one secret in the place of something else. */
interface Call {
  readonly name: string;
  /** The argument, of which `var.<name>` is the secret. */
  readonly argument: string;
  readonly secret: string;
}

const withoutResources = (text: string): string => text.replace(/^resource "[\s\S]*?^}\n/gm, '');

/** What Terraform prints of a root module with such calls, which it refuses. */
async function refusalOf(path: string, calls: readonly Call[]): Promise<string> {
  const tree = await treeWith({
    path,
    main: (text) => {
      const [head = '', call = ''] = text.split(/^(?=module ")/m);
      // What an example makes of the outputs of its own call has no place here.
      const [body = ''] = withoutResources(call).split(/^(?=output ")/m);
      const modules = calls.map(({ name, argument }) => {
        const variable = argument.split(' ')[0] ?? '';
        // Of the example's own arguments one gives way.
        const own = body.replace(new RegExp(`^ *${variable} *=.*\n`, 'm'), '');
        const called = replaced(own, 'module "kong_resilience" {', `module "${name}" {\n  ${argument}`);
        return `${called}variable "${name}" {\n  type = string\n}\n`;
      });
      return [withoutResources(head), ...modules].join('\n');
    },
  });
  const values = Object.fromEntries(calls.map(({ name, secret }) => [name, secret]));
  writeFileSync(join(tree.tree, tree.root, 'secrets.auto.tfvars.json'), JSON.stringify(values));
  return withTerraform(tree, async (terraform) => {
    await terraform.init();
    try {
      return `not refused: ${(await terraform.review()).printed}`;
    } catch (error) {
      if (error instanceof TerraformError) return error.message;
      throw error;
    }
  });
}

/** The calls that an error of Terraform names. */
const refused = (printed: string): string[] =>
  [
    ...new Set(
      [...printed.matchAll(/ in module "(\w+)"|^ +with module\.(\w+)/gm)].map(([, one, other]) => one ?? other ?? ''),
    ),
  ].sort();

describe('the variables of the modules', () => {
  it('are known here, where their names say that they have to do with a secret', () => {
    const all = moduleDefinitions.flatMap(({ path }) => variablesOf(path));
    const named = all.filter((name) => /secret|key|password|token|cert|credential/.test(name));
    expect([...new Set(named)].sort()).toEqual(places);
  });
});

describe.skipIf(terraformIsMissing()).each(moduleDefinitions.map(({ path }) => path))(
  'modules/%s',
  { timeout: 180_000 },
  (path) => {
    it('takes no secret as a variable of the environment, and does not show the one that it refuses', async () => {
      const calls = Object.entries(plainSecrets).map(([name, secret]) => ({
        name: name.toLowerCase(),
        argument: `environment = { ${name} = var.${name.toLowerCase()} }`,
        secret: secret(canary),
      }));
      const printed = await refusalOf(path, calls);
      expect(refused(printed)).toEqual(calls.map(({ name }) => name).sort());
      expect(printed).not.toContain(canary);
    });

    it('takes no secret where it wants the place of one, and does not show the one that it refuses', async () => {
      const calls = variablesOf(path)
        .filter((name) => places.includes(name))
        .map((name) => ({ name: `with_${name}`, argument: `${name} = var.with_${name}`, secret: key }));
      const printed = await refusalOf(path, calls);
      for (const { name } of calls) expect(printed).toContain(`${name.replace('with_', '')} must be`);
      expect(printed).not.toContain(canary);
    });

    it('shows nothing of what is secret, in no plan and no log, and lets nobody in', async () => {
      await withTerraform(await treeWith({ path }), async (terraform) => {
        await terraform.init();
        const first = await terraform.review();
        const log = await terraform.apply();
        const second = await terraform.review();
        expect(exposureOf((await terraform.show()).resources)).toEqual([]);
        await terraform.destroy();
        const secrets = [...hiddenInPlan(first.document), ...hiddenInPlan(second.document)];
        expect(secrets.length > 0).toBe(path === 'minio');
        const open = [openInPlan(first.document), openInPlan(second.document), first.printed, log, second.printed];
        for (const secret of new Set(secrets)) {
          for (const shown of open) expect([secret, holds(shown, secret)]).toEqual([secret, false]);
        }
      });
    });
  },
);
