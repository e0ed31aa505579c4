import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { temporaryFolder } from '../../test/support/program';

/** What tells one format of the lease from another, where it is written and where it is read. */
const formats: readonly (readonly [file: string, now: string, then: string])[] = [
  ['lease.ts', 'format: 1,', 'format: 2,'],
  ['lease-document.ts', 'format: z.literal(1)', 'format: z.literal(2)'],
];

/** A version of this program whose lease is of another format: neither reads more of the other's than each format has. */
export async function otherVersion(): Promise<readonly [string, ...string[]]> {
  const outfile = join(temporaryFolder(), 'kong-resilience.cjs');
  await build({
    entryPoints: ['src/cli/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    keepNames: true,
    logLevel: 'error',
    external: ['bufferutil', 'utf-8-validate'],
    loader: { '.sh': 'text', '.lua': 'text' },
    define: { __PROGRAM_VERSION__: '"999.0.0"' },
    plugins: [
      {
        name: 'another-format',
        setup: (bundler) => {
          for (const [file, now, then] of formats) {
            bundler.onLoad({ filter: new RegExp(`/src/exporter/${file.replace('.', '\\.')}$`) }, ({ path }) => {
              const source = readFileSync(path, 'utf8');
              if (source.split(now).length !== 2) throw new Error(`${path} does not have ${now} once`);
              return { contents: source.replace(now, then), loader: 'ts' };
            });
          }
        },
      },
    ],
  });
  return [process.execPath, outfile];
}
