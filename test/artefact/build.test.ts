import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { statOf } from './image';
import { needs } from '../gateway/tools';

const files = [
  'SHA256SUMS',
  'THIRD-PARTY-LICENSES.txt',
  'cache.lua',
  'kong-resilience.cjs',
  'lambda.zip',
  'sbom.cdx.json',
  'start.sh',
];

/** What a build reads. */
const sources = ['constructs', 'scripts', 'src', 'LICENSE', 'package.json', 'tsconfig.json', 'tsconfig.lib.json'];

interface Conditions {
  /** Below a temporary folder. */
  readonly folder: string;
  readonly umask: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Copies what a build reads, builds there, and gives the folder. */
async function buildIn({ folder, umask, environment }: Conditions): Promise<string> {
  const root = join(mkdtempSync(join(tmpdir(), 'build-')), folder);
  mkdirSync(root, { recursive: true });
  for (const source of sources) cpSync(source, join(root, source), { recursive: true });
  symlinkSync(realpathSync('node_modules'), join(root, 'node_modules'));
  const child = spawn('/bin/sh', ['-c', `umask ${umask} && exec "$0" scripts/build.mjs`, process.execPath], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new Error(`the build ended with ${code}: ${stderr}`);
  return root;
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('a build', () => {
  let first: string;
  let second: string;

  beforeAll(async () => {
    [first, second] = await Promise.all([
      buildIn({
        folder: 'a',
        umask: '022',
        environment: { TZ: 'Pacific/Auckland', LANG: 'C', LC_ALL: 'C' },
      }),
      buildIn({
        folder: 'another/folder with a space',
        umask: '077',
        environment: { TZ: 'America/St_Johns', LANG: 'de_DE.UTF-8', LC_ALL: 'tr_TR.UTF-8', HOME: '/nowhere' },
      }),
    ]);
  }, 240_000);

  it('makes the same bytes and modes in two folders, time zones, locales and umasks', () => {
    const made = (root: string): object =>
      Object.fromEntries(
        readdirSync(join(root, 'dist'))
          .sort()
          .map((name) => [
            name,
            { sha256: sha256(join(root, 'dist', name)), mode: statOf(join(root, 'dist', name)).slice(0, 4) },
          ]),
      );
    expect(made(second)).toEqual(made(first));
    expect(Object.keys(made(first))).toEqual(files);
  });

  it('makes the same library', () => {
    const made = (root: string): object =>
      Object.fromEntries(
        readdirSync(join(root, 'lib'), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .map((path) => [path.slice(root.length), sha256(path)] as const),
      );
    expect(made(second)).toEqual(made(first));
  });

  it.each(files.filter((name) => name !== 'THIRD-PARTY-LICENSES.txt'))(
    'names no folder of the machine in %s',
    (name) => {
      const text = readFileSync(join(first, 'dist', name)).toString('latin1');
      for (const folder of [first, realpathSync('node_modules'), process.cwd()]) expect(text).not.toContain(folder);
    },
  );
});

describe('dist/', () => {
  it('has its files, start.sh as a program, and nothing else', () => {
    expect(readdirSync('dist').sort()).toEqual(files);
    for (const name of files) {
      const mode = name === 'start.sh' ? '0755' : '0644';
      expect([name, statOf(join('dist', name)).slice(0, 4)]).toEqual([name, mode]);
    }
  });

  const sha256sum = needs('sha256sum');
  it.skipIf(sha256sum.skip)(`has the checksums that sha256sum checks${sha256sum.note}`, () => {
    const { status, stdout } = spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: 'dist',
      encoding: 'utf8',
    });
    const others = files.filter((name) => name !== 'SHA256SUMS');
    expect({ status, stdout }).toEqual({ status: 0, stdout: others.map((name) => `${name}: OK\n`).join('') });
  });

  it('has a bundle that a ConfigMap takes, with room for its other data', () => {
    // All data of a ConfigMap are 1,048,576 bytes at most.
    expect(readFileSync('dist/kong-resilience.cjs').byteLength).toBeLessThan(1_000_000);
  });

  it('has a bundle that is text, since a ConfigMap and a shell take it as that', () => {
    expect(readFileSync('dist/kong-resilience.cjs').every((byte) => byte === 10 || (byte >= 32 && byte < 127))).toBe(
      true,
    );
  });

  const python = needs('python3');
  it.skipIf(python.skip)(`has an archive with one date, readable by Lambda's user, sorted${python.note}`, () => {
    const script = `import json, zipfile
archive = zipfile.ZipFile('dist/lambda.zip')
assert archive.testzip() is None
print(json.dumps([[i.filename, list(i.date_time), oct(i.external_attr >> 16), i.create_system] for i in archive.infolist()]))`;
    const { status, stdout, stderr } = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const entry = (name: string): unknown[] => [name, [1980, 1, 1, 12, 0, 0], '0o100644', 3];
    expect(JSON.parse(stdout)).toEqual(
      ['LICENSE', 'THIRD-PARTY-LICENSES.txt', 'index.cjs', 'kong-resilience.cjs'].map(entry),
    );
  });

  it.skipIf(python.skip)(`has the same bundle in the archive${python.note}`, () => {
    const script = `import hashlib, zipfile
for name in ('kong-resilience.cjs', 'THIRD-PARTY-LICENSES.txt'):
    print(hashlib.sha256(zipfile.ZipFile('dist/lambda.zip').read(name)).hexdigest())`;
    const { stdout } = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
    expect(stdout).toBe(
      ['kong-resilience.cjs', 'THIRD-PARTY-LICENSES.txt'].map((name) => `${sha256(`dist/${name}`)}\n`).join(''),
    );
  });
});
