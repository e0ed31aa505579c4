import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bundle } from './paths';

const limitMs = 120_000;

/** An exporter that stays, seen from outside. It ends with this process at the latest. */
export class ExporterProcess {
  readonly #child: ChildProcess;
  readonly #told: string[] = [];
  readonly #exit: Promise<number | null>;
  readonly #ended: Promise<never>;
  #exported = 0;
  #onExported: () => void = () => undefined;
  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  constructor(env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [bundle, 'run'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    this.#exit = once(child, 'exit').then(([code]) => code as number | null);
    this.#ended = this.#exit.then((code) => {
      throw new Error(`the exporter ended with ${code}; ${this.#log()}`);
    });
    // Of note only to who waits.
    this.#ended.catch(() => undefined);
    process.once('exit', this.#kill);
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
    const enough = new Promise<void>((resolve) => {
      this.#onExported = () => this.#exported >= count && resolve();
      this.#onExported();
    });
    await this.whileItRuns(enough, 'exported');
    return performance.now();
  }

  /** @throws Error with its log, where it ends before, or takes longer than anything here may */
  async whileItRuns(done: Promise<void>, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not ${what} within ${limitMs} ms; ${this.#log()}`)), limitMs);
    });
    try {
      await Promise.race([done, this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #log(): string {
    return `its log:\n${this.#told.join('\n')}`;
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
    this.#child.kill('SIGTERM');
    await this.#exit;
    process.removeListener('exit', this.#kill);
  }
}
