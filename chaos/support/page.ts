import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import type { Figure } from './figures';

const [begin, end] = ['<!-- latest run -->', '<!-- /latest run -->'];

/** What ran, for the page. */
export interface Run {
  readonly seed: number;
  /** `bounded`, `short` or `long`. */
  readonly form: string;
  readonly minutes: number;
  readonly figures: readonly Figure[];
  readonly failed: readonly string[];
}

/** Names and versions of the stores, as `npm run test:servers` installs them. */
function stores(): string {
  const modules = JSON.parse(readFileSync(new URL('../../scripts/servers.json', import.meta.url), 'utf8')) as object;
  return Object.entries(modules)
    .map(([name, module]) => `${name} ${String(module).split('@')[1]}`)
    .join(', ');
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Writes the part of a page that a run decides; the rest is written by hand. */
export async function writePage(path: string, { seed, form, minutes, figures, failed }: Run): Promise<void> {
  const text = readFileSync(path, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${path} has no place for a run: ${begin} and ${end}`);
  const rows = figures.map(
    ({ suite, what, count, note = '' }) =>
      `| \`${suite}\` | ${cell(what)} | ${count.toLocaleString('en')} | ${cell(note)} |`,
  );
  const run = [
    `${new Date().toISOString().slice(0, 10)}, the ${form} form, seed ${seed}, ${minutes} minutes, Node ${process.versions.node} on ${process.platform}; ` +
      `${stores()}. ` +
      (failed.length === 0 ? 'Every suite passed.' : `Failed: ${failed.join(', ')}.`),
    '',
    '| suite | what was tried | times | what was seen |',
    '| ----- | -------------- | ----: | ------------- |',
    ...rows,
  ].join('\n');
  const page = `${text.slice(0, from)}${begin}\n\n${run}\n\n${text.slice(to)}`;
  writeFileSync(path, await format(page, { ...(await resolveConfig(path)), filepath: path }));
}
