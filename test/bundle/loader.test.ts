import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = resolve('dist/kong-resilience.cjs');
let home: string;
let folder: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kong-resilience-test-'));
  folder = join(home, 'kong-resilience');
});
afterEach(() => {
  chmodSync(home, 0o700);
  rmSync(home, { recursive: true, force: true });
});

function run(env: Record<string, string> = {}, args = ['--version']) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], XDG_CACHE_HOME: home, ...env },
  });
  return { status, stdout, stderr };
}

const works = { status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' };
const cached = (): string[] => readdirSync(folder).sort();

describe('the code cache', () => {
  it('is written for its user alone, and read by the next start', () => {
    expect(run()).toEqual(works);
    const [file = ''] = cached();
    expect(file).toMatch(/^[0-9a-f]{16}-v\d+\.\d+\.\d+-\w+-\d+-other-main$/);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    const { mtimeMs, ino } = statSync(join(folder, file));
    expect(run()).toEqual(works);
    expect(cached()).toEqual([file]);
    expect(statSync(join(folder, file))).toMatchObject({ mtimeMs, ino });
  });

  it('is kept apart for each command', () => {
    run();
    expect(run({}, ['status']).status).toBe(2);
    expect(cached().map((name) => name.split('-').slice(-2).join('-'))).toEqual(['other-main', 'status-main']);
  });

  it.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, 1000)],
    ['damaged in one bit', (bytes: Buffer) => (bytes.writeUInt8((bytes.readUInt8(5000) ^ 1) & 0xff, 5000), bytes)],
    ['empty', () => Buffer.alloc(0)],
  ])('is written anew when it is %s', (_, damage) => {
    run();
    const file = join(folder, cached()[0] ?? '');
    const good = statSync(file).size;
    const damaged = damage(readFileSync(file));
    writeFileSync(file, damaged);
    expect(run()).toEqual(works);
    expect(readFileSync(file).equals(damaged)).toBe(false);
    expect(Math.abs(statSync(file).size - good)).toBeLessThan(good / 2);
  });

  it('of another version is removed', () => {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, '0000000000000000-v1.0.0-x64-1-other-main'), 'old');
    run();
    expect(cached()).toHaveLength(1);
    expect(cached()[0]).not.toMatch(/^0{16}/);
  });

  it('is not used in a folder that others may write', () => {
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    expect(run()).toEqual(works);
    expect(cached()).toEqual([]);
  });

  it.each(['off', 'false', ' off '])('is not written with KONG_RESILIENCE_CODE_CACHE=%j', (value) => {
    expect(run({ KONG_RESILIENCE_CODE_CACHE: value })).toEqual(works);
    expect(readdirSync(home)).toEqual([]);
  });

  // Node's own recursive mkdir never ends there.
  it('is done without below a folder of /proc that is not there', () => {
    expect(run({ XDG_CACHE_HOME: '/proc/kong-resilience-none/cache' })).toEqual(works);
  });

  it('is made in a cache folder that is not there yet', () => {
    expect(run({ XDG_CACHE_HOME: join(home, 'cache') })).toEqual(works);
    expect(readdirSync(join(home, 'cache', 'kong-resilience'))).toHaveLength(1);
  });

  it('is done without where there is no place for it', () => {
    writeFileSync(folder, 'a file');
    expect(run()).toEqual(works);
    expect(readFileSync(folder, 'utf8')).toBe('a file');
  });
});
