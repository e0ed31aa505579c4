import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { inspectFolder, keepOutput, remember } from './left-behind';
import { until } from './until';

/** The package that is tested: this one, which `npm test` builds, or where it is installed. */
const root = resolve(process.env['KONG_RESILIENCE_TEST_PACKAGE'] ?? '.');
export const bundle = join(root, 'dist', 'kong-resilience.cjs');
/** The launcher, which package.json names as the program. */
export const launcher = join(root, 'bin', 'kong-resilience');

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Exit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** What is run instead of node and the bundle. */
  readonly command?: readonly [string, ...string[]];
  /** Streams that nobody reads: each write of the program fails with EPIPE. */
  readonly unread?: readonly ('stdout' | 'stderr')[];
}

/** A line of the log. */
export type LogLine = { readonly level: string; readonly message: string } & Readonly<Record<string, unknown>>;

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kong-resilience-test-'));
  onTestFinished(() => {
    inspectFolder(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

/** The program as a process, with nothing of this machine's environment but PATH; it is killed after the test at the latest. */
export class Program {
  readonly #child: ChildProcess;
  readonly exit: Promise<Exit>;
  #ended = false;
  stdout = '';
  stderr = '';

  constructor(
    readonly args: readonly string[],
    environment: Environment,
    { command: [file, ...before] = [process.execPath, bundle], unread = [] }: ProgramOptions = {},
  ) {
    const home = temporaryFolder();
    const secrets = remember(environment);
    const child = spawn(file, [...before, ...args], {
      env: { PATH: process.env['PATH'], HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...environment },
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    for (const name of unread) child[name].destroy();
    this.exit = new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', (code, signal) => {
        this.#ended = true;
        keepOutput(`${Date.now()}-${this.pid}`, this.stdout + this.stderr, secrets);
        done({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await this.exit.catch(() => undefined);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends a signal to this process alone. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end, and waits for that. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.kill(signal);
    return this.exit;
  }

  /** The whole lines of its log so far. @throws SyntaxError where one is not JSON */
  get log(): readonly LogLine[] {
    return this.stderr
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits until the log has such a line; fails when the program ends before. */
  async logged(what: string, matches: (line: LogLine) => boolean): Promise<LogLine> {
    let found: LogLine | undefined;
    await this.waitFor(`the log has ${what}`, () => (found = this.log.find(matches)) !== undefined);
    return found as unknown as LogLine;
  }

  /** Waits until `condition` holds; fails when the program ends before, and says what it wrote. */
  async waitFor(what: string, condition: () => boolean | Promise<boolean>, limitMs = 45_000): Promise<void> {
    let ended = false;
    await until(what, async () => (await condition()) || (ended = this.#ended), limitMs).catch((error: Error) => {
      throw new Error(`${error.message}; the program wrote:\n${this.stderr}${this.stdout}`);
    });
    if (ended && !(await condition()))
      throw new Error(`it ended before ${what}; it wrote:\n${this.stderr}${this.stdout}`);
  }
}

/** Runs the program to its end. */
export function run(args: readonly string[], environment: Environment, options?: ProgramOptions): Promise<Exit> {
  return new Program(args, environment, options).exit;
}
