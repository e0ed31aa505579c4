import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './paths';

export function describeMachine(): Readonly<Record<string, string>> {
  const processors = cpus();
  return {
    system: `${platform()} ${release().split('-')[0] ?? ''} ${arch()}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: String(processors.length),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    /** Of others: what was measured beside them counts by its ratios alone. */
    load: (loadavg()[0] ?? 0).toFixed(1),
  };
}

export function describeVersions(): Readonly<Record<string, string>> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { 'kong-resilience': `${version}${commit()}`, node: process.version };
}

/** Of the source; `-dirty` where it is not what was committed. */
function commit(): string {
  try {
    const text = execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return ` (${text.toString().trim()})`;
  } catch {
    // Not a repository.
    return '';
  }
}
