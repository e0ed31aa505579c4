import { type ChildProcess, fork } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A program bundled from `source` (TypeScript, importing from `src`), to be run as processes of its own. */
export interface Program {
  readonly path: string;
  remove(): Promise<void>;
}

export async function compile(source: string): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'kong-resilience-test-'));
  await chmod(folder, 0o755);
  const path = join(folder, 'program.cjs');
  await build({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    outfile: path,
  });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Starts it; as an unprivileged user where `uid` is given (the tests may run as root, whom no permission stops). */
export function start(program: Program, args: readonly string[], uid?: number): ChildProcess {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const as = uid === undefined ? {} : { uid, gid: uid };
  return fork(program.path, args, { ...as, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], cwd: '/' });
}

/** What it printed on standard output, when it has ended with 0. */
export async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`the child ended with ${code}: ${errors}`);
  return output;
}
