import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, picturesFolder } from '../paths';
import type { Results } from '../results';
import { verdictSection } from './verdicts';
import { sections } from './sections';

/** Writes docs/bench.md and its pictures. */
export function writePage(results: Results): void {
  const written = [verdictSection(results), ...sections.map((section) => section(results))].filter(
    (section) => section !== undefined,
  );
  mkdirSync(picturesFolder, { recursive: true });
  for (const name of readdirSync(picturesFolder)) if (name.endsWith('.svg')) rmSync(join(picturesFolder, name));
  for (const { pictures = {} } of written) {
    for (const [name, picture] of Object.entries(pictures)) writeFileSync(join(picturesFolder, `${name}.svg`), picture);
  }
  writeFileSync(page, [introduction(results), ...written.map(({ text }) => text)].join('\n\n') + '\n');
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
    'Whole cold processes with the same clean environment (`NODE_EXTRA_CA_CERTS` is not set), in turns, against servers on loopback on the same machine. A value is the median of the rounds, and in brackets the middle half of them; a ratio is the median of the ratios of each round. The configurations are of services, routes, plugins, consumers and credentials, and compress by 2 to 1, as real ones do.',
  ].join('\n\n');
}
