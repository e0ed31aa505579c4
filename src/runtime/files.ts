import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
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
