import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResilienceError } from '../../src/errors';
import { Call } from '../../src/store/call';
import { storeRefused } from '../../src/store/errors';
import { NoObjectStore } from '../../src/store/http-answer';
import type { CallOptions } from '../../src/store';

const noStore = (): Promise<never> => Promise.reject(new NoObjectStore('AN_ENDPOINT'));

function callWith(mayAskAgain: boolean, options: CallOptions = {}): Call {
  const settings = { location: 's3://b', timeoutMs: 60_000, mayAskAgain };
  return new Call(settings, 'reading k', options, (error, action) => storeRefused('s3://b', action, error));
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'ok',
    (error: unknown) => (error instanceof ResilienceError ? error.code : error),
  );
}

describe('a call that something answers which is no object store', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks again after half a second, one and two, and then no more', async () => {
    const start = Date.now();
    const askedAt: number[] = [];
    const outcome = codeOf(
      callWith(true).run(() => {
        askedAt.push(Date.now() - start);
        return noStore();
      }),
    );
    await vi.runAllTimersAsync();
    expect(await outcome).toBe('KR_STORE_REFUSED');
    expect(askedAt).toEqual([0, 500, 1_500, 3_500]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with what it gets in the end', async () => {
    const work = vi
      .fn(noStore)
      .mockImplementationOnce(noStore)
      .mockResolvedValueOnce('found' as never);
    const outcome = callWith(true).run(work);
    await vi.runAllTimersAsync();
    expect(await outcome).toBe('found');
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('asks once where it may not ask again, or where it failed otherwise', async () => {
    const work = vi.fn(noStore);
    expect(await codeOf(callWith(false).run(work))).toBe('KR_STORE_REFUSED');
    expect(work).toHaveBeenCalledTimes(1);
    const other = vi.fn(() => Promise.reject(new Error('no')));
    expect(await codeOf(callWith(true).run(other))).toBe('KR_STORE_REFUSED');
    expect(other).toHaveBeenCalledTimes(1);
  });

  it('stays within its time limit, and then tells what was answered', async () => {
    const work = vi.fn(noStore);
    const outcome = codeOf(callWith(true, { timeoutMs: 1_000 }).run(work));
    await vi.runAllTimersAsync();
    expect(await outcome).toBe('KR_STORE_REFUSED');
    expect(work).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends with the reason of its caller's signal, also while it waits", async () => {
    const abort = new AbortController();
    const outcome = codeOf(callWith(true, { signal: abort.signal }).run(noStore));
    await vi.advanceTimersByTimeAsync(100);
    const reason = new Error('shutting down');
    abort.abort(reason);
    expect(await outcome).toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });
});
