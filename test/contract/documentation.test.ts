import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemCodes } from '../../src/contract';
import { codeTable, normalised, passedByTable, tablesOf, variableTable } from './environment-tables';

const root = join(__dirname, '..', '..');

describe('docs/environment.md', () => {
  it('has the tables of the code, every row of them and no other', () => {
    const all = tablesOf(readFileSync(join(root, 'docs', 'environment.md'), 'utf8'));
    // What a reference is stands in no table of the code.
    const tables = all.filter(([heading]) => heading !== '| reference | is |');
    const expected = [
      variableTable(['ours']),
      variableTable(['kong']),
      variableTable(['aws', 'google', 'azure']),
      passedByTable(),
      codeTable(),
    ];
    expect(tables).toEqual(expected.map((table) => table.map(normalised)));
  });
});

describe('problem codes', () => {
  it('are each asserted by a test of a whole message', () => {
    const tests = ['messages', 'certificates', 'seed', 'bounds'].map((name) =>
      readFileSync(join(__dirname, `${name}.test.ts`), 'utf8'),
    );
    const missing = problemCodes.filter(({ code }) => !tests.some((text) => text.includes(`${code} `)));
    expect(missing).toEqual([]);
  });
});
