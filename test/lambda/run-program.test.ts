import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../src/lambda/run-program';
import { temporaryFolder } from '../support/program';

let passedOn: string;
let ready: Promise<void>;

beforeEach(() => {
  passedOn = '';
  ready = new Promise((done) => {
    vi.spyOn(process.stderr, 'write').mockImplementation((bytes) => {
      passedOn += bytes.toString();
      if (passedOn.includes('ready')) done();
      return true;
    });
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Runs a program that waits, and lets the time pass once it is ready. */
async function afterwards(code: string, ms: readonly number[]): Promise<unknown> {
  const program = join(temporaryFolder(), 'program.cjs');
  writeFileSync(program, `${code}; setInterval(() => undefined, 1000); process.stderr.write('ready\\n');`);
  const done = runProgram({ program, args: ['check'], environment: {}, terminateAfterMs: 5_000, killAfterMs: 9_000 });
  const outcome = done.catch((error: Error) => error.message);
  await ready;
  for (const each of ms) vi.advanceTimersByTime(each);
  return outcome;
}

const whenAsked = (what: string): string => `process.on('SIGTERM', () => { ${what} })`;

describe('a program whose time is over', () => {
  it('is asked to end, and may finish what it has in hand', async () => {
    const finishes = whenAsked(`process.stdout.write('{"finished":true}', () => process.exit(0))`);
    expect(await afterwards(finishes, [5_000])).toEqual({ finished: true });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not asked before', async () => {
    const tells = whenAsked(`process.stdout.write('{}', () => process.exit(0))`);
    const outcome = afterwards(`${tells}; setTimeout(() => process.exit(6), 300)`, [4_999]);
    expect(await outcome).toBe(
      "`kong-resilience check` ended with exit code 6: ready The function's log has all that it said.",
    );
  });

  it('is ended when it does not end by itself', async () => {
    expect(await afterwards(whenAsked(`process.stderr.write('not yet\\n')`), [5_000, 4_000])).toMatch(
      /^`kong-resilience check` was ended by SIGKILL: (ready|not yet) Compare the function's log with its timeout and memory\.$/,
    );
  });

  it('is told of with the signal when it ends by that', async () => {
    expect(await afterwards('undefined', [5_000])).toBe(
      "`kong-resilience check` was ended by SIGTERM: ready Compare the function's log with its timeout and memory.",
    );
  });
});

describe('a program that cannot be started', () => {
  it('fails with what the system says', async () => {
    vi.spyOn(process, 'execPath', 'get').mockReturnValue('/nowhere/node');
    const program = { program: 'program.cjs', args: [], environment: {}, terminateAfterMs: 1, killAfterMs: 2 };
    await expect(runProgram(program)).rejects.toThrow('spawn /nowhere/node ENOENT');
    expect(vi.getTimerCount()).toBe(0);
  });
});
