import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      // As esbuild's `text` loader does in the bundle.
      name: 'text-files',
      enforce: 'pre',
      load: (id) =>
        /\.(sh|lua)$/.test(id) ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : undefined,
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/setup.ts'],
    // Processes, servers and time limits on a shared machine. What needed a second try is told, and few may
    // (scripts/retried-tests-reporter.mjs); a property that failed is never asked again with other values.
    retry: process.env['CI'] === undefined ? 0 : { count: 1, condition: /^(?!Property failed)/ },
  },
});
