import { join } from 'node:path';
import { variables } from './variables';

/** @throws Error where the suites were not started by `npm run chaos` */
function read(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: start the suites with npm run chaos`);
  return value;
}

/** The number from which every random choice of a run is derived. */
export const seed = Number(read(variables.seed));

/** Whether this is the long form, which takes hours. */
export const long = read(variables.long) === 'true';

/** Whether this is the bounded form of CI. */
export const ci = read(variables.ci) === 'true';

/** Where a run keeps its figures and what its processes wrote: `npm run chaos` looks for secrets there at the end. */
export const recordFolder = read(variables.record);

/** Where the output of each process of a run is kept. */
export const outputFolder = join(recordFolder, 'output');

/** As many times as the form of the run asks for; in CI as in the short form, where nothing else is said. */
export function times(counts: { readonly ci?: number; readonly short: number; readonly long: number }): number {
  if (long) return counts.long;
  return ci ? (counts.ci ?? counts.short) : counts.short;
}
