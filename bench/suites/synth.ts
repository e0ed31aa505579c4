import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import type { Bench, Suite } from '../bench';
import { bareApp } from '../budgets';
import { root } from '../paths';
import { cleanEnvironment } from '../peers/peer';
import type { Figure } from '../results';
import { type Contender, interleaved, usageFigures } from '../rounds';

/** CDKTF and a provider, and nothing of ours: what a synthesis costs anyhow. */
const empty = `
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformStack } from 'cdktf';
const app = new App();
new AwsProvider(new TerraformStack(app, 'empty'), 'aws', { region: 'eu-west-1' });
app.synth();
`;

/** Each example is synthesized by a whole process, compiled, as a deployment does it; a TypeScript runner adds its own start. */
export const synth: Suite = {
  name: 'synth',
  title: 'Synthesis of each example',
  forms: ['short', 'default', 'long'],
  run: async (bench) => {
    const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const chosen = bench.form === 'short' ? examples.filter((name) => name === 'aws') : examples;
    const contenders = [
      contender(bench, bareApp, empty),
      ...chosen.map((name) => contender(bench, name, readFileSync(join(root, 'examples', name, 'main.ts'), 'utf8'))),
    ];
    const used = await interleaved(contenders, bench.rounds, bench.processes);
    const figures: Figure[] = [];
    for (const [name, usages] of used) {
      figures.push(...usageFigures({ suite: 'synth', of: [name] }, new Map([['node', usages]])));
    }
    return figures;
  },
};

/** A project as a user has it: its folder by itself, the packages in `node_modules`. */
function contender({ folder }: Bench, by: string, source: string): Contender {
  const project = mkdtempSync(join(folder, 'app-'));
  const example = join(root, 'examples', by);
  if (by !== bareApp)
    cpSync(example, project, { recursive: true, filter: (path) => !/\/(cdktf\.out|node_modules)$/.test(path) });
  mkdirSync(join(project, 'node_modules'));
  for (const name of ['cdktf', 'constructs', '@cdktf']) {
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  symlinkSync(root, join(project, 'node_modules', 'cdktf-kong-resilience'));
  const main = join(project, 'main.js');
  writeFileSync(main, transformSync(source, { loader: 'ts', format: 'cjs' }).code);
  const env = { ...cleanEnvironment(folder), CDKTF_OUTDIR: join(project, 'cdktf.out') };
  return { by, run: { command: [process.execPath, main], env } };
}
