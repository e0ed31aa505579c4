import 'reflect-metadata';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

// Each test file has a temporary folder of its own, which goes with it: CDKTF leaves one for every app that it makes.
const before = process.env['TMPDIR'];
const folder = mkdtempSync(join(realpathSync(tmpdir()), 'kong-resilience-'));
// As /tmp: some tests work in it as another user.
chmodSync(folder, 0o1777);
process.env['TMPDIR'] = folder;

afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});
