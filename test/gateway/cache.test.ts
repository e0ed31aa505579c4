import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCache } from './lmdb-file';
import { fixture, needs, run, source, unprivileged } from './tools';

const HASH = '4ef240811715e985ac911a0ec0fc88e4';
const populated = readFileSync(fixture('dbless-lmdb-kong-3.9.3-populated.data.mdb'));
const empty = readFileSync(fixture('dbless-lmdb-kong-3.9.3-empty.data.mdb'));
const fromFile = readFileSync(fixture('dbless-lmdb-kong-3.9.3-started-from-file.data.mdb'));

const luajit = needs('luajit');

describe.skipIf(luajit.skip)(`the reader of a gateway's cache${luajit.note}`, () => {
  let prefix: string;
  let file: string;

  beforeEach(() => {
    prefix = mkdtempSync(join(tmpdir(), 'kong-cache-'));
    chmodSync(prefix, 0o755);
    mkdirSync(join(prefix, 'dbless.lmdb'));
    file = join(prefix, 'dbless.lmdb', 'data.mdb');
    copyFileSync(source('cache.lua'), join(prefix, 'cache.lua'));
  });
  afterEach(() => rmSync(prefix, { recursive: true, force: true }));

  const read = async (...before: readonly string[]): Promise<string> => {
    const [program, ...args] = [...before, 'luajit', join(prefix, 'cache.lua'), prefix];
    const { code, stdout, stderr } = await run([program ?? '', ...args], { env: { PATH: process.env['PATH'] } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  const readBytes = (bytes: Buffer): Promise<string> => {
    writeFileSync(file, bytes);
    return read();
  };
  const patched = (bytes: Buffer, patch: (copy: Buffer) => void): Buffer => {
    const copy = Buffer.from(bytes);
    patch(copy);
    return copy;
  };

  it('tells tag and hash of a data plane that was sent its configuration', async () => {
    expect(await readBytes(populated)).toBe(`populated 3.9 ${HASH}\n`);
  });

  it('tells the MD5 of the file that a data plane started from', async () => {
    expect(await readBytes(fromFile)).toBe('populated 3.9 ce689647e4c72a8f42d75f54a77a0c49\n');
  });

  it('tells a hash of zeros, and a cache without any, as empty', async () => {
    expect(await readBytes(empty)).toBe('empty\n');
    expect(await readBytes(makeCache({}))).toBe('empty\n');
  });

  it('tells a missing file and a missing folder as absent', async () => {
    expect(await read()).toBe('absent\n');
    rmSync(join(prefix, 'dbless.lmdb'), { recursive: true });
    expect(await read()).toBe('absent\n');
  });

  it('follows the newest transaction, not the first page', async () => {
    // The older transaction of this cache had not received anything.
    expect(await readBytes(patched(populated, (copy) => copy.writeBigUInt64LE(2n, 16 + 128)))).toBe('empty\n');
    expect(await readBytes(patched(populated, (copy) => copy.writeBigUInt64LE(3n, 16 + 128)))).toBe(
      `populated 3.9 ${HASH}\n`,
    );
  });

  it.each([512, 1024, 8192, 16384, 32768])('reads pages of %i bytes', async (pageSize) => {
    expect(await readBytes(makeCache({ pageSize, hash: HASH, others: 40 }))).toBe(`populated 3.9 ${HASH}\n`);
  });

  it('walks a tree of several levels', async () => {
    expect(await readBytes(makeCache({ pageSize: 512, hash: HASH, others: 3000 }))).toBe(`populated 3.9 ${HASH}\n`);
    expect(await readBytes(makeCache({ hash: HASH, others: 5000 }))).toBe(`populated 3.9 ${HASH}\n`);
    expect(await readBytes(makeCache({ pageSize: 512, others: 3000 }))).toBe('empty\n');
  });

  it('reads a value that needs pages of its own', async () => {
    const long = 'a'.repeat(5000);
    expect(await readBytes(makeCache({ hash: long }))).toBe(`populated 3.9 ${long}\n`);
  });

  it('tells a cache without a tag', async () => {
    const untagged = patched(populated, (copy) => {
      for (let at = copy.indexOf('validation_tag'); at >= 0; at = copy.indexOf('validation_tag'))
        copy.write('x', at + 13);
    });
    expect(await readBytes(untagged)).toBe(`populated - ${HASH}\n`);
  });

  it.each([
    ['garbage', Buffer.alloc(40_000, 'no cache at all '), 'a meta page is not one'],
    ['a cut first page', populated.subarray(0, 100), 'a meta page is cut'],
    ['a cut second meta page', populated.subarray(0, 4096 + 100), 'a meta page is cut'],
    ['a damaged first meta page', patched(populated, (copy) => copy.fill(0, 16, 20)), 'a meta page is not one'],
    ['a damaged second meta page', patched(populated, (copy) => copy.fill(0, 4096, 8192)), 'a meta page is not one'],
    ['an impossible page size', patched(populated, (copy) => copy.writeUInt32LE(4000, 40)), 'page size 4000'],
    ['a page too small', patched(populated, (copy) => copy.writeUInt32LE(256, 40)), 'page size 256'],
    ['a page too large', patched(populated, (copy) => copy.writeUInt32LE(65536, 40)), 'page size 65536'],
    [
      'a root page overwritten',
      patched(populated, (copy) => copy.fill(0, 30 * 4096, 31 * 4096)),
      'a page is not the one it should be',
    ],
    [
      'a root beyond the end',
      patched(populated, (copy) => copy.writeBigUInt64LE(900n, 128)),
      'a page number is out of range',
    ],
  ])('tells %s as corrupt', async (_, bytes, why) => {
    expect(await readBytes(bytes)).toBe(`corrupt ${why}\n`);
  });

  const CUT = 'cut pages that are in use lie beyond the end of the file\n';

  it('tells a file that lacks pages in use as cut, wherever the end is: LMDB would die of it', async () => {
    expect(await readBytes(populated.subarray(0, 9000))).toBe(CUT);
    expect(await readBytes(populated.subarray(0, 100_000))).toBe(CUT);
    expect(await readBytes(populated.subarray(0, populated.length - 1))).toBe(CUT);
    // In a tree of several levels too, and where the way to the hash is whole.
    const deep = makeCache({ pageSize: 512, hash: HASH, others: 3000 });
    for (const length of [deep.length - 1, deep.length >> 1, 4 * 512]) {
      expect(await readBytes(deep.subarray(0, length))).toBe(CUT);
    }
  });

  it('tells a value of pages of its own that is cut', async () => {
    const hash = 'a'.repeat(5000);
    const cache = makeCache({ hash });
    // Its two pages come first; a copy of them comes last, in their place.
    const pages = cache.length / 4096;
    const moved = Buffer.concat([cache, cache.subarray(2 * 4096, 4 * 4096)]);
    const reference = moved.indexOf('declarative_config:hash') + 'declarative_config:hash'.length;
    for (const at of [pages * 4096, reference]) moved.writeBigUInt64LE(BigInt(pages), at);
    moved.writeBigUInt64LE(BigInt(pages + 1), 4096 + 16 + 120);
    expect(await readBytes(moved)).toBe(`populated 3.9 ${hash}\n`);
    expect(await readBytes(moved.subarray(0, pages * 4096 + 16 + 5000))).toBe(`populated 3.9 ${hash}\n`);
    expect(await readBytes(moved.subarray(0, pages * 4096 + 16 + 4999))).toBe(CUT);
  });

  it('takes a file for whole that lacks free pages alone: LMDB never writes a page that it has freed again', async () => {
    // The newest transaction has taken pages that are in no tree, and beyond the end.
    expect(await readBytes(patched(populated, (copy) => copy.writeBigUInt64LE(40n, 16 + 120)))).toBe(
      `populated 3.9 ${HASH}\n`,
    );
    const deep = makeCache({ pageSize: 512, hash: HASH, others: 3000 });
    const last = BigInt(deep.length / 512 + 5);
    expect(await readBytes(patched(deep, (copy) => copy.writeBigUInt64LE(last, 512 + 16 + 120)))).toBe(
      `populated 3.9 ${HASH}\n`,
    );
  });

  it('tells a tree that runs in a circle in a short file as corrupt, and ends', async () => {
    const deep = makeCache({ pageSize: 512, hash: HASH, others: 3000 });
    const root = Number(deep.readBigUInt64LE(512 + 128));
    const sub = deep.indexOf('_default') + '_default'.length;
    const circle = patched(deep, (copy) => {
      copy.writeBigUInt64LE(BigInt(deep.length / 512 + 5), 512 + 16 + 120);
      copy.writeBigUInt64LE(BigInt(root), sub + 40);
    });
    expect(await readBytes(circle)).toBe('corrupt the tree is not one\n');
  });

  it('takes a file of no bytes for a new one, as LMDB does', async () => {
    expect(await readBytes(Buffer.alloc(0))).toBe('empty\n');
  });

  it('never calls another data format, or what it cannot read, corrupt', async () => {
    expect(await readBytes(patched(populated, (copy) => copy.writeUInt32LE(2, 20)))).toBe(
      'unknown data format 2 of LMDB\n',
    );
    rmSync(file);
    mkdirSync(file);
    expect(await read()).toBe('unknown Is a directory\n');
  });

  it('tells a file, and a folder, that this user may not read as denied', async () => {
    writeFileSync(file, populated);
    chmodSync(file, 0o000);
    expect(await read(...unprivileged)).toBe(`denied ${file}\n`);
    chmodSync(file, 0o644);
    chmodSync(join(prefix, 'dbless.lmdb'), 0o000);
    expect(await read(...unprivileged)).toBe(`denied ${file}\n`);
    chmodSync(join(prefix, 'dbless.lmdb'), 0o755);
    expect(await read(...unprivileged)).toBe(`populated 3.9 ${HASH}\n`);
  });

  /** Runs the reader with an `io.open` that first runs `change`, in which `n` counts the calls. */
  const readWhile = async (change: string): Promise<string> => {
    writeFileSync(
      join(prefix, 'hook.lua'),
      `local open, n = io.open, 0
       local function bytes(path) local f = open(path, 'rb'); local all = f:read('*a'); f:close(); return all end
       local function put(path, all) local f = open(path, 'wb'); f:write(all); f:close() end
       io.open = function(path, mode) n = n + 1; ${change}; return open(path, mode) end
       dofile(arg[1] .. '/cache.lua')`,
    );
    const { stdout } = await run(['luajit', join(prefix, 'hook.lua'), prefix], { env: { PATH: process.env['PATH'] } });
    return stdout;
  };

  it('reads again when a transaction was committed meanwhile', async () => {
    writeFileSync(file, empty);
    writeFileSync(join(prefix, 'next'), populated);
    expect(await readWhile(`if n == 2 then put(path, bytes(arg[1] .. '/next')) end`)).toBe(`populated 3.9 ${HASH}\n`);
  });

  it('says that it does not know when the cache never stays still', async () => {
    writeFileSync(file, populated);
    const touch = `local all = bytes(path); put(path, all:sub(1, 144) .. string.char(100 + n) .. all:sub(146))`;
    expect(await readWhile(touch)).toBe('unknown it changes while it is read\n');
  });

  it('survives any single damaged byte of the pages that it walks', async () => {
    // One process for all of them: each variant is written and read by the reader itself.
    writeFileSync(file, populated);
    writeFileSync(
      join(prefix, 'damage.lua'),
      `local prefix = arg[1]
       local f = io.open(prefix .. '/dbless.lmdb/data.mdb', 'rb'); local all = f:read('*a'); f:close()
       local reader = assert(loadfile(prefix .. '/cache.lua'))
       local words = {}
       io.write = function(line) words[line:match('^%a+')] = true end
       for _, page in ipairs({ 0, 1, 30, 31 }) do
         for at = page * 4096, math.min(page * 4096 + 4096, #all) - 1, 7 do
           local out = io.open(prefix .. '/dbless.lmdb/data.mdb', 'wb')
           out:write(all:sub(1, at), string.char(255 - all:byte(at + 1)), all:sub(at + 2)); out:close()
           reader()
         end
       end
       for word in pairs(words) do io.stdout:write(word, '\\n') end`,
    );
    const { code, stdout, stderr } = await run(['luajit', join(prefix, 'damage.lua'), prefix], {
      env: { PATH: process.env['PATH'] },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const word of stdout.trim().split('\n'))
      expect(['populated', 'empty', 'corrupt', 'cut', 'unknown']).toContain(word);
  });
});
