import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../runtime/files';
import { pause } from '../runtime/time';

/**
 * Replaces one file, one process at a time, and never on behalf of a process that lost its turn.
 *
 * The new content waits in a folder of the writer's own, beside the target. Renaming that folder to `.<name>.lock` takes
 * the lock, because a folder that is not empty cannot be renamed over; renaming the content out of it, onto the target,
 * is the commit and frees the lock, because the folder is then empty. Whoever takes over from a writer that is dead or
 * frozen renames the lock away with the content in it: should that writer wake, its commit finds nothing to rename. So
 * correctness rests on `rename` alone; time only decides how long a dead writer's lock is waited for.
 */

/**
 * How long one and the same lock is looked at before it is taken over: it is held for a few file operations. Well below
 * the shortest time limit that a call may have (1 s), or no call would last long enough to take over.
 */
const takeOverAfterMs = 500;
const pollMs = 10;
/** Left behind by a writer that died before it had the lock. */
const abandonedAfterMs = 3_600_000;

export interface Pending {
  /** The new content, written and flushed. */
  readonly path: string;
  readonly lock: string;
}

/**
 * Writes `body` beside `target` and waits for the lock.
 *
 * @throws whatever the file system says, or the signal's reason
 */
export async function lockWith(target: string, body: Uint8Array, signal: AbortSignal): Promise<Pending> {
  const own = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  const name = randomUUID();
  const lock = `${join(dirname(target), `.${basename(target)}`)}.lock`;
  await mkdir(own, { mode: 0o700 });
  try {
    await writeFile(join(own, name), body, { flag: 'wx', mode: 0o600, flush: true });
    await acquire(own, lock, signal);
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    throw error;
  }
  return { path: join(lock, name), lock };
}

/** Puts the new content in the target's place. False: the lock was taken over, and nothing was changed. */
export async function commit(pending: Pending, target: string): Promise<boolean> {
  try {
    await rename(pending.path, target);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  await syncFolder(dirname(target));
  await removeEmpty(pending.lock);
  return true;
}

/** Lets go of the lock without a change. */
export async function abandon(pending: Pending): Promise<void> {
  await rm(pending.path, { force: true });
  await removeEmpty(pending.lock);
}

/**
 * Removes what writers that died left beside `target`, long ago by the file system's clock (`now`, milliseconds).
 *
 * @param clock how the names begin of files that were written to read that clock
 * @param sidecar path of the one that belongs to what is in place; another one belongs to nothing
 */
export async function sweep(target: string, now: number, clock: string, sidecar: string | undefined): Promise<void> {
  const folder = dirname(target);
  for (const name of await readdir(folder)) {
    const ofTarget = name.startsWith(`.${basename(target)}.`) && (name.endsWith('.tmp') || name.endsWith('.meta'));
    const path = join(folder, name);
    if ((!ofTarget && !name.startsWith(clock)) || path === sidecar) continue;
    const found = await stat(path).catch(absent);
    if (found !== undefined && now - found.mtimeMs > abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
}

async function acquire(own: string, lock: string, signal: AbortSignal): Promise<void> {
  let seen: string | undefined;
  let since = 0;
  for (;;) {
    signal.throwIfAborted();
    try {
      await rename(own, lock);
      return;
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
    }
    const holder = (await readdir(lock).catch(absent))?.join() ?? '';
    if (holder !== seen || holder === '') {
      seen = holder;
      since = performance.now();
    } else if (performance.now() - since >= takeOverAfterMs) {
      await takeAway(lock);
    }
    await pause(pollMs, signal);
  }
}

async function takeAway(lock: string): Promise<void> {
  const stale = `${lock.slice(0, -'.lock'.length)}.${randomUUID()}.tmp`;
  try {
    await rename(lock, stale);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return;
  }
  await rm(stale, { recursive: true, force: true });
}

/** The next writer may already have renamed its own folder over the empty one: then there is nothing to remove. */
async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}
