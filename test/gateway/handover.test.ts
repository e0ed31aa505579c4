import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResilienceError } from '../../src/errors';
import { Handover, REMEMBERED_FILES } from '../../src/gateway';
import { silentLog as log } from '../../src/runtime/log';
import { isRoot, source } from './tools';

const hash = (algorithm: string, bytes: Uint8Array): string => createHash(algorithm).update(bytes).digest('hex');
const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

describe('the hand-over folder', () => {
  let root: string;
  let dir: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kong-handover-'));
    dir = join(root, 'var', 'handover');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const stage = async (handover: Handover, content: Uint8Array) => {
    const staging = await handover.stage();
    await staging.write(content);
    return staging.commit();
  };
  const files = (): string[] => readdirSync(dir).sort();

  it('is made when it is missing, closed to others, and an existing one keeps its mode', async () => {
    await Handover.open({ dir, log });
    expect(mode(dir)).toBe('700');
    chmodSync(dir, 0o755);
    await Handover.open({ dir, log });
    expect(mode(dir)).toBe('755');
  });

  it('opens folder and files to a group, when one is given, and the scripts to those who may enter', async () => {
    const group = process.getgid?.() ?? 0;
    const handover = await Handover.open({ dir, group, log });
    await stage(handover, Buffer.from('{}'));
    await handover.writeResult({ outcome: 'staged' });
    await handover.installScripts();
    expect(mode(dir)).toBe('750');
    expect(files().map((name) => [name, mode(join(dir, name))])).toEqual([
      ['cache.lua', '644'],
      ['config.json', '640'],
      ['handed-over', '640'],
      ['result.json', '640'],
      ['start.sh', '755'],
    ]);
    for (const name of files()) expect(statSync(join(dir, name)).gid).toBe(group);
  });

  it('gets a file whole or not at all, with its digests, whatever the sizes of the writes', async () => {
    const handover = await Handover.open({ dir, log });
    const parts = [1, 0, 100_000, 200_000, 256 * 1024, 256 * 1024 + 1, 3, 1 << 20].map((size) => randomBytes(size));
    const whole = Buffer.concat(parts);
    const staging = await handover.stage();
    for (const part of parts) {
      const reused = Buffer.from(part);
      await staging.write(reused);
      reused.fill(0);
      expect(existsSync(handover.configPath)).toBe(false);
    }
    await staging.flush();
    expect(readFileSync(staging.path).equals(whole)).toBe(true);
    expect(mode(staging.path)).toBe('600');
    const file = await staging.commit();
    expect(file).toEqual({
      path: join(dir, 'config.json'),
      bytes: whole.length,
      md5: hash('md5', whole),
      sha256: hash('sha256', whole),
    });
    expect(await handover.staged()).toEqual(file);
    expect(readFileSync(handover.configPath).equals(whole)).toBe(true);
    expect(readFileSync(join(dir, 'handed-over'), 'utf8')).toBe(`${file.md5}\n`);
    expect(mode(handover.configPath)).toBe('600');
    expect(files()).toEqual(['config.json', 'handed-over']);
  });

  it('takes the digests from a caller that computes them, asked when the file is committed', async () => {
    const handover = await Handover.open({ dir, log });
    const told = { md5: '1'.repeat(32), sha256: '2'.repeat(64) };
    const known: (typeof told)[] = [];
    const staging = await handover.stage(() => known[0]);
    await staging.write(Buffer.from('{"a":1}'));
    known.push(told);
    expect(await staging.commit()).toEqual({ path: join(dir, 'config.json'), bytes: 7, ...told });
    expect(readFileSync(join(dir, 'handed-over'), 'utf8')).toBe(`${told.md5}\n`);

    const early = await handover.stage(() => undefined);
    await expect(early.commit()).rejects.toThrow(`the digests of ${join(dir, 'config.json')} are not known yet`);
    expect(files()).toEqual(['config.json', 'handed-over']);
  });

  it('keeps what was staged before when a later one is given up or cannot be committed', async () => {
    const handover = await Handover.open({ dir, log });
    const before = await stage(handover, Buffer.from('{"a":1}'));
    const given = await handover.stage();
    await given.write(Buffer.from('{"b":2}'));
    await given.abort();
    await given.abort();
    await expect(given.write(Buffer.from('x'))).rejects.toThrow(`${given.path} is aborted`);
    expect(await handover.staged()).toEqual(before);

    const failing = await handover.stage();
    await failing.write(Buffer.from('{"c":3}'));
    rmSync(failing.path);
    await expect(failing.commit()).rejects.toMatchObject({
      code: 'KR_HANDOVER_FAILED',
      fix: 'Check that KONG_RESILIENCE_HANDOVER_DIR is a folder on a working volume, and that one importer alone uses it.',
    });
    expect(await handover.staged()).toEqual(before);
    expect(files()).toEqual(['config.json', 'handed-over']);
    // The list may know a file that never came: it is written first, so that a whole one is always in it.
    expect(readFileSync(join(dir, 'handed-over'), 'utf8')).toBe(
      `${before.md5}\n${hash('md5', Buffer.from('{"c":3}'))}\n`,
    );
  });

  it(`remembers the last ${REMEMBERED_FILES} files, the newest last, each once`, async () => {
    const handover = await Handover.open({ dir, log });
    const sums: string[] = [];
    for (let i = 0; i <= REMEMBERED_FILES; i++) sums.push((await stage(handover, Buffer.from(`{"n":${i}}`))).md5);
    expect(readFileSync(join(dir, 'handed-over'), 'utf8')).toBe(`${sums.slice(1).join('\n')}\n`);
    await stage(handover, Buffer.from('{"n":1}'));
    const [, first = '', ...rest] = sums;
    expect(readFileSync(join(dir, 'handed-over'), 'utf8')).toBe(`${[...rest, first].join('\n')}\n`);
  });

  it('is disarmed, and says whether it was armed; what was handed over stays known', async () => {
    const handover = await Handover.open({ dir, log });
    expect(await handover.disarm()).toBe(false);
    const { md5 } = await stage(handover, Buffer.from('{}'));
    expect(await handover.disarm()).toBe(true);
    expect(await handover.staged()).toBeUndefined();
    expect(readFileSync(join(dir, 'handed-over'), 'utf8')).toBe(`${md5}\n`);
  });

  it('keeps a result, and tells a damaged one', async () => {
    const handover = await Handover.open({ dir, log });
    expect(await handover.readResult()).toBeUndefined();
    await handover.writeResult({ outcome: 'staged', bytes: 3 });
    expect(await handover.readResult()).toEqual({ outcome: 'staged', bytes: 3 });
    writeFileSync(join(dir, 'result.json'), '{');
    await expect(handover.readResult()).rejects.toMatchObject({ code: 'KR_HANDOVER_DAMAGED' });
  });

  it('holds the scripts of this version', async () => {
    const handover = await Handover.open({ dir, log });
    writeFileSync(join(dir, 'start.sh'), 'of an older version');
    await handover.installScripts();
    for (const name of ['start.sh', 'cache.lua']) {
      expect(readFileSync(join(dir, name), 'utf8')).toBe(readFileSync(source(name), 'utf8'));
    }
  });

  it('is cleared of what a killed importer left, and of nothing else', async () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, '.kong-resilience.12.abcdef.tmp'), 'half');
    for (const name of ['config.json', 'mine.tmp', '.kong-resilience']) writeFileSync(join(dir, name), '{}');
    await Handover.open({ dir, log });
    expect(files()).toEqual(['.kong-resilience', 'config.json', 'mine.tmp']);
  });

  it('is told when it is no folder', async () => {
    writeFileSync(join(root, 'var'), '');
    const error: unknown = await Handover.open({ dir, log }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ResilienceError);
    expect((error as Error).message).toMatch(
      /^.*\/handover: making the folder failed: E(EXIST|NOTDIR): .*\. Check that KONG_RESILIENCE_HANDOVER_DIR is a folder on a working volume, and that one importer alone uses it\.$/,
    );
  });

  // Another user and a volume of one's own need root; in CI it runs in any case.
  const skip = !isRoot && process.env['CI'] === undefined;
  it.skipIf(skip)(`names an unwritable folder, and a full volume${skip ? ' (NOT RUN, needs root)' : ''}`, async () => {
    const script = join(root, 'script.cjs');
    buildSync({
      stdin: {
        contents: `import { Handover } from './src/gateway'; import { silentLog as log } from './src/runtime/log';
          (async () => {
            const handover = await Handover.open({ dir: process.argv[2], log });
            await (await handover.stage()).commit();
            await handover.disarm();
            const staging = await handover.stage();
            for (let i = 0; i < 40; i++) await staging.write(Buffer.alloc(100_000));
            await staging.commit();
          })().catch((error) => console.log(error.code, error.reason));`,
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      loader: { '.sh': 'text', '.lua': 'text' },
      outfile: script,
    });
    for (const path of [root, script]) chmodSync(path, 0o755);
    mkdirSync(dir, { recursive: true, mode: 0o755 });
    const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const denied = spawnSync('setpriv', [...nobody, process.execPath, script, dir], { encoding: 'utf8' });
    expect(denied.stdout).toMatch(
      /^KR_HANDOVER_DENIED .*\/handover: writing a file was denied: EACCES: permission denied/,
    );
    // A volume of 1 MiB, in a mount namespace of its own.
    const full = spawnSync(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        'mount -t tmpfs -o size=1m none "$1" && "$2" "$3" "$1"; ls -A "$1" >&2',
        'sh',
        dir,
        process.execPath,
        script,
      ],
      { encoding: 'utf8' },
    );
    expect(full.stdout).toMatch(
      /^KR_HANDOVER_FULL .*: writing the configuration found no room: ENOSPC: no space left on device/,
    );
  });
});
