// Builds what is published: the agent in one file (dist/), its shell parts beside it, and the contract as a library (lib/).
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

rmSync(`${root}dist`, { recursive: true, force: true });
rmSync(`${root}lib`, { recursive: true, force: true });
mkdirSync(`${root}dist`);

await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/kong-resilience.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  // The Google client recognises classes by name.
  keepNames: true,
  legalComments: 'none',
  loader: { '.sh': 'text', '.lua': 'text' },
  define: { __PROGRAM_VERSION__: JSON.stringify(version) },
  // Optional native parts of ws, which it does without.
  external: ['bufferutil', 'utf-8-validate'],
  logLevel: 'warning',
});

for (const name of ['start.sh', 'cache.lua']) copyFileSync(`${root}src/gateway/${name}`, `${root}dist/${name}`);
chmodSync(`${root}dist/start.sh`, 0o755);

execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.lib.json'], {
  cwd: root,
  stdio: 'inherit',
});
