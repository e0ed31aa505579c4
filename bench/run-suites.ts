import type { Bench, Suite } from './bench';
import type { Figure } from './results';

/** What is measured so far. */
export interface Measured {
  readonly figures: readonly Figure[];
  /** Names of the suites that failed, or are still to come. */
  readonly failed: readonly string[];
}

/**
 * Runs suites one after the other. One that fails is told and costs its own figures alone: the others may have taken half an hour.
 *
 * @param keep is told after each suite what is measured so far
 */
export async function runSuites(
  suites: readonly Suite[],
  bench: Bench,
  keep: (measured: Measured) => void,
): Promise<Measured> {
  const figures: Figure[] = [];
  const failed = new Set(suites.map(({ name }) => name));
  const measured = (): Measured => ({ figures: [...figures], failed: [...failed] });
  for (const suite of suites) {
    bench.say(suite.title);
    try {
      figures.push(...(await suite.run(bench)));
      failed.delete(suite.name);
    } catch (error) {
      bench.say(`FAILED: ${suite.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    keep(measured());
  }
  return measured();
}
