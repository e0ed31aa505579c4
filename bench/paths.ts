import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const root = resolve(__dirname, '..');
/** The agent as it is published. */
export const bundle = join(root, 'dist', 'kong-resilience.cjs');
export const launcher = join(root, 'bin', 'kong-resilience');
/** Where the results and the pictures of the page are. */
export const picturesFolder = join(root, 'docs', 'bench');
export const page = join(root, 'docs', 'bench.md');
/** A result that is not published: of the short form, of one suite, or of a run that is not, or not yet, whole. */
export const partialResults = join(tmpdir(), 'kong-resilience-bench.json');

/** Where `npm run test:servers` puts the servers, and `npm run bench -- --install` the peers. */
export const programsFolder =
  process.env['KONG_RESILIENCE_TEST_SERVERS'] ?? join(homedir(), '.cache', 'cdktf-kong-resilience', 'bin');
/** The aws CLI is a folder of Python packages. */
export const awsFolder = join(dirname(programsFolder), 'awscli');

/** @throws Error where `npm run build` has not been run */
export function expectBuild(): void {
  for (const path of [bundle, join(root, 'lib', 'constructs')]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  }
}
