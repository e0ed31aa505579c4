import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bundle } from './paths';

const exportWithinMs = 120_000;

/** An exporter that stays, seen from outside. */
export class ExporterProcess {
  readonly #child: ChildProcess;
  readonly #told: string[] = [];
  #exported = 0;
  #onExported: () => void = () => undefined;

  constructor(env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [bundle, 'run'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#told.push(line);
      if (this.#told.length > 100) this.#told.shift();
      if (!line.includes('"event":"exported"')) return;
      this.#exported += 1;
      this.#onExported();
    });
  }

  /** How many configurations it has told as exported. */
  get exported(): number {
    return this.#exported;
  }

  /** Waits until it has told so many. @returns when it was seen, by `performance.now()` */
  async until(count: number): Promise<number> {
    const late = AbortSignal.timeout(exportWithinMs);
    while (this.#exported < count) {
      await new Promise<void>((resolve, reject) => {
        this.#onExported = resolve;
        late.onabort = () =>
          reject(new Error(`not exported within ${exportWithinMs} ms; the log:\n${this.#told.join('\n')}`));
        this.#child.once('exit', (code) =>
          reject(new Error(`the exporter ended with ${code}:\n${this.#told.join('\n')}`)),
        );
      });
      this.#child.removeAllListeners('exit');
    }
    return performance.now();
  }

  /** What it has of the memory of the machine now, in MiB. */
  get memory(): number {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.#child.pid)], { encoding: 'utf8' })) / 1024;
  }

  /** The processor time that it has used, in milliseconds. */
  get cpu(): number {
    const pid = String(this.#child.pid);
    if (process.platform === 'linux') {
      // Of user and system, in hundredths of a second; `ps` tells whole seconds here.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10;
    }
    const [seconds = 0, minutes = 0, hours = 0] = execFileSync('ps', ['-o', 'time=', '-p', pid], { encoding: 'utf8' })
      .trim()
      .split(':')
      .reverse()
      .map(Number);
    return ((hours * 60 + minutes) * 60 + seconds) * 1000;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }
}
