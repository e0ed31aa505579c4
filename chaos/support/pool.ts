import { expect, it } from 'vitest';

interface Named {
  readonly id: string;
  readonly fault: string;
}

/** How many rows run at a time: they mostly wait. */
const atATime = 4;

/**
 * A test for each row. They run in the first of them, some at a time, because what a test starts ends with the test and
 * tests that overlap cannot tell whose it was.
 *
 * @param seconds what all of them may take
 */
export function testRows<T extends Named>(rows: readonly T[], seconds: number, run: (row: T) => Promise<void>): void {
  const outcomes = new Map<T, Error | undefined>();
  const limit = { timeout: seconds * 1000 };
  const attempt = async (row: T): Promise<void> => {
    try {
      await run(row);
      outcomes.set(row, undefined);
    } catch (error) {
      outcomes.set(row, error instanceof Error ? error : new Error(String(error)));
    }
  };
  it(`${rows.length} rows run, ${atATime} at a time`, limit, async () => {
    const left = [...rows];
    const worker = async (): Promise<void> => {
      for (let row = left.shift(); row !== undefined; row = left.shift()) await attempt(row);
    };
    await Promise.all(Array.from({ length: atATime }, worker));
    expect(outcomes.size).toBe(rows.length);
  });
  it.each(rows.map((row) => [row.id, row.fault, row] as const))('%s: %s', limit, async (_id, _fault, row) => {
    // One that was chosen alone, with -t.
    if (!outcomes.has(row)) await attempt(row);
    const failure = outcomes.get(row);
    if (failure !== undefined) throw failure;
  });
}
