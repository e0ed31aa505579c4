import { spawn } from 'node:child_process';
import { lambdaOutput, lambdaRunFailed, lambdaRunKilled } from './errors';
import { LastWords } from './last-words';

export interface ProgramRun {
  /** Path of the program, a file for Node. */
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** When it is asked to end (SIGTERM): it then finishes the export in hand. */
  readonly terminateAfterMs: number;
  /** When it is ended at all events (SIGKILL). */
  readonly killAfterMs: number;
}

/**
 * Runs the program to its end. Its log goes to our stderr as it comes.
 *
 * @returns the JSON that it printed
 * @throws KR_LAMBDA_RUN_FAILED, KR_LAMBDA_RUN_KILLED, KR_LAMBDA_OUTPUT; what `spawn` says where it could not be started
 */
export async function runProgram(run: ProgramRun): Promise<unknown> {
  const { program, args, environment, terminateAfterMs, killAfterMs } = run;
  const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const timers = [
    setTimeout(() => child.kill('SIGTERM'), terminateAfterMs),
    setTimeout(() => child.kill('SIGKILL'), killAfterMs),
  ];
  const output: Buffer[] = [];
  const lastWords = new LastWords();
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => {
    process.stderr.write(bytes);
    lastWords.add(bytes);
  });
  try {
    const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
      (done, failed) => {
        child.once('error', failed);
        child.once('close', (code, signal) => done({ code, signal }));
      },
    );
    const command = args.join(' ');
    if (code === null) throw lambdaRunKilled(command, signal ?? 'a signal', lastWords.reason);
    if (code !== 0) throw lambdaRunFailed(command, code, lastWords.reason);
    try {
      return JSON.parse(Buffer.concat(output).toString('utf8')) as unknown;
    } catch {
      throw lambdaOutput(command);
    }
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}
