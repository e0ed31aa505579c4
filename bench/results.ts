import { readFileSync, writeFileSync } from 'node:fs';

/** What is measured, and its unit. */
export const units = {
  wall: 'ms',
  cpu: 'ms',
  memory: 'MiB',
  load: '%',
  size: 'KB',
} as const;
export type Quantity = keyof typeof units;

/** How much is measured. */
export type Form = 'short' | 'default' | 'long';

/** Names one figure; the same names in two results are the same figure. */
export interface FigureName {
  /** Such as `import`. */
  readonly suite: string;
  /** Of what: a store and a size, an example. */
  readonly of: readonly string[];
  /** Who did it, or which step of it. */
  readonly by: string;
  readonly quantity: Quantity;
}

export interface Figure extends FigureName {
  /** In the order of the rounds. */
  readonly samples: readonly number[];
}

/** docs/bench/results.json: what the page is made of, and what `--compare` reads. */
export interface Results {
  readonly format: 1;
  readonly date: string;
  readonly form: Form;
  readonly rounds: number;
  readonly tookSeconds: number;
  /** System, processor, cores, memory, load at the start. */
  readonly machine: Readonly<Record<string, string>>;
  /** Of this program, Node, peers and stores. */
  readonly versions: Readonly<Record<string, string>>;
  /** Peers and stores that are not installed. */
  readonly missing: readonly string[];
  /** Suites that failed, or were not reached: of them it has no figures. */
  readonly failed: readonly string[];
  readonly figures: readonly Figure[];
}

export function nameOf({ suite, of, by, quantity }: FigureName): string {
  return [suite, ...of, by, quantity].join(' / ');
}

export function find(figures: readonly Figure[], name: FigureName): Figure | undefined {
  return figures.find((figure) => nameOf(figure) === nameOf(name));
}

/** One figure a line, so that a change shows in a diff. */
export function writeResults(path: string, results: Results): void {
  const { figures, ...rest } = results;
  const head = JSON.stringify(rest, null, 2).slice(0, -2);
  const lines = figures.map((figure) => `    ${JSON.stringify({ ...figure, samples: figure.samples.map(rounded) })}`);
  writeFileSync(path, `${head},\n  "figures": [\n${lines.join(',\n')}\n  ]\n}\n`);
}

/** @throws Error where the file is none of this program's */
export function readResults(path: string): Results {
  const results = JSON.parse(readFileSync(path, 'utf8')) as Partial<Results> | null;
  if (results?.format !== 1 || !Array.isArray(results.figures)) {
    throw new Error(`${path} is not a result of npm run bench (format 1)`);
  }
  // Earlier results have none: they were not written where a suite failed.
  return { failed: [], ...results } as Results;
}

const rounded = (sample: number): number => Number(sample.toPrecision(5));
