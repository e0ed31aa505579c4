import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a suite did and found, as a row of the table in docs/chaos.md. */
export interface Figure {
  readonly suite: string;
  /** What was counted, such as `exporter killed, MinIO`. */
  readonly what: string;
  readonly count: number;
  /** What was seen besides, in a few words. */
  readonly note?: string;
}

const name = 'figures.jsonl';

export function writeFigure(folder: string, figure: Figure): void {
  appendFileSync(join(folder, name), `${JSON.stringify(figure)}\n`);
}

export function readFigures(folder: string): Figure[] {
  if (!existsSync(join(folder, name))) return [];
  return readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Figure);
}
