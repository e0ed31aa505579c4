// Builds what is published: the agent in one file (dist/), its shell parts beside it, and the contract as a library (lib/).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/**
 * What a run needs seldom or late. Each is a part of its own in the one file, compressed, and compiled when it is first
 * required: otherwise every start, `--help` too, would read and parse megabytes of SDKs (ADR 0003).
 */
const lateModules =
  /\/(aws-sdk|aws-secrets-sdk|google-auth-sdk|google-sdk)$|^(@peculiar\/x509|reflect-metadata|pino-pretty|prom-client|yaml)$/;

/** One SDK has one part, as its clients have most of it in common: who asks for either gets both. */
const together = {
  'aws-sdk': ['store/aws-sdk', 'vaults/aws-secrets-sdk'],
  'google-sdk': ['store/google-sdk', 'vaults/google-auth-sdk'],
};

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  // The Google client recognises classes by name.
  keepNames: true,
  legalComments: 'none',
  // Code that comes out of a cache has no way to import; all of it is here anyhow.
  supported: { 'dynamic-import': false },
  // Optional native parts of ws, which it does without.
  external: ['bufferutil', 'utf-8-validate'],
  logLevel: 'warning',
};

/** The file's parts by name: compressed code, in base64. esbuild writes ASCII alone, so that one byte is one character. */
const parts = new Map();

async function addPart(name, options) {
  const { outputFiles } = await build({ ...common, ...options });
  parts.set(name, brotliCompressSync(outputFiles[0].contents).toString('base64'));
}

/** @type {import('esbuild').Plugin} */
const late = {
  name: 'late-modules',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: lateModules }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'inner') return undefined;
      const resolved = await resolve(path, { resolveDir, kind, pluginData: 'inner' });
      if (resolved.errors.length > 0) return resolved;
      const part = Object.keys(together).find((name) =>
        together[name].some((module) => resolved.path === `${root}src/${module}.ts`),
      );
      return { path: part ?? path.replace(/^.*\//, ''), namespace: 'late', pluginData: resolved.path };
    });
    onLoad({ filter: /.*/, namespace: 'late' }, async ({ path, pluginData }) => {
      const contents = together[path]?.map((module) => `export * from './src/${module}';`).join('\n');
      const entry =
        contents === undefined
          ? { entryPoints: [pluginData] }
          : { stdin: { contents, resolveDir: root, sourcefile: `${path}.ts` } };
      await addPart(path, { mainFields: ['module', 'main'], ...entry });
      return { loader: 'js', contents: `module.exports = __load(${JSON.stringify(path)});` };
    });
  },
};

/**
 * The code of a thread travels as text inside the program, to be started from there (src/snapshot/threaded-pass.ts).
 * @type {import('esbuild').Plugin}
 */
const thread = {
  name: 'thread-code',
  setup({ onLoad }) {
    onLoad({ filter: /\/snapshot\/thread-code\.ts$/ }, async () => {
      const { outputFiles } = await build({ ...common, entryPoints: ['src/snapshot/pass-thread.ts'] });
      return { loader: 'js', contents: `export const threadCode = ${JSON.stringify(outputFiles[0].text)};` };
    });
  },
};

rmSync(`${root}dist`, { recursive: true, force: true });
rmSync(`${root}lib`, { recursive: true, force: true });
mkdirSync(`${root}dist`);

await addPart('main', {
  entryPoints: ['src/cli/main.ts'],
  loader: { '.sh': 'text', '.lua': 'text' },
  define: { __PROGRAM_VERSION__: JSON.stringify(version) },
  plugins: [late, thread],
});
const sorted = Object.fromEntries([...parts].sort(([a], [b]) => (a < b ? -1 : 1)));
await build({
  ...common,
  write: true,
  entryPoints: ['src/bundle/loader.ts'],
  outfile: 'dist/kong-resilience.cjs',
  define: {
    __PARTS__: JSON.stringify(sorted),
    __PARTS_DIGEST__: JSON.stringify(createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16)),
  },
});

for (const name of ['start.sh', 'cache.lua']) copyFileSync(`${root}src/gateway/${name}`, `${root}dist/${name}`);
chmodSync(`${root}dist/start.sh`, 0o755);

execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.lib.json'], {
  cwd: root,
  stdio: 'inherit',
});
