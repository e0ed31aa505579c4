import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const temporaryMark = '.kong-resilience-tmp-';

/**
 * Writes a file so that a reader, or a crash, finds the old one or the new one and nothing between:
 * a temporary file in the same folder, fsync, close, rename, fsync of the folder.
 *
 * @param mode 0600 unless told
 * @throws the file system's own error (`ENOSPC`, `EACCES`, …); the temporary file is gone then
 */
export async function writeFileAtomic(
  path: string,
  parts: readonly (Uint8Array | string)[],
  mode = 0o600,
): Promise<void> {
  const temporary = temporaryName(path);
  const file = await open(temporary, 'wx', mode);
  try {
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Makes a folder and those above it that are missing, all with `mode`; one that is there keeps its own.
 *
 * In place of Node's recursive mkdir, which never ends below a folder that exists and lets nothing be made in it with
 * ENOENT, as `/proc` does (seen on Node 20.20 and 24.21).
 *
 * @throws the file system's own error
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (await isFolder(path)) return;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await mkdir(path, { mode }).catch(async (second: unknown) => {
      if (!(await isFolder(path))) throw second;
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  // Whatever is wrong with the path is told by what failed before.
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** A name beside `path` that `sweepTemporary` knows as an unfinished write. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}${temporaryMark}${randomUUID()}`);
}

/** Makes a rename last through a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what killed writers left in `folder`; a folder that does not exist has nothing. */
export async function sweepTemporary(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  for (const name of names) if (name.includes(temporaryMark)) await rm(join(folder, name), { force: true });
}
