import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, picturesFolder } from '../paths';
import type { Results } from '../results';
import type { Section } from './section';
import { sections } from './sections';
import { verdictSection } from './verdicts';

/** The text of docs/bench.md, and its pictures by name. */
export function pageOf(results: Results): Required<Section> {
  const written = [verdictSection(results), ...sections.map((section) => section(results))].filter(
    (section) => section !== undefined,
  );
  return {
    text: [introduction(results), ...written.map(({ text }) => text)].join('\n\n') + '\n',
    pictures: Object.assign({}, ...written.map(({ pictures }) => pictures)) as Record<string, string>,
  };
}

/** Writes the page and its pictures, and removes pictures of what is no longer measured. */
export function writePage(results: Results): void {
  const { text, pictures } = pageOf(results);
  mkdirSync(picturesFolder, { recursive: true });
  for (const name of readdirSync(picturesFolder)) if (name.endsWith('.svg')) rmSync(join(picturesFolder, name));
  for (const [name, picture] of Object.entries(pictures)) writeFileSync(join(picturesFolder, `${name}.svg`), picture);
  writeFileSync(page, text);
}

function introduction({ date, form, rounds, tookSeconds, machine, versions, missing, failed }: Results): string {
  const list = (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
  return [
    '# Measured',
    '<!-- Written by `npm run bench`; change bench/page, not this file. -->',
    `${date}, the ${form} form of \`npm run bench\`, ${rounds} rounds, ${Math.round(tookSeconds / 60)} minutes. Only ratios hold on another machine. [What was tried, and what it gave](speed.md).`,
    `- Machine: ${list(machine)}.\n- Versions: ${list(versions)}.\n- Not installed, so not measured: ${missing.length === 0 ? 'none' : missing.join(', ')}.${failed.length === 0 ? '' : `\n- Failed, so not measured: ${failed.join(', ')}.`}`,
    'Whole cold processes with the same clean environment (`NODE_EXTRA_CA_CERTS` is not set), in turns, against servers on loopback on the same machine. A first round is not counted: it fills what each keeps from one start to the next, such as the code cache of this program; `no code cache` is a first start. A value is the median of the rounds, and in brackets the middle half of them (what has no brackets was taken once, or varied less than it is written); a ratio is the median of the ratios of each round. The configurations are of services, routes, plugins, consumers and credentials, and compress by 2 to 1, as real ones do.',
  ].join('\n\n');
}
