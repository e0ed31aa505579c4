import { spawn } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TerraformStack, Testing } from 'cdktf';
import { findServer, isMissing } from '../../support/servers';
import { providerVersion, schemaOfBindings } from '../../support/terraform-stand-in/bindings';
import type { ProviderSchema, WantedTypes } from '../../support/terraform-stand-in/schema';

const { standInProgram } = createRequire(__filename)('../../support/terraform-stand-in/program.mjs') as {
  standInProgram: () => string;
};

/** A stack, the folder of a synthesized one, a `cdktf.out` with one stack, or a configuration in Terraform's own language. */
export type TerraformSource = TerraformStack | string | PlainConfiguration;

/** Files `*.tf`: a tree of them, and the folder in it where Terraform is run. */
export interface PlainConfiguration {
  readonly tree: string;
  readonly root: string;
}

/** A resource or a data source as Terraform has it in its state: every expression is a value. */
export interface AppliedResource {
  readonly address: string;
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What `terraform show -json` says after an apply. */
export interface AppliedState {
  readonly resources: readonly AppliedResource[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface Diagnostic {
  readonly severity: string;
  readonly summary: string;
  readonly detail: string;
  readonly address?: string;
  readonly snippet?: { readonly context: string | null } | null;
}

/** What Terraform refused. Its message holds every error, each as where it is, its summary and its detail. */
export class TerraformError extends Error {
  constructor(
    readonly command: string,
    readonly diagnostics: readonly Diagnostic[],
    output: string,
  ) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    super(`terraform ${command}: ${errors.length > 0 ? errors.map(textOf).join('\n') : output}`);
  }
}

const textOf = ({ address, snippet, summary, detail }: Diagnostic): string =>
  [address ?? snippet?.context, summary, detail].filter(Boolean).join(': ');

/** What a plan shows, and to whom. */
export interface Review {
  /** What is printed. */
  readonly printed: string;
  /** `terraform show -json`. */
  readonly document: unknown;
}

/** One working directory of Terraform. The commands run one after the other. */
export interface Terraform {
  init(): Promise<void>;
  /** @returns the warnings */
  validate(): Promise<readonly Diagnostic[]>;
  /** Whether an apply would change anything. */
  plan(): Promise<boolean>;
  /** @returns what it printed */
  apply(): Promise<string>;
  /** A plan as people see it. */
  review(): Promise<Review>;
  show(): Promise<AppliedState>;
  destroy(): Promise<void>;
  /** `terraform test` of the configuration. @returns what it printed */
  test(): Promise<string>;
  /** Puts another version of the stack in the place of the present one, with the same state. */
  change(source: TerraformSource): Promise<void>;
}

/** The program: `tofu` in KONG_RESILIENCE_TEST_TERRAFORM takes OpenTofu, which looks for providers under another host. */
const program = process.env['KONG_RESILIENCE_TEST_TERRAFORM'] ?? 'terraform';
const registry = basename(program) === 'tofu' ? 'registry.opentofu.org' : 'registry.terraform.io';

/**
 * Whether to skip what needs Terraform and the stand-in for its providers: only where one is not installed.
 *
 * @throws Error in CI, where a skip would hide that nothing was tested
 */
export const terraformIsMissing = (): boolean => isMissing(program) || isMissing(standInProgram());

/** Gives a stack to Terraform, with the stand-in for its providers, in a temporary folder that is removed afterwards. */
export async function withTerraform<T>(source: TerraformSource, use: (terraform: Terraform) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'terraform-'));
  try {
    const workspace = new Workspace(folder);
    await workspace.change(source);
    return await use(workspace);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * The whole way of a stack: `init`, `validate`, `plan`, `apply`, a `plan` that finds nothing to change, `show`, `destroy`.
 *
 * @returns the state after the apply, with policies as rendered
 */
export async function terraformLifecycle(source: TerraformSource): Promise<AppliedState> {
  return withTerraform(source, async (terraform) => {
    await terraform.init();
    const warnings = await terraform.validate();
    if (warnings.length > 0) throw new Error(`terraform validate warns: ${warnings.map(textOf).join('\n')}`);
    if (!(await terraform.plan())) throw new Error('terraform plan: there is nothing to make');
    await terraform.apply();
    if (await terraform.plan()) throw new Error('terraform plan: a second apply would change something');
    const state = await terraform.show();
    await terraform.destroy();
    return state;
  });
}

/** The values of one resource, by its type and, where there are several, its address or the end of its name. */
export function valuesOf(state: AppliedState, type: string, name = ''): Readonly<Record<string, unknown>> {
  const found = state.resources.filter(
    (resource) => resource.type === type && (resource.address === name || resource.name.includes(name)),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) {
    const names = state.resources.map(({ address }) => address).join(', ');
    throw new Error(`${found.length} resources are ${type} ${name}: there are ${names}`);
  }
  return only.values;
}

const commandWithinMs = 60_000;

/** The part of a synthesized stack that says which providers and types it needs. */
interface StackFile {
  readonly terraform?: { readonly required_providers?: Readonly<Record<string, { readonly source: string }>> };
  readonly resource?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>>;
}

class Workspace implements Terraform {
  private configuration: string;
  private readonly mirror: string;
  private readonly schemas: string;

  constructor(private readonly folder: string) {
    this.configuration = join(folder, 'configuration');
    this.mirror = join(folder, 'mirror');
    this.schemas = join(folder, 'schemas');
  }

  async change(source: TerraformSource): Promise<void> {
    await mkdir(this.configuration, { recursive: true });
    await mkdir(this.schemas, { recursive: true });
    if (isPlain(source)) {
      const copy = join(this.folder, 'tree');
      await cp(source.tree, copy, { recursive: true });
      this.configuration = join(copy, source.root);
    } else if (typeof source === 'string') {
      await cp(stackFolder(source, await subfolders(source)), this.configuration, { recursive: true });
    } else {
      const synthesized = Testing.fullSynth(source);
      try {
        await cp(stackFolder(synthesized, await subfolders(synthesized)), this.configuration, { recursive: true });
      } finally {
        await rm(synthesized, { recursive: true });
      }
    }
    // Whatever backend the stack names, the state stays here.
    await writeFile(
      join(this.configuration, 'stand_in_override.tf.json'),
      JSON.stringify({ terraform: { backend: { local: { path: 'terraform.tfstate' } } } }),
    );
    const { wanted, addresses } = isPlain(source)
      ? await needsOfFiles(join(this.folder, 'tree'))
      : needsOfStack(JSON.parse(await readFile(join(this.configuration, stackFile), 'utf8')) as StackFile);
    for (const address of addresses) {
      await this.provide(address.includes('/') ? address : `hashicorp/${address}`, wanted);
    }
    await writeFile(
      join(this.folder, 'terraformrc'),
      `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(this.mirror)}\n  }\n}\n`,
    );
  }

  /** Puts the stand-in into the mirror under the provider's name; one that it does not know, `terraform init` refuses. */
  private async provide(address: string, wanted: WantedTypes): Promise<void> {
    const provider = providers[address];
    if (provider === undefined) return;
    const name = address.split('/')[1] ?? '';
    const ofProvider = (types: Iterable<string>): string[] => [...types].filter((type) => type.startsWith(`${name}_`));
    const { version, schema } = await provider({
      resources: ofProvider(wanted.resources),
      dataSources: ofProvider(wanted.dataSources),
    });
    await writeFile(join(this.schemas, `${name}.json`), JSON.stringify(schema));
    const folder = join(this.mirror, registry, address, version, platform());
    const file = join(folder, `terraform-provider-${name}_v${version}`);
    if (existsSync(file)) return;
    const standIn = findServer(standInProgram());
    if (standIn === undefined) throw new Error('the stand-in is not built: run npm run test:servers');
    await mkdir(folder, { recursive: true });
    await copyFile(standIn, file);
  }

  async init(): Promise<void> {
    await this.run('init', ['-json', '-input=false']);
  }

  async validate(): Promise<readonly Diagnostic[]> {
    return diagnosticsIn((await this.run('validate', ['-json'])).output);
  }

  async plan(): Promise<boolean> {
    return (await this.run('plan', ['-json', '-input=false', '-detailed-exitcode'])).exitCode === 2;
  }

  async apply(): Promise<string> {
    return (await this.run('apply', ['-json', '-input=false', '-auto-approve'])).output;
  }

  async review(): Promise<Review> {
    const { output: printed } = await this.run('plan', ['-input=false', '-out=review.tfplan']);
    const { output } = await this.run('show', ['-json', 'review.tfplan']);
    return { printed, document: JSON.parse(output) as unknown };
  }

  async destroy(): Promise<void> {
    await this.run('destroy', ['-json', '-input=false', '-auto-approve']);
  }

  async test(): Promise<string> {
    return (await this.run('test', [])).output;
  }

  async show(): Promise<AppliedState> {
    const { output } = await this.run('show', ['-json']);
    const { values } = JSON.parse(output) as { values?: { root_module: Module; outputs?: Record<string, Output> } };
    const outputs = Object.entries(values?.outputs ?? {}).map(([name, { value }]) => [name, value] as const);
    return { resources: resourcesOf(values?.root_module), outputs: Object.fromEntries(outputs) };
  }

  /** @throws TerraformError when Terraform refuses */
  private async run(command: string, flags: readonly string[]): Promise<{ exitCode: number; output: string }> {
    const child = spawn(findServer(program) ?? program, [command, '-no-color', ...flags], {
      cwd: this.configuration,
      // Nothing of the user's own: no credentials, no plugin cache.
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        TMPDIR: this.folder,
        CHECKPOINT_DISABLE: '1',
        TF_CLI_CONFIG_FILE: join(this.folder, 'terraformrc'),
        TF_IN_AUTOMATION: '1',
        TERRAFORM_STAND_IN_SCHEMAS: this.schemas,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that the providers end with it.
      detached: true,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
    const killNow = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
    process.once('exit', killNow);
    const timeOut = setTimeout(killNow, commandWithinMs);
    try {
      const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (...ended: [number | null, NodeJS.Signals | null]) => resolve(ended));
      });
      if (signal !== null)
        throw new Error(`terraform ${command}: ended by ${signal}; it has ${commandWithinMs / 1000} s`);
      if (exitCode === 0 || (command === 'plan' && exitCode === 2)) return { exitCode, output };
      throw new TerraformError(command, diagnosticsIn(output), `${output}${errors}`);
    } finally {
      clearTimeout(timeOut);
      process.removeListener('exit', killNow);
    }
  }
}

interface Output {
  readonly value: unknown;
}

interface Module {
  readonly resources?: readonly AppliedResource[];
  readonly child_modules?: readonly Module[];
}

const resourcesOf = (module: Module | undefined): AppliedResource[] => [
  ...(module?.resources ?? []),
  ...(module?.child_modules ?? []).flatMap(resourcesOf),
];

/** `validate` prints one document, the others a line for each event. */
function diagnosticsIn(output: string): Diagnostic[] {
  const documents = output.startsWith('{\n') ? [output] : output.split('\n').filter((line) => line.startsWith('{'));
  return documents.flatMap((text) => {
    const document = JSON.parse(text) as { diagnostics?: Diagnostic[]; diagnostic?: Diagnostic };
    return document.diagnostics ?? (document.diagnostic === undefined ? [] : [document.diagnostic]);
  });
}

const isPlain = (source: TerraformSource): source is PlainConfiguration =>
  typeof source === 'object' && 'tree' in source && typeof source.tree === 'string';

interface Needs {
  readonly wanted: WantedTypes;
  readonly addresses: readonly string[];
}

function needsOfStack(stack: StackFile): Needs {
  return {
    wanted: { resources: Object.keys(stack.resource ?? {}), dataSources: Object.keys(stack.data ?? {}) },
    addresses: Object.values(stack.terraform?.required_providers ?? {}).map(({ source }) => source),
  };
}

/** The same of all the files of a tree. */
async function needsOfFiles(tree: string): Promise<Needs> {
  const names = (await readdir(tree, { recursive: true })).filter((name) => name.endsWith('.tf'));
  const text = (await Promise.all(names.map((name) => readFile(join(tree, name), 'utf8')))).join('\n');
  const found = (pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
  return {
    wanted: { resources: found(/^resource "(\w+)"/gm), dataSources: found(/^data "(\w+)"/gm) },
    addresses: found(/^\s*source\s*=\s*"([a-z]+\/[a-z]+)"$/gm),
  };
}

type Provide = (wanted: WantedTypes) => Promise<{ readonly version: string; readonly schema: ProviderSchema }>;

/** The providers that the stand-in can be. */
const providers: Readonly<Record<string, Provide>> = {
  'hashicorp/aws': async (wanted) => ({ version: providerVersion('aws'), schema: schemaOfBindings('aws', wanted) }),
  'hashicorp/google': async (wanted) => ({
    version: providerVersion('google'),
    schema: schemaOfBindings('google', wanted),
  }),
  'aminueza/minio': async () => ({
    version: '3.38.0',
    schema: JSON.parse(await readFile(join(__dirname, 'minio-schema.json'), 'utf8')) as ProviderSchema,
  }),
};

const stackFile = 'cdk.tf.json';

async function subfolders(folder: string): Promise<string[]> {
  const stacks = join(folder, 'stacks');
  return existsSync(stacks) ? (await readdir(stacks)).map((name) => join(stacks, name)) : [];
}

function stackFolder(folder: string, inside: readonly string[]): string {
  const found = [folder, ...inside].filter((candidate) => existsSync(join(candidate, stackFile)));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${folder} holds ${found.length} stacks: name the folder of one, with its ${stackFile}`);
  }
  return only;
}

function platform(): string {
  const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
  return `${process.platform}_${architectures[process.arch] ?? process.arch}`;
}
