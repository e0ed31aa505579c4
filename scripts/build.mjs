// Builds what is published: the agent in one file (dist/), what goes with it, and the contract as a library (lib/).
// The same sources, packages and Node make the same bytes in dist/, in any folder, time zone, locale and umask (ADR 0010).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build, transformSync } from 'esbuild';
import { billOfMaterials } from './bill-of-materials.mjs';
import { bundledPackages, byText, licenceTexts } from './bundled-packages.mjs';
import { zip } from './zip.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version, license } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

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
  metafile: true,
  outdir: 'dist',
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

/** What esbuild says of each build, of which all end in the bundle. */
const metafiles = [];

const file = (path) => ({ entryPoints: [path] });

/** One entry point as a text in which esbuild writes ASCII alone. */
async function bundleOf(entry, options = {}) {
  const { outputFiles, metafile } = await build({ ...common, ...options, ...entry });
  metafiles.push(metafile);
  return outputFiles[0].text;
}

/** The file's parts by name: compressed code, in base64. */
const parts = new Map();

async function addPart(name, entry, options) {
  parts.set(name, brotliCompressSync(await bundleOf(entry, options)).toString('base64'));
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
        contents === undefined ? file(pluginData) : { stdin: { contents, resolveDir: root, sourcefile: `${path}.ts` } };
      await addPart(path, entry, { mainFields: ['module', 'main'] });
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
      const code = await bundleOf(file('src/snapshot/pass-thread.ts'));
      return { loader: 'js', contents: `export const threadCode = ${JSON.stringify(code)};` };
    });
  },
};

/** What is in dist/, by name: bytes, and whether it is a program. */
const files = new Map();
const add = (name, content, executable = false) => files.set(name, { bytes: Buffer.from(content), executable });
const bytesOf = (name) => files.get(name).bytes;
const sha256 = (content) => createHash('sha256').update(content).digest('hex');

await addPart('main', file('src/cli/main.ts'), {
  loader: { '.sh': 'text', '.lua': 'text' },
  define: { __PROGRAM_VERSION__: JSON.stringify(version) },
  plugins: [late, thread],
});
const sorted = Object.fromEntries([...parts].sort(([a], [b]) => byText(a, b)));
const agent = await bundleOf(file('src/bundle/loader.ts'), {
  define: {
    __PARTS__: JSON.stringify(sorted),
    __PARTS_DIGEST__: JSON.stringify(sha256(JSON.stringify(sorted)).slice(0, 16)),
  },
});
const handlers = await bundleOf(file('src/lambda/index.ts'));
const packages = bundledPackages(root, metafiles);

add('kong-resilience.cjs', agent);
for (const name of ['start.sh', 'cache.lua'])
  add(name, readFileSync(`${root}src/gateway/${name}`), name === 'start.sh');
add('THIRD-PARTY-LICENSES.txt', licenceTexts(packages));
add('sbom.cdx.json', billOfMaterials({ name: 'cdktf-kong-resilience', version, licence: license }, agent, packages));
add(
  'lambda.zip',
  await zip({
    'index.cjs': handlers,
    'kong-resilience.cjs': agent,
    LICENSE: readFileSync(`${root}LICENSE`),
    'THIRD-PARTY-LICENSES.txt': bytesOf('THIRD-PARTY-LICENSES.txt'),
  }),
);
// As `sha256sum --check` reads it.
const names = [...files.keys()].sort(byText);
add('SHA256SUMS', names.map((name) => `${sha256(bytesOf(name))}  ${name}\n`).join(''));

for (const folder of ['dist', 'lib']) rmSync(`${root}${folder}`, { recursive: true, force: true });
mkdirSync(`${root}dist`);
chmodSync(`${root}dist`, 0o755);
for (const [name, { bytes, executable }] of files) {
  writeFileSync(`${root}dist/${name}`, bytes);
  chmodSync(`${root}dist/${name}`, executable ? 0o755 : 0o644);
}

execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.lib.json'], {
  cwd: root,
  stdio: 'inherit',
});
// Declarations keep their comments, which editors show; of the programs they were a sixth.
for (const name of readdirSync(`${root}lib`, { recursive: true })) {
  if (!name.endsWith('.js')) continue;
  const path = `${root}lib/${name}`;
  writeFileSync(path, transformSync(readFileSync(path, 'utf8'), { platform: 'node', target: 'node20' }).code);
}
