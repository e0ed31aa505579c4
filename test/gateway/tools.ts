import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
export const source = (name: string): string => fileURLToPath(new URL(`../../src/gateway/${name}`, import.meta.url));

export function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, program)));
}

/** Programs that a test needs: missing ones skip it, visibly, with the command that installs them; in CI it runs, and fails. */
export function needs(...programs: readonly string[]): { readonly skip: boolean; readonly note: string } {
  const missing = programs.filter((program) => !onPath(program));
  const skip = missing.length > 0 && process.env['CI'] === undefined;
  return { skip, note: skip ? ` (NOT RUN, needs: apt-get install ${missing.join(' ')})` : '' };
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number | undefined;
}

/** Runs a program to its end; an environment entry that is undefined is left out. */
export function run(
  command: readonly string[],
  options: { env?: Readonly<Record<string, string | undefined>>; cwd?: string } = {},
): Promise<Outcome> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: options.env,
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr, pid: child.pid }));
  });
}

export const isRoot = process.getuid?.() === 0;

/** The words before a command that make it run without root's rights to read everything. */
export const unprivileged: readonly string[] = isRoot
  ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
  : [];
