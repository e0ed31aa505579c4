import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCache } from '../../test/gateway/lmdb-file';
import { fixture, run, source } from '../../test/gateway/tools';
import type { Hostile } from '../support/hostile';
import { must, type Parser, show } from '../support/parser';
import { readCache } from './cache-reader';

const hash = '4ef240811715e985ac911a0ec0fc88e4';
const small = [
  makeCache({ pageSize: 512, hash }),
  makeCache({ pageSize: 512, hash, others: 12 }),
  makeCache({ pageSize: 512, hash: 'a'.repeat(900) }),
  makeCache({ pageSize: 1024, hash: '0'.repeat(32), others: 4 }),
  makeCache({}),
];
const words: readonly Buffer[] = [
  0n,
  1n,
  2n,
  3n,
  5n,
  8n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
].map((value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
});

/** A cache with some of its numbers changed, where they are: damage that moves the rest is seen at once. */
function damaged(hostile: Hostile): Buffer {
  const { random } = hostile;
  if (hostile.chance(0.1)) return hostile.bytes(small);
  const bytes = Buffer.from(random.of(small));
  for (let left = random.below(4); left > 0; left--) {
    // Most of a cache is empty; its headers, its nodes and its first meta pages are not.
    let at = random.below(bytes.length);
    for (let tries = 0; bytes[at] === 0 && tries < 6; tries++) at = random.below(bytes.length);
    if (hostile.chance(0.4)) random.of(words).copy(bytes, at & ~1, 0, random.of([1, 2, 4, 8]));
    else bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return hostile.chance(0.15) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}

/** `cache.lua` in one process of LuaJIT for all caches. */
class Probe {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: ((line: string) => void)[] = [];
  #text = '';

  constructor() {
    this.#child = spawn('luajit', [join(__dirname, 'cache-driver.lua'), source('cache.lua')], {
      env: { PATH: process.env['PATH'] },
    });
    this.#child.stdout.setEncoding('latin1').on('data', (text: string) => {
      const lines = (this.#text + text).split('\n');
      this.#text = lines.pop() ?? '';
      for (const line of lines) this.#waiting.shift()?.(line);
    });
    this.#child.on('close', () => this.#waiting.splice(0).forEach((told) => told('it has died')));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#waiting.shift()?.(`it said ${text}`));
  }

  ask(bytes: Buffer): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin.write(`${bytes.length}\n`);
      this.#child.stdin.write(bytes);
    });
  }

  end(): void {
    this.#child.stdin.end();
  }
}

let probe: Probe;

/** What of a line the other reader says too: why a cache is damaged is for people. */
const judged = (line: string): string => (line.startsWith('populated ') ? line : (line.split(' ')[0] ?? ''));

/** As many at once as keep both processes busy. */
const batch = 50;

const inMemory: Parser = {
  name: 'cache of a gateway',
  programs: ['luajit'],
  batch,
  note: 'cache.lua in LuaJIT against a reader in TypeScript, the file in memory',
  start: () => void (probe = new Probe()),
  stop: () => probe.end(),
  feed: async (hostile) => {
    const caches = Array.from({ length: batch }, () => damaged(hostile));
    const lines = await Promise.all(caches.map((bytes) => probe.ask(bytes)));
    caches.forEach((bytes, index) => {
      const line = lines[index] ?? '';
      must(judged(line) === readCache(bytes), 'both readers say the same', () => [line, readCache(bytes), show(bytes)]);
    });
    return lines.filter((line) => line.startsWith('populated')).length;
  },
};

let folder = '';

const onDisk: Parser = {
  name: 'cache of a gateway, as a file',
  programs: ['luajit'],
  share: 0.002,
  note: 'a process of LuaJIT each, as at the start of a gateway',
  start: () => {
    folder = mkdtempSync(join(tmpdir(), 'cache-'));
    mkdirSync(join(folder, 'dbless.lmdb'));
  },
  feed: async (hostile) => {
    const large = hostile.chance(0.2) ? readFileSync(fixture('dbless-lmdb-kong-3.9.3-populated.data.mdb')) : undefined;
    const bytes = large === undefined ? damaged(hostile) : hostile.bytes([large]);
    writeFileSync(join(folder, 'dbless.lmdb', 'data.mdb'), bytes);
    const { code, stdout, stderr } = await run(['luajit', source('cache.lua'), folder], {
      env: { PATH: process.env['PATH'] },
    });
    must(
      code === 0 && stderr === '' && judged(stdout.trimEnd()) === readCache(bytes),
      'both readers say the same',
      () => [stdout, stderr, show(bytes.subarray(0, 3000))],
    );
    return stdout.startsWith('populated');
  },
};

export const cacheParsers: readonly Parser[] = [inMemory, onDisk];
