import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { processFailed } from './errors';

/** How this program is started: `node` and the bundle. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** Variables of the caller's that a program needs to run at all; nothing else reaches it, least of all credentials. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

const saidLines = 20;

/** A process of this program, with an environment of its own. */
export class Child {
  private readonly process: ChildProcessByStdio<null, Readable, Readable>;
  private readonly ended: Promise<string>;
  /** How it ended; undefined while it runs. */
  private ending: string | undefined;
  private out = '';
  private said = '';

  constructor(
    private readonly name: string,
    program: Program,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ) {
    const own = Object.fromEntries(
      inherited.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])),
    );
    this.process = spawn(program.command, [...program.args, ...args], {
      env: { ...own, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.process.stderr.setEncoding('utf8').on(
      'data',
      (text: string) =>
        (this.said = `${this.said}${text}`
          .split('\n')
          .slice(-saidLines - 1)
          .join('\n')),
    );
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => resolve((this.ending ??= how));
      this.process.once('error', (error) => end(`could not be started: ${error.message}`));
      this.process.once('close', (code, signal) =>
        end(code === null ? `was ended by ${String(signal)}` : `ended with code ${code}`),
      );
    });
  }

  /** The end of its log, for a message about what went wrong. */
  get log(): string {
    return this.said.trimEnd();
  }

  /** @throws KR_DEMO_PROCESS when it does not run any more */
  mustRun(): void {
    if (this.ending !== undefined) throw processFailed(this.name, this.ending, this.log);
  }

  /**
   * Waits for the end, by itself or after `limitMs` by force.
   *
   * @returns what it printed
   * @throws KR_DEMO_PROCESS when it did not end with code 0
   */
  async finished(limitMs: number): Promise<string> {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), limitMs);
    const how = await this.ended;
    clearTimeout(timer);
    if (how !== 'ended with code 0') throw processFailed(this.name, how, this.log);
    return this.out;
  }

  /** Asks it to end, as an orchestrator does, and waits. @throws KR_DEMO_PROCESS as above */
  async stop(limitMs: number): Promise<void> {
    this.process.kill('SIGTERM');
    await this.finished(limitMs);
  }

  /** Ends it whatever state it is in. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
