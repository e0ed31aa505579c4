import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { exposureOf } from '../support/exposure';
import { hidden, open } from '../support/open-values';
import { type AppliedResource, type AppliedState, TerraformError } from '../support/terraform';
import { type Terraform, terraformIsMissing, withTerraform } from '../support/terraform';

const root = join(__dirname, '..', '..', '..');
const tsx = createRequire(__filename).resolve('tsx/cli');

/** What is in no open value, if a secret variable has it. */
export const canary = 'canary-7f3a91';

/** A folder of `examples/`, and what its user has to say. */
export interface Example {
  readonly folder: string;
  /** Name of its stack. */
  readonly stack: string;
  /** Values of the variables without a default. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
  /** The line of `main.ts` that protects from destroying, and what takes the place of it. */
  readonly protection: readonly [string, string];
}

/** A synthesized stack. */
export interface Synthesized {
  readonly resource: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly output: Readonly<Record<string, { readonly sensitive?: boolean }>>;
  readonly variable: Readonly<Record<string, { readonly default?: unknown; readonly sensitive?: boolean }>>;
}

interface Annotation {
  readonly level: string;
  readonly constructPath: string;
  readonly message: string;
}

/** An example as a user has it: its folder by itself, the packages in `node_modules`. */
class ExampleProject {
  constructor(
    readonly folder: string,
    private readonly example: Example,
  ) {}

  /** Puts one text of `main.ts` in the place of another. */
  async edit(before: string, after: string): Promise<void> {
    const main = join(this.folder, 'main.ts');
    const text = await readFile(main, 'utf8');
    expect(text.split(before)).toHaveLength(2);
    await writeFile(main, text.replace(before, after));
  }

  /** What the last synthesis told: level, path and code of each. */
  async annotations(): Promise<string[]> {
    const text = await readFile(join(this.folder, 'cdktf.out', 'manifest.json'), 'utf8');
    const { stacks } = JSON.parse(text) as { stacks: Record<string, { annotations: readonly Annotation[] }> };
    return Object.values(stacks).flatMap(({ annotations }) =>
      annotations.map(({ level, constructPath, message }) => `${level} ${constructPath} ${message.split(' ')[0]}`),
    );
  }

  /** Runs the app, as `cdktf synth` does. @returns the folder of the stack, with the values of its variables */
  async synthesize(): Promise<string> {
    const outdir = join(this.folder, 'cdktf.out');
    await rm(outdir, { recursive: true, force: true });
    await runNode([tsx, 'main.ts'], { cwd: this.folder, env: { ...process.env, CDKTF_OUTDIR: outdir } });
    const stack = join(outdir, 'stacks', this.example.stack);
    await writeFile(join(stack, 'terraform.tfvars.json'), JSON.stringify(this.example.variables));
    return stack;
  }
}

