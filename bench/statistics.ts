/** What is said of some samples. */
export interface Summary {
  readonly count: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

/** @throws RangeError where there are no samples */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('there are no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    count: sorted.length,
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75),
  };
}

export function median(samples: readonly number[]): number {
  return summarize(samples).median;
}

/** One sample against the other of the same round, which had the same machine under it: a ratio's noise is less than that of both. */
export function perRound(
  samples: readonly number[],
  base: readonly number[],
  combine: (sample: number, base: number) => number,
): number[] {
  if (samples.length !== base.length) throw new RangeError(`${samples.length} rounds against ${base.length}`);
  return samples.map((sample, round) => combine(sample, base[round] ?? Number.NaN));
}

/** Linear between the two nearest samples. */
function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const [below, above] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return below + (above - below) * (at - Math.floor(at));
}
