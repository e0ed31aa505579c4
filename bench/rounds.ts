import type { ColdProcesses, Command, Usage } from './cold-processes';
import type { Figure, FigureName } from './results';

/** One of those that are measured against each other. */
export interface Contender {
  readonly by: string;
  /** What must be so before its process starts; not measured. */
  readonly prepare?: (round: number) => Promise<void>;
  readonly run: Command;
}

/**
 * Runs all of them in turns, so that whatever else the machine does meets each of them alike; each round begins with another one.
 * A first round, which is not counted, warms what each keeps between runs.
 */
export async function interleaved(
  contenders: readonly Contender[],
  rounds: number,
  processes: ColdProcesses,
): Promise<ReadonlyMap<string, readonly Usage[]>> {
  const used = new Map<string, Usage[]>(contenders.map(({ by }) => [by, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const index of contenders.keys()) {
      const contender = contenders[(index + round + 1) % contenders.length];
      if (contender === undefined) continue;
      await contender.prepare?.(round);
      const usage = await processes.run(contender.run);
      if (round >= 0) used.get(contender.by)?.push(usage);
    }
  }
  return used;
}

/** Wall time, processor time and memory of each. */
export function usageFigures(
  name: Pick<FigureName, 'suite' | 'of'>,
  used: ReadonlyMap<string, readonly Usage[]>,
): Figure[] {
  return [...used].flatMap(([by, usages]) =>
    (['wall', 'cpu', 'memory'] as const).map((quantity) => ({
      ...name,
      by,
      quantity,
      samples: usages.map((usage) => usage[quantity]),
    })),
  );
}
