import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { expect, it } from 'vitest';
import { runNode, withExample } from './example';

/** The largest of the examples. */
const aws = {
  folder: 'aws',
  stack: 'kong-aws',
  variables: {},
  protection: ['', ''],
} as const;

/** Runs the compiled app, and has the process say at its end how much memory it took, in MiB. */
const measure = `process.on('exit', () => {
  console.log(process.resourceUsage().maxRSS / 1024);
});
require('./main.js');
`;

it('synthesizes the largest example in less than 150 MB', { timeout: 60_000 }, async () => {
  const megabytes = await withExample(aws, async ({ folder }) => {
    const { code } = await transform(await readFile(join(folder, 'main.ts'), 'utf8'), { loader: 'ts', format: 'cjs' });
    await writeFile(join(folder, 'main.js'), code);
    await writeFile(join(folder, 'measure.js'), measure);
    const env = { ...process.env, CDKTF_OUTDIR: join(folder, 'cdktf.out') };
    return Number(await runNode(['measure.js'], { cwd: folder, env }));
  });
  expect(megabytes).toBeGreaterThan(30);
  expect(megabytes).toBeLessThan(150);
});
