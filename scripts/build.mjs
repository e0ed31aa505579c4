// Builds what is published: the agent in one file (dist/), its shell parts beside it, and the contract as a library (lib/).
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/**
 * Packages that a run needs seldom or late. Each is bundled by itself and travels in the one file compressed, compiled
 * when it is first required: otherwise every start, `--help` too, would read and parse megabytes of SDKs (ADR 0003).
 */
const lateModules = /\/(aws-sdk|google-sdk)$|^(@peculiar\/x509|reflect-metadata|pino-pretty|prom-client|yaml)$/;

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
  // Optional native parts of ws, which it does without.
  external: ['bufferutil', 'utf-8-validate'],
  logLevel: 'warning',
};

/** esbuild writes ASCII alone, so that one byte is one character. */
function pack(code) {
  return brotliCompressSync(Buffer.from(code, 'latin1')).toString('base64');
}

/** @type {import('esbuild').Plugin} */
const late = {
  name: 'late-modules',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: lateModules }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'inner') return undefined;
      const resolved = await resolve(path, { resolveDir, kind, pluginData: 'inner' });
      return resolved.errors.length > 0 ? resolved : { path: resolved.path, namespace: 'late' };
    });
    onLoad({ filter: /.*/, namespace: 'late' }, async ({ path }) => {
      const inner = await build({ ...common, mainFields: ['module', 'main'], entryPoints: [path] });
      return {
        loader: 'js',
        resolveDir: root,
        contents: `
          const packed = Buffer.from(${JSON.stringify(pack(inner.outputFiles[0].text))}, 'base64');
          const code = require('node:zlib').brotliDecompressSync(packed).toString('latin1');
          const compiled = require('node:vm').compileFunction(code, ['module', 'exports', 'require'], {
            filename: ${JSON.stringify(`kong-resilience.cjs!${basename(path, extname(path))}`)},
            importModuleDynamically: require('node:vm').constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
          });
          const inner = { exports: {} };
          compiled(inner, inner.exports, require);
          module.exports = inner.exports;`,
      };
    });
  },
};

rmSync(`${root}dist`, { recursive: true, force: true });
rmSync(`${root}lib`, { recursive: true, force: true });
mkdirSync(`${root}dist`);

await build({
  ...common,
  write: true,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/kong-resilience.cjs',
  loader: { '.sh': 'text', '.lua': 'text' },
  define: { __PROGRAM_VERSION__: JSON.stringify(version) },
  plugins: [late],
});

for (const name of ['start.sh', 'cache.lua']) copyFileSync(`${root}src/gateway/${name}`, `${root}dist/${name}`);
chmodSync(`${root}dist/start.sh`, 0o755);

execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.lib.json'], {
  cwd: root,
  stdio: 'inherit',
});
