import { describe, expect, it } from 'vitest';
import { perRound, summarize } from '../../bench/statistics';

describe('the summary of samples', () => {
  it('has the median and the quartiles, between two samples where it must', () => {
    expect(summarize([40, 10, 20, 30])).toEqual({ count: 4, q1: 17.5, median: 25, q3: 32.5 });
    expect(summarize([3, 1, 2, 5, 4])).toEqual({ count: 5, q1: 2, median: 3, q3: 4 });
    expect(summarize([7])).toEqual({ count: 1, q1: 7, median: 7, q3: 7 });
  });

  it('orders by number and not by text', () => {
    expect(summarize([100, 9, 10]).median).toBe(10);
  });

  it('is refused where there is nothing', () => {
    expect(() => summarize([])).toThrow(new RangeError('there are no samples'));
  });
});

describe('figures of the same rounds', () => {
  it('are combined round by round', () => {
    expect(perRound([10, 30], [5, 10], (a, b) => a / b)).toEqual([2, 3]);
  });

  it('are refused where one has more rounds', () => {
    expect(() => perRound([1, 2], [1], (a, b) => a / b)).toThrow(new RangeError('2 rounds against 1'));
  });
});
