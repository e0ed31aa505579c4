import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { root } from './paths';

/** A process as it is started: the program by its full path. */
export interface Command {
  readonly command: readonly [string, ...string[]];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a whole process used. */
export interface Usage {
  /** From its start to its end, in milliseconds. */
  readonly wall: number;
  /** User and system time, in milliseconds. */
  readonly cpu: number;
  /** Its greatest memory, in MiB. */
  readonly memory: number;
}

type Answer = Usage & { readonly code: number; readonly error?: string };

const limitSeconds = 300;

/** Runs whole cold processes one after the other and measures each (cold_process.py says why that is Python). */
export class ColdProcesses {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  /** @param folder of all processes; their output goes there */
  constructor(private readonly folder: string) {
    this.#child = spawn(python(), ['-I', '-S', join(root, 'bench', 'cold_process.py')], { cwd: folder });
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#child.stderr.pipe(process.stderr);
  }

  /** @throws Error where it does not end with 0, with what it wrote */
  async run({ command, env }: Command): Promise<Usage> {
    const output = join(this.folder, 'output.txt');
    this.#child.stdin.write(`${JSON.stringify({ command, env, output, limit_seconds: limitSeconds })}\n`);
    const next = await this.#lines.next();
    if (next.done === true) throw new Error('the process that measures has ended');
    const { code, error, ...usage } = JSON.parse(next.value) as Answer;
    if (error !== undefined) throw new Error(`${command[0]} could not be started: ${error}`);
    if (code !== 0) {
      throw new Error(`${command.join(' ')} ended with ${code}: ${readFileSync(output, 'utf8').slice(-2000)}`);
    }
    return usage;
  }

  stop(): void {
    this.#child.stdin.end();
    this.#reader.close();
  }
}

/** The program itself, where `python3` on PATH is a script that looks for it. */
export function python(): string {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  } catch (error) {
    throw new Error(
      'python3 is missing: it measures the processes (bench/cold_process.py). Install Python 3.9 or newer.',
      {
        cause: error,
      },
    );
  }
}
