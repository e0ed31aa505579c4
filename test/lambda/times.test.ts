import { describe, expect, it } from 'vitest';
import { timesFor } from '../../src/lambda/times';

describe('the times of a run', () => {
  it('leave a shutdown and some seconds of what is left', () => {
    expect(timesFor(120_000, undefined)).toEqual({ seconds: 105, terminateAfterMs: 107_000, killAfterMs: 118_000 });
    expect(timesFor(120_900, '30')).toEqual({ seconds: 85, terminateAfterMs: 87_900, killAfterMs: 118_900 });
  });

  it.each(['', 'soon', '-1', '0'])(
    'leave the usual shutdown where the environment says %j, for the program to report',
    (text) => {
      expect(timesFor(60_000, text).seconds).toBe(45);
    },
  );

  it('need 25 s with the usual shutdown, and as much more as a longer one takes', () => {
    expect(timesFor(25_000, undefined).seconds).toBe(10);
    expect(() => timesFor(24_999, undefined)).toThrow(
      "The function has 24 s left for this run, and needs 25 s at least. Raise the function's timeout; 120 s leave time for a slow control plane and a slow store.",
    );
    expect(timesFor(35_000, '20').seconds).toBe(10);
    expect(() => timesFor(34_999, '20')).toThrow(
      "The function has 34 s left for this run, and needs 35 s at least. Raise the function's timeout; 120 s leave time for a slow control plane and a slow store.",
    );
  });
});
