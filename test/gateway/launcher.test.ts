import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Box, captured, FROM_CONTROL_PLANE, started } from './box';
import { needs, run, source } from './tools';

const launcher = fileURLToPath(new URL('../../bin/kong-resilience', import.meta.url));

describe('the launcher', () => {
  let root: string;
  let program: string;

  beforeEach(() => {
    // As npm lays it out, with a program that only tells what it was given.
    root = mkdtempSync(join(tmpdir(), 'kong launcher '));
    program = join(root, 'lib', 'package', 'bin', 'kong-resilience');
    for (const dir of ['bin', 'dist']) mkdirSync(join(root, 'lib', 'package', dir), { recursive: true });
    const dist = join(root, 'lib', 'package', 'dist');
    copyFileSync(launcher, program);
    chmodSync(program, 0o755);
    writeFileSync(
      join(dist, 'kong-resilience.cjs'),
      'process.stdout.write(JSON.stringify({ args: process.argv.slice(2), pid: process.pid })); process.exitCode = 5;',
    );
    for (const name of ['start.sh', 'cache.lua']) copyFileSync(source(name), join(dist, name));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('becomes the program, with its arguments and exit code', async () => {
    const args = ['import', '--json', 'a b', '', '*', "it's\n"];
    const outcome = await run([program, ...args], { env: process.env });
    expect(outcome.code).toBe(5);
    expect(JSON.parse(outcome.stdout)).toEqual({ args, pid: outcome.pid });
  });

  it('finds the program through a chain of links, absolute and relative', async () => {
    const first = join(root, 'first');
    symlinkSync(program, first);
    mkdirSync(join(root, 'elsewhere'));
    const second = join(root, 'elsewhere', 'second');
    symlinkSync('../first', second);
    for (const [command, cwd] of [
      [first, '/'],
      [second, '/'],
      ['./second', dirname(second)],
    ] as const) {
      expect((await run([command, 'status'], { env: process.env, cwd })).code).toBe(5);
    }
  });

  it('says so when there is no node', async () => {
    const bin = join(root, 'tools');
    mkdirSync(bin);
    for (const tool of ['dirname', 'readlink']) symlinkSync(join('/usr/bin', tool), join(bin, tool));
    const { code, stderr } = await run(['/bin/sh', program, 'status'], { env: { PATH: bin } });
    expect(code).toBe(127);
    expect(stderr).toBe(
      'kong-resilience: there is no node on PATH. Install Node.js 20.19 or newer (only "kong-resilience exec" runs without).\n',
    );
  });

  it.each([[['exec']], [['exec', '--']]])('asks for a command: %j', async (args) => {
    const { code, stderr } = await run([program, ...args], { env: process.env });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'kong-resilience: a command is missing. Usage: kong-resilience exec -- <command> [argument]...\n',
    );
  });

  it('explains exec', async () => {
    const { code, stdout } = await run([program, 'exec', '--help'], { env: process.env });
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe('Usage: kong-resilience exec -- <command> [argument]...');
  });

  const luajit = needs('luajit');
  it.skipIf(luajit.skip)(
    `decides and becomes the command, by its own script and without node${luajit.note}`,
    async () => {
      const box = new Box();
      try {
        box.program('node', 'echo node is not needed >&2; exit 1');
        box.cache(captured.populated);
        box.stage('{}');
        // What lies in the folder is not run: the launcher brings its own.
        writeFileSync(join(box.handover, 'start.sh'), 'exit 99\n');
        rmSync(join(box.handover, 'cache.lua'));
        for (const dashes of [['--'], []]) {
          const outcome = await run([program, 'exec', ...dashes, 'gateway', '--', 'a b'], {
            env: { ...box.env, KONG_DECLARATIVE_CONFIG: box.config },
          });
          const { code, config, args, gatewayPid, said } = started(outcome);
          expect({ code, config, args, gatewayPid }).toEqual({
            code: 7,
            config: 'unset',
            args: ['--', 'a b'],
            gatewayPid: outcome.pid,
          });
          expect(said).toEqual([`starting with the cache (${FROM_CONTROL_PLANE}), which is from a control plane`]);
        }
      } finally {
        box.remove();
      }
    },
  );
});
