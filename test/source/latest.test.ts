import { describe, expect, it } from 'vitest';

import { Latest } from '../../src/source/latest';

describe('latest', () => {
  it('works on one value at a time, and skips those that a newer one has overtaken', async () => {
    const worked: number[] = [];
    let atOnce = 0;
    let release: () => void = () => undefined;
    const latest = new Latest<number>(async (value) => {
      atOnce += 1;
      expect(atOnce).toBe(1);
      await new Promise<void>((resolve) => (release = resolve));
      worked.push(value);
      atOnce -= 1;
    });
    const step = async (): Promise<void> => {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    };
    latest.push(1);
    latest.push(2);
    latest.push(3);
    await step();
    latest.push(4);
    await step();
    await step();
    expect(worked).toEqual([1, 3, 4]);
    latest.push(5);
    await step();
    expect(worked).toEqual([1, 3, 4, 5]);
  });
});
