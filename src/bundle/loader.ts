/**
 * Starts the program from the packed parts of the one file that it is published as (scripts/build.mjs, ADR 0003).
 *
 * A part is compiled when it is first used. What V8 made of it is kept in the user's cache folder, for the next start of
 * the same command by the same Node: compiling an SDK costs a cold import more than its transfer. Nothing depends on
 * that cache. It is code, so only a folder that nobody else may write is used; and a file of it must have its own digest,
 * since V8 trusts what it is given.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { brotliDecompressSync } from 'node:zlib';

/** Set by scripts/build.mjs: each part's code, as Brotli in base64; and a digest of them all. */
declare const __PARTS__: Readonly<Record<string, string>>;
declare const __PARTS_DIGEST__: string;

type Part = (
  module: { exports: unknown },
  exports: unknown,
  require: NodeJS.Require,
  load: (name: string) => unknown,
) => void;

const digestBytes = 32;
const loaded = new Map<string, unknown>();
const unsaved: { readonly file: string; readonly script: Script }[] = [];
const folder = cacheFolder();

function load(name: string): unknown {
  if (loaded.has(name)) return loaded.get(name);
  const packed = __PARTS__[name];
  if (packed === undefined) throw new TypeError(`this build has no part ${name}`);
  // esbuild writes ASCII alone: one byte is one character.
  const code = brotliDecompressSync(Buffer.from(packed, 'base64')).toString('latin1');
  const file = folder === undefined ? undefined : join(folder, `${cachePrefix()}-${command()}-${name}`);
  const cachedData = file === undefined ? undefined : readCache(file);
  const script = new Script(`(function (module, exports, require, __load) {${code}\n})`, {
    filename: `kong-resilience.cjs!${name}`,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (file !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) {
    unsaved.push({ file, script });
  }
  const module = { exports: {} as unknown };
  (script.runInThisContext() as Part)(module, module.exports, require, load);
  loaded.set(name, module.exports);
  return module.exports;
}

/** What one command compiles is of little use to another. */
function command(): string {
  const name = process.argv[2] ?? '';
  return /^[a-z]{1,16}$/.test(name) ? name : 'other';
}

function cachePrefix(): string {
  return `${__PARTS_DIGEST__}-${process.version}-${process.arch}-${cachedDataVersionTag()}`;
}

/** The folder, or undefined where there is none that only this user may write. */
function cacheFolder(): string | undefined {
  // The contract's own check comes too late for this one: anything but a plain no is for it to judge.
  if (/^\s*(off|false)\s*$/.test(process.env['KONG_RESILIENCE_CODE_CACHE'] ?? '')) return undefined;
  try {
    const base = process.env['XDG_CACHE_HOME'];
    const parent = base?.startsWith('/') === true ? base : join(homedir(), '.cache');
    const path = join(parent, 'kong-resilience');
    // Not recursive: below a missing folder of /proc that never ends.
    for (const each of [parent, path]) if (!existsSync(each)) mkdirSync(each, { mode: 0o700 });
    return isOurs(path) ? path : undefined;
  } catch {
    // No home, or not writable: every start compiles anew.
    return undefined;
  }
}

function isOurs(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

function readCache(file: string): Buffer | undefined {
  try {
    if (!isOurs(file)) return undefined;
    const bytes = readFileSync(file);
    const data = bytes.subarray(digestBytes);
    return digest(data).equals(bytes.subarray(0, digestBytes)) ? data : undefined;
  } catch {
    // Not there yet.
    return undefined;
  }
}

function saveCaches(): void {
  for (const { file, script } of unsaved) {
    try {
      const data = script.createCachedData();
      const temporary = `${file}.${process.pid}.tmp`;
      writeFileSync(temporary, Buffer.concat([digest(data), data]), { mode: 0o600, flag: 'wx' });
      renameSync(temporary, file);
    } catch {
      // A full or read-only disk costs the next start some time, and nothing else.
    }
  }
  if (unsaved.length > 0) removeOthers();
}

/** Another version of the program or of Node has left them. */
function removeOthers(): void {
  if (folder === undefined) return;
  try {
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(cachePrefix())) rmSync(join(folder, name), { force: true });
    }
  } catch {
    // They stay until the next time.
  }
}

function digest(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

process.on('exit', saveCaches);
load('main');
