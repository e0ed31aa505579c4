import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../vitest.config.mjs';

// They kill, pause and starve processes: one suite at a time. What they find once is found: no second try.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({
    root: '.',
    test: { include: ['chaos/*.test.ts'], maxWorkers: 1, testTimeout: 600_000, hookTimeout: 120_000, retry: 0 },
  }),
);
