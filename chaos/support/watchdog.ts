import { Worker } from 'node:worker_threads';

const code = `
const { workerData: { memory, limitMs } } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const progress = new Int32Array(memory);
let seen = -1, since = Date.now();
setInterval(() => {
  const now = Atomics.load(progress, 0);
  if (now !== seen || new Uint8Array(memory, 4)[0] === 0) { seen = now; since = Date.now(); return; }
  if (Date.now() - since < limitMs) return;
  writeSync(2, 'a parser hangs: ' + Buffer.from(new Uint8Array(memory, 4)).toString().replace(/\\0.*$/s, '') + ', case ' + now + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 500);
`;

const NAME_BYTES = 200;

/** Ends the process, with a word on what was tried, where a case takes longer than a parser could need on the slowest machine. */
export class Watchdog {
  readonly #memory = new SharedArrayBuffer(4 + NAME_BYTES);
  readonly #progress = new Int32Array(this.#memory, 0, 1);
  readonly #worker: Worker;

  constructor(limitMs: number) {
    this.#worker = new Worker(code, { eval: true, workerData: { memory: this.#memory, limitMs } });
    this.#worker.unref();
  }

  /** From now on this is tried; nothing is where it has no name. */
  begin(name: string): void {
    const bytes = new Uint8Array(this.#memory, 4);
    bytes.fill(0);
    bytes.set(Buffer.from(name).subarray(0, NAME_BYTES));
  }

  tick(number: number): void {
    Atomics.store(this.#progress, 0, number);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
