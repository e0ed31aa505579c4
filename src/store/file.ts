import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StorageUrl } from '../contract';
import type { ResilienceError } from '../errors';
import { makeFolder } from '../runtime/files';
import { bodyOf } from './body';
import { Call } from './call';
import { storeAbsent, storeConflict, storeDenied, storeNoBucket, storeRefused, storeUnreachable } from './errors';
import { abandon, codeOf, commit, lockWith, sweep } from './file-lock';
import type { Subject } from './http-answer';
import { checkMetadata } from './metadata';
import type {
  CallOptions,
  ObjectInfo,
  ObjectReader,
  ObjectStore,
  ObjectVersion,
  PutOptions,
  PutResult,
  StoredObject,
} from './store';

/**
 * A folder as a bucket: the object `a/b/config.json` is that file, holding exactly its bytes.
 *
 * Version and metadata are in a file beside it, whose name holds inode and modification time of the content that it
 * belongs to. It is written before the content is renamed into place, so that a crash leaves either the old pair or the
 * new one. A file that was put there by other means has none: no metadata, and a version made from its inode and times.
 */
interface Sidecar {
  readonly version: ObjectVersion;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Found extends Sidecar {
  readonly stats: BigIntStats;
}

/** How the names begin of files that are written to read the file system's clock. */
const clockName = '.clock.';
const chunkBytes = 256 * 1024;
/** A writer may replace the file between looking at it and at what is beside it: then both are looked at again. */
const attempts = 20;

/** Reads a folder; never writes in it. */
export class FileReader implements ObjectReader {
  readonly location: string;
  readonly #timeoutMs: number;

  constructor(
    protected readonly storage: StorageUrl,
    settings: { readonly timeoutMs: number },
  ) {
    this.location = `file://${storage.bucket}`;
    this.#timeoutMs = settings.timeoutMs;
  }

