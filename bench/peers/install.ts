import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { python } from '../cold-processes';
import { awsFolder, programsFolder } from '../paths';

const goPrograms = {
  rclone: 'github.com/rclone/rclone@v1.76.0',
  mc: 'github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9',
};
const awscli = 'awscli==1.46.3';

/** Installs the peers that are missing, from the Go module proxy and PyPI. curl is the system's. */
export function installPeers(say: (line: string) => void): void {
  mkdirSync(programsFolder, { recursive: true });
  for (const [name, module] of Object.entries(goPrograms)) {
    if (existsSync(join(programsFolder, name))) {
      say(`${name}: already in ${programsFolder}`);
      continue;
    }
    say(`${name}: go install ${module} (up to ten minutes on two cores)`);
    run('go', ['install', '-p', '2', module], { GOBIN: programsFolder });
  }
  if (existsSync(join(awsFolder, 'bin', 'aws'))) {
    say(`aws: already in ${awsFolder}`);
    return;
  }
  say(`aws: pip install ${awscli}`);
  run(python(), ['-m', 'venv', awsFolder]);
  run(join(awsFolder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', awscli]);
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const { error, status } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (error !== undefined || status !== 0) {
    throw new Error(`${program} ${args.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}.`);
  }
}