/** Copies an example into a temporary folder, which is removed afterwards. The package is the built one: `npm run build`. */
export async function withExample<T>(example: Example, use: (project: ExampleProject) => Promise<T>): Promise<T> {
  if (!existsSync(join(root, 'lib', 'constructs'))) throw new Error('lib/ is missing: run npm run build');
  const folder = await mkdtemp(join(tmpdir(), 'example-'));
  try {
    await cp(join(root, 'examples', example.folder), folder, {
      recursive: true,
      filter: (path) => !/[/\\](cdktf\.out|node_modules)$/.test(path),
    });
    await mkdir(join(folder, 'node_modules'));
    for (const name of ['cdktf', 'constructs', '@cdktf']) {
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    }
    await symlink(root, join(folder, 'node_modules', 'cdktf-kong-resilience'));
    return await use(new ExampleProject(folder, example));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What became of an example on its whole way. */
export interface Life {
  readonly synthesized: Synthesized;
  /** Warnings and information of the synthesis: level, path and code. */
  readonly told: readonly string[];
  /** After the apply; policies as rendered. */
  readonly state: AppliedState;
  /** Whether a second plan finds something to change. */
  readonly restless: boolean;
  /** With what Terraform refused to destroy it. */
  readonly refusal: string;
  /** What a destroy left when the protection was off. */
  readonly left: readonly string[];
}

/** `init`, `validate`, `plan`, `apply`, a second `plan`, a refused `destroy`; then the protection off, `apply`, `destroy`. */
async function live(example: Example): Promise<Life> {
  return withExample(example, async (project) => {
    const protectedStack = await project.synthesize();
    const synthesized = await readStack(protectedStack);
    const told = await project.annotations();
    return withTerraform(protectedStack, async (terraform) => {
      await terraform.init();
      expect(await terraform.validate()).toEqual([]);
      expect(await terraform.plan()).toBe(true);
      await terraform.apply();
      const restless = await terraform.plan();
      const state = await terraform.show();
      const refusal = await refusalOf(terraform);
      await project.edit(...example.protection);
      await terraform.change(await project.synthesize());
      await terraform.apply();
      await terraform.destroy();
      const left = (await terraform.show()).resources.map(({ address }) => address);
      return { synthesized, told, state, restless, refusal, left };
    });
  });
}

/** With what Terraform refuses an attribute that is misspelt in the synthesized stack. */
async function refusalOfMisspelling(example: Example, attribute: string, misspelt: string): Promise<string> {
  return withExample(example, async (project) => {
    const stack = await project.synthesize();
    const file = join(stack, 'cdk.tf.json');
    const text = await readFile(file, 'utf8');
    expect(text).toContain(`"${attribute}":`);
    await writeFile(
      file,
      text.replace(`"${attribute}":`, () => `"${misspelt}":`),
    );
    return withTerraform(stack, async (terraform) => {
      await terraform.init();
      return messageOf(terraform.validate());
    });
  });
}

async function readStack(folder: string): Promise<Synthesized> {
  return JSON.parse(await readFile(join(folder, 'cdk.tf.json'), 'utf8')) as Synthesized;
}

const refusalOf = (terraform: Terraform): Promise<string> => messageOf(terraform.destroy());

async function messageOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof TerraformError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

/** Paths of all that a stack declares, which are its addresses in the state: a changed one replaces what was made. */
function pathsOf(declared: unknown): string[] {
  if (typeof declared !== 'object' || declared === null) return [];
  const { '//': comment, ...members } = declared as { '//'?: { metadata?: { path?: string } } };
  const path = comment?.metadata?.path;
  return [...(path === undefined ? [] : [path]), ...Object.values(members).flatMap(pathsOf)].sort();
}

/** Everything in state and outputs that Terraform shows. */
function openValues({ synthesized, state }: Life): string {
  const outputs = Object.entries(state.outputs).filter(([name]) => synthesized.output[name]?.sensitive !== true);
  const resources = state.resources.map((resource) => open(resource.values, maskOf(resource)));
  return JSON.stringify([outputs, resources]);
}

/** Everything in state and outputs that Terraform hides. */
function hiddenValues({ state }: Life): string[] {
  return state.resources.flatMap((resource) => hidden(resource.values, maskOf(resource)));
}

const maskOf = (resource: AppliedResource & { readonly sensitive_values?: unknown }): unknown =>
  resource.sensitive_values;

/** A process of Node; its output counts only where it fails. */
export async function runNode(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<string> {
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`node ${args.join(' ')} ended with ${exitCode}: ${errors}`);
  return output;
}

/** What is the same for every example. */
export interface Promises {
  readonly example: Example;
  /** Paths of all that it declares. */
  readonly paths: readonly string[];
  /** Addresses of what Terraform refuses to destroy. */
  readonly guarded: readonly string[];
  /** What the constructs and the rules tell: level, path and code. */
  readonly told: readonly string[];
  /** What it lets in, or allows wider than the list of `support/exposure.ts`: by its gateway, or by what was there. None by default. */
  readonly exposed?: readonly string[];
  /** An attribute, misspelt, and what Terraform says. */
  readonly misspelling: readonly [attribute: string, misspelt: string, refusal: string];
}

/** Runs an example once, and checks what holds for each; `more` is what holds for this one. */
export function describeExample(promises: Promises, more: (life: () => Life) => void): void {
  const { example, paths, guarded, told, exposed = [], misspelling } = promises;
  describe.skipIf(terraformIsMissing())(`examples/${example.folder}`, { timeout: 180_000 }, () => {
    let life: Life;
    beforeAll(async () => {
      life = await live(example);
    }, 180_000);

    it('asks for no variable but these', () => {
      const variables = Object.entries(life.synthesized.variable);
      const required = variables.filter(([, { default: value }]) => value === undefined).map(([name]) => name);
      expect(required.sort()).toEqual(Object.keys(example.variables).sort());
    });

    it('lets nobody in, and allows nothing wide, but for what is named', () => {
      expect(exposureOf(life.state.resources)).toEqual(exposed);
    });

    it('keeps its addresses', () => {
      expect(pathsOf(life.synthesized)).toEqual(paths);
    });

    it('passes the rules', () => {
      expect(life.told).toEqual(told);
    });

    it('has nothing to change after an apply', () => {
      expect(life.restless).toBe(false);
    });

    it('is not destroyed while it is protected, and wholly afterwards', () => {
      const refused = [...life.refusal.matchAll(/Instance cannot be destroyed: Resource (\S+) has/g)];
      expect(refused.map(([, address]) => address).sort()).toEqual(guarded);
      expect(life.left).toEqual([]);
    });

    it('fails on a misspelt attribute', async () => {
      const [attribute, misspelt, refusal] = misspelling;
      expect(await refusalOfMisspelling(example, attribute, misspelt)).toBe(refusal);
    });

    it('shows no secret', () => {
      const open = openValues(life);
      expect(open).not.toContain(canary);
      for (const secret of hiddenValues(life)) expect(open).not.toContain(JSON.stringify(secret).slice(1, -1));
    });

    more(() => life);
  });
}
