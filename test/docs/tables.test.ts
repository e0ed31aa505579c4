import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normalised, tablesOf } from '../contract/environment-tables';
import { allErrors, codesInSources, errorTable, eventTable, exitCodeRows, metricTable } from './code-tables';
import { anchorsOf, documents, linksOf, read, root } from './markdown';

/** The one table of a document whose first column has this heading. */
function tableHeaded(markdown: string, heading: string): string[] | undefined {
  const found = tablesOf(markdown).filter(([head]) => head?.startsWith(`| ${heading} |`));
  expect(found.length, `tables headed "${heading}"`).toBe(1);
  return found[0];
}

describe('docs/errors.md', () => {
  it('has a row for each error of the catalogue, with its meaning and exit code, and no other', async () => {
    const expected = (await errorTable()).map(normalised);
    expect(tableHeaded(read('docs/errors.md'), 'code')).toEqual(expected);
  });

  it('leaves out no code that the sources raise', async () => {
    expect(codesInSources()).toEqual((await allErrors()).map(({ code }) => code));
  });
});

describe('docs/metrics.md', () => {
  it('has a row for each metric, with its type and meaning, and no other', () => {
    expect(tableHeaded(read('docs/metrics.md'), 'metric')).toEqual(metricTable('exporter').map(normalised));
    expect(tableHeaded(read('docs/metrics.md'), "importer's metric")).toEqual(metricTable('importer').map(normalised));
  });

  it('has a row for each log event, with its level, fields and meaning, and no other', () => {
    expect(tableHeaded(read('docs/metrics.md'), 'event')).toEqual(eventTable().map(normalised));
  });

  it('names no metric that does not exist', () => {
    const known = new Set(
      [...metricTable('exporter'), ...metricTable('importer')].join('\n').match(/kong_resilience_[a-z_]+/g),
    );
    const named = read('docs/metrics.md').match(/kong_resilience_[a-z_]+/g) ?? [];
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  it('has the exit codes of the code behind its marker, each of them and no other', () => {
    const [, behind] = readme.split('<!-- exit-codes -->');
    const [, , ...rows] = tablesOf(/^\s*(?:\|[^\n]*\n)+/.exec(behind ?? '')?.[0] ?? '')[0] ?? [];
    expect(rows).toEqual(exitCodeRows().map(normalised));
  });

  it('names no variable that docs/environment.md does not have, but for the misspelt one of its example', () => {
    const variables = /\b(?:KONG|AWS|GCP|GOOGLE|AZURE)_[A-Z0-9_]*[A-Z0-9]\b(?!_)/g;
    const known = new Set(read('docs/environment.md').match(variables));
    const unknown = (readme.match(variables) ?? []).filter((name) => !known.has(name));
    expect([...new Set(unknown)]).toEqual(['AWS_CONFIG_STORAGE_ENDPOING']);
  });
});

describe('relative links', () => {
  it.each(documents())('%s: each points at a file, and at a heading where it names one', (path) => {
    const broken = linksOf(read(path)).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = '', anchor] = link.split('#', 2);
      const target = file === '' ? path : join(dirname(path), decodeURI(file));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
