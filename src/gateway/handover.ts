import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, chown, mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ResilienceError } from '../errors';
import { makeFolder, syncFolder, type Log } from '../runtime';
import cacheLua from './cache.lua';
import { handoverDamaged, handoverDenied, handoverFailed, handoverFull } from './errors';
import startScript from './start.sh';

/** Smaller writes are gathered up to this size. */
const BUFFER_BYTES = 1024 * 1024;
/** How many of the files that were staged are remembered by their MD5. */
export const REMEMBERED_FILES = 100;

/** Names in the folder; what each holds stands in index.ts. */
const CONFIG = 'config.json';
const HANDED_OVER = 'handed-over';
const RESULT = 'result.json';
const TEMPORARY = /^\.kong-resilience\..*\.tmp$/;

export interface HandoverOptions {
  /** KONG_RESILIENCE_HANDOVER_DIR. Created when missing, with mode 0700, or 0750 with a group; an existing one keeps its mode. */
  readonly dir: string;
  /** Numeric group that may read what is handed over (files then 0640). Default: none (0600). */
  readonly group?: number;
  readonly log: Log;
}

/** What can be said of a file that was handed over. */
export interface StagedFile {
  readonly path: string;

  readonly bytes: number;
  /** MD5 in hexadecimal: the hash that a gateway reports after a start from this file. */
  readonly md5: string;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** MD5 and SHA-256 in hexadecimal. */
export interface KnownDigests {
  readonly md5: string;
  readonly sha256: string;
}

/** A file on its way into the folder. Nothing of it is visible before `commit` has succeeded. */
export interface Staging {
  /** Where the bytes are until then; all of them after `flush`. */
  readonly path: string;
  /** Appends; rejects with `KR_HANDOVER_FULL`, `_DENIED` or `_FAILED`. The chunk may be reused once it has resolved. */
  write(chunk: Uint8Array): Promise<void>;
  /** Writes out what small writes left in the buffer, so that the file can be read at `path`. */
  flush(): Promise<void>;
  /**
   * Puts the file in its place, whole and for good: flushed to the disk, renamed, the folder flushed.
   * When it rejects, what was staged before is untouched.
   */
  commit(): Promise<StagedFile>;
  /** Gives up. Does nothing after `commit` or another `abort`. */
  abort(): Promise<void>;
}

/** The folder through which an importer hands a configuration to a gateway. One importer at a time uses it. */
export class Handover {
  readonly dir: string;
  /** Where the staged configuration stands: what KONG_DECLARATIVE_CONFIG is set to. */
  readonly configPath: string;
  readonly #group: number | undefined;
  readonly #log: Log;

  private constructor(options: HandoverOptions) {
    this.dir = options.dir;
    this.configPath = join(options.dir, CONFIG);
    this.#group = options.group;
    this.#log = options.log;
  }

  /**
   * Makes the folder when it is missing, and removes what a killed importer left behind.
   *
   * @throws `KR_HANDOVER_DENIED`, `_FULL`, `_FAILED`, as each call of this class
   */
  static async open(options: HandoverOptions): Promise<Handover> {
    const handover = new Handover(options);
    await handover.#prepare();
    return handover;
  }

  async #prepare(): Promise<void> {
    await told(this.dir, 'making the folder', async () => {
      await makeFolder(dirname(this.dir), 0o777);
      try {
        await mkdir(this.dir, { mode: 0o700 });
      } catch (error) {
        if (codeOf(error) === 'EEXIST' && (await stat(this.dir)).isDirectory()) return;
        throw error;
      }
      if (this.#group !== undefined) {
        await chown(this.dir, -1, this.#group);
        await chmod(this.dir, 0o750);
      }
    });
    await told(this.dir, 'clearing up', async () => {
      for (const name of await readdir(this.dir)) {
        if (!TEMPORARY.test(name)) continue;
        await rm(join(this.dir, name), { force: true });
        this.#log.debug({ file: join(this.dir, name) }, 'removed what an interrupted import left behind');
      }
    });
  }

