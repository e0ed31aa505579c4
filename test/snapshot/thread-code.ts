import { buildSync } from 'esbuild';

/** The code of the thread that checks large objects, as the build makes it. */
export function builtThreadCode(): string {
  const { outputFiles } = buildSync({
    entryPoints: ['src/snapshot/pass-thread.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    minify: true,
    keepNames: true,
  });
  return outputFiles.map(({ text }) => text).join('');
}
