import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { LinkedAbort } from '../../src/runtime';

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

describe('a linked abort', () => {
  it('aborts with whichever parent is first, and its reason', () => {
    const parents = [new AbortController(), new AbortController()] as const;
    const linked = new LinkedAbort(parents.map(({ signal }) => signal));
    expect(linked.signal.aborted).toBe(false);
    parents[1].abort('second');
    parents[0].abort('first');
    expect([linked.signal.aborted, linked.signal.reason]).toEqual([true, 'second']);
  });

  it('is aborted at once where a parent is, and can be aborted alone', () => {
    const parent = new AbortController();
    const child = new LinkedAbort([parent.signal]);
    child.abort(new Error('done'));
    expect([child.signal.aborted, parent.signal.aborted]).toEqual([true, false]);
    parent.abort('gone');
    expect(new LinkedAbort([parent.signal]).signal.reason).toBe('gone');
  });

  it('aborts when its time limit has passed', async () => {
    expect(await aborted(new LinkedAbort([], 1).signal)).toEqual(new Error('no end within 1 ms'));
  });

  it('aborts no more by itself once it has ended', async () => {
    const parent = new AbortController();
    const linked = new LinkedAbort([parent.signal], 1);
    linked.end();
    parent.abort('gone');
    await aborted(new LinkedAbort([], 20).signal);
    expect(linked.signal.aborted).toBe(false);
  });

  it('is not lost with what waits for it alone, as AbortSignal.any is on Node 20', { timeout: 30_000 }, async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const collecting = setInterval(collect, 20);
    const wait = (): Promise<unknown> => {
      const deadline = new LinkedAbort([new AbortController().signal], 300);
      return aborted(new LinkedAbort([new LinkedAbort([deadline.signal]).signal]).signal);
    };
    try {
      expect(await wait()).toEqual(new Error('no end within 300 ms'));
    } finally {
      clearInterval(collecting);
    }
  });
});