  async head(key: string, options?: CallOptions): Promise<ObjectInfo> {
    const path = this.pathOf(key);
    const call = this.call(`reading about ${key}`, { key, writes: false }, options);
    return call.run(async () => {
      const { handle, found } = await this.opened(path, key);
      await handle.close();
      return this.infoOf(path, key, found);
    });
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject> {
    const path = this.pathOf(key);
    const call = this.call(`reading ${key}`, { key, writes: false }, options);
    return call.open(async (signal) => {
      const { handle, found } = await this.opened(path, key);
      try {
        const info = await this.infoOf(path, key, found);
        // Past the time limit nobody is left to close it.
        signal.throwIfAborted();
        const stream = handle.createReadStream({ highWaterMark: chunkBytes });
        return { ...info, body: bodyOf(stream, key, info.size, call) };
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  async listFolders(prefix: string, options?: CallOptions): Promise<readonly string[]> {
    const path = this.pathOf(prefix);
    const call = this.call(`listing ${prefix === '' ? 'the folder' : prefix}`, { writes: false }, options);
    return call.run(async () => {
      try {
        const entries = await readdir(path, { withFileTypes: true });
        // Names with a dot in front are ours: a lock, or what waits for it.
        return entries
          .filter((e) => e.isDirectory() && !e.name.startsWith('.'))
          .map((e) => e.name)
          .sort();
      } catch (error) {
        if (!isMissing(error)) throw error;
        await this.expectFolder();
        return [];
      }
    });
  }

  close(): void {
    // No file is kept open between calls.
  }

  protected call(action: string, subject: Pick<Subject, 'key' | 'writes'>, options: CallOptions | undefined): Call {
    const settings = { location: this.location, timeoutMs: this.#timeoutMs };
    return new Call(settings, action, options, (error, what) =>
      fileError(error, { ...subject, location: this.location, action: what }),
    );
  }

  /** What is missing may be the folder of the store itself: whoever only reads must not take that for an empty store. */
  protected async expectFolder(): Promise<void> {
    try {
      if ((await stat(this.storage.bucket)).isDirectory()) return;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    throw storeNoBucket(this.location);
  }

  protected pathOf(key: string): string {
    if (key.split('/').some((part) => part === '..' || part === '.')) {
      throw new TypeError(`the object key ${JSON.stringify(key)} would leave its folder`);
    }
    return join(this.storage.bucket, key);
  }

  /** What stamps `lastModified`: for a reader, which may not write, the machine's clock, as a local file system uses it. */
  protected storeDate(_folder: string): Promise<Date> {
    return Promise.resolve(new Date());
  }

  private async infoOf(path: string, key: string, found: Found): Promise<ObjectInfo> {
    return {
      key,
      version: found.version,
      size: Number(found.stats.size),
      metadata: found.metadata,
      lastModified: modifiedAt(found.stats),
      storeDate: await this.storeDate(dirname(path)),
    };
  }

  /** The file, open, with what belongs to it. */
  private async opened(path: string, key: string): Promise<{ handle: FileHandle; found: Found }> {
    for (let attempt = 1; ; attempt += 1) {
      const handle = await open(path, 'r').catch(async (error: unknown) => {
        if (isMissing(error)) await this.expectFolder();
        throw error;
      });
      try {
        const stats = await handle.stat({ bigint: true });
        if (!stats.isFile()) throw storeAbsent(this.location, `the object ${key}`);
        const sidecar = await readSidecar(path, stats);
        if (sidecar !== undefined) return { handle, found: { ...sidecar, stats } };
        const now = await stat(path, { bigint: true });
        if (identityOf(now) === identityOf(stats)) return { handle, found: { ...foreign(stats), stats } };
        if (attempt === attempts) {
          throw storeUnreachable(
            this.location,
            `reading ${key}`,
            new Error('it is replaced faster than it can be read'),
          );
        }
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
    }
  }
}

/** Reads and conditionally writes a folder: folders 0700, files 0600. Safe between processes on one file system. */
export class FileStore extends FileReader implements ObjectStore {
  async put(key: string, body: Uint8Array, options: PutOptions): Promise<PutResult> {
    checkMetadata(options.metadata);
    const path = this.pathOf(key);
    return this.call(`writing ${key}`, { key, writes: true }, options).run(async (signal) => {
      await makeFolder(dirname(path), 0o700);
      const storeDate = await this.storeDate(dirname(path));
      const before = await statsOf(path);
      await sweep(path, storeDate.getTime(), clockName, before === undefined ? undefined : sidecarPath(path, before));
      for (;;) {
        const version = await this.#replace(path, key, body, options, signal);
        if (version !== undefined) return { version, storeDate: await this.storeDate(dirname(path)) };
      }
    });
  }

  /** `put` makes the folder: that it is missing means that nothing is in it. */
  protected override expectFolder(): Promise<void> {
    return Promise.resolve();
  }

  /** By the clock of the file system: that of a file written just now. */
  protected override async storeDate(folder: string): Promise<Date> {
    const path = join(folder, `${clockName}${randomUUID()}`);
    try {
      await writeFile(path, '', { flag: 'wx', mode: 0o600 });
      return modifiedAt(await stat(path, { bigint: true }));
    } finally {
      await rm(path, { force: true });
    }
  }

  /** The version of the new content; nothing where another process took the lock over, and it is to be tried again. */
  async #replace(
    path: string,
    key: string,
    body: Uint8Array,
    { condition, metadata }: PutOptions,
    signal: AbortSignal,
  ): Promise<ObjectVersion | undefined> {
    const pending = await lockWith(path, body, signal);
    let sidecar: string | undefined;
    try {
      const before = await find(path);
      const holds = condition === 'absent' ? before === undefined : before?.version === condition.version;
      if (!holds) throw storeConflict(this.location, key);
      const version = randomUUID();
      const content = await statsOf(pending.path);
      // Taken over before it came to the commit.
      if (content === undefined) return undefined;
      sidecar = sidecarPath(path, content);
      await writeFile(sidecar, JSON.stringify({ version, metadata } satisfies Sidecar), { mode: 0o600, flush: true });
      // After the time limit nothing may change any more.
      signal.throwIfAborted();
      if (!(await commit(pending, path))) {
        await rm(sidecar, { force: true });
        return undefined;
      }
      if (before !== undefined) await rm(sidecarPath(path, before.stats), { force: true });
      return version;
    } catch (error) {
      await abandon(pending);
      if (sidecar !== undefined && !(await belongsTo(path, sidecar))) await rm(sidecar, { force: true });
      throw error;
    }
  }
}

async function find(path: string): Promise<Found | undefined> {
  const stats = await statsOf(path);
  return stats === undefined ? undefined : { ...((await readSidecar(path, stats)) ?? foreign(stats)), stats };
}

/** Nothing where there is no file. */
async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether this is what belongs to the content in place: after a failure behind the commit it does. */
async function belongsTo(path: string, sidecar: string): Promise<boolean> {
  const stats = await statsOf(path);
  return stats !== undefined && sidecarPath(path, stats) === sidecar;
}

async function readSidecar(path: string, stats: BigIntStats): Promise<Sidecar | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(sidecarPath(path, stats), 'utf8'));
    return isSidecar(value) ? { version: value.version, metadata: value.metadata } : undefined;
  } catch (error) {
    // A crash of the machine can leave it unfinished, and then it says nothing about the content.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isSidecar(value: unknown): value is Sidecar {
  if (!isObject(value)) return false;
  const { version, metadata } = value;
  return (
    typeof version === 'string' &&
    isObject(metadata) &&
    Object.values(metadata).every((held) => typeof held === 'string')
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sidecarPath(path: string, stats: BigIntStats): string {
  return join(dirname(path), `.${basename(path)}.${identityOf(stats)}.meta`);
}

function foreign(stats: BigIntStats): Sidecar {
  return { version: `file-${identityOf(stats)}-${stats.size}`, metadata: {} };
}

function identityOf(stats: BigIntStats): string {
  return `${stats.ino}-${stats.mtimeNs}`;
}

function modifiedAt(stats: BigIntStats): Date {
  // Not stats.mtime, which is rounded and may lie in the future by a fraction of a millisecond.
  return new Date(Number(stats.mtimeNs / 1_000_000n));
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');
}

function fileError(error: unknown, { location, action, key, writes }: Subject): ResilienceError {
  switch (codeOf(error) ?? '') {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
      // A write makes what it needs; where it cannot, a file or a pseudo file system is in the way.
      if (writes || key === undefined) return storeRefused(location, action, error);
      return storeAbsent(location, `the object ${key}`, error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return storeDenied(location, action, error);
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'ELOOP':
      return storeRefused(location, action, error);
    default:
      return storeUnreachable(location, action, error);
  }
}
