import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFolder } from '../../src/runtime';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kong-resilience-runtime-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('makeFolder', () => {
  it('makes what is missing with the mode, and leaves what is there as it is', async () => {
    const top = temporaryFolder();
    await mkdir(join(top, 'a'), { mode: 0o755 });
    await makeFolder(join(top, 'a', 'b', 'c'), 0o700);
    await makeFolder(join(top, 'a', 'b', 'c'), 0o750);
    expect(await Promise.all(['a', 'a/b', 'a/b/c'].map((name) => modeOf(join(top, name))))).toEqual([
      0o755, 0o700, 0o700,
    ]);
  });

  it('is content with a link to a folder, and with another process that was faster', async () => {
    const top = temporaryFolder();
    await symlink(top, join(top, 'link'));
    await makeFolder(join(top, 'link'), 0o700);
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(join(top, 'link', 'a', 'b', 'c', 'd'), 0o700)));
    expect((await stat(join(top, 'a', 'b', 'c', 'd'))).isDirectory()).toBe(true);
  });

  it('fails for a file in its place, above it, and for a link to nothing', async () => {
    const top = temporaryFolder();
    await writeFile(join(top, 'file'), '');
    await symlink(join(top, 'nothing'), join(top, 'link'));
    await expect(makeFolder(join(top, 'file'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(top, 'file', 'below'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(makeFolder(join(top, 'link'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(top, 'link', 'below'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  // Node's own recursive mkdir never ends there.
  it.runIf(existsSync('/proc/self'))('fails below /proc, where nothing can be made', async () => {
    await expect(makeFolder('/proc/kong-resilience/a/b', 0o700)).rejects.toMatchObject({
      code: 'ENOENT',
      path: '/proc/kong-resilience',
    });
  });
});
