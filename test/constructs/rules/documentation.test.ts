import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemCatalogue } from '../../../constructs/problems';
import { allRules } from '../../../constructs/rules/all-rules';
import { normalised, tablesOf } from '../../contract/environment-tables';
import { read, root } from '../../docs/markdown';
import '../../../constructs/rules';

const markdown = read('docs/constructs/rules.md');

/** The rows of the table with this heading. */
function rows(heading: string): readonly string[] {
  const [, , ...found] = tablesOf(markdown).find(([head]) => head === heading) ?? [];
  return found;
}

describe('docs/constructs/rules.md', () => {
  it('has a row for each rule, with its level and meaning, and no other', () => {
    const meanings = new Map(problemCatalogue().map(({ code, meaning }) => [code, meaning]));
    expect(rows('| code | level | meaning |')).toEqual(
      allRules.map(({ code, level }) => normalised(`| \`${code}\` | ${level} | ${meanings.get(code)} |`)),
    );
  });

  it('says of each rule what it looks at, and of no other', () => {
    expect(rows('| rule | looks at |').map((row) => /^\| `(\w+)` \|/.exec(row)?.[1])).toEqual(
      allRules.map(({ code }) => code),
    );
  });

  it('names every code that is declared, and none that is not', () => {
    const named = new Set(markdown.match(/KR_RULE_\w+/g));
    const declared = problemCatalogue().filter(({ code }) => code.startsWith('KR_RULE_'));
    expect([...named].sort()).toEqual(declared.map(({ code }) => code).sort());
  });

  it('knows every rule that has a file', () => {
    const folder = join(root, 'constructs/rules');
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'rule.ts');
    const rules = files.filter((name) => readFileSync(join(folder, name), 'utf8').includes('= defineRule('));
    expect(rules.length).toBe(allRules.length);
  });
});