  /**
   * Begins a file. Its bytes are hashed as they pass, so that memory stays small.
   *
   * @param known asked by `commit` for the digests of all that was written, where the caller has them or computes them
   */
  async stage(known?: () => KnownDigests | undefined): Promise<Staging> {
    const { path, handle } = await this.#temporary();
    const digests = new Digests(known);
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    let buffered = 0;
    let state: 'open' | 'done' | 'aborted' = 'open';
    const expectOpen = (): void => {
      if (state !== 'open') throw new TypeError(`${path} is ${state}`);
    };
    const append = (bytes: Uint8Array): Promise<void> =>
      told(path, 'writing the configuration', () => handle.appendFile(bytes));
    const flush = async (): Promise<void> => {
      expectOpen();
      if (buffered === 0) return;
      await append(buffer.subarray(0, buffered));
      buffered = 0;
    };
    const write = async (chunk: Uint8Array): Promise<void> => {
      expectOpen();
      digests.update(chunk);
      if (buffered + chunk.byteLength > buffer.byteLength) await flush();
      if (chunk.byteLength > buffer.byteLength) return append(chunk);
      buffer.set(chunk, buffered);
      buffered += chunk.byteLength;
    };
    const abort = async (): Promise<void> => {
      if (state !== 'open') return;
      state = 'aborted';
      await told(path, 'removing an unfinished file', async () => {
        await handle.close();
        await rm(path, { force: true });
      });
    };
    const commit = async (): Promise<StagedFile> => {
      expectOpen();
      try {
        await flush();
        const file = digests.of(this.configPath);
        await told(path, 'writing the configuration', async () => {
          await handle.sync();
          await handle.close();
        });
        // First the list, then the file: whatever stands in the file's place is in the list, if it is whole.
        await this.#remember(file.md5);
        await this.#place(path, CONFIG);
        state = 'done';
        return file;
      } catch (error) {
        await abort().catch((second: unknown) => this.#log.warn({ err: second }, 'an unfinished file stays'));
        throw error;
      }
    };
    return { path, write, flush, commit, abort };
  }

  /** Takes away what is staged, so that the next start uses the cache. Tells whether there was anything. */
  async disarm(): Promise<boolean> {
    return told(this.configPath, 'removing the configuration', async () => {
      let armed = true;
      try {
        await rm(this.configPath);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
        armed = false;
      }
      if (armed) await syncFolder(this.dir);
      return armed;
    });
  }

  /** What is staged now, read from the file itself; nothing when nothing is. */
  async staged(): Promise<StagedFile | undefined> {
    const digests = new Digests();
    return told(this.configPath, 'reading the configuration', async () => {
      try {
        for await (const chunk of createReadStream(this.configPath, { highWaterMark: 1 << 20 })) {
          digests.update(chunk as Buffer);
        }
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
      return digests.of(this.configPath);
    });
  }

  /** Records what the last import did, for people and for `status`: plain JSON, without secrets. */
  async writeResult(result: object): Promise<void> {
    await this.#write(RESULT, `${JSON.stringify(result, null, 2)}\n`);
  }

  /** What the last import did; nothing when none was recorded. */
  async readResult(): Promise<unknown> {
    const text = await this.#read(RESULT);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw handoverDamaged(join(this.dir, RESULT), error);
    }
  }

  /** Writes `start.sh` and `cache.lua` of this version, which a gateway's container runs. They hold no secret: 0755 and 0644. */
  async installScripts(): Promise<void> {
    await this.#write('cache.lua', cacheLua, 0o644);
    await this.#write('start.sh', startScript, 0o755);
  }

  async #remember(md5: string): Promise<void> {
    const path = join(this.dir, HANDED_OVER);
    const lines = (await this.#read(HANDED_OVER))?.split('\n').filter((line) => line !== '' && line !== md5) ?? [];
    await told(path, 'writing the list', () =>
      this.#write(HANDED_OVER, `${[...lines, md5].slice(-REMEMBERED_FILES).join('\n')}\n`),
    );
  }

  async #read(name: string): Promise<string | undefined> {
    return told(join(this.dir, name), 'reading', async () => {
      try {
        return await readFile(join(this.dir, name), 'utf8');
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    });
  }

  async #write(name: string, text: string, mode?: number): Promise<void> {
    const { path, handle } = await this.#temporary(mode);
    try {
      await told(join(this.dir, name), 'writing', async () => {
        try {
          await handle.writeFile(text);
          await handle.sync();
        } finally {
          await handle.close();
        }
      });
      await this.#place(path, name);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** A new file, whose mode and group are right before the first byte is in it. */
  async #temporary(mode?: number): Promise<{ path: string; handle: FileHandle }> {
    const path = join(this.dir, `.kong-resilience.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
    return told(this.dir, 'writing a file', async () => {
      const handle = await open(path, 'wx', 0o600);
      try {
        if (this.#group !== undefined) await handle.chown(-1, this.#group);
        await handle.chmod(mode ?? (this.#group === undefined ? 0o600 : 0o640));
      } catch (error) {
        await handle.close();
        await rm(path, { force: true });
        throw error;
      }
      return { path, handle };
    });
  }

  async #place(from: string, name: string): Promise<void> {
    const to = join(this.dir, name);
    await told(to, 'putting the file in its place', async () => {
      await rename(from, to);
      await syncFolder(this.dir);
    });
  }
}

/** Size and digests of bytes as they pass. */
class Digests {
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');
  #size = 0;

  /** @param known who is asked instead of computing them */
  constructor(private readonly known?: () => KnownDigests | undefined) {}

  update(bytes: Uint8Array): void {
    if (this.known === undefined) {
      this.#md5.update(bytes);
      this.#sha256.update(bytes);
    }
    this.#size += bytes.byteLength;
  }

  of(path: string): StagedFile {
    const computed = (): KnownDigests => ({ md5: this.#md5.digest('hex'), sha256: this.#sha256.digest('hex') });
    const digests = this.known === undefined ? computed() : this.known();
    if (digests === undefined) throw new TypeError(`the digests of ${path} are not known yet`);
    return { path, bytes: this.#size, md5: digests.md5, sha256: digests.sha256 };
  }
}

/** Runs a step in the folder, and tells its failure as one of this folder's errors. */
async function told<T>(path: string, action: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw asHandoverError(path, action, error);
  }
}

function asHandoverError(path: string, action: string, error: unknown): ResilienceError | TypeError {
  if (error instanceof TypeError) return error;
  for (const factory of [handoverDenied, handoverFull, handoverFailed, handoverDamaged]) {
    if (factory.is(error)) return error;
  }
  switch (codeOf(error) ?? '') {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return handoverDenied(path, action, error);
    case 'ENOSPC':
    case 'EDQUOT':
      return handoverFull(path, action, error);
    default:
      return handoverFailed(path, action, error);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
