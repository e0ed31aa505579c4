/** Writes `modules/` from the constructs: `npm run modules`. A test checks that it is current. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { awsModules } from './aws';
import { googleModules } from './google';
import { minioModules } from './minio';
import { block } from './hcl';
import { ModuleStack, type ModuleDefinition, type VariableSpec } from './module-stack';

const root = join(__dirname, '..', '..');
const header = '# Generated from constructs/ by `npm run modules`. Do not edit.\n\n';

export const moduleDefinitions: readonly ModuleDefinition[] = [...awsModules, ...googleModules, ...minioModules];

/** The files of all modules, by path below `modules/`. */
export function moduleFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const definition of moduleDefinitions) {
    for (const [name, text] of filesOf(definition)) files.set(join(definition.path, name), text);
  }
  files.set('README.md', overview());
  return files;
}

/** Which modules there are. */
function overview(): string {
  const rows = moduleDefinitions.map(
    ({ path, title, variant, providers }) =>
      `| [${path}](${path}/README.md) | ${title.replace('Data-plane resilience for Kong Gateway ', '')}: ${variant} | ${Object.values(
        providers,
      )
        .map(({ source, version }) => `${source} ${version}`)
        .join(', ')} |`,
  );
  return `# Modules for Terraform and OpenTofu

Data-plane resilience for Kong Gateway as plain modules, for Terraform or OpenTofu 1.5 or newer, without CDKTF.

| module | what it declares | provider |
| --- | --- | --- |
${rows.join('\n')}

Each has a README with its variables and outputs, an example in \`examples/basic\` that can be applied, and a test in \`tests\` (\`terraform test\`, with Terraform 1.7 or OpenTofu 1.8). None has a provider or a backend in it, and each can be used with \`for_each\`: give each instance its own \`name\`, \`bucket_name\`, \`exporter_account_id\`, \`importer_account_id\` and \`user_name\`, where the module has them.

**These are all variants there are.** Whatever goes beyond them and their variables, such as an exporter on Fargate with a key of KMS of its own, service accounts of EKS beside a bucket that exists, replication, nodes in several accounts, an exporter on Kubernetes, or machines and Compose files, needs the [constructs for CDKTF](../docs/platforms/README.md), from which the modules are generated: those can be combined at will.
`;
}

function filesOf(definition: ModuleDefinition): (readonly [string, string])[] {
  const stack = new ModuleStack();
  definition.declare(stack);
  const example = exampleOf(definition);
  return [
    ['main.tf', header + formatted(stack.main())],
    ['variables.tf', header + formatted(stack.variablesText())],
    ['outputs.tf', header + formatted(stack.outputsText())],
    ['versions.tf', header + formatted(versionsOf(definition))],
    ['README.md', readmeOf(definition, stack)],
    ['examples/basic/main.tf', example],
    ['tests/basic.tftest.hcl', formatted(testOf(definition))],
  ];
}

function versionsOf({ providers }: ModuleDefinition): string {
  const required = Object.entries(providers).map(
    ([name, { source, version }]) => `${name} = {\n  source = "${source}"\n  version = "${version}"\n}`,
  );
  return block(
    'terraform',
    [],
    ['required_version = ">= 1.5"', '', block('required_providers', [], required).trimEnd()],
  );
}

/** A test that needs no cloud: Terraform 1.7 and OpenTofu 1.8 make the provider up. */
function testOf({ example, providers, storageUrl }: ModuleDefinition): string {
  const versions = 'gateway_versions = ';
  const given = example.split('\n').filter((line) => !line.trim().startsWith(versions.trim().slice(0, 16)));
  const variables = (list: string): string => block('variables', [], [...given, `${versions}${list}`]).trimEnd();
  const refuses = (title: string, list: string): string =>
    block('run', [title], ['command = plan', variables(list), 'expect_failures = [var.gateway_versions]']);
  return [
    ...Object.keys(providers).map((name) => block('mock_provider', [name], [])),
    block(
      'run',
      ['is_applied'],
      [
        variables('["3.9.1", "3.10.0.2"]'),
        block(
          'assert',
          [],
          [
            `condition = can(regex("${storageUrl}", output.storage_url))`,
            'error_message = "storage_url is ${output.storage_url}"',
          ],
        ).trimEnd(),
      ],
    ),
    refuses('refuses_a_version_that_is_not_full', '["3.9"]'),
    refuses('refuses_no_version', '[]'),
  ].join('\n');
}

