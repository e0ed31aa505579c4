import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { python } from '../cold-processes';
import { awsFolder, programsFolder } from '../paths';

/** The path of a program, in the folder of the installed peers or on PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [
    programsFolder,
    join(awsFolder, 'bin'),
    scriptsOfPython(),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path) && !isShim(path));
}

/** The first line of what a program says of itself. */
export function versionOf(path: string | undefined, args: readonly string[]): string | undefined {
  if (path === undefined) return undefined;
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
  return status === 0 ? `${stdout}${stderr}`.split('\n')[0]?.trim() : undefined;
}

/** The version of the module that a program was built of. */
export function goVersionOf(path: string | undefined): string | undefined {
  const { status, stdout } = spawnSync('go', ['version', '-m', path ?? ''], { encoding: 'utf8' });
  return status === 0 ? /^\tmod\t\S+\t(\S+)/m.exec(stdout)?.[1] : undefined;
}

/** A shell script that looks for the program (pyenv's, asdf's) takes longer than many a program. */
function isShim(path: string): boolean {
  return /^#!.*\b(ba|da|z)?sh\b/.test(readFileSync(path).subarray(0, 100).toString('latin1').split('\n')[0] ?? '');
}

let scripts: string | undefined;

/** Where pip puts programs. */
function scriptsOfPython(): string {
  scripts ??= execFileSync(python(), ['-c', 'import sysconfig; print(sysconfig.get_path("scripts"))'], {
    encoding: 'utf8',
  }).trim();
  return scripts;
}
