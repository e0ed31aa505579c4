import { Worker } from 'node:worker_threads';
import { ResilienceError } from '../errors';
import { threadLost } from './errors';
import type { FromThread, ThreadData, ToThread } from './pass-thread';
import { TextPass, type Passed, type ScanPlan } from './text-pass';

const SLOT_BYTES = 256 * 1024;
/** As much as arrives while the thread starts. */
const SLOTS = 6;
/** The scanner leaves little garbage; by default each thread may keep tens of megabytes of it. */
const YOUNG_GENERATION_MB = 1;

/** Starts a pass in a thread, or, where none can be made, in this one. The parameters are those of `ThreadedPass`. */
export function startThreadedPass(
  plan: ScanPlan,
  code: string,
  onInline: (error: unknown) => void,
): ThreadedPass | TextPass {
  try {
    return new ThreadedPass(plan, code, onInline);
  } catch (error) {
    // The thread is made later: what is thrown here is Node's refusal to make any (its permission model).
    onInline(error);
    return new TextPass(plan);
  }
}

/**
 * One pass over a text in a thread of its own, so that receiving and writing it need not wait.
 *
 * The bytes go through shared memory, and nothing is taken from a slot before the thread has answered for it. So a thread
 * that cannot even start, where processes are limited say, costs nothing: what waits is passed over here, and the rest.
 */
export class ThreadedPass {
  readonly #worker: Worker;
  readonly #memory = new SharedArrayBuffer(SLOTS * SLOT_BYTES);
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => slot);
  /** What was sent before the first answer, oldest first. */
  readonly #sent: { readonly slot: number; readonly length: number }[] = [];
  /** The slot that is being filled. */
  #slot: number | undefined;
  #filled = 0;
  #answered = false;
  /** In place of the thread, where that did not start. */
  #here: TextPass | undefined;
  #passed: Passed | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  /**
   * @param code pass-thread.ts in one piece
   * @param onInline told why, when the thread did not start
   */
  constructor(
    private readonly plan: ScanPlan,
    code: string,
    private readonly onInline: (error: unknown) => void,
  ) {
    const data: ThreadData = { plan, memory: this.#memory, slotBytes: SLOT_BYTES };
    this.#worker = new Worker(code, {
      eval: true,
      workerData: data,
      env: {},
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.on('message', (message: FromThread) => this.#told(message));
    this.#worker.on('error', (error) => this.#lost(error));
    this.#worker.on('exit', () => this.#lost(new Error('it ended')));
  }

  /** Keeps no reference to the bytes. @throws what the scanner throws, at this or a later chunk; `KR_SNAPSHOT_THREAD_LOST` */
  async feed(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#here !== undefined) return this.#here.feed(bytes.subarray(at));
      this.#slot ??= this.#free.pop();
      if (this.#slot === undefined) {
        await this.#answer();
        continue;
      }
      const part = bytes.subarray(at, at + SLOT_BYTES - this.#filled);
      this.#view(this.#slot, SLOT_BYTES).set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === SLOT_BYTES) this.#send();
    }
  }

  /** @throws as `feed` */
  async end(): Promise<Passed> {
    this.#send();
    this.#post('end');
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#passed !== undefined) return this.#passed;
      if (this.#here !== undefined) return this.#here.end();
      await this.#answer();
    }
  }

  /** Ends the thread, whatever it does; to be called in any case. */
  async close(): Promise<void> {
    this.#failure ??= { error: new Error('closed') };
    await this.#worker.terminate();
  }

  #view(slot: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory, slot * SLOT_BYTES, length);
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #send(): void {
    if (this.#slot === undefined) return;
    const filled = { slot: this.#slot, length: this.#filled };
    this.#slot = undefined;
    this.#filled = 0;
    if (this.#here !== undefined) return;
    if (!this.#answered) this.#sent.push(filled);
    this.#post(filled);
  }

  /** Ends with the next word from the thread, or of its end. */
  async #answer(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #told(message: FromThread): void {
    this.#answered = true;
    if ('free' in message) {
      this.#free.push(message.free);
    } else if ('passed' in message) {
      this.#passed = message.passed;
    } else {
      const { code, reason, fix } = message.refused;
      this.#failure ??= { error: new ResilienceError(code, reason, fix) };
    }
    this.#wake();
  }

  #lost(error: unknown): void {
    if (this.#passed !== undefined || this.#failure !== undefined || this.#here !== undefined) return;
    if (this.#answered) {
      this.#failure = { error: threadLost(error) };
    } else {
      this.onInline(error);
      this.#here = new TextPass(this.plan);
      if (this.#slot !== undefined) this.#sent.push({ slot: this.#slot, length: this.#filled });
      try {
        for (const { slot, length } of this.#sent) this.#here.feed(this.#view(slot, length));
      } catch (refusal) {
        this.#failure = { error: refusal };
      }
    }
    this.#wake();
  }
}