/** A root module that calls it by where it is. */
function exampleOf({ path, example, exampleSetup, exampleUse = '', providers }: ModuleDefinition): string {
  const required = Object.entries(providers).map(([name, { source }]) => `${name} = {\n  source = "${source}"\n}`);
  const head = block('terraform', [], [block('required_providers', [], required).trimEnd()]);
  const call = `module "kong_resilience" {\n  source = "../.."\n\n${example}\n}\n`;
  const output = block('output', ['storage_url'], ['value = module.kong_resilience.storage_url']);
  return formatted([head, exampleSetup, call, ...(exampleUse === '' ? [] : [exampleUse]), output].join('\n'), path);
}

function readmeOf(
  { title, description, path, example, providers, notes }: ModuleDefinition,
  stack: ModuleStack,
): string {
  const up = '../'.repeat(path.split('/').length + 1);
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const variables = [...stack.variables].sort(([a], [b]) => (a < b ? -1 : 1));
  const outputs = [...stack.outputs].sort(([a], [b]) => (a < b ? -1 : 1));
  return `# ${title}

${description}

> **The stored object holds private keys, API keys and secrets in the clear.** Who may read the bucket owns the gateway's secrets, and
> who may write it owns its routing.

Generated from the [constructs](${up}docs/platforms/README.md) for CDKTF, which declare the same; what goes beyond [the modules](${up.slice('../'.length)}README.md) and their variables needs them. No provider and no backend is in it; it can be used with \`for_each\`.${notes === undefined ? '' : `\n\n${notes}`}

## Use

\`\`\`hcl
${formatted(`module "kong_resilience" {\n  source = "./node_modules/cdktf-kong-resilience/modules/${path}"\n\n${example}\n}\n`).trimEnd()}
\`\`\`

The modules come with the npm package, of which \`npm install cdktf-kong-resilience\` puts them where \`source\` says; a copy of the folder, or the repository by its address, does as well. A root module that can be applied is in [examples/basic](examples/basic/main.tf).

## Requirements

| name | version |
| --- | --- |
| Terraform or OpenTofu | >= 1.5 |
${Object.entries(providers)
  .map(([, { source, version }]) => `| ${source} | ${version} |`)
  .join('\n')}

## Variables

| name | description | type | default |
| --- | --- | --- | --- |
${variables.map(([name, spec]) => `| \`${name}\` | ${cell(spec.description)} | \`${spec.type}\` | ${defaultOf(spec)} |`).join('\n')}

## Outputs

| name | description |
| --- | --- |
${outputs.map(([name, { description, sensitive }]) => `| \`${name}\` | ${cell(description)}${sensitive === true ? ' Sensitive.' : ''} |`).join('\n')}
`;
}

const defaultOf = (spec: VariableSpec): string =>
  spec.default === undefined ? 'required' : `\`${JSON.stringify(spec.default)}\``;

/** Terraform's own form. */
function formatted(text: string, name = 'text'): string {
  const { stdout, stderr, status, error } = spawnSync('terraform', ['fmt', '-no-color', '-'], {
    input: text,
    encoding: 'utf8',
  });
  if (error !== undefined) throw new Error(`the program terraform is missing: ${error.message}`);
  if (status !== 0) throw new Error(`terraform fmt refuses ${name}:\n${stderr}\n${text}`);
  return stdout;
}

/** Replaces what is there. */
function write(): void {
  const folder = join(root, 'modules');
  // Made before anything is removed: it may fail.
  const files = moduleFiles();
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const prettier = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
  spawnSync(process.execPath, [prettier, '--write', '--log-level', 'warn', folder], { cwd: root, stdio: 'inherit' });
}

if (require.main === module) write();
