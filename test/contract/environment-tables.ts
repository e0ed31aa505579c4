import { environmentVariables, problemCodes } from '../../src/contract';
import type { EnvironmentVariable } from '../../src/contract';

/** The tables of docs/environment.md, line by line, as the code has them. */
export function variableTable(whose: readonly EnvironmentVariable['whose'][]): string[] {
  const rows = environmentVariables.filter((variable) => whose.includes(variable.whose) && variable.read);
  return [
    '| variable | meaning | default | allowed | since |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(({ name, meaning, default: value, allowed, since, secret }) =>
      row([
        `\`${name}\``,
        `${secret ? 'Secret. ' : ''}${meaning}`,
        value === undefined ? '' : `\`${value}\``,
        allowed,
        since ?? '',
      ]),
    ),
  ];
}

export function passedByTable(): string[] {
  const rows = environmentVariables.filter(({ read }) => !read);
  return ['| variable | meaning |', '| --- | --- |', ...rows.map(({ name, meaning }) => row([`\`${name}\``, meaning]))];
}

export function codeTable(): string[] {
  return [
    '| code | is | meaning |',
    '| --- | --- | --- |',
    ...problemCodes.map(({ code, severity, meaning }) => row([`\`${code}\``, severity, meaning])),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The tables of a document, each as its lines, without the white space that only aligns. */
export function tablesOf(markdown: string): string[][] {
  const tables: string[][] = [];
  let inTable = false;
  for (const line of markdown.split('\n')) {
    const isRow = line.startsWith('|');
    if (isRow && !inTable) tables.push([]);
    if (isRow) tables.at(-1)?.push(normalised(line));
    inTable = isRow;
  }
  return tables;
}

export function normalised(line: string): string {
  return row(
    line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => (/^\s*-+\s*$/.test(cell) ? '---' : cell.trim())),
  );
}
