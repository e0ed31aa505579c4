// Installs the object stores that the tests run against, from the Go module proxy, and builds our own: the stand-in
// for Terraform's providers and the parsers of environments. Only what is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parsersProgram, parsersSource } from '../test/constructs/support/parsers/program.mjs';
import { standInProgram, standInSource } from '../test/support/terraform-stand-in/program.mjs';

/** Modules of Go by the program's name. */
const servers = JSON.parse(readFileSync(new URL('servers.json', import.meta.url), 'utf8'));

const folder = process.env.KONG_RESILIENCE_TEST_SERVERS ?? join(homedir(), '.cache', 'cdktf-kong-resilience', 'bin');
mkdirSync(folder, { recursive: true });

for (const [name, module] of Object.entries(servers)) {
  const path = join(folder, name);
  if (existsSync(path)) {
    console.log(`${name}: already in ${folder}`);
    continue;
  }
  console.log(`${name}: go install ${module} (minio takes about ten minutes on two cores)`);
  const { error, status } = spawnSync('go', ['install', '-p', '2', module], {
    stdio: 'inherit',
    env: { ...process.env, GOBIN: folder },
  });
  if (error?.code === 'ENOENT') {
    console.error('The program go is missing. Install Go (https://go.dev/dl/), then run npm run test:servers again.');
    process.exit(1);
  }
  if (error !== undefined || status !== 0) {
    console.error(`${name} could not be installed${error === undefined ? '' : `: ${error.message}`}.`);
    process.exit(1);
  }
  console.log(`${name}: installed in ${folder}`);
}

const ownPrograms = [
  { name: 'terraform-stand-in', program: standInProgram(), source: standInSource },
  { name: 'environment-parsers', program: parsersProgram(), source: parsersSource, minutes: 2 },
];

for (const { name, program, source, minutes = 1 } of ownPrograms) {
  const path = join(folder, program);
  if (existsSync(path)) {
    console.log(`${name}: already in ${folder}`);
    continue;
  }
  console.log(`${name}: go build (up to ${minutes === 1 ? 'a minute' : `${minutes} minutes`} on two cores)`);
  const build = ['build', '-p', '2', '-trimpath', '-ldflags', '-s -w', '-o', path, '.'];
  const { error, status } = spawnSync('go', build, { stdio: 'inherit', cwd: source });
  if (error !== undefined || status !== 0) {
    console.error(`${name} could not be built${error === undefined ? '' : `: ${error.message}`}.`);
    process.exit(1);
  }
  console.log(`${name}: built in ${folder}`);
}

const terraform = spawnSync('terraform', ['version', '-json'], { encoding: 'utf8' });
if (terraform.error !== undefined || terraform.status !== 0) {
  console.error(
    'The program terraform is missing: the tests that apply stacks are skipped, and in CI they fail. Install 1.11 or newer ' +
      '(https://developer.hashicorp.com/terraform/install).',
  );
  if (process.env.CI) process.exit(1);
}
